// The semaphore set is removed, and the segment is not: the next open gives it another, and no value is lost.
#include "shmnode/lost_lock.hpp"

#include <memory>
#include <optional>

#include "cells.hpp"
#include "raw_bytes.hpp"
#include "stepper.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Deadline;
using cells::Target;

constexpr uid_t kNobody = 65534;

Deadline Brief() { return Deadline::After(std::chrono::milliseconds(30)); }

void CheckOneOfEach(key_t key, const Cell& cell) {
  const auto set = cell.lock().set().Stat();
  if (tap::Check(static_cast<bool>(set), "its set is there")) tap::Equal(set->sem_perm.__key, memory::SetKeyOf(key), "under the key");
  tap::Equal(litter::SetOf(key), cell.lock().set().id(), "the key's set is the header's");
}

const tap::Test kReplaced("lost lock: open gives the segment another, and everything in it stays", [] {
  const key_t key = litter::UniqueKey();
  const auto old = cells::MustOpen(key, {.mode = 0640, .owner = {}});
  const auto reader = cells::MustOpen(key, {.read_only = true, .owner = {}});
  tap::Equal(*cells::WriteText(old, "kept"), 1U, "the first write");
  litter::RemoveSet(key);
  tap::Equal(cells::WriteText(old, "x").code(), Code::kDestroyed, "a write without a lock");
  const auto cell = cells::MustOpen(key);
  tap::Equal(cell.geometry().incarnation, old.geometry().incarnation, "incarnation");
  tap::Equal(cells::ReadText(cell), "kept", "the value");
  tap::Equal(cell.lock().set().Stat()->sem_perm.mode & 0777U, 0640U, "the set's mode");
  tap::Equal(*cells::WriteText(cell, "next"), 2U, "versions go on");
  CheckOneOfEach(key, cell);
  for (const Cell* other : {&old, &reader}) tap::Equal(cells::ReadText(*other), "next", "readers need not know");
  tap::Equal(cells::WriteText(old, "x").code(), Code::kDestroyed, "a writer with the old lock has to open again");
  tap::Equal(old.Destroy(cells::Soon()).code(), Code::kDestroyed, "and cannot destroy with it");
  tap::Equal(cell.Destroy(cells::Soon()).code(), Code::kOk, "destroy");
  tap::Check(litter::IsFree(key), "the key is free");
});

const tap::Test kById("lost lock: open by id does it too, without create also", [] {
  for (const bool by_id : {true, false}) {
    const key_t key = litter::UniqueKey();
    const auto old = cells::MustOpen(key);
    litter::RemoveSet(key);
    const auto cell = cells::Open(by_id ? cells::ById(old) : Target::Key(key), {.create = false, .owner = {}});
    if (tap::Equal(cell.code(), Code::kOk, "open")) tap::Equal(cells::WriteText(*cell, "x").code(), Code::kOk, "write");
  }
});

const tap::Test kReadOnly("lost lock: who only reads does not mind", [] {
  const key_t key = litter::UniqueKey();
  cells::WriteText(cells::MustOpen(key), "x").code();
  litter::RemoveSet(key);
  tap::Equal(cells::ReadText(cells::MustOpen(key, {.read_only = true, .owner = {}})), "x", "text");
  tap::Check(!litter::HasSet(key), "and makes none");
});

const tap::Test kPrivate("lost lock: a private segment has no key to find another by: kDestroyed, and destroy helps", [] {
  memory::SystemVOnly("private segments");
  const auto cell = cells::MustOpenPrivate();
  static_cast<void>(cell.lock().set().Remove());
  const auto refused = cells::Open(cells::ById(cell));
  tap::Equal(refused.code(), Code::kDestroyed, "open");
  tap::Equal(cells::Destroy(cells::ById(cell)).code(), Code::kOk, "destroy");
  tap::Equal(cells::Read(cell).code, Code::kDestroyed, "a reader");
});

const tap::Test kBlankSet("lost lock: a set of four that somebody else put under the key is taken", [] {
  const key_t key = litter::UniqueKey();
  cells::WriteText(cells::MustOpen(key), "kept").code();
  litter::RemoveSet(key);
  const int set = litter::MakeSet(key, 4);
  const auto cell = cells::MustOpen(key);
  tap::Equal(cell.lock().set().id(), set, "its id");
  tap::Equal(cells::ReadText(cell), "kept", "the value");
});

const tap::Test kOtherSet("lost lock: a set of another size under the key is kLayout, until it is removed", [] {
  for (const int count : {1, 6}) {
    const key_t key = litter::UniqueKey();
    cells::WriteText(cells::MustOpen(key), "kept").code();
    litter::RemoveSet(key);
    const int set = litter::MakeSet(key, count);
    tap::Equal(cells::Open(Target::Key(key)).code(), Code::kLayout, "open");
    tap::Equal(litter::SetOf(key), set, "it is left alone");
    litter::RemoveSet(key);
    tap::Equal(cells::ReadText(cells::MustOpen(key)), "kept", "the value");
  }
});

const tap::Test kOwner("lost lock: another user cannot make the lock of my segment; root makes it for its owner", [] {
  if (geteuid() != 0) tap::Skip("not root");
  const key_t key = litter::UniqueKey();
  const auto as_nobody = [](auto body) {
    Child child([&body] { return seteuid(kNobody) == 0 && body() ? 0 : 1; });
    return child.Succeeds();
  };
  tap::Check(as_nobody([key] { return static_cast<bool>(cells::WriteText(cells::MustOpen(key), "nobody's")); }), "made by nobody");
  litter::RemoveSet(key);
  const cells::OpenOptions anyone{.owner = {.anyone = true, .user = {}, .widest_mode = {}}};
  tap::Equal(*cells::WriteText(cells::MustOpen(key, anyone), "root's"), 2U, "root writes");
  tap::Check(as_nobody([key] { return *cells::WriteText(cells::MustOpen(key), "nobody's again") == 3; }), "and so does nobody");

  const key_t own = litter::UniqueKey();
  const auto cell = cells::MustOpen(own, {.mode = 0666, .owner = {}});
  litter::RemoveSet(own);
  tap::Check(as_nobody([own] { return cells::Open(Target::Key(own)).code() == Code::kDestroyed; }), "nobody is refused");
  tap::Check(!litter::HasSet(own), "and has made none");
});

// Who had the lock when it was removed goes on, and the next one waits for him.
const tap::Test kLastWriter("lost lock: open waits for who has the old one, and his write counts", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  auto hold = std::make_unique<shmnode::Result<shmnode::WriteHold>>(cell.LockForWrite(cells::Soon()));
  litter::RemoveSet(key);
  const auto busy = shmnode::OpenCell(Target::Key(key), {}, Brief());
  tap::Equal(busy.code(), Code::kBusy, "open");
  tap::Equal(busy ? 0 : busy.error().holder, getpid(), "holder");
  Child waiting([key] { return cells::ReadText(cells::MustOpen(key)) == "the last one" ? 0 : 1; });
  usleep(20'000);
  const auto version = cell.Commit(**hold, {.data = "the last one", .length = 12, .media_type = {}, .if_version = {}});
  tap::Equal(version.code(), Code::kOk, "commit");
  hold.reset();
  tap::Check(waiting.Succeeds(), "who waited sees it");
});

const tap::Test kDeadWriter("lost lock: who died with the old one is not waited for", [] {
  const key_t key = litter::UniqueKey();
  const auto bystander = cells::MustOpen(key);
  Child writer([key] {
    const auto cell = cells::MustOpen(key);
    const auto hold = cell.LockForWrite(cells::Soon());
    litter::RemoveSet(key);
    raise(SIGKILL);
    return 0;
  });
  writer.Wait();
  tap::Equal(cells::WriteText(cells::MustOpen(key), "next").code(), Code::kOk, "a write");
});

// A writer, at every third instruction of a write: the set is removed, another process opens the key and writes. Whichever
// writes are acknowledged are there, one after the other.
const tap::Test kRemovedUnderWriter("lost lock: removed under a writer between any few instructions, no acknowledged write is lost", [] {
  int before = 0;
  int after = 0;
  int waited = 0;
  constexpr int kStride = 3;
  for (int step = 0;; step += kStride) {
    const key_t key = litter::UniqueKey();
    const auto cell = cells::MustOpen(key, {.capacity = 64, .owner = {}});
    cells::Write(cell, Pattern(64, 1)).code();
    const auto prepare = [key] {
      auto own = std::make_optional(cells::MustOpen(key));
      static_cast<void>(shmnode::WriterMark::Own());
      return own;
    };
    Stepper writer(prepare, [](const std::optional<Cell>& own) { return cells::Write(*own, Pattern(64, 2)) ? 0 : 1; });
    if (!writer.Step(step)) break;
    litter::RemoveSet(key);
    const auto at_once = shmnode::OpenCell(Target::Key(key), {}, Deadline::Now());
    if (!at_once && !tap::Equal(at_once.code(), Code::kBusy, "open")) break;
    if (at_once) tap::Equal(cells::Write(*at_once, Pattern(64, 3)).code(), Code::kOk, "the other's write");
    const int code = writer.Finish();
    const auto fresh = cells::Open(Target::Key(key));
    if (!tap::Equal(fresh.code(), Code::kOk, "open when the writer is through")) break;
    if (!at_once) tap::Equal(cells::Write(*fresh, Pattern(64, 3)).code(), Code::kOk, "the other's write");
    if (!at_once && code == 0) waited++;
    const auto value = cells::Read(*fresh);
    tap::Check(CounterOf(value.bytes) == uint64_t{3}, tap::Text("the last value, at step ", step));
    if (!tap::Equal(value.facts.version, code == 0 ? 3U : 2U, tap::Text("version, at step ", step))) break;
    (code == 0 ? after : before)++;
    static_cast<void>(fresh->Destroy(cells::Soon()));
  }
  tap::Diagnose(tap::Text(before, " refused, ", after, " acknowledged, ", waited, " of them waited for"));
  tap::Check(before > 0 && after > 0 && waited > 0, "all three were seen");
});

// The process that gives a new lock, killed at every few instructions: the next one does what is left to do.
const tap::Test kKilled("lost lock: who replaces it may be killed at any instruction", [] {
  alarm(600);                                     // single steps take their time on a machine under load
  const int stride = memory::is_posix ? 53 : 13;  // there is more to be done
  int points = 0;
  for (int steps = 0;; steps += stride, points++) {
    const key_t key = litter::UniqueKey();
    const auto old = cells::MustOpen(key, {.capacity = 64, .owner = {}});
    cells::Write(old, Pattern(64, 1)).code();
    litter::RemoveSet(key);
    Stepper opener([key] { return Target::Key(key); }, [](const shmnode::Target& target) { return cells::Open(target) ? 0 : 1; });
    const bool inside = opener.Step(steps);
    opener.Kill();
    const auto cell = cells::Open(Target::Key(key));
    if (!tap::Equal(cell.code(), Code::kOk, tap::Text("open after a kill at step ", steps))) break;
    const auto value = cells::Read(*cell);
    tap::Check(CounterOf(value.bytes) == uint64_t{1} && value.facts.version == 1, "the value");
    tap::Check(cell->geometry().incarnation == old.geometry().incarnation, "the incarnation");
    const auto version = cells::Write(*cell, Pattern(64, 2));
    if (!tap::Equal(version.code(), Code::kOk, "write")) break;
    tap::Equal(*version, 2U, "its version");
    CheckOneOfEach(key, *cell);
    if (!tap::Equal(cell->Destroy(cells::Soon()).code(), Code::kOk, "destroy")) break;
    if (!tap::Check(litter::IsFree(key), "nothing is left")) break;
    if (!inside) break;
  }
  tap::Diagnose(tap::Text(points, " kill points"));
  tap::Check(points > 100, "kill points");
});

// All who find out open again, at once.
const tap::Test kRacing("lost lock: many who replace it at once agree on one", [] {
  constexpr int kProcesses = 4;
  constexpr int kRounds = 60;
  constexpr int kWrites = 5;
  for (int round = 0; round < kRounds; round++) {
    const key_t key = litter::UniqueKey();
    const auto old = cells::MustOpen(key);
    const Shared<std::atomic<int>> arrived;
    std::vector<Child> children;
    for (int i = 0; i < kProcesses; i++) {
      children.emplace_back([key, &arrived] {
        std::optional<Cell> cell(cells::MustOpen(key));
        for ((*arrived)++; *arrived < kProcesses + 1;) sched_yield();
        for (int written = 0; written < kWrites;) {
          const auto version = cells::WriteText(*cell, "x");
          if (version) written++;
          if (version) continue;
          if (!tap::Equal(version.code(), Code::kDestroyed, "a write")) return 1;
          cell.reset();
          cell.emplace(cells::MustOpen(key));
        }
        return 0;
      });
    }
    WaitUntil([&arrived] { return *arrived == kProcesses; });
    (*arrived)++;
    usleep(static_cast<useconds_t>(round * 2));
    litter::RemoveSet(key);
    for (Child& child : children) tap::Check(child.Succeeds(), "a writer");
    tap::Equal(old.Version(), static_cast<uint64_t>(kProcesses * kWrites), "every acknowledged write has a version");
    static_cast<void>(cells::Destroy(Target::Key(key)));
  }
});

}  // namespace
