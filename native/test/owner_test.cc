// Other users' segments, and other users at ours.
#include "as_user.hpp"
#include "cells.hpp"
#include "raw_bytes.hpp"
#include "stepper.hpp"

namespace {

using cells::Code;
using cells::OpenOptions;
using cells::Target;
using shmnode::OwnerPolicy;

const tap::Test kSquatted("owner: another user's segment is refused by default", [] {
  const key_t key = litter::UniqueKey();
  AsNobody([key] { cells::MustOpen(key, {.mode = 0666, .owner = {}}); });
  const auto raw = RawBytes::Under(key);
  const auto before = raw.Copy();
  for (const bool read_only : {false, true}) {
    const auto cell = cells::Open(Target::Key(key), {.read_only = read_only, .owner = {}});
    tap::Equal(cell.code(), Code::kOwner, "open");
    tap::Equal(cell.error().number, kNobody, "whose it is");
  }
  tap::Equal(cells::Open(cells::ById(key)).code(), Code::kOwner, "by id");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOwner, "destroy");
  tap::Check(raw.Copy() == before && litter::HasSet(key), "left as it was");
});

const tap::Test kAccepted("owner: another user's segment is taken where the policy says so", [] {
  const key_t key = litter::UniqueKey();
  AsNobody([key] { cells::MustOpen(key, {.mode = 0666, .owner = {}}); });
  const OwnerPolicy anyone{.anyone = true, .user = {}, .widest_mode = {}};
  const OwnerPolicy nobody{.user = kNobody, .widest_mode = {}};
  const OwnerPolicy somebody{.user = 12345, .widest_mode = {}};
  tap::Equal(cells::Open(Target::Key(key), {.owner = somebody}).code(), Code::kOwner, "somebody else's");
  tap::Equal(cells::Open(Target::Key(key), {.owner = nobody}).code(), Code::kOk, "that user's");
  tap::Equal(cells::Open(Target::Key(key), {.owner = anyone}).code(), Code::kOk, "anyone's");
  tap::Equal(shmnode::DestroyCell(Target::Key(key), anyone, cells::Soon()).code(), Code::kOk, "destroy");
});

const tap::Test kSquattedSet("owner: another user's semaphore set is refused too", [] {
  const key_t key = litter::UniqueKey();
  AsNobody([key] { tap::Check(litter::MakeSet(key, 4, 0666) >= 0, "a set"); });
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kOwner, "open");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOwner, "destroy");
  tap::Check(litter::HasSet(key) && !litter::HasSegment(key), "left as it was");
});

const tap::Test kWidestMode("owner: a mode that is wider than the policy allows", [] {
  const key_t key = litter::UniqueKey();
  cells::MustOpen(key, {.mode = 0644, .owner = {}});
  const auto with = [](unsigned mode) { return OpenOptions{.owner = {.user = {}, .widest_mode = mode}}; };
  tap::Equal(cells::Open(Target::Key(key), with(0600)).code(), Code::kOwner, "0644 where 0600 is the most");
  tap::Equal(cells::Open(Target::Key(key), with(0640)).code(), Code::kOwner, "0644 where 0640 is the most");
  tap::Equal(cells::Open(Target::Key(key), with(0644)).code(), Code::kOk, "0644 where that is the most");
  tap::Equal(cells::Open(Target::Key(key), with(0666)).code(), Code::kOk, "0644 where 0666 is the most");
});

const tap::Test kClosed("owner: 0600 keeps others out", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  AsNobody([key] {
    for (const bool read_only : {false, true}) {
      tap::Equal(cells::Open(Target::Key(key), {.read_only = read_only, .owner = {}}).code(), Code::kAccess, "open");
    }
    tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kAccess, "destroy");
  });
  tap::Check(static_cast<bool>(cells::WriteText(cell, "x")), "the cell goes on");
});

const tap::Test kReadable("owner: 0644 lets others read, and no more", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.mode = 0644, .owner = {}});
  cells::WriteText(cell, "for all").code();
  AsNobody([key] {
    tap::Equal(cells::ReadText(cells::MustOpen(key, {.read_only = true, .owner = {}})), "for all", "text");
    tap::Equal(cells::Open(Target::Key(key)).code(), Code::kAccess, "open to write");
    tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kAccess, "destroy");
  });
  tap::Check(!cell.IsRetired() && static_cast<bool>(cells::WriteText(cell, "x")), "the cell goes on");
});

const tap::Test kWritable("owner: 0666 lets others write, but not destroy", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.mode = 0666, .owner = {}});
  AsNobody([key] {
    const auto theirs = cells::MustOpen(key);
    tap::Check(static_cast<bool>(cells::WriteText(theirs, "from nobody")), "write");
    tap::Equal(theirs.Destroy(cells::Soon()).code(), Code::kAccess, "destroy by handle");
    tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kAccess, "destroy by key");
  });
  tap::Equal(cells::ReadText(cell), "from nobody", "text");
  tap::Check(!cell.IsRetired(), "not retired");
  tap::Check(static_cast<bool>(cells::WriteText(cell, "x")), "the cell goes on");
});

// Readers that may map the segment writably but not touch its semaphores.
const tap::Test kNoSemaphores("owner: who may not lock can still read, and is refused to write", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.mode = 0666, .owner = {}});
  cells::WriteText(cell, "text").code();
  semid_ds facts = *cell.lock().set().Stat();
  facts.sem_perm.mode = 0600;
  union {
    int value;
    semid_ds* facts;
  } argument{.facts = &facts};
  tap::Require(semctl(cell.lock().set().id(), 0, IPC_SET, argument) == 0, "IPC_SET");
  AsNobody([key] {
    const auto theirs = cells::MustOpen(key);
    tap::Equal(cells::ReadText(theirs), "text", "text");
    tap::Equal(cells::WriteText(theirs, "x").code(), Code::kAccess, "write");
  });
});

// Open to all, and retired by a destroyer that has not removed it yet.
shmnode::Target MakeRetired(key_t key) {
  const auto cell = cells::MustOpen(key, {.mode = 0666, .owner = {}});
  shmnode::RetireHeader(cell.segment());
  return cells::ById(cell);
}

const tap::Test kRetiredOfOthers("owner: another user's retired segment is kDestroyed to who may not remove it", [] {
  const key_t key = litter::UniqueKey();
  MakeRetired(key);
  AsNobody([key] { tap::Equal(cells::Open(Target::Key(key)).code(), Code::kDestroyed, "open"); });
});

const tap::Test kRetiredOfOthersGoes("owner: another user's retired segment that is removed while open looks is no obstacle", [] {
  if (geteuid() != 0) tap::Skip("not root");
  const key_t key = litter::UniqueKey();
  const auto target = MakeRetired(key);
  Stepper opener([] { return seteuid(kNobody); }, [key](int) { return static_cast<int>(cells::Open(Target::Key(key)).code()); });
  constexpr int kSteps = 16;  // a look takes longer than a step
  while (memory::Attaches(target, opener.pid()) == 0) tap::Require(opener.Step(kSteps), "attaches");
  litter::RemoveSegment(key);
  litter::RemoveSet(key);
  tap::Equal(opener.Finish(), static_cast<int>(Code::kOk), "open");
});

const tap::Test kLeftoverOfOthers("owner: another user's blank segment is not taken over", [] {
  const key_t key = litter::UniqueKey();
  AsNobody([key] {
    litter::MakeSet(key, 4, 0666);
    RawBytes::Create(key, 4096 * 4, 0666);
  });
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kOwner, "open");
});

}  // namespace
