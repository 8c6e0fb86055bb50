// A lock that somebody overwrites by SETALL, which erases all undo. It then looks free while it is held, or held while it is
// free: the outcome is a value or a code, in time, and nothing is torn.
#include <sys/sem.h>

#include <array>
#include <memory>

#include "cells.hpp"
#include "child.hpp"
#include "shared.hpp"

namespace {

using cells::Code;
using cells::Deadline;
using cells::Target;

void SetAll(int set, unsigned short value) {
  std::array<unsigned short, 4> values{};
  values.fill(value);
  union {
    int value;
    unsigned short* values;
  } argument{.values = values.data()};
  tap::Require(semctl(set, 0, SETALL, argument) == 0, "SETALL");
}

Deadline Brief() { return Deadline::After(std::chrono::milliseconds(30)); }

shmnode::Result<uint64_t> BriefWrite(const cells::Cell& cell, std::string_view text) {
  return cell.Write({.data = text.data(), .length = text.size(), .media_type = {}, .if_version = {}}, Brief());
}

const tap::Test kLooksFree("broken lock: SETALL to 0 under a writer does not let a second one in", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  const Shared<std::atomic<int>> stage;
  Child writer([key, &stage] {
    const auto own = cells::MustOpen(key);
    const auto hold = own.LockForWrite(cells::Soon());
    *stage = 1;
    WaitUntil([&stage] { return *stage == 2; });
    const auto version = own.Commit(*hold, {.data = "first", .length = 5, .media_type = {}, .if_version = {}});
    return version && *version == 1 ? 0 : 1;
  });
  WaitUntil([&stage] { return *stage == 1; });
  SetAll(cell.lock().set().id(), 0);
  const auto refused = BriefWrite(cell, "second");
  tap::Equal(refused.code(), Code::kBusy, "meanwhile");
  tap::Equal(refused ? 0 : refused.error().holder, writer.pid(), "who has it");
  *stage = 2;
  tap::Check(writer.Succeeds(), "the first is not disturbed");
  tap::Equal(*BriefWrite(cell, "second"), 2U, "afterwards");
});

const tap::Test kHolderDies("broken lock: SETALL to 0 under a writer that dies", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  const Shared<std::atomic<int>> stage;
  Child writer([key, &stage] {
    const auto own = cells::MustOpen(key);
    const auto hold = own.LockForWrite(cells::Soon());
    *stage = 1;
    for (;;) pause();
    return 0;
  });
  WaitUntil([&stage] { return *stage == 1; });
  SetAll(cell.lock().set().id(), 0);
  writer.Kill();
  tap::Equal(cells::WriteText(cell, "next").code(), Code::kOk, "the next writer");
});

const tap::Test kStuck("broken lock: SETALL to 1 is a lock that nobody has: busy in time, until its set is removed", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  cells::WriteText(cell, "kept").code();
  SetAll(cell.lock().set().id(), 1);
  const auto refused = BriefWrite(cell, "x");
  tap::Equal(refused.code(), Code::kBusy, "a write");
  tap::Equal(refused ? 0 : refused.error().holder, getpid(), "names who did it");
  tap::Equal(shmnode::DestroyCell(Target::Key(key), {}, Brief()).code(), Code::kBusy, "destroy");
  tap::Equal(cells::ReadText(cell), "kept", "readers go on");
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kOk, "open");
  litter::RemoveSet(key);
  const auto again = cells::MustOpen(key);
  tap::Equal(cells::ReadText(again), "kept", "the value");
  tap::Equal(*cells::WriteText(again, "next"), 2U, "the next version");
});

// Two writers of large values, whose lock is set free all the time.
const tap::Test kTorn("broken lock: nothing is torn, and no version is given twice, while SETALL goes on", [] {
  constexpr size_t kBytes = 256 * 1024;
  constexpr int kWrites = 100;
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.capacity = kBytes, .owner = {}});
  const Shared<std::array<std::atomic<int>, 2 * kWrites + 1>> given;
  const Shared<std::atomic<int>> finished;
  std::vector<Child> writers;
  for (int i = 0; i < 2; i++) {
    writers.emplace_back([key, &given, &finished] {
      const auto own = cells::MustOpen(key);
      for (int count = 0; count < kWrites; count++) {
        const auto version = cells::Write(own, Pattern(kBytes, static_cast<uint64_t>(getpid()) << 32U | static_cast<uint64_t>(count)));
        if (tap::Equal(version.code(), Code::kOk, "a write")) (*given)[*version]++;
      }
      (*finished)++;
      // Who leaves gives back what SETALL has taken from him, and leaves the lock stuck for the other.
      WaitUntil([&finished] { return *finished == 2; });
      return 0;
    });
  }
  int reads = 0;
  for (; *finished < 2; reads++) {
    if (reads % 64 == 0) SetAll(cell.lock().set().id(), 0);
    const auto value = cells::Read(cell);
    if (value.code == Code::kBusy) continue;
    if (!tap::Equal(value.code, Code::kOk, "a read")) break;
    if (value.facts.version > 0 && !tap::Check(CounterOf(value.bytes).has_value(), "whole")) break;
  }
  for (Child& writer : writers) tap::Check(writer.Succeeds(), "a writer");
  for (size_t version = 1; version <= 2 * kWrites; version++) tap::Equal((*given)[version].load(), 1, tap::Text("version ", version));
  tap::Diagnose(tap::Text(reads, " reads"));
});

// Its undo is not the child's, and neither is the lock.
const tap::Test kFork("broken lock: a child forked while its parent holds releases nothing", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  {
    auto hold = std::make_unique<shmnode::Result<shmnode::WriteHold>>(cell.LockForWrite(cells::Soon()));
    Child child([&hold, &cell] {
      hold.reset();
      return BriefWrite(cell, "x").code() == Code::kBusy ? 0 : 1;
    });
    tap::Check(child.Succeeds(), "busy for the child too");
    tap::Equal(cell.lock().set().Value(shmnode::kWriter), 1, "held");
    tap::Equal(*cell.Commit(**hold, {.data = "y", .length = 1, .media_type = {}, .if_version = {}}), 1U, "commit");
  }
  tap::Equal(cell.lock().set().Value(shmnode::kWriter), 0, "released");
  Child child([&cell] { return cells::WriteText(cell, "by the child").code() == Code::kOk ? 0 : 1; });
  tap::Check(child.Succeeds(), "a child may use what it has inherited");
  tap::Equal(cells::ReadText(cell), "by the child", "text");
});

}  // namespace
