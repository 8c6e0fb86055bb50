// What is removed or replaced behind our back, times what we are at just then: each pair has one outcome. (JavaScript's
// calls, which look whether the segment is removed, have theirs in test/multi-process/split-brain.js.)
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <array>
#include <memory>

#include "cells.hpp"
#include "child.hpp"
#include "raw_bytes.hpp"
#include "stepper.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Deadline;
using cells::Target;

constexpr std::string_view kOld = "old";

bool IsUnder(key_t key, const shmnode::Segment& segment) {
  return memory::is_posix ? segment.file().IsNamed() : litter::SegmentOf(key) == segment.id();
}
void RemoveBoth(key_t key) {
  litter::RemoveSegment(key);
  litter::RemoveSet(key);
}
void Open(key_t key) {
  Child peer([key] { return cells::Open(Target::Key(key)) ? 0 : 1; });
  tap::Check(peer.Succeeds(), "a peer makes it anew");
}

// What somebody does, and what is found afterwards. `anew`: an open by key; `versions` are of a write by it.
struct Removal {
  const char* name;
  void (*strike)(key_t);
  void (*clear)(key_t);  // of what stands in the way of an open
  Code write;            // by who had it open, before anybody has opened it again
  Code read;
  Code waiting;           // who waited for the lock
  Code holding;           // who had the lock, and commits now
  Code anew;              // the next open
  uint64_t version;       // of the first write by it, after one that was there, and none by who held the lock
  Code write_afterwards;  // by who had it open before
  Code read_afterwards;

  // Of a removed file, writers look whether it is before they say that they have written; and nobody can reach it to tell those
  // who only read it.
  Removal OfFile() const {
    if (write_afterwards != Code::kDestroyed || read_afterwards != Code::kDestroyed) return *this;
    Removal removal = *this;
    removal.write = removal.waiting = removal.holding = Code::kDestroyed;
    removal.read = removal.read_afterwards = Code::kOk;
    return removal;
  }
};

void Nothing(key_t) {}

constexpr Removal kSystemVRemovals[] = {
    // The lock is there still, and so is the segment, for who has it. The next open makes both anew.
    {.name = "segment removed",
     .strike = litter::RemoveSegment,
     .clear = Nothing,
     .write = Code::kOk,
     .read = Code::kOk,
     .waiting = Code::kOk,
     .holding = Code::kOk,
     .anew = Code::kOk,
     .version = 1,
     .write_afterwards = Code::kDestroyed,
     .read_afterwards = Code::kDestroyed},
    // The value stays, and gets another lock.
    {.name = "set removed",
     .strike = litter::RemoveSet,
     .clear = Nothing,
     .write = Code::kDestroyed,
     .read = Code::kOk,
     .waiting = Code::kDestroyed,
     .holding = Code::kOk,
     .anew = Code::kOk,
     .version = 2,
     .write_afterwards = Code::kDestroyed,
     .read_afterwards = Code::kOk},
    {.name = "both removed",
     .strike = RemoveBoth,
     .clear = Nothing,
     .write = Code::kDestroyed,
     .read = Code::kOk,
     .waiting = Code::kDestroyed,
     .holding = Code::kOk,
     .anew = Code::kOk,
     .version = 1,
     .write_afterwards = Code::kDestroyed,
     .read_afterwards = Code::kDestroyed},
    {.name = "set replaced by a blank one",
     .strike =
         [](key_t key) {
           litter::RemoveSet(key);
           litter::MakeSet(key, 4);
         },
     .clear = Nothing,
     .write = Code::kDestroyed,
     .read = Code::kOk,
     .waiting = Code::kDestroyed,
     .holding = Code::kOk,
     .anew = Code::kOk,
     .version = 2,
     .write_afterwards = Code::kDestroyed,
     .read_afterwards = Code::kOk},
    {.name = "set replaced by a foreign one",
     .strike =
         [](key_t key) {
           do litter::RemoveSet(key);
           while (litter::MakeSet(key, 2) < 0);
         },
     .clear = litter::RemoveSet,
     .write = Code::kDestroyed,
     .read = Code::kOk,
     .waiting = Code::kDestroyed,
     .holding = Code::kOk,
     .anew = Code::kLayout,
     .version = 2,
     .write_afterwards = Code::kDestroyed,
     .read_afterwards = Code::kOk},
    // Two incarnations, of which one accepts writes: who had the lock of the old one is told that his is nowhere.
    {.name = "made anew by a peer",
     .strike =
         [](key_t key) {
           RemoveBoth(key);
           Open(key);
         },
     .clear = Nothing,
     .write = Code::kDestroyed,
     .read = Code::kDestroyed,
     .waiting = Code::kDestroyed,
     .holding = Code::kDestroyed,
     .anew = Code::kOk,
     .version = 1,
     .write_afterwards = Code::kDestroyed,
     .read_afterwards = Code::kDestroyed},
    // Nobody of ours has made it anew: the old one is the only one.
    {.name = "replaced by a foreign one",
     .strike =
         [](key_t key) {
           for (bool made = false; !made;) {
             litter::RemoveSegment(key);
             const auto foreign = RawBytes::TryCreate(key, size_t{4096} * 4);
             if (foreign) foreign->StoreText(0, "theirs");
             made = foreign.has_value();
           }
         },
     .clear = litter::RemoveSegment,
     .write = Code::kOk,
     .read = Code::kOk,
     .waiting = Code::kOk,
     .holding = Code::kOk,
     .anew = Code::kLayout,
     .version = 1,
     .write_afterwards = Code::kDestroyed,
     .read_afterwards = Code::kDestroyed},
};

std::vector<Removal> Removals() {
  std::vector<Removal> removals;
  for (const Removal& removal : kSystemVRemovals) removals.push_back(memory::is_posix ? removal.OfFile() : removal);
  return removals;
}

std::string Of(const Removal& removal, std::string_view what) { return tap::Text(removal.name, ": ", what); }

// The last word: the key can be used, or says why not, and the old handle does not accept what nobody would find.
void CheckAnew(const Removal& removal, key_t key, const Cell& old, bool may_be_ours = false) {
  auto anew = cells::Open(Target::Key(key));
  tap::Check(anew.code() == removal.anew || (anew && may_be_ours), Of(removal, tap::Text("open: ", anew.code())));
  if (!anew) removal.clear(key);
  const auto cell = cells::MustOpen(key);
  tap::Equal(cells::WriteText(cell, "new").code(), Code::kOk, Of(removal, "a write to the new one"));
  tap::Equal(cells::WriteText(old, "x").code(), removal.write_afterwards, Of(removal, "a write to the old one, afterwards"));
  tap::Equal(cells::Read(old).code, removal.read_afterwards, Of(removal, "a read of the old one, afterwards"));
  tap::Equal(cells::ReadText(cell), "new", Of(removal, "what is there in the end"));
  tap::Equal(cell.Destroy(cells::Soon()).code(), Code::kOk, Of(removal, "destroy"));
  tap::Check(litter::IsFree(key), Of(removal, "nothing is left"));
}

template <class Body>
void ForEachRemoval(Body body) {
  for (const Removal& removal : Removals()) {
    const key_t key = litter::UniqueKey();
    const auto cell = cells::MustOpen(key);
    cells::WriteText(cell, kOld).code();
    body(removal, key, cell);
    CheckAnew(removal, key, cell);
  }
}

const tap::Test kIdle("split brain: an idle handle", [] {
  ForEachRemoval([](const Removal& removal, key_t key, const Cell& cell) {
    removal.strike(key);
    const auto value = cells::Read(cell);
    tap::Equal(value.code, removal.read, Of(removal, "a read"));
    if (value.code == Code::kOk) tap::Equal(value.text(), std::string(kOld), Of(removal, "the value"));
    const bool gone = !IsUnder(key, cell.segment());
    tap::Equal(cell.CheckNotRemoved().code(), gone ? Code::kDestroyed : Code::kOk, Of(removal, "CheckNotRemoved"));
    if (removal.write != Code::kOk) tap::Equal(cells::WriteText(cell, "x").code(), removal.write, Of(removal, "a write"));
  });
});

const tap::Test kIdleWriter("split brain: an idle handle that writes first", [] {
  ForEachRemoval([](const Removal& removal, key_t key, const Cell& cell) {
    removal.strike(key);
    tap::Equal(cells::WriteText(cell, "x").code(), removal.write, Of(removal, "a write"));
  });
});

const tap::Test kVersions("split brain: versions go on where the value stays", [] {
  for (const Removal& removal : Removals()) {
    const key_t key = litter::UniqueKey();
    cells::WriteText(cells::MustOpen(key), kOld).code();
    removal.strike(key);
    removal.clear(key);
    const auto version = cells::WriteText(cells::MustOpen(key), "next");
    if (tap::Equal(version.code(), Code::kOk, Of(removal, "a write"))) tap::Equal(*version, removal.version, Of(removal, "version"));
  }
});

const tap::Test kHolding("split brain: a writer that holds the lock", [] {
  ForEachRemoval([](const Removal& removal, key_t key, const Cell& cell) {
    const auto hold = cell.LockForWrite(cells::Soon());
    removal.strike(key);
    const auto version = cell.Commit(*hold, {.data = "held", .length = 4, .media_type = {}, .if_version = {}});
    tap::Equal(version.code(), removal.holding, Of(removal, "commit"));
  });
});

const tap::Test kHolderReads("split brain: what a writer that holds the lock has committed is there for the next open", [] {
  for (const Removal& removal : Removals()) {
    if (removal.version != 2) continue;
    const key_t key = litter::UniqueKey();
    const auto cell = cells::MustOpen(key);
    {
      const auto hold = cell.LockForWrite(cells::Soon());
      removal.strike(key);
      tap::Equal(cell.Commit(*hold, {.data = "held", .length = 4, .media_type = {}, .if_version = {}}).code(), Code::kOk, "commit");
    }
    removal.clear(key);
    if (removal.anew == Code::kOk) tap::Equal(cells::ReadText(cells::MustOpen(key)), "held", Of(removal, "the value"));
  }
});

// One waits behind the gate, one before it.
const tap::Test kWaiting("split brain: writers that wait for the lock", [] {
  ForEachRemoval([](const Removal& removal, key_t key, const Cell& cell) {
    const int set = cell.lock().set().id();
    std::vector<Child> writers;
    {
      const auto hold = cell.LockForWrite(cells::Soon());
      for (int i = 0; i < 2; i++) {
        const Code expected = removal.waiting;
        writers.emplace_back([key, expected] {
          const auto own = cells::MustOpen(key);
          return tap::Equal(cells::WriteText(own, "waited").code(), expected, "a writer that waited") ? 0 : 1;
        });
        WaitUntil([set, i] { return semctl(set, i == 0 ? shmnode::kWriter : shmnode::kGate, GETZCNT) == 1; });
      }
      removal.strike(key);
    }
    for (Child& writer : writers) tap::Check(writer.Succeeds(), Of(removal, "waiting"));
  });
});

const tap::Test kReading("split brain: readers at work see whole values, or are told", [] {
  ForEachRemoval([](const Removal& removal, key_t key, const Cell& cell) {
    const auto reader = std::make_unique<Cell>(cells::MustOpen(key, {.read_only = true, .owner = {}}));
    const Shared<std::atomic<int>> stage;
    Child reading([&reader, &stage, &removal] {
      for (int i = 0; *stage < 2; i++) {
        const auto value = cells::Read(*reader);
        if (i == 0) *stage = 1;
        const bool told = value.code == Code::kDestroyed;
        if (!tap::Check(told || value.text() == kOld, Of(removal, "a read"))) return 1;
      }
      return tap::Equal(cells::Read(*reader).code, removal.read, Of(removal, "the last read")) ? 0 : 1;
    });
    WaitUntil([&stage] { return *stage == 1; });
    removal.strike(key);
    *stage = 2;
    tap::Check(reading.Succeeds(), "the reader");
    tap::Equal(cells::Read(cell).code, removal.read, Of(removal, "the writer's read"));
  });
});

// The set that is under the key is still the lock of a segment that was removed, and becomes that of the next one.
class SameLock {
 public:
  SameLock() {
    cells::WriteText(old_, kOld).code();
    litter::RemoveSegment(key_);
  }

  key_t key() const { return key_; }
  int set() const { return old_.lock().set().id(); }

  // A cell whose own lock is gone.
  void MakeCellWithoutLock() const { PutCellWithoutLock(key_); }
  static void PutCellWithoutLock(key_t key) {
    const key_t pattern = litter::UniqueKey();
    const auto cell = cells::MustOpen(pattern);
    const auto raw = RawBytes::Create(key, cell.segment().size());
    std::memcpy(raw.data(), cell.segment().data(), shmnode::kHeaderBytes);
    if (memory::is_posix) std::strncpy(reinterpret_cast<char*>(raw.data()) + 64, memory::Name(key).text, 64);
    tap::Require(static_cast<bool>(cells::Destroy(Target::Key(pattern))), "the pattern is gone");
  }

  void CheckOneAcceptsWrites() const { CheckOneAcceptsWrites(old_, key_, set()); }
  static void CheckOneAcceptsWrites(const Cell& old, key_t key, int set) {
    const auto fresh = cells::MustOpen(key);
    tap::Equal(fresh.lock().set().id(), set, "the new one has the lock of the old one");
    tap::Equal(cells::WriteText(fresh, "new").code(), Code::kOk, "a write to the new one");
    tap::Equal(cells::WriteText(old, "x").code(), Code::kDestroyed, "a write to the old one");
    if (!memory::is_posix) tap::Equal(cells::Read(old).code, Code::kDestroyed, "a read of the old one");
    tap::Equal(old.CheckNotRemoved().code(), Code::kDestroyed, "CheckNotRemoved");
    tap::Equal(old.Destroy(cells::Soon()).code(), Code::kDestroyed, "destroy of the old one");
    tap::Equal(cells::ReadText(fresh), "new", "what is there in the end");
    tap::Equal(cells::WriteText(fresh, "next").code(), Code::kOk, "and its lock too");
  }

 private:
  const key_t key_ = litter::UniqueKey();
  const Cell old_ = cells::MustOpen(key_);
};

const tap::Test kSameLockBlank("split brain: a blank segment is taken over with the lock of a removed one", [] {
  memory::SystemVOnly("blank segments");
  const SameLock world;
  RawBytes::Create(world.key(), shmnode::SegmentBytesFor(shmnode::kDefaultCapacity, shmnode::kDefaultSlots));
  world.CheckOneAcceptsWrites();
});

const tap::Test kSameLockReplaced("split brain: a lost lock is replaced by that of a removed segment", [] {
  const SameLock world;
  world.MakeCellWithoutLock();
  world.CheckOneAcceptsWrites();
});

// A creator has made its set, but does not hold it yet.
const tap::Test kSameLockCreated("split brain: a creator's own set becomes the lock of a segment that is removed", [] {
  const key_t key = litter::UniqueKey();
  Stepper creator([key] { return key; }, [](key_t under) { return cells::Open(Target::Key(under)) ? 0 : 1; });
  while (!litter::HasSet(key)) tap::Require(creator.RunToSystemCall(SYS_semget) && creator.Step(1), "makes a set");
  const int set = litter::SetOf(key);
  SameLock::PutCellWithoutLock(key);
  const auto old = cells::MustOpen(key);
  tap::Equal(old.lock().set().id(), set, "the creator's set is its lock");
  litter::RemoveSegment(key);
  tap::Equal(creator.Finish(), 0, "the creator makes another segment");
  SameLock::CheckOneAcceptsWrites(old, key, set);
});

// Whatever it meets, open tells one of these, and each handle that it gives can be used or says that it is out of date. What
// somebody puts there in two steps may become ours in between: zeroes are a dead creator's.
const tap::Test kOpening("split brain: opens under way", [] {
  for (const Removal& removal : Removals()) {
    const key_t key = litter::UniqueKey();
    const auto old = cells::MustOpen(key);
    cells::WriteText(old, kOld).code();
    const Shared<std::atomic<int>> stage;
    std::vector<Child> openers;
    for (int i = 0; i < 2; i++) {
      openers.emplace_back([key, &stage, &removal] {
        for (bool first = true; *stage < 3; first = false) {
          const auto own = cells::Open(Target::Key(key));
          if (!tap::Check(own || own.code() == removal.anew, Of(removal, tap::Text("open: ", own.code())))) return 1;
          if (first) (*stage)++;
          if (!own) continue;
          const Code code = cells::WriteText(*own, kOld).code();
          if (!tap::Check(code == Code::kOk || code == Code::kDestroyed, Of(removal, tap::Text("a write: ", code)))) return 1;
        }
        return 0;
      });
    }
    WaitUntil([&stage] { return *stage == 2; });
    removal.strike(key);
    usleep(3000);
    *stage = 3;
    for (Child& opener : openers) tap::Check(opener.Succeeds(), "an opener");
    CheckAnew(removal, key, old, true);
  }
});

}  // namespace
