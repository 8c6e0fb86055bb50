// From a key to a cell: create, open, attach by id. Any of the processes that do this at once may die at any
// instruction; the next one goes on from what it finds.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "cell.hpp"
#include "lost_lock.hpp"
#include "owner_policy.hpp"
#include "removed.hpp"

namespace shmnode {

// Which segment is meant.
struct Target {
  // By what it is found.
  enum class Kind {
    kKey,      // a key, or a name's
    kPrivate,  // nothing: a new segment without a key, IPC_PRIVATE
    kId,       // the kernel's shmid
  };
  Kind kind = Kind::kKey;  // which of the two below counts
  key_t key = 0;           // of kKey; 0 is no key
  int id = 0;              // of kId
  std::string_view name;   // empty for a numeric key; not owned

  // Whatever cell has this key, a named one too. Not 0.
  static Target Key(key_t key) noexcept { return {.kind = Kind::kKey, .key = key, .name = {}}; }
  // The cell with this name. Of what IsValidName is false of, nothing is opened: kUnsupported.
  static Target Name(std::string_view name) noexcept {
    return {.kind = Kind::kKey, .key = IsValidName(name) ? KeyOfName(name) : IPC_PRIVATE, .name = name};
  }
  // A new cell without a key, found by others by its segment's id only. It stays until it is destroyed.
  static Target Private() noexcept { return {.kind = Kind::kPrivate, .name = {}}; }
  // The cell in the segment with this shmid; never makes one.
  static Target Id(int id) noexcept { return {.kind = Kind::kId, .id = id, .name = {}}; }

  // Whether there can be such a cell. Key 0 would make another private segment with each open, which nobody could find.
  bool IsValid() const noexcept { return (kind != Kind::kKey || key != IPC_PRIVATE) && (name.empty() || IsValidName(name)); }

  // A number fits every segment under it; a name only the one that it was given to.
  bool Accepts(const Geometry& geometry) const noexcept { return name.empty() || geometry.name_view() == name; }
};

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
inline bool BelongsTo(const semid_ds& set, const shmid_ds& segment) noexcept {
  const ipc_perm& a = set.sem_perm;
  const ipc_perm& b = segment.shm_perm;
  if (set.sem_nsems != kSemaphoreCount || a.__key != b.__key) return false;
  return a.__key != IPC_PRIVATE || (a.uid == b.uid && a.cuid == b.cuid && (a.mode & 0777U) == (b.mode & 0777U));
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
class Opener {
 public:
  Opener(const Target& target, const OpenOptions& options, Deadline deadline) noexcept
      : target_(target), options_(options), deadline_(deadline) {}

  std::optional<Result<Cell>> ByKey() const noexcept {
    const auto id = Segment::Find(target_.key);
    if (id) return Existing(*id);
    if (id.code() == Code::kNotFound && creates()) return CreateWithKey();
    return id.error();
  }

  // An existing segment, whoever made it. Nothing in it is changed unless it is a dead creator's of our own.
  std::optional<Result<Cell>> Existing(int id) const noexcept {
    auto segment = AttachChecked(id);
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
    if (header->retired.load(std::memory_order_acquire) != 0) return Retired(id);
    if (options_.exclusive && creates() && !(geometry && geometry->incarnation == made_)) return Fail(Code::kExists);
    if (!geometry) return geometry.error();
    if (!options_.read_only) {
      const auto now = Segment::Stat(id);
      const Status set = CheckSet(SemaphoreSet(geometry->semaphore_id), now);
      const bool removed = header->retired.load(std::memory_order_acquire) != 0 || (now && (now->shm_perm.mode & SHM_DEST) != 0);
      if (!set && removed) return Again(Fail(Code::kDestroyed));
      if (set.code() == Code::kDestroyed) return Mended(*segment);
      if (!set) return set.error();
    }
    return Fitting(*std::move(segment), *geometry);
  }

  Result<Cell> CreatePrivate() const noexcept {
    const auto set = SemaphoreSet::Create(IPC_PRIVATE, kSemaphoreCount, options_.mode);
    if (!set) return set.error();
    auto cell = CreateSegment(IPC_PRIVATE, *set);
    if (!cell) static_cast<void>(set->Remove());
    return cell;
  }

 private:
  bool creates() const noexcept { return options_.create && !options_.read_only; }
  uint64_t capacity() const noexcept { return options_.capacity == 0 ? kDefaultCapacity : options_.capacity; }
  uint32_t slots() const noexcept { return options_.slots == 0 ? kDefaultSlots : options_.slots; }

  // An id that is gone by now is a change of the world where the key led to it, and nothing found where the caller named it.
  std::optional<Result<Cell>> Again(const Error& error) const noexcept {
    if (error.code != Code::kDestroyed) return error;
    if (target_.kind == Target::Kind::kKey) return std::nullopt;
    return NothingHasId(error);
  }

  Result<Segment> AttachChecked(int id) const noexcept {
    const auto facts = Segment::Stat(id);
    if (!facts) return facts.error();
    const Status owner = options_.owner.Check(facts->shm_perm);
    if (!owner) return owner.error();
    if ((facts->shm_perm.mode & SHM_DEST) != 0) return Fail(Code::kDestroyed);
    return Segment::Attach(id, facts->shm_segsz, options_.read_only ? Access::kReadOnly : Access::kReadWrite);
  }

  Result<Cell> Fitting(Segment segment, const Geometry& geometry) const noexcept {
    if (!target_.Accepts(geometry)) return Fail(Code::kNameCollision);
    if (options_.capacity > geometry.capacity) return Fail(Code::kCapacity, nullptr, geometry.capacity);
    if (options_.checksum && !geometry.has_checksum()) return Fail(Code::kUnsupported, "made without a checksum");
    return Cell(std::move(segment), geometry);
  }

  // The set that a header names: a number that somebody may have put there.
  Status CheckSet(SemaphoreSet set, const Result<shmid_ds>& segment) const noexcept {
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

  // A destroyer died after it had retired the segment, or is about to remove it. What is left to do needs no lock: nothing
  // here is used any more. Another user's destroyer is waited for.
  std::optional<Result<Cell>> Retired(int id) const noexcept {
    if (target_.kind == Target::Kind::kId) return Fail(Code::kDestroyed);
    if (options_.read_only) return Fail(Code::kNotFound);
    if (Segment::Remove(id).code() != Code::kAccess) return std::nullopt;
    for (const Deadline end = deadline_.Within(kLongestRemoval); !end.Expired(); usleep(kPause)) {
      const auto now = Segment::Find(target_.key);
      if (!now || *now != id) return std::nullopt;
    }
    return Fail(Code::kDestroyed);
  }

  // Its semaphore set was removed.
  std::optional<Result<Cell>> Mended(const Segment& segment) const noexcept {
    const Status mended = ReplaceLostLock(segment, options_.owner, deadline_);
    return mended ? std::nullopt : std::optional<Result<Cell>>(mended.error());
  }

  // No magic yet. Under the lock that means: its creator is dead. A blank segment without our set is somebody else's,
  // since creators make the set first.
  std::optional<Result<Cell>> Blank(Segment segment) const noexcept {
    if (target_.kind != Target::Kind::kKey) return Fail(Code::kLayout, "not initialised");
    const auto set = SemaphoreSet::Find(target_.key, kSemaphoreCount);
    // Without the set it is somebody else's, unless it was made and destroyed since we looked.
    const auto now = Segment::Find(target_.key);
    if (!now || *now != segment.id() || ContentOf(segment) != Content::kBlank) return std::nullopt;
    if (!set && set.code() != Code::kNotFound) return set.error();
    if (!set) return StaysBlank(segment, deadline_) ? std::optional<Result<Cell>>(Fail(Code::kLayout, "no magic")) : std::nullopt;
    const Status checked = CheckSet(*set);
    if (!checked) return Again(checked.error());
    if (!creates()) return Fail(Code::kNotFound, "not initialised");
    const auto hold = LockHold::Acquire(TurnstileLock(*set), LockMode::kExclusive, deadline_);
    if (!hold) return Again(hold.error());
    if (ContentOf(segment) != Content::kBlank) return std::nullopt;
    const auto id = Segment::Find(target_.key);
    if (!id || *id != segment.id()) return std::nullopt;
    if (!IsUntouched(segment)) return Fail(Code::kLayout, "no magic");
    if (segment.size() != SegmentBytesFor(capacity(), slots())) return Fail(Code::kCapacity, "not initialised", segment.size());
    // Its creator may have found the set of a segment that was removed, and not have been one of ours.
    RetireRemovedCells(*set, options_.owner);
    return Kept(Initialise(std::move(segment), *set), *set);
  }

  std::optional<Result<Cell>> CreateWithKey() const noexcept {
    auto set = SemaphoreSet::Create(target_.key, kSemaphoreCount, options_.mode);
    const bool own_set = static_cast<bool>(set);
    if (!own_set && set.code() == Code::kExists) set = SemaphoreSet::Find(target_.key, kSemaphoreCount);
    if (!set) return set.code() == Code::kNotFound ? std::nullopt : std::optional<Result<Cell>>(set.error());
    const Status checked = CheckSet(*set);
    if (!checked) return Again(checked.error());
    const auto hold = LockHold::Acquire(TurnstileLock(*set), LockMode::kExclusive, deadline_);
    if (!hold) {
      if (own_set && hold.code() != Code::kBusy) static_cast<void>(set->Remove());  // nobody can use it
      return Again(hold.error());
    }
    if (Segment::Find(target_.key)) return std::nullopt;
    if (!own_set) {
      // The set is older than the segment to be made. Somebody may still be attached to a removed one and use this set:
      // replacing it is how he finds out.
      const Status removed = set->Remove();
      return removed || removed.code() == Code::kDestroyed ? std::nullopt : std::optional<Result<Cell>>(removed.error());
    }
    // Before there is a new one that accepts writes. Its own set, too, may have become another segment's meanwhile.
    RetireRemovedCells(*set, options_.owner);
    auto cell = CreateSegment(target_.key, *set);
    const bool is_leftover = cell || cell.code() == Code::kExists || cell.code() == Code::kDestroyed || cell.code() == Code::kBusy;
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

  Result<Cell> CreateSegment(key_t key, SemaphoreSet set) const noexcept {
    const uint64_t bytes = SegmentBytesFor(capacity(), slots());
    if (bytes == 0 || slots() < kMinSlots || slots() > kMaxSlots) return Fail(Code::kLimit, "a size that no number holds");
    const auto id = Segment::Create(key, bytes, options_.mode);
    if (!id) return id.error();
    auto segment = Segment::Attach(*id, bytes, Access::kReadWrite);
    if (segment) return Initialise(*std::move(segment), set);
    static_cast<void>(Segment::Remove(*id));
    return segment.error();
  }

  // The mark lets one creator in, also where the set is gone and another one has its successor: kExists to who comes second.
  Result<Cell> Initialise(Segment segment, SemaphoreSet set) const noexcept {
    auto* header = reinterpret_cast<Header*>(segment.data());
    BeginHeader(segment);
    if (const Status marked = TakeMark(*header, deadline_); !marked) return marked.error();
    const bool is_first = ContentOf(segment) == Content::kBlank;
    const uint32_t flags = options_.checksum ? kFlagChecksum : 0;
    const CellShape shape{.capacity = capacity(), .slot_count = slots(), .flags = flags, .name = target_.name};
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
  const OpenOptions& options_;
  Deadline deadline_;
  mutable uint64_t made_ = 0;  // the incarnation that this opener made, and has to look at again
};

}  // namespace detail

// Opens, and creates where asked to. From any thread. What it may come to: kNotFound, kExists, kAccess, kOwner; kNoSpace and
// kLimit of a new one; kCapacity, kNameCollision and kUnsupported where what is there is not what was asked for; kLayout where it is no
// cell, or one of a layout that this library does not know; kCorrupt; kDestroyed where it has lost its lock and cannot be given another;
// kBusy when the deadline came while somebody else was creating.
inline Result<Cell> OpenCell(const Target& target, const OpenOptions& options, Deadline deadline) noexcept {
  const detail::Opener opener(target, options, deadline);
  if (!target.IsValid()) return Fail(Code::kUnsupported, target.name.empty() ? "no name or key" : "name");
  if (target.kind == Target::Kind::kPrivate) return opener.CreatePrivate();
  // Bounded also without a deadline: each turn somebody else has got on.
  for (int turn = 0; turn < 1000; turn++) {
    auto cell = target.kind == Target::Kind::kId ? opener.Existing(target.id) : opener.ByKey();
    if (cell) return *std::move(cell);
  }
  return Fail(Code::kBusy, "created and destroyed all the time");
}

}  // namespace shmnode
