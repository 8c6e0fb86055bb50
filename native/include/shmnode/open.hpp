// From a key or a name to a cell: create, open, attach by id. Any of the processes that do this at once may die at any
// instruction; the next one goes on from what it finds.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "cell.hpp"
#include "lost_lock.hpp"
#include "owner_policy.hpp"
#include "posix_place.hpp"
#include "system_v_place.hpp"
#include "target.hpp"

namespace shmnode {

// How to open, and what to make where there is nothing yet.
struct OpenOptions {
  uint64_t capacity = 0;   // bytes: of a segment to create, and the least of an existing one; 0: kDefaultCapacity and any
  uint32_t slots = 0;      // of a segment to create, 2 to 16; 0: kDefaultSlots
  unsigned mode = 0600;    // of a segment to create
  bool create = true;      // false: kNotFound where there is none
  bool exclusive = false;  // kExists where there is one
  bool read_only = false;  // implies create = false
  bool checksum = false;   // of a segment to create; kUnsupported where an existing one has none
  OwnerPolicy owner = {};  // whose segments are accepted: kOwner otherwise
};

// Is it the set that was made together with the segment? Their keys are one; of private ones, that have none, at least
// owner and mode are. Not so once the kernel has marked the segment for removal, which takes its key away.
inline bool BelongsTo(const semid_ds& set, const SegmentFacts& segment) noexcept {
  const ipc_perm& rights = set.sem_perm;
  if (set.sem_nsems != kSemaphoreCount || rights.__key != segment.key) return false;
  return segment.key != IPC_PRIVATE ||
         (rights.uid == segment.uid && rights.cuid == segment.creator && (rights.mode & 0777U) == segment.mode);
}

namespace detail {

// What the kernel says of an id that no segment has, or has any more: it cannot tell these two apart.
inline Error NothingHasId(Error error) noexcept {
  if (error.system_errno != 0) error.code = Code::kNotFound;
  return error;
}

// A blank segment without a set: somebody else's, or has a creator at work lost his set? That takes microseconds.
inline bool StaysBlank(const Segment& segment, Deadline deadline) noexcept {
  constexpr std::chrono::milliseconds kLongestCreation{10};
  for (const Deadline end = deadline.Within(kLongestCreation); !end.Expired(); usleep(200)) {
    if (ContentOf(segment) != Content::kBlank) return false;
  }
  return ContentOf(segment) == Content::kBlank;
}

// One pass over the world as it is. An attempt that finds it changed underneath gives nothing: look again.
template <class Place>
class Opener {
 public:
  Opener(const Target& target, const OpenOptions& options, Deadline deadline) noexcept
      : target_(target), place_(target), options_(options), deadline_(deadline) {}

  std::optional<Result<Cell>> Run() const noexcept {
    auto found = place_.Find(access());
    if (found) return Existing(*std::move(found));
    if (found.code() == Code::kNotFound && creates()) return Create();
    return Again(found.error());
  }

  Result<Cell> CreatePrivate() const noexcept {
    const auto set = SemaphoreSet::Create(IPC_PRIVATE, kSemaphoreCount, options_.mode);
    if (!set) return set.error();
    auto cell = CreateSegment(*set);
    if (!cell) static_cast<void>(set->Remove());
    return cell;
  }

 private:
  using Found = typename Place::Found;

  bool creates() const noexcept { return options_.create && !options_.read_only; }
  Access access() const noexcept { return options_.read_only ? Access::kReadOnly : Access::kReadWrite; }
  uint64_t capacity() const noexcept { return options_.capacity == 0 ? kDefaultCapacity : options_.capacity; }
  uint32_t slots() const noexcept { return options_.slots == 0 ? kDefaultSlots : options_.slots; }

  // An existing segment, whoever made it. Nothing in it is changed unless it is a dead creator's of our own.
  std::optional<Result<Cell>> Existing(Found found) const noexcept {
    auto segment = AttachChecked(std::move(found));
    if (!segment) return Again(segment.error());
    switch (ContentOf(*segment)) {
      case Content::kForeign: return Fail(Code::kLayout, "no magic");
      case Content::kBlank: return Blank(*std::move(segment));
      case Content::kCell: break;
    }
    const auto* header = reinterpret_cast<const Header*>(segment->data());
    const auto geometry = LoadGeometry(*segment);
    // Of another layout version not even `retired` is known to be where it is here.
    if (geometry.code() == Code::kLayout) return geometry.error();
    if (header->retired.load(std::memory_order_acquire) != 0) return Retired(*segment);
    if (options_.exclusive && creates() && !(geometry && geometry->incarnation == made_)) return Fail(Code::kExists);
    if (!geometry) return geometry.error();
    if (!target_.Accepts(*geometry)) return Fail(Code::kNameCollision);
    if (!options_.read_only) {
      if (!IsOurNamespace(*geometry)) return Fail(Code::kUnsupported, "another IPC namespace");
      const auto now = segment->Facts();
      const Status set = CheckSet(SemaphoreSet(geometry->semaphore_id), now);
      const bool removed = header->retired.load(std::memory_order_acquire) != 0 || (now && now->removed);
      if (!set && removed) return Again(Fail(Code::kDestroyed));
      if (set.code() == Code::kDestroyed) return Mended(*segment);
      if (!set) return set.error();
    }
    return Fitting(*std::move(segment), *geometry);
  }

  // An id that is gone by now is a change of the world where the key led to it, and nothing found where the caller named it.
  std::optional<Result<Cell>> Again(const Error& error) const noexcept {
    if (error.code != Code::kDestroyed) return error;
    if (target_.kind != Target::Kind::kId) return std::nullopt;
    return NothingHasId(error);
  }

  Result<Segment> AttachChecked(Found found) const noexcept {
    const Status owner = options_.owner.Check(found.facts);
    if (!owner) return owner.error();
    if (found.facts.removed) return Fail(Code::kDestroyed);
    return place_.Attach(std::move(found), access());
  }

  Result<Cell> Fitting(Segment segment, const Geometry& geometry) const noexcept {
    if (options_.capacity > geometry.capacity) return Fail(Code::kCapacity, nullptr, geometry.capacity);
    if (options_.checksum && !geometry.has_checksum()) return Fail(Code::kUnsupported, "made without a checksum");
    return Cell(std::move(segment), geometry);
  }

  // Of another one's, the lock would be a set of ours that happens to have the same id.
  bool IsOurNamespace(const Geometry& geometry) const noexcept {
    const uint32_t own = place_.ipc_namespace();
    return geometry.ipc_namespace == own || geometry.ipc_namespace == 0 || own == 0;
  }

  // The set that a header names: a number that somebody may have put there.
  Status CheckSet(SemaphoreSet set, const Result<SegmentFacts>& segment) const noexcept {
    const auto facts = set.Stat();
    if (facts && segment && !BelongsTo(*facts, *segment)) return Fail(Code::kCorrupt, "semaphore set");
    return CheckSet(set);
  }

  Status CheckSet(SemaphoreSet set) const noexcept {
    const auto facts = set.Stat();
    if (!facts) {
      // Who may write the segment but not read the set's facts finds out about the set when it locks.
      if (facts.code() == Code::kAccess) return Nothing{};
      return facts.error();
    }
    if (facts->sem_nsems == kRawSemaphoreCount) return Fail(Code::kLayout, "raw");
    if (facts->sem_nsems != kSemaphoreCount) return Fail(Code::kLayout, "semaphore set");
    return options_.owner.Check(facts->sem_perm);
  }

  // A destroyer died after it had retired the segment, or is about to remove it. What is left to do needs no lock where the
  // removal can hit no other: nothing here is used any more. Another user's destroyer is waited for.
  std::optional<Result<Cell>> Retired(const Segment& segment) const noexcept {
    if (target_.kind == Target::Kind::kId) return Fail(Code::kDestroyed);
    if (options_.read_only) return Fail(Code::kNotFound);
    const Status removed = RemoveRetired(segment);
    if (removed.code() == Code::kBusy) return removed.error();
    if (removed.code() != Code::kAccess) return std::nullopt;
    for (const Deadline end = deadline_.Within(kLongestRemoval); !end.Expired(); usleep(kPause)) {
      if (!place_.LeadsTo(segment)) return std::nullopt;
    }
    return Fail(Code::kDestroyed);
  }

  Status RemoveRetired(const Segment& segment) const noexcept {
    if constexpr (!Place::kRemovesByName) return segment.Remove();
    const auto facts = segment.Facts();
    if (!facts) return facts.error();
    if (const Status may = CheckMayRemove(*facts); !may) return may;
    return RetireUnderNameLock(segment, *facts, deadline_);
  }

  // Its semaphore set was removed.
  std::optional<Result<Cell>> Mended(const Segment& segment) const noexcept {
    const Status mended = ReplaceLostLock<Place>(target_, segment, options_.owner, deadline_);
    return mended ? std::nullopt : std::optional<Result<Cell>>(mended.error());
  }

  // No magic yet. Under the lock that means: its creator is dead. A blank segment without our set is somebody else's,
  // since creators make the set first.
  std::optional<Result<Cell>> Blank(Segment segment) const noexcept {
    if (!Place::kShowsBlank) return Fail(Code::kLayout, SemaphoreSet::Find(place_.set_key(), kRawSemaphoreCount) ? "raw" : "no magic");
    if (target_.kind != Target::Kind::kKey) return Fail(Code::kLayout, "not initialised");
    const auto set = place_.FindSet();
    // Without the set it is somebody else's, unless it was made and destroyed since we looked.
    if (!place_.LeadsTo(segment) || ContentOf(segment) != Content::kBlank) return std::nullopt;
    if (!set && set.code() != Code::kNotFound) return set.error();
    if (!set) return StaysBlank(segment, deadline_) ? std::optional<Result<Cell>>(Fail(Code::kLayout, "no magic")) : std::nullopt;
    const Status checked = CheckSet(*set);
    if (!checked) return Again(checked.error());
    if (!creates()) return Fail(Code::kNotFound, "not initialised");
    const auto hold = LockHold::Acquire(TurnstileLock(*set), LockMode::kExclusive, deadline_);
    if (!hold) return Again(hold.error());
    if (ContentOf(segment) != Content::kBlank || !place_.LeadsTo(segment)) return std::nullopt;
    if (!IsUntouched(segment)) return Fail(Code::kLayout, "no magic");
    if (segment.size() != SegmentBytesFor(capacity(), slots())) return Fail(Code::kCapacity, "not initialised", segment.size());
    // Its creator may have found the set of a segment that was removed, and not have been one of ours.
    place_.RetireRemoved(*set, options_.owner);
    return Kept(Initialise(std::move(segment), *set), *set);
  }

  std::optional<Result<Cell>> Create() const noexcept {
    if (place_.IsContested()) return Fail(Code::kNameCollision, "the key of its lock");
    auto set = SemaphoreSet::Create(place_.set_key(), kSemaphoreCount, options_.mode);
    const bool own_set = static_cast<bool>(set);
    if (!own_set && set.code() == Code::kExists) set = place_.FindSet();
    if (!set) return set.code() == Code::kNotFound ? std::nullopt : std::optional<Result<Cell>>(set.error());
    const Status checked = CheckSet(*set);
    if (!checked) return Again(checked.error());
    const auto hold = LockHold::Acquire(TurnstileLock(*set), LockMode::kExclusive, deadline_);
    if (!hold) {
      if (own_set && hold.code() != Code::kBusy) static_cast<void>(set->Remove());  // nobody can use it
      return Again(hold.error());
    }
    if (!place_.IsFree()) return std::nullopt;
    if (!own_set) {
      // The set is older than the segment to be made. Somebody may still be attached to a removed one and use this set:
      // replacing it is how he finds out.
      const Status removed = set->Remove();
      return removed || removed.code() == Code::kDestroyed ? std::nullopt : std::optional<Result<Cell>>(removed.error());
    }
    // Before there is a new one that accepts writes. Its own set, too, may have become another segment's meanwhile.
    place_.RetireRemoved(*set, options_.owner);
    auto cell = CreateSegment(*set);
    // Where a file has got the name meanwhile, that was not one of ours, who would have waited for the lock.
    const bool is_other = cell.code() == Code::kExists && Place::kShowsBlank;
    const bool is_leftover = cell || is_other || cell.code() == Code::kDestroyed || cell.code() == Code::kBusy;
    if (!is_leftover) static_cast<void>(set->Remove());
    return Kept(std::move(cell), *set);
  }

  // Somebody may have removed the set, or the segment, under the lock. Others came in between then: look again what there is.
  std::optional<Result<Cell>> Kept(Result<Cell> cell, SemaphoreSet set) const noexcept {
    if (cell.code() == Code::kExists || cell.code() == Code::kDestroyed) return std::nullopt;
    if (!cell || set.Stat().code() != Code::kDestroyed) return cell;
    made_ = cell->geometry().incarnation;
    return std::nullopt;
  }

  Result<Cell> CreateSegment(SemaphoreSet set) const noexcept {
    const uint64_t bytes = SegmentBytesFor(capacity(), slots());
    if (bytes == 0 || slots() < kMinSlots || slots() > kMaxSlots) return Fail(Code::kLimit, "a size that no number holds");
    auto segment = place_.Make(bytes, options_.mode);
    if (!segment) return segment.error();
    auto cell = Initialise(*std::move(segment), set);
    if (!cell) return cell;
    const Status published = place_.Publish(cell->segment());
    if (!published) return published.error();
    return cell;
  }

  // The mark lets one creator in, also where the set is gone and another one has its successor: kExists to who comes second.
  Result<Cell> Initialise(Segment segment, SemaphoreSet set) const noexcept {
    auto* header = reinterpret_cast<Header*>(segment.data());
    BeginHeader(segment);
    if (const Status marked = TakeMark(*header, deadline_); !marked) return marked.error();
    const bool is_first = ContentOf(segment) == Content::kBlank;
    const uint32_t flags = options_.checksum ? kFlagChecksum : 0;
    const CellShape shape{
        .capacity = capacity(), .slot_count = slots(), .flags = flags, .name = target_.name, .ipc_namespace = place_.ipc_namespace()};
    if (is_first) InitialiseHeader(segment, shape, set.id());
    header->writer.store(0, std::memory_order_release);
    if (!is_first) return Fail(Code::kExists);
    const auto geometry = LoadGeometry(segment);
    if (!geometry) return geometry.error();
    return Cell(std::move(segment), *geometry);
  }

  static constexpr std::chrono::seconds kLongestRemoval{1};
  static constexpr useconds_t kPause = 200;

  const Target& target_;
  const Place place_;
  const OpenOptions& options_;
  Deadline deadline_;
  mutable uint64_t made_ = 0;  // the incarnation that this opener made, and has to look at again
};

template <class Place>
Result<Cell> OpenAt(const Target& target, const OpenOptions& options, Deadline deadline) noexcept {
  const Opener<Place> opener(target, options, deadline);
  if (target.kind == Target::Kind::kPrivate) return opener.CreatePrivate();
  // Bounded also without a deadline: each turn somebody else has got on.
  for (int turn = 0; turn < 1000; turn++) {
    auto cell = opener.Run();
    if (cell) return *std::move(cell);
  }
  return Fail(Code::kBusy, "created and destroyed all the time");
}

}  // namespace detail

// Opens, and creates where asked to. From any thread. What it may come to: kNotFound, kExists, kAccess, kOwner; kNoSpace and
// kLimit of a new one; kCapacity, kNameCollision and kUnsupported where what is there is not what was asked for, or (POSIX memory) cannot
// be locked from here; kLayout where it is no cell, or one of a layout that this library does not know; kCorrupt; kDestroyed where it has
// lost its lock and cannot be given another; kBusy when the deadline came while somebody else was creating.
inline Result<Cell> OpenCell(const Target& target, const OpenOptions& options, Deadline deadline) noexcept {
  if (!target.IsValid()) return Fail(Code::kUnsupported, target.name.empty() ? "no name or key" : "name");
  if (target.kind == Target::Kind::kPosix) return detail::OpenAt<detail::PosixPlace>(target, options, deadline);
  return detail::OpenAt<detail::SystemVPlace>(target, options, deadline);
}

}  // namespace shmnode
