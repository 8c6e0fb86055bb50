// Whose a semaphore set is that belongs to a segment: the segment's owner's.
#pragma once

#include "result.hpp"
#include "segment_facts.hpp"
#include "semaphore_set.hpp"

namespace shmnode::detail {

// What root makes for others is theirs to use.
inline Status GiveTo(SemaphoreSet set, const SegmentFacts& segment) noexcept {
  auto facts = set.Stat();
  if (!facts) return facts.error();
  if (facts->sem_perm.uid == segment.uid && facts->sem_perm.gid == segment.gid) return Nothing{};
  facts->sem_perm.uid = segment.uid;
  facts->sem_perm.gid = segment.gid;
  return set.Change(*facts);
}

}  // namespace shmnode::detail
