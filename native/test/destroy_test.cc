// The end of a segment.
#include "shmnode/destroy.hpp"

#include "cells.hpp"
#include "child.hpp"
#include "raw_bytes.hpp"

namespace {

using cells::Code;
using cells::Target;

const tap::Test kByKey("destroy: by key, by name, by id, by handle", [] {
  const std::string name = litter::UniqueName("destroy");
  const key_t key = memory::KeyOf(name);
  const auto make = [&name] { return cells::MustOpen(Target::Name(name)); };
  make();
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "by key");
  tap::Check(litter::IsFree(key), "the key is free");
  make();
  tap::Equal(cells::Destroy(Target::Name(name)).code(), Code::kOk, "by name");
  tap::Check(litter::IsFree(key), "the key is free");
  tap::Equal(cells::Destroy(cells::ById(make())).code(), Code::kOk, "by id");
  tap::Check(litter::IsFree(key), "the key is free");
  tap::Equal(make().Destroy(cells::Soon()).code(), Code::kOk, "by handle");
  tap::Check(litter::IsFree(key), "the key is free");
});

const tap::Test kIfVersion("destroy: only of the version that is meant", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  cells::WriteText(cell, "one").code();
  const auto refused = cell.Destroy(cells::Soon(), 0);
  tap::Equal(refused.code(), Code::kVersionConflict, "another version");
  tap::Equal(refused.error().number, uint64_t{1}, "the current one is told");
  tap::Equal(cells::WriteText(cell, "two").code(), Code::kOk, "the lock was released");
  tap::Equal(cell.Destroy(cells::Soon(), 2).code(), Code::kOk, "the current version");
  tap::Check(litter::IsFree(key), "the key is free");
});

const tap::Test kMissing("destroy: of nothing is kNotFound", [] {
  const key_t key = litter::UniqueKey();
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kNotFound, "code");
  tap::Check(litter::IsFree(key), "the key is free");
});

const tap::Test kKeyZero("destroy: key 0 is no key, and no set is made for it",
                         [] { tap::Equal(cells::Destroy(Target::Key(0)).code(), Code::kNotFound, "code"); });

const tap::Test kPrivateTarget("destroy: of no private segment in particular fails with a code",
                               [] { tap::Check(!cells::Destroy(Target::Private()), "refused"); });

const tap::Test kUnknownId("destroy: of an id that is nobody's", [] {
  memory::SystemVOnly("ids");
  for (const int id : {-1, INT32_MAX}) tap::Check(!cells::Destroy(Target::Id(id)), "refused");
});

const tap::Test kPrivate("destroy: a private segment and its set, by id", [] {
  const auto cell = cells::MustOpenPrivate();
  tap::Equal(cells::Destroy(cells::ById(cell)).code(), Code::kOk, "destroy");
  tap::Equal(cell.lock().set().Stat().code(), Code::kDestroyed, "its set is gone");
  tap::Equal(cells::Read(cell).code, Code::kDestroyed, "its readers know");
});

const tap::Test kAttached("destroy: who is attached finds out", [] {
  const key_t key = litter::UniqueKey();
  const auto writer = cells::MustOpen(key);
  const auto reader = cells::MustOpen(key, {.read_only = true, .owner = {}});
  cells::WriteText(writer, "x").code();
  tap::Check(static_cast<bool>(writer.CheckNotRemoved()), "not removed before");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
  tap::Equal(cells::Read(reader).code, Code::kDestroyed, "a read");
  tap::Equal(reader.Facts().code(), Code::kDestroyed, "facts");
  tap::Equal(cells::WriteText(writer, "y").code(), Code::kDestroyed, "a write");
  tap::Equal(writer.LockForWrite(cells::Soon()).code(), Code::kDestroyed, "a lock");
  tap::Equal(writer.CheckNotRemoved().code(), Code::kDestroyed, "CheckNotRemoved");
  tap::Check(writer.IsRetired() && reader.IsRetired(), "retired");
  tap::Equal(reader.Version(), 1U, "the version can still be seen");
});

const tap::Test kTwice("destroy: twice by one handle", [] {
  const auto cell = cells::MustOpen(litter::UniqueKey());
  tap::Equal(cell.Destroy(cells::Soon()).code(), Code::kOk, "the first time");
  tap::Equal(cell.Destroy(cells::Soon()).code(), Code::kDestroyed, "the second time");
});

const tap::Test kAfterwards("destroy: the key can be used again, and the old handle stays apart", [] {
  const key_t key = litter::UniqueKey();
  const auto old = cells::MustOpen(key);
  cells::WriteText(old, "old").code();
  tap::Equal(old.Destroy(cells::Soon()).code(), Code::kOk, "destroy");
  const auto fresh = cells::MustOpen(key);
  tap::Equal(fresh.Version(), 0U, "version");
  tap::Check(fresh.geometry().incarnation != old.geometry().incarnation, "incarnation");
  tap::Equal(old.Destroy(cells::Soon()).code(), Code::kDestroyed, "destroy of the old one again");
  tap::Check(static_cast<bool>(cells::WriteText(fresh, "new")), "the new one goes on");
});

const tap::Test kLostSet("destroy: by a handle whose set was removed", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  litter::RemoveSet(key);
  tap::Equal(cells::WriteText(cell, "x").code(), Code::kDestroyed, "a write");
  tap::Equal(cells::Read(cell).code, Code::kOk, "a read");
  tap::Equal(cell.Destroy(cells::Soon()).code(), Code::kOk, "destroy");
  tap::Check(litter::IsFree(key) && cell.IsRetired(), "retired and free");
});

const tap::Test kReadOnly("destroy: not through a read-only handle", [] {
  const key_t key = litter::UniqueKey();
  cells::MustOpen(key);
  const auto reader = cells::MustOpen(key, {.read_only = true, .owner = {}});
  tap::Equal(reader.Destroy(cells::Soon()).code(), Code::kReadOnly, "code");
  tap::Check(litter::HasSegment(key) && !reader.IsRetired(), "still there");
});

const tap::Test kCorrupt("destroy: a corrupt header is no obstacle", [] {
  for (const size_t field : {12U, 16U, 24U, 32U, 40U, 60U, 64U, 128U}) {
    const key_t key = litter::UniqueKey();
    cells::MustOpen(key);
    RawBytes::Under(key).Store<uint32_t>(field, 0xFFFFFFFFU);
    tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
    tap::Check(litter::IsFree(key), tap::Text("the key is free, with garbage at ", field));
  }
});

// A header is written by whoever may write the segment; what it names is not ours for that.
const tap::Test kStrangersSet("destroy: removes no set but the segment's own", [] {
  const auto bystander = cells::MustOpenPrivate();
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  const auto raw = RawBytes::Under(key);
  raw.Store<int32_t>(60, bystander.lock().set().id());
  {
    const auto opened = cells::Open(Target::Key(key));
    if (opened) static_cast<void>(opened->Destroy(cells::Soon()));
  }
  tap::Check(static_cast<bool>(bystander.lock().set().Stat()), "by a handle");
  if (bystander.lock().set().Stat()) static_cast<void>(cells::Destroy(cells::ById(key)));
  tap::Check(static_cast<bool>(bystander.lock().set().Stat()), "by id");
});

const tap::Test kWaits("destroy: waits for who holds the lock, until the deadline", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  tap::Check(static_cast<bool>(cell.lock().TryAcquire(shmnode::LockMode::kExclusive)), "taken");
  const auto brief = [] { return shmnode::Deadline::After(std::chrono::milliseconds(20)); };
  tap::Equal(shmnode::DestroyCell(Target::Key(key), {}, brief()).code(), Code::kBusy, "by key");
  tap::Equal(cell.Destroy(brief()).code(), Code::kBusy, "by handle");
  tap::Check(!cell.IsRetired(), "not retired meanwhile");
  cell.lock().Release(shmnode::LockMode::kExclusive);
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "when it is free");
});

const tap::Test kWakesWriters("destroy: wakes writers that wait with kDestroyed", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  const int set = cell.lock().set().id();
  const auto hold = cell.LockForWrite(cells::Soon());
  std::vector<Child> writers;
  for (int i = 0; i < 3; i++) {
    writers.emplace_back([key] { return cells::WriteText(cells::MustOpen(key), "x").code() == Code::kDestroyed ? 0 : 1; });
  }
  WaitUntil([set] { return semctl(set, shmnode::kWriter, GETZCNT) + semctl(set, shmnode::kGate, GETZCNT) == 3; });
  litter::RemoveSet(key);
  for (Child& writer : writers) tap::Check(writer.Succeeds(), "kDestroyed");
});

const tap::Test kRacing("destroy: of many at once", [] {
  for (int round = 0; round < 60; round++) {
    const key_t key = litter::UniqueKey();
    const auto cell = cells::MustOpen(key);
    const Shared<std::atomic<int>> arrived;
    std::vector<Child> children;
    for (int i = 0; i < 4; i++) {
      children.emplace_back([key, &arrived] {
        for ((*arrived)++; *arrived < 4;) sched_yield();
        const Code code = cells::Destroy(Target::Key(key)).code();
        return tap::Check(code == Code::kOk || code == Code::kNotFound, tap::Text("destroyed or not found, not ", code)) ? 0 : 1;
      });
    }
    for (Child& child : children) child.Wait();
    tap::Check(litter::IsFree(key), "the key is free");
    tap::Check(cell.IsRetired(), "retired");
  }
});

const tap::Test kPrivateSets("destroy: of a private segment whose header names another private set removes neither", [] {
  const auto victim = cells::MustOpenPrivate();
  const auto hostile = cells::MustOpenPrivate({.mode = 0666, .owner = {}});
  RawBytes::Of(hostile.segment()).Store<int32_t>(60, victim.lock().set().id());
  tap::Equal(cells::Open(cells::ById(hostile)).code(), Code::kCorrupt, "open");
  tap::Equal(cells::Destroy(cells::ById(hostile)).code(), Code::kOk, "destroy");
  tap::Check(static_cast<bool>(victim.lock().set().Stat()), "the other's set is there");
});

}  // namespace
