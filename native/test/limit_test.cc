// The kernel's limits, in an IPC namespace of our own: each is kLimit, and nothing is left.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "cells.hpp"
#include "dev_shm.hpp"

namespace {

using cells::Code;
using cells::Target;

void SetLimit(const char* name, const std::string& value) {
  if (!litter::IsAlone()) tap::Skip("no IPC namespace of our own");
  const int file = open((std::string("/proc/sys/kernel/") + name).c_str(), O_WRONLY | O_CLOEXEC);
  const bool written = file >= 0 && write(file, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  close(file);
  if (!written) tap::Skip(std::string("cannot set ") + name);
}

// Of this namespace: all segments, or all sets, but for the line of titles.
int Count(const std::string& what) {
  if (memory::is_posix && what == "shm") return dev_shm::Files();
  std::ifstream file("/proc/sysvipc/" + what);
  int lines = -1;
  for (std::string line; std::getline(file, line);) lines++;
  return lines;
}

void CheckLimit(const char* syscall, int segments, int sets) {
  const auto refused = cells::Open(Target::Key(77));
  if (!tap::Equal(refused.code(), Code::kLimit, "code")) return;
  tap::Equal(refused.error().syscall, syscall, "system call");
  tap::Check(refused.error().system_errno != 0, "errno");
  tap::Equal(cells::Open(Target::Private()).code(), Code::kLimit, "private");
  tap::Equal(Count("shm"), segments, "segments");
  tap::Equal(Count("sem"), sets, "sets");
}

const tap::Test kShmmni("limit: SHMMNI", [] {
  memory::SystemVOnly("SHMMNI");
  SetLimit("shmmni", "1");
  const auto first = cells::MustOpen(Target::Key(76));
  CheckLimit("shmget", 1, 1);
  tap::Check(static_cast<bool>(first.Destroy(cells::Soon())), "destroy");
});

const tap::Test kSemmni("limit: SEMMNI", [] {
  SetLimit("sem", "32000 1024000000 500 1");
  const auto first = cells::MustOpen(Target::Key(76));
  CheckLimit("semget", 1, 1);
});

const tap::Test kSemmns("limit: SEMMNS", [] {
  SetLimit("sem", "32000 6 500 32000");
  const auto first = cells::MustOpen(Target::Key(76));
  CheckLimit("semget", 1, 1);
});

const tap::Test kShmmax("limit: SHMMAX", [] {
  memory::SystemVOnly("SHMMAX");
  SetLimit("shmmax", "8192");
  CheckLimit("shmget", 0, 0);
});

const tap::Test kShmall("limit: SHMALL", [] {
  memory::SystemVOnly("SHMALL");
  SetLimit("shmall", "3");
  CheckLimit("shmget", 0, 0);
});

const tap::Test kNothingLeft("limit: create, use and destroy leave no segment and no set", [] {
  SetLimit("shmmni", "100");
  for (int i = 0; i < 10; i++) {
    const auto keyed = cells::MustOpen(Target::Key(78));
    const auto secret = cells::MustOpenPrivate();
    cells::WriteText(keyed, "x").code();
    tap::Check(static_cast<bool>(keyed.Destroy(cells::Soon())), "destroy by handle");
    tap::Check(static_cast<bool>(cells::Destroy(cells::ById(secret))), "destroy by id");
  }
  tap::Equal(Count("shm"), 0, "segments");
  tap::Equal(Count("sem"), 0, "sets");
});

}  // namespace
