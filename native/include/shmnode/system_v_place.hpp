// Where System V segments are found and made: under a key, or by the kernel's id.
#pragma once

#include "owner_policy.hpp"
#include "removed.hpp"
#include "segment.hpp"
#include "semaphore_set.hpp"
#include "target.hpp"
#include "turnstile_lock.hpp"

namespace shmnode::detail {

// What opening, destroying and mending do alike wherever the segment is, as PosixPlace does it for POSIX memory.
class SystemVPlace {
 public:
  // What is there, before it is attached.
  struct Found {
    int id;
    SegmentFacts facts;
  };

  // The key leads to the segment from the beginning, blank as it is then; removal is by its id, which is no other's.
  static constexpr bool kShowsBlank = true;
  static constexpr bool kRemovesByName = false;

  explicit SystemVPlace(const Target& target) noexcept : target_(target) {}

  key_t set_key() const noexcept { return target_.key; }
  uint32_t ipc_namespace() const noexcept { return 0; }

  // kNotFound where nothing is there; kDestroyed for an id that no segment has, or has any more.
  Result<Found> Find(Access) const noexcept {
    const auto id = FindId();
    if (!id) return id.error();
    const auto facts = Segment::Stat(*id);
    if (!facts) return facts.error();
    return Found{.id = *id, .facts = FactsOf(*facts)};
  }

  static Result<Segment> Attach(Found found, Access access) noexcept { return Segment::Attach(found.id, found.facts.bytes, access); }

  // Of what was attached.
  bool LeadsTo(const Segment& segment) const noexcept {
    const auto id = FindId();
    return id && *id == segment.id();
  }
  bool IsFree() const noexcept { return !FindId(); }

  // Blank; others find it at once. kExists where the key has one.
  Result<Segment> Make(uint64_t bytes, unsigned mode) const noexcept {
    const auto id = Segment::Create(target_.key, bytes, mode);
    if (!id) return id.error();
    auto segment = Segment::Attach(*id, bytes, Access::kReadWrite);
    if (!segment) static_cast<void>(Segment::Remove(*id));
    return segment;
  }
  static Status Publish(const Segment&) noexcept { return Nothing{}; }

  Result<SemaphoreSet> FindSet() const noexcept { return SemaphoreSet::Find(target_.key, kSemaphoreCount); }
  static bool IsContested() noexcept { return false; }

  // Before `set` becomes the lock of the segment that is here.
  static void RetireRemoved(SemaphoreSet set, const OwnerPolicy& owner) noexcept { RetireRemovedCells(set, owner); }

 private:
  Result<int> FindId() const noexcept {
    if (target_.kind == Target::Kind::kId) return target_.id;
    return Segment::Find(target_.key);
  }

  const Target& target_;
};

}  // namespace shmnode::detail
