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
#include "raw_bytes.hpp"
#include "raws.hpp"

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

// All the room that there is. The file that has it, open.
int UseUp() {
  const int rest = open((std::string(shmnode::kPosixDirectory) + "/rest").c_str(), O_CREAT | O_RDWR, 0600);
  const std::string page(4096, 'x');
  while (write(rest, page.data(), page.size()) > 0) continue;
  tap::Equal(errno, ENOSPC, "no room any more");
  return rest;
}

const tap::Test kFull("posix: where /dev/shm has no room, kNoSpace; and what was opened can be written to the last byte", [] {
  Alone();
  Remount("mode=1777,size=1m");
  const key_t key = litter::UniqueKey();
  CheckNoRoom(litter::UniqueKey(), {.capacity = 1 << 20, .owner = {}}, Code::kNoSpace, "posix_fallocate");
  CheckNoRoom(litter::UniqueKey(), {.capacity = uint64_t{1} << 50U, .owner = {}}, Code::kNoSpace, "posix_fallocate");
  const auto cell = cells::MustOpen(key, {.capacity = 200'000, .owner = {}});
  UseUp();
  for (uint64_t version = 1; version <= 6; version++) tap::Equal(*cells::Write(cell, Pattern(200'000, version)), version, "a write");
  CheckNoRoom(litter::UniqueKey(), {}, Code::kNoSpace, "posix_fallocate");
});

// As another program leaves it that calls ftruncate(2) alone: not one of its pages is there.
const tap::Test kSparse(
    "posix: where /dev/shm has no room for the pages of a sparse file, kNoSpace; and once it has, a write can be repeated", [] {
      Alone();
      Remount("mode=1777,size=1m");
      const key_t key = litter::UniqueKey();
      const auto file = RawBytes::Create(key, 1 << 19);
      const int rest = UseUp();
      const auto raw = raws::MustOpen(key);
      const std::string value(1 << 19, 'v');
      for (int turn = 0; turn < 2; turn++) {
        const auto refused = raws::WriteBytes(raw, value);
        tap::Equal(refused.code(), Code::kNoSpace, "a write");
        if (refused.code() == Code::kNoSpace) tap::Equal(std::string_view(refused.error().syscall), "fallocate", "system call");
      }
      tap::Equal(raws::WriteText(raw, "a text").code(), Code::kNoSpace, "a text, with the zeros behind it");
      tap::Equal(raw.CheckNotRemoved().code(), Code::kOk, "the file is as long as ever");
      tap::Require(ftruncate(rest, 0) == 0, "there is room again");
      tap::Equal(raws::WriteBytes(raw, value).code(), Code::kOk, "a write again");
      tap::Check(raws::ReadBytes(raw, 0, value.size()) == value && file.Text(0, value.size()) == value, "all of it");
    });

const tap::Test kSparseInPlace(
    "posix: a page of a sparse file that is used in place, without room for it: kNoSpace, and another attach does", [] {
      Alone();
      Remount("mode=1777,size=1m");
      const key_t key = litter::UniqueKey();
      RawBytes::Create(key, 1 << 19);
      const int rest = UseUp();
      const auto raw = raws::MustOpen(key);
      raw.segment().data()[100'000] = std::byte{1};
      for (const Code code :
           {raws::WriteBytes(raw, "").code(), raw.Read({.target = nullptr, .room = 0, .whole = false}, cells::Soon()).code()}) {
        tap::Equal(code, Code::kNoSpace, "code");
      }
      tap::Require(ftruncate(rest, 0) == 0, "there is room again");
      tap::Equal(raws::WriteBytes(raw, "x").code(), Code::kNoSpace, "this attach is lost");
      const auto again = raws::MustOpen(key);
      tap::Equal(raws::WriteBytes(again, "x").code(), Code::kOk, "a write");
      tap::Equal(raws::ReadBytes(again, 0, 2), std::string("x\0", 2), "a read");
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
