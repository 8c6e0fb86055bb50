// Segments that somebody removed behind the back of who is attached, by ipcrm(1) and the like.
#pragma once

#include "cell.hpp"
#include "owner_policy.hpp"

namespace shmnode {

namespace detail {

// The kernel keeps it for those who are attached, and its lock is gone too: nobody can ever write it again. (A private one
// that was removed on purpose, to go with its last user, still has its lock.)
inline bool IsAbandoned(const Segment& segment) noexcept {
  if (ContentOf(segment) != Content::kCell) return false;
  const auto geometry = LoadGeometry(segment);
  return geometry && SemaphoreSet(geometry->semaphore_id).Stat().code() == Code::kDestroyed;
}

}  // namespace detail

// Tells those who are still attached to such a segment that its time is over, before its key gets another: readers, who look
// at nothing but the header, would never find out.
inline void RetireRemovedCells(const OwnerPolicy& owner) noexcept {
  static_cast<void>(Segment::ForEach([&owner](int id, const shmid_ds& facts) {
    const bool removed = (facts.shm_perm.mode & SHM_DEST) != 0 && facts.shm_segsz >= kHeaderBytes;
    if (!removed || !owner.Check(facts.shm_perm)) return;
    const auto segment = Segment::Attach(id, facts.shm_segsz, Access::kReadWrite);
    if (segment && detail::IsAbandoned(*segment)) RetireHeader(*segment);
  }));
}

}  // namespace shmnode
