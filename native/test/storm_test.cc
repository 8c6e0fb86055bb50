// Processes that create, use, lock and destroy one key in a loop: only typed errors, and nothing left.
#include "cells.hpp"
#include "child.hpp"

namespace {

using cells::Code;
using cells::Soon;
using cells::Target;
using shmnode::Deadline;

constexpr int kProcesses = 8;
constexpr auto kLong = std::chrono::milliseconds(1500);

struct Figures {
  std::atomic<int> opened;
  std::atomic<int> written;
  std::atomic<int> destroyed;
};

void CheckCode(Code code, std::initializer_list<Code> allowed, const char* call) {
  const bool fine = std::find(allowed.begin(), allowed.end(), code) != allowed.end();
  tap::Check(fine, tap::Text(call, ": ", code));
}

void CheckUse(const shmnode::Cell& cell, Figures& figures) {
  static uint64_t counter = 0;
  const auto value = Pattern(64, ++counter << 32U | static_cast<uint64_t>(getpid()));
  const auto version = cells::Write(cell, value);
  CheckCode(version.code(), {Code::kOk, Code::kDestroyed}, "write");
  figures.written += version ? 1 : 0;
  const auto read = cells::Read(cell);
  CheckCode(read.code, {Code::kOk, Code::kDestroyed}, "read");
  if (read.code == Code::kOk && version) tap::Check(CounterOf(read.bytes).has_value() && read.facts.version >= *version, "whole");
}

void CheckLock(const shmnode::Cell& cell, unsigned turn) {
  const auto mode = turn % 4 == 0 ? shmnode::LockMode::kExclusive : shmnode::LockMode::kShared;
  const auto hold = shmnode::LockHold::Acquire(cell.lock(), mode, Soon());
  CheckCode(hold.code(), {Code::kOk, Code::kDestroyed}, "lock");
}

// One turn of one process; what it does differs from turn to turn.
void Turn(key_t key, unsigned turn, Figures& figures) {
  const auto cell = cells::Open(Target::Key(key), {.exclusive = turn % 7 == 0, .owner = {}});
  CheckCode(cell.code(), {Code::kOk, Code::kExists}, "open");
  if (cell) {
    figures.opened++;
    CheckUse(*cell, figures);
    if (turn % 2 == 0) CheckLock(*cell, turn);
    if (turn % 3 == 0) CheckCode(cell->Destroy(Soon()).code(), {Code::kOk, Code::kDestroyed}, "destroy by handle");
  }
  if (turn % 5 == 0) {
    const auto status = cells::Destroy(Target::Key(key));
    CheckCode(status.code(), {Code::kOk, Code::kNotFound}, "destroy by key");
    figures.destroyed += status ? 1 : 0;
  }
  if (turn % 11 == 0) static_cast<void>(shmnode::ListCells());
}

const tap::Test kLoop("storm: eight processes open, write, lock and destroy one key", [] {
  const key_t key = litter::UniqueKey();
  const Shared<Figures> figures;
  std::vector<Child> children;
  for (unsigned i = 0; i < kProcesses; i++) {
    children.emplace_back([key, i, &figures] {
      const auto end = Deadline::After(kLong);
      for (unsigned turn = i; !end.Expired(); turn++) Turn(key, turn, *figures);
      return 0;
    });
  }
  for (Child& child : children) tap::Check(child.Succeeds(), "a process");
  tap::Diagnose(tap::Text(figures->opened, " opened, ", figures->written, " written, ", figures->destroyed, " destroyed by key"));
  CheckCode(cells::Destroy(Target::Key(key)).code(), {Code::kOk, Code::kNotFound}, "the last destroy");
  tap::Check(litter::IsFree(key), "the key is free");
});

const tap::Test kKilled("storm: the same with processes killed at random", [] {
  const key_t key = litter::UniqueKey();
  const Shared<Figures> figures;
  const auto start = [key, &figures] {
    return Child([key, &figures] {
      for (auto turn = static_cast<unsigned>(getpid());; turn++) Turn(key, turn, *figures);
      return 0;
    });
  };
  const auto end = Deadline::After(kLong);
  for (int kills = 0; !end.Expired() || kills == 0; kills++) {
    std::vector<Child> children;
    for (int i = 0; i < 4; i++) children.push_back(start());
    usleep(static_cast<useconds_t>(shmnode::RandomNonZero() % 4000));
    for (Child& child : children) child.Signal(SIGKILL);
    for (Child& child : children) child.Wait();
    const auto cell = cells::Open(Target::Key(key));
    if (!tap::Equal(cell.code(), Code::kOk, "open after the kills")) break;
    tap::Equal(cells::WriteText(*cell, "x").code(), Code::kOk, "write after the kills");
    tap::Equal(cells::ReadText(*cell), "x", "read after the kills");
    if (kills % 2 == 0) tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy after the kills");
  }
  static_cast<void>(cells::Destroy(Target::Key(key)));
  tap::Check(litter::IsFree(key), "the key is free");
});

}  // namespace
