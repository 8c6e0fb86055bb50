// Segments that somebody removed behind the back of who is attached, by ipcrm(1) and the like.
#pragma once

#include "cell.hpp"
#include "owner_policy.hpp"

namespace shmnode {

namespace detail {

// Its lock is gone too, so nobody can ever write it again, or is the one that another segment gets now. (A private one that
// was removed on purpose, to go with its last user, still has its lock.)
inline bool IsAbandoned(const Segment& segment, SemaphoreSet set) noexcept {
  if (ContentOf(segment) != Content::kCell) return false;
  const auto geometry = LoadGeometry(segment);
  if (!geometry) return false;
  return geometry->semaphore_id == set.id() || SemaphoreSet(geometry->semaphore_id).Stat().code() == Code::kDestroyed;
}

}  // namespace detail

// The kernel keeps a removed segment for those who are attached. Tells them that its time is over, before `set` becomes the
// lock of the segment that its key leads to: readers look at nothing but the header, and writers, if the lock is the same,
// would go on beside those of the other. Under that lock, so that none of them is at work.
inline void RetireRemovedCells(SemaphoreSet set, const OwnerPolicy& owner) noexcept {
  static_cast<void>(Segment::ForEach([set, &owner](int id, const shmid_ds& facts) {
    const bool removed = (facts.shm_perm.mode & SHM_DEST) != 0 && facts.shm_segsz >= kHeaderBytes;
    if (!removed || !owner.Check(facts.shm_perm)) return;
    const auto segment = Segment::Attach(id, facts.shm_segsz, Access::kReadWrite);
    if (segment && detail::IsAbandoned(*segment, set)) RetireHeader(*segment);
  }));
}

}  // namespace shmnode
