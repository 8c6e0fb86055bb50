// The lock of a name in /dev/shm: that of the semaphore set of its key, which the cell under the name has too. Who makes or
// removes the name has it, since no system call removes a name only if it still leads to a certain file.
#pragma once

#include "deadline.hpp"
#include "geometry.hpp"
#include "retire.hpp"
#include "segment.hpp"
#include "semaphore_set.hpp"
#include "turnstile_lock.hpp"

namespace shmnode {

namespace detail {

inline Result<SemaphoreSet> FindOrMakeSet(key_t key, unsigned mode) noexcept {
  auto set = SemaphoreSet::Create(key, kSemaphoreCount, mode);
  if (set.code() == Code::kExists) set = SemaphoreSet::Find(key, kSemaphoreCount);
  return set;
}

inline Status RetireAndRemove(const Segment& segment) noexcept {
  if (ContentOf(segment) == Content::kCell) RetireHeader(segment);
  return segment.Remove();
}

}  // namespace detail

// Retires and removes a POSIX segment whose own lock is gone, or not needed any more, and the set of its key. kDestroyed where
// its name does not lead to it any more.
inline Status RemoveUnderNameLock(const Segment& segment, const SegmentFacts& facts, Deadline deadline) noexcept {
  // Bounded also without a deadline: each turn somebody else has removed the set.
  for (int turn = 0; turn < 1000; turn++) {
    const auto set = detail::FindOrMakeSet(facts.key, facts.mode);
    if (set.code() == Code::kNotFound) continue;
    // Somebody else's has the key: nobody can make or remove anything under this name.
    if (set.code() == Code::kLayout) return detail::RetireAndRemove(segment);
    if (!set) return set.error();
    const auto hold = LockHold::Acquire(TurnstileLock(*set), LockMode::kExclusive, deadline);
    if (hold.code() == Code::kDestroyed) continue;
    if (!hold) return hold.error();
    const Status removed = detail::RetireAndRemove(segment);
    // Not where it is another one's by now.
    const bool is_unused = !PosixFile::HasName(segment.file().name()) && Segment::Find(facts.key).code() == Code::kNotFound;
    if (is_unused) static_cast<void>(set->Remove());
    return removed;
  }
  return Fail(Code::kBusy, "created and destroyed all the time");
}

}  // namespace shmnode
