// The end of a segment and of its semaphore set, whatever state a dead creator or destroyer left them in.
#pragma once

#include <optional>

#include "open.hpp"

namespace shmnode {

namespace detail {

// One pass over the world as it is; nothing where it changed underneath.
class Destroyer {
 public:
  Destroyer(const Target& target, const OwnerPolicy& owner, Deadline deadline) noexcept
      : target_(target), owner_(owner), deadline_(deadline) {}

  std::optional<Status> Run() const noexcept {
    if (target_.kind == Target::Kind::kPrivate) return Fail(Code::kNotFound);
    const auto id = FindSegment();
    if (!id && id.code() != Code::kNotFound) return id.error();
    if (!id) return LeftoverSet();
    const auto facts = Segment::Stat(*id);
    if (!facts) return Again(facts.error());
    if (const Status owner = owner_.Check(facts->shm_perm); !owner) return owner;
    if (const Status may = CheckMayRemove(*id); !may) return Again(may.error());
    const auto segment = Segment::Attach(*id, facts->shm_segsz, Access::kReadWrite);
    if (!segment) return Again(segment.error());
    return Remove(*segment);
  }

 private:
  Result<int> FindSegment() const noexcept {
    if (target_.kind == Target::Kind::kId) return target_.id;
    return Segment::Find(target_.key);
  }

  std::optional<Status> Again(const Error& error) const noexcept {
    if (error.code != Code::kDestroyed) return error;
    if (target_.kind == Target::Kind::kKey) return std::nullopt;
    return NothingHasId(error);
  }

  Result<SemaphoreSet> FindSet(const Segment* segment) const noexcept {
    if (target_.kind == Target::Kind::kKey) return SemaphoreSet::Find(target_.key, kSemaphoreCount);
    const auto geometry = LoadGeometry(*segment);
    if (!geometry) return Fail(Code::kNotFound);
    const SemaphoreSet set(geometry->semaphore_id);
    const auto facts = set.Stat();
    const auto own = Segment::Stat(segment->id());
    if (!facts && facts.code() != Code::kDestroyed) return facts.error();
    if (!facts || !own || !BelongsTo(*facts, *own)) return Fail(Code::kNotFound);
    return set;
  }

  // Impossible numbers in the header are no obstacle: a segment with our magic is ours.
  std::optional<Status> Remove(const Segment& segment) const noexcept {
    const Content content = ContentOf(segment);
    if (content == Content::kForeign) return Fail(Code::kLayout, "no magic");
    const auto geometry = LoadGeometry(segment);
    if (content == Content::kCell && geometry.code() == Code::kLayout) return geometry.error();
    if (content == Content::kCell && geometry && !target_.Accepts(*geometry)) return Fail(Code::kNameCollision);
    const auto set = FindSet(&segment);
    if (content == Content::kBlank && !set) {
      const auto now = FindSegment();
      if (!now || *now != segment.id() || !StaysBlank(segment, deadline_)) return std::nullopt;
      return Fail(Code::kLayout, "no magic");
    }
    if (!set && set.code() != Code::kNotFound && set.code() != Code::kLayout) return set.error();
    if (!set) return RemoveSegment(segment);
    return RemoveUnderLock(*set, &segment);
  }

  // A creator died before it had made its segment.
  std::optional<Status> LeftoverSet() const noexcept {
    const auto set = FindSet(nullptr);
    if (!set) return Fail(Code::kNotFound);
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
    const auto id = FindSegment();
    const bool same = segment == nullptr ? !id : (id && *id == segment->id());
    if (!same) return std::nullopt;
    // Only now nobody is initialising it.
    const bool blank = segment != nullptr && ContentOf(*segment) == Content::kBlank;
    if (blank && !IsUntouched(*segment)) return Fail(Code::kLayout, "no magic");
    if (segment != nullptr && ContentOf(*segment) == Content::kCell) RetireHeader(*segment);
    // The segment first: a blank one without a set would be nobody's.
    const Status removed = segment != nullptr ? Segment::Remove(segment->id()) : Status(Nothing{});
    static_cast<void>(set.Remove());
    return removed;
  }

  // Its lock is gone, so there is none to take.
  static std::optional<Status> RemoveSegment(const Segment& segment) noexcept {
    if (ContentOf(segment) == Content::kCell) RetireHeader(segment);
    return Segment::Remove(segment.id());
  }

  const Target& target_;
  const OwnerPolicy& owner_;
  Deadline deadline_;
};

}  // namespace detail

// Retires the segment, so that all who are attached find out, and removes it with its set. kNotFound where the key has
// neither, kLayout for a segment that is not ours, kAccess where another user made it, kBusy at the deadline.
inline Status DestroyCell(const Target& target, const OwnerPolicy& owner, Deadline deadline) noexcept {
  const detail::Destroyer destroyer(target, owner, deadline);
  for (int turn = 0; turn < 1000; turn++) {
    if (const auto status = destroyer.Run()) return *status;
  }
  return Fail(Code::kBusy, "created and destroyed all the time");
}

}  // namespace shmnode
