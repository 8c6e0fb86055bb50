// The lock of a name in /dev/shm: that of the semaphore set of its key, which the cell under the name has too. Who removes the
// name has it, since no system call removes a name only if it still leads to a certain file.
#pragma once

#include "deadline.hpp"
#include "geometry.hpp"
#include "owner_policy.hpp"
#include "retire.hpp"
#include "segment.hpp"
#include "semaphore_set.hpp"
#include "set_owner.hpp"
#include "turnstile_lock.hpp"

namespace shmnode {

namespace detail {

// kOwner where it is neither the owner's of the segment nor made by root for him: creators do not trust it either.
inline Result<SemaphoreSet> FindOrMakeSet(const SegmentFacts& segment, int count) noexcept {
  auto set = SemaphoreSet::Create(segment.key, count, segment.mode | 0600U);
  if (set) static_cast<void>(GiveTo(*set, segment));
  if (set.code() != Code::kExists) return set;
  set = SemaphoreSet::Find(segment.key, kSemaphoreCount);
  const auto facts = set ? set->Stat() : Result<semid_ds>(set.error());
  if (facts.code() == Code::kDestroyed) return Fail(Code::kNotFound);
  if (!facts) return facts.error();
  OwnerPolicy owner;
  owner.user = segment.uid;
  if (const Status trusted = owner.Check(facts->sem_perm); !trusted) return trusted.error();
  return set;
}

// Somebody else's set has the key of the name, or there can be no more sets: only beside a POSIX semaphore can anything be made
// under the name then.
inline bool KeepsCreatorsOut(Code code) noexcept { return code == Code::kLayout || code == Code::kOwner || code == Code::kLimit; }

// Of a segment that was removed. Another file may have its name by then, or a System V segment the key.
inline bool NeedsSetNoMore(const Segment& segment, key_t key) noexcept {
  return !segment.is_posix() || (!PosixFile::HasName(segment.file().name()) && Segment::Find(key).code() == Code::kNotFound);
}

inline Status RetireAndRemove(const Segment& segment) noexcept {
  if (ContentOf(segment) == Content::kCell) RetireHeader(segment);
  return segment.Remove();
}

}  // namespace detail

// Has `remove` remove a POSIX segment whose own lock is gone, or is none that creators know, and removes the set of its key, of
// `semaphores` where it has to be made. kDestroyed where its name does not lead to it any more.
template <class Remove>
Status RemoveUnderNameLock(const Segment& segment, const SegmentFacts& facts, int semaphores, Deadline deadline, Remove remove) noexcept {
  // Bounded also without a deadline: each turn somebody else has removed the set.
  for (int turn = 0; turn < 1000; turn++) {
    const auto set = detail::FindOrMakeSet(facts, semaphores);
    if (set.code() == Code::kNotFound) continue;
    if (detail::KeepsCreatorsOut(set.code())) return remove();
    if (!set) return set.error();
    const auto hold = LockHold::Acquire(TurnstileLock(*set), LockMode::kExclusive, deadline);
    if (hold.code() == Code::kDestroyed) continue;
    if (!hold) return hold.error();
    const Status removed = segment.file().IsNamed() ? remove() : Status(Fail(Code::kDestroyed));
    if (detail::NeedsSetNoMore(segment, facts.key)) static_cast<void>(set->Remove());
    return removed;
  }
  return Fail(Code::kBusy, "created and destroyed all the time");
}

// The same of a cell, which is retired first.
inline Status RetireUnderNameLock(const Segment& segment, const SegmentFacts& facts, Deadline deadline) noexcept {
  return RemoveUnderNameLock(segment, facts, kSemaphoreCount, deadline, [&segment] { return detail::RetireAndRemove(segment); });
}

// The same of raw bytes, which stay as they are.
inline Status RemoveRawUnderNameLock(const Segment& segment, const SegmentFacts& facts, Deadline deadline) noexcept {
  return RemoveUnderNameLock(segment, facts, kRawSemaphoreCount, deadline, [&segment] { return segment.Remove(); });
}

}  // namespace shmnode
