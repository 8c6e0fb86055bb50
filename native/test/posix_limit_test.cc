// Where POSIX shared memory cannot be made: no room, no more files or descriptors, no /dev/shm. Each has its code, and nothing is left.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "cells.hpp"
#include "dev_shm.hpp"

namespace {

using cells::Code;
using cells::Target;
using dev_shm::Alone;
using dev_shm::Files;

// For the rest of this test, in the /dev/shm of our own.
void Remount(const char* options) {
  if (mount("tmpfs", shmnode::kPosixDirectory, "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, options) != 0) tap::Skip("cannot remount");
}

void CheckNoRoom(key_t key, const cells::OpenOptions& options, Code code, const char* syscall) {
  const auto refused = cells::Open(Target::Key(key), options);
  if (!tap::Equal(refused.code(), code, "code")) return;
  tap::Equal(refused.error().syscall, syscall, "system call");
  tap::Check(refused.error().system_errno != 0, "errno");
  tap::Check(litter::IsFree(key), "nothing is left");
}

const tap::Test kFull("posix: where /dev/shm has no room, kNoSpace; and what was opened can be written to the last byte", [] {
  Alone();
  Remount("mode=1777,size=1m");
  const key_t key = litter::UniqueKey();
  CheckNoRoom(litter::UniqueKey(), {.capacity = 1 << 20, .owner = {}}, Code::kNoSpace, "posix_fallocate");
  CheckNoRoom(litter::UniqueKey(), {.capacity = uint64_t{1} << 50U, .owner = {}}, Code::kNoSpace, "posix_fallocate");
  const auto cell = cells::MustOpen(key, {.capacity = 200'000, .owner = {}});
  const int rest = open((std::string(shmnode::kPosixDirectory) + "/rest").c_str(), O_CREAT | O_RDWR, 0600);
  const std::string page(4096, 'x');
  while (write(rest, page.data(), page.size()) > 0) continue;
  tap::Equal(errno, ENOSPC, "no room any more");
  for (uint64_t version = 1; version <= 6; version++) tap::Equal(*cells::Write(cell, Pattern(200'000, version)), version, "a write");
  CheckNoRoom(litter::UniqueKey(), {}, Code::kNoSpace, "posix_fallocate");
});

const tap::Test kInodes("posix: where /dev/shm has as many files as it may, kLimit", [] {
  Alone();
  Remount("mode=1777,size=1m,nr_inodes=3");
  while (open((std::string(shmnode::kPosixDirectory) + tap::Text("/", Files())).c_str(), O_CREAT | O_RDWR, 0600) >= 0) continue;
  tap::Equal(errno, ENOSPC, "no more files");
  CheckNoRoom(litter::UniqueKey(), {}, Code::kLimit, "open");
});

const tap::Test kFileSize("posix: over RLIMIT_FSIZE, kLimit and no SIGXFSZ", [] {
  Alone();
  const rlimit limit{.rlim_cur = 8192, .rlim_max = 8192};
  tap::Require(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
  CheckNoRoom(litter::UniqueKey(), {}, Code::kLimit, "ftruncate");
});

const tap::Test kDescriptors("posix: without descriptors, kLimit", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &limit);
  const auto refused = cells::Open(Target::Key(key));
  limit.rlim_cur = before;
  setrlimit(RLIMIT_NOFILE, &limit);
  tap::Equal(refused.code(), Code::kLimit, "code");
  tap::Check(litter::IsFree(key), "nothing is left");
});

const tap::Test kNoDirectory("posix: where there is no /dev/shm, kUnsupported to make one, and nothing is found", [] {
  Alone();
  tap::Require(mount("tmpfs", "/dev", "tmpfs", 0, "mode=755") == 0, "an empty /dev");
  const key_t key = litter::UniqueKey();
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kUnsupported, "open");
  tap::Equal(cells::Open(Target::Key(key), {.create = false, .owner = {}}).code(), Code::kNotFound, "without create");
  tap::Check(!litter::HasSet(key), "no set is left");
  tap::Equal(shmnode::ListCells().code(), Code::kOk, "list");
});

// Signals make the kernel give up an allocation that takes long.
const tap::Test kSignals("posix: a large one can be made while signals come", [] {
  Alone();
  std::signal(SIGALRM, [](int) {});
  const itimerval often{.it_interval = {.tv_sec = 0, .tv_usec = 500}, .it_value = {.tv_sec = 0, .tv_usec = 500}};
  setitimer(ITIMER_REAL, &often, nullptr);
  const auto cell = cells::Open(Target::Key(litter::UniqueKey()), {.capacity = 100 << 20, .owner = {}});
  const itimerval never{};
  setitimer(ITIMER_REAL, &never, nullptr);
  tap::Equal(cell.code(), Code::kOk, "open");
});

}  // namespace
