// The end of a raw segment and of its semaphore set. Also of a foreign one: whoever says raw means it.
#pragma once

#include <optional>

#include "open_raw.hpp"

namespace shmnode {

namespace detail {

// One pass over the world as it is; nothing where it changed underneath.
template <class Place>
class RawDestroyer {
 public:
  RawDestroyer(const Target& target, const OwnerPolicy& owner, Deadline deadline) noexcept
      : target_(target), place_(target), owner_(owner), deadline_(deadline) {}

  std::optional<Status> Run() const noexcept {
    if (target_.kind == Target::Kind::kPrivate) return Fail(Code::kNotFound);
    auto found = place_.Find(Access::kReadOnly);
    if (found.code() == Code::kNotFound) return LeftoverSet();
    if (!found) return Again(found.error());
    const SegmentFacts facts = found->facts;
    if (facts.removed) return Again(Fail(Code::kDestroyed));
    if (const Status owner = owner_.Check(facts); !owner) return owner;
    if (const Status may = CheckMayRemove(facts); !may) return Again(may.error());
    const auto segment = place_.Attach(*std::move(found), Access::kReadOnly);
    if (!segment) return Again(segment.error());
    if (IsCell(*segment, facts.key)) return Fail(Code::kLayout, "a cell");
    return Remove(*segment, facts.key);
  }

 private:
  std::optional<Status> Again(const Error& error) const noexcept {
    if (error.code != Code::kDestroyed) return error;
    if (target_.kind != Target::Kind::kId) return std::nullopt;
    return NothingHasId(error);
  }

  // A set of another kind is no lock of the segment's, and stays.
  std::optional<Status> Remove(const Segment& segment, key_t key) const noexcept {
    const auto set = SemaphoreSet::Find(key, 0);
    if (!set && set.code() != Code::kNotFound) return set.error();
    const auto facts = set ? set->Stat() : Result<semid_ds>(Fail(Code::kNotFound));
    if (facts.code() == Code::kDestroyed) return std::nullopt;
    if (set && !facts) return facts.error();
    if (Place::kRemovesByName && !set) return Again(RemoveWithoutSet(segment));
    if (!set || !IsLockSet(*facts)) return Again(segment.Remove());
    if (const Status owner = owner_.Check(facts->sem_perm); !owner) return owner;
    const auto hold = LockHold::Acquire(TurnstileLock(*set), LockMode::kExclusive, deadline_);
    if (hold.code() == Code::kDestroyed) return std::nullopt;
    if (!hold) return hold.error();
    const auto removed = Again(segment.Remove());
    if (removed && *removed && NeedsSetNoMore(segment, key)) static_cast<void>(set->Remove());
    return removed;
  }

  Status RemoveWithoutSet(const Segment& segment) const noexcept {
    const auto facts = segment.Facts();
    if (!facts) return facts.error();
    return RemoveRawUnderNameLock(segment, *facts, deadline_);
  }

  std::optional<Status> Again(const Status& status) const noexcept { return status ? std::optional(status) : Again(status.error()); }

  // The segment was removed by somebody who did not know of its lock. A set like a cell's is left to who destroys cells.
  std::optional<Status> LeftoverSet() const noexcept {
    const auto set = SemaphoreSet::Find(place_.set_key(), kRawSemaphoreCount);
    if (place_.IsContested()) return Fail(Code::kNotFound);
    const auto facts = set ? set->Stat() : Result<semid_ds>(Fail(Code::kNotFound));
    if (!facts || facts->sem_nsems != kRawSemaphoreCount) return Fail(Code::kNotFound);
    if (const Status owner = owner_.Check(facts->sem_perm); !owner) return owner;
    const auto hold = LockHold::Acquire(TurnstileLock(*set), LockMode::kExclusive, deadline_);
    if (!hold) return Again(hold.error());
    if (!place_.IsFree()) return std::nullopt;
    return Again(set->Remove());
  }

  const Target& target_;
  const Place place_;
  const OwnerPolicy& owner_;
  Deadline deadline_;
};

template <class Place>
Status DestroyRawAt(const Target& target, const OwnerPolicy& owner, Deadline deadline) noexcept {
  const RawDestroyer<Place> destroyer(target, owner, deadline);
  for (int turn = 0; turn < 1000; turn++) {
    if (const auto status = destroyer.Run()) return *status;
  }
  return Fail(Code::kBusy, "created and destroyed all the time");
}

}  // namespace detail

// Removes the segment with its set; a POSIX semaphore stays. kNotFound where the key has neither, kLayout for a cell, kAccess
// where another user made it, kBusy at the deadline.
inline Status DestroyRaw(const Target& target, const OwnerPolicy& owner, Deadline deadline) noexcept {
  if (!target.IsValid()) return Fail(Code::kNotFound);
  if (target.kind == Target::Kind::kPosix) return detail::DestroyRawAt<detail::PosixPlace>(target, owner, deadline);
  return detail::DestroyRawAt<detail::SystemVPlace>(target, owner, deadline);
}

}  // namespace shmnode
