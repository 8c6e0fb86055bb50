// The end of a segment and of its semaphore set, whatever state a dead creator or destroyer left them in.
#pragma once

#include <optional>

#include "open.hpp"

namespace shmnode {

namespace detail {

// One pass over the world as it is; nothing where it changed underneath.
template <class Place>
class Destroyer {
 public:
  Destroyer(const Target& target, const OwnerPolicy& owner, Deadline deadline) noexcept
      : target_(target), place_(target), owner_(owner), deadline_(deadline) {}

  std::optional<Status> Run() const noexcept {
    if (target_.kind == Target::Kind::kPrivate) return Fail(Code::kNotFound);
    auto found = place_.Find(Access::kReadWrite);
    if (found.code() == Code::kNotFound) return LeftoverSet();
    if (!found) return Again(found.error());
    const SegmentFacts facts = found->facts;
    if (const Status owner = owner_.Check(facts); !owner) return owner;
    if (const Status may = CheckMayRemove(facts); !may) return Again(may.error());
    const auto segment = place_.Attach(*std::move(found), Access::kReadWrite);
    if (!segment) return Again(segment.error());
    return Remove(*segment);
  }

 private:
  std::optional<Status> Again(const Error& error) const noexcept {
    if (error.code != Code::kDestroyed) return error;
    if (target_.kind != Target::Kind::kId) return std::nullopt;
    return NothingHasId(error);
  }

  Result<SemaphoreSet> FindSet(const Segment& segment) const noexcept {
    if (target_.kind != Target::Kind::kId) return place_.FindSet();
    const auto geometry = LoadGeometry(segment);
    if (!geometry) return Fail(Code::kNotFound);
    const SemaphoreSet set(geometry->semaphore_id);
    const auto facts = set.Stat();
    const auto own = segment.Facts();
    if (!facts && facts.code() != Code::kDestroyed) return facts.error();
    if (!facts || !own || !BelongsTo(*facts, *own)) return Fail(Code::kNotFound);
    return set;
  }

  // Impossible numbers in the header are no obstacle: a segment with our magic is ours.
  std::optional<Status> Remove(const Segment& segment) const noexcept {
    const Content content = ContentOf(segment);
    if (content == Content::kForeign) return Fail(Code::kLayout, "no magic");
    const auto geometry = content == Content::kCell ? LoadGeometry(segment) : Fail(Code::kNotFound);
    if (geometry.code() == Code::kLayout) return geometry.error();
    if (geometry && !target_.Accepts(*geometry)) return Fail(Code::kNameCollision);
    const auto set = FindSet(segment);
    const bool of_dead_creator = Place::kShowsBlank && set;
    if (content == Content::kBlank && !of_dead_creator) {
      if (!place_.LeadsTo(segment) || !StaysBlank(segment, deadline_)) return std::nullopt;
      return Fail(Code::kLayout, "no magic");
    }
    if (!set && set.code() != Code::kNotFound && set.code() != Code::kLayout) return set.error();
    if (!set) return RemoveSegment(segment);
    return RemoveUnderLock(*set, &segment);
  }

  // A creator died before it had made its segment.
  std::optional<Status> LeftoverSet() const noexcept {
    const auto set = place_.FindSet();
    if (!set || place_.IsContested()) return Fail(Code::kNotFound);
    return RemoveUnderLock(*set, nullptr);
  }

  std::optional<Status> RemoveUnderLock(SemaphoreSet set, const Segment* segment) const noexcept {
    const auto facts = set.Stat();
    if (!facts && facts.code() == Code::kDestroyed) return segment != nullptr ? RemoveSegment(*segment) : std::nullopt;
    if (!facts) return facts.error();
    if (const Status owner = owner_.Check(facts->sem_perm); !owner) return owner;
    if (facts->sem_nsems == kRawSemaphoreCount) return Fail(Code::kLayout, "raw");
    if (facts->sem_nsems != kSemaphoreCount) return Fail(Code::kLayout, "semaphore set");
    const auto hold = LockHold::Acquire(TurnstileLock(set), LockMode::kExclusive, deadline_);
    if (!hold) return Again(hold.error());
    const bool same = segment == nullptr ? place_.IsFree() : place_.LeadsTo(*segment);
    if (!same) return std::nullopt;
    // Only now nobody is initialising it.
    const bool blank = segment != nullptr && ContentOf(*segment) == Content::kBlank;
    if (blank && !IsUntouched(*segment)) return Fail(Code::kLayout, "no magic");
    // The segment first: a blank one without a set would be nobody's.
    const Status removed = segment != nullptr ? RetireAndRemove(*segment) : Status(Nothing{});
    if (!place_.IsContested()) static_cast<void>(set.Remove());
    return removed;
  }

  // Its lock is gone, so there is none to take.
  std::optional<Status> RemoveSegment(const Segment& segment) const noexcept {
    if constexpr (!Place::kRemovesByName) return RetireAndRemove(segment);
    const auto facts = segment.Facts();
    if (!facts) return facts.error();
    const Status removed = RetireUnderNameLock(segment, *facts, deadline_);
    return removed.code() == Code::kDestroyed ? std::nullopt : std::optional<Status>(removed);
  }

  const Target& target_;
  const Place place_;
  const OwnerPolicy& owner_;
  Deadline deadline_;
};

template <class Place>
Status DestroyAt(const Target& target, const OwnerPolicy& owner, Deadline deadline) noexcept {
  const Destroyer<Place> destroyer(target, owner, deadline);
  for (int turn = 0; turn < 1000; turn++) {
    if (const auto status = destroyer.Run()) return *status;
  }
  return Fail(Code::kBusy, "created and destroyed all the time");
}

}  // namespace detail

// Retires the segment, so that all who are attached find out, and removes it with its set. kNotFound where the key has
// neither, kLayout for a segment that is not ours, kAccess where another user made it, kBusy at the deadline.
inline Status DestroyCell(const Target& target, const OwnerPolicy& owner, Deadline deadline) noexcept {
  if (target.kind != Target::Kind::kPosix) return detail::DestroyAt<detail::SystemVPlace>(target, owner, deadline);
  if (!target.IsValid()) return Fail(Code::kNotFound);
  return detail::DestroyAt<detail::PosixPlace>(target, owner, deadline);
}

}  // namespace shmnode
