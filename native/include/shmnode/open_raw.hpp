// From a key to a raw segment, somebody's or our own. Whoever opens one can lock it from then on: without a lock, or the right
// to it, nothing is opened. Nothing here changes a byte of a segment that exists.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "open.hpp"
#include "raw.hpp"

namespace shmnode {

// How to open, and what to make where there is nothing yet.
struct RawOptions {
  uint64_t capacity = 0;            // of a segment to create, and the least of an existing one; 0: kDefaultCapacity and any
  unsigned mode = 0600;             // of what is created
  bool create = true;               // the segment; its lock is made in any case
  bool exclusive = false;           // kExists where there is one
  bool read_only = false;           // implies create = false
  const char* semaphore = nullptr;  // a POSIX semaphore for a lock, in place of the set with the segment's key; not owned
  OwnerPolicy owner = {};           // of segment and lock
};

namespace detail {

// Is it a set of a raw segment, of ours or of a program that knows the contract?
inline bool IsLockSet(const semid_ds& facts) noexcept {
  return facts.sem_nsems == kRawSemaphoreCount || facts.sem_nsems == kSemaphoreCount;
}

// A set of a raw segment's own tells more than bytes that look like a cell's.
inline bool IsCell(const Segment& segment, key_t key) noexcept {
  return ContentOf(segment) == Content::kCell && !SemaphoreSet::Find(key, kRawSemaphoreCount);
}

// What takes and gives in one step, and leaves all as it is: kAccess where this user may not lock.
inline Status CheckMayLock(SemaphoreSet set) noexcept {
  static constexpr short kFlags = SEM_UNDO | IPC_NOWAIT;
  static constexpr std::array<sembuf, 2> kNothing = {{{kReaders, 1, kFlags}, {kReaders, -1, kFlags}}};
  const Status status = set.Operate(kNothing);
  return status.code() == Code::kBusy ? Status(Nothing{}) : status;
}

// One pass over the world as it is. An attempt that finds it changed underneath gives nothing: look again.
template <class Place>
class RawOpener {
 public:
  RawOpener(const Target& target, const RawOptions& options, Deadline deadline) noexcept
      : target_(target), place_(target), options_(options), deadline_(deadline) {}

  std::optional<Result<Raw>> Run() const noexcept {
    auto found = place_.Find(access());
    if (found) return Existing(*std::move(found));
    if (found.code() != Code::kNotFound || !creates()) return Again(found.error());
    return options_.semaphore != nullptr ? CreateBesideSemaphore() : CreateBesideSet();
  }

  // Without a key there is nothing that all who open it could find the same set by.
  Result<Raw> CreatePrivate() const noexcept {
    if (options_.semaphore == nullptr) return Fail(Code::kUnsupported, kNoKey);
    auto semaphore = OpenSemaphore();
    if (!semaphore) return semaphore.error();
    return CreateSegment(RawLock(*std::move(semaphore)));
  }

 private:
  using Found = typename Place::Found;

  static constexpr const char* kNoKey = "a raw segment without a key has no lock";
  static constexpr const char* kCell = "a cell";

  bool creates() const noexcept { return options_.create && !options_.read_only; }
  Access access() const noexcept { return options_.read_only ? Access::kReadOnly : Access::kReadWrite; }

  std::optional<Result<Raw>> Existing(Found found) const noexcept {
    const SegmentFacts facts = found.facts;
    if (const Status owner = options_.owner.Check(facts); !owner) return owner.error();
    if (facts.removed) return Again(Fail(Code::kDestroyed));
    auto segment = place_.Attach(std::move(found), access());
    if (!segment) return Again(segment.error());
    if (options_.exclusive && creates()) return Fail(Code::kExists);
    // Of no bytes: who has made the file has given it no size yet.
    if (options_.capacity > segment->size() || segment->size() == 0) return Fail(Code::kCapacity, nullptr, segment->size());
    return WithLock(*std::move(segment), facts);
  }

  std::optional<Result<Raw>> Again(const Error& error) const noexcept {
    if (error.code != Code::kDestroyed) return error;
    if (target_.kind != Target::Kind::kId) return std::nullopt;
    return NothingHasId(error);
  }

  Result<PosixSemaphore> OpenSemaphore() const noexcept {
    return PosixSemaphore::Open({.name = options_.semaphore, .mode = options_.mode, .create = options_.create, .owner = options_.owner});
  }

  std::optional<Result<Raw>> WithLock(Segment segment, const SegmentFacts& facts) const noexcept {
    if (options_.semaphore == nullptr) return WithSet(std::move(segment), facts);
    if (IsCell(segment, facts.key)) return Fail(Code::kLayout, kCell);
    auto semaphore = OpenSemaphore();
    if (!semaphore) return semaphore.error();
    return Raw(std::move(segment), RawLock(*std::move(semaphore)));
  }

  std::optional<Result<Raw>> WithSet(Segment segment, const SegmentFacts& rights) const noexcept {
    if (rights.key == IPC_PRIVATE) return Fail(Code::kUnsupported, kNoKey);
    if (place_.IsContested()) return Fail(Code::kNameCollision, "the key of its lock");
    const auto set = SemaphoreSet::Find(rights.key, 0);
    if (set.code() == Code::kNotFound) return MakeSet(segment, rights);
    if (!set) return set.error();
    const auto facts = set->Stat();
    if (!facts) return Lookup(facts.error());
    if (!IsLockSet(*facts)) return Fail(Code::kLayout, "semaphore set");
    if (const Status owner = options_.owner.Check(facts->sem_perm); !owner) return owner.error();
    if (const Status may = CheckMayLock(*set); !may) return Lookup(may.error());
    if (facts->sem_nsems == kSemaphoreCount) {
      if (const Status raw = CheckNoCell(segment, *set); !raw) return Lookup(raw.error());
    }
    return Raw(std::move(segment), RawLock(*set));
  }

  // A set that is gone is a change of the world, also for who named the segment by its id.
  static std::optional<Result<Raw>> Lookup(const Error& error) noexcept {
    if (error.code == Code::kDestroyed) return std::nullopt;
    return error;
  }

  // Beside a set like a cell's. Who is making one has the lock until its magic is there.
  Status CheckNoCell(const Segment& segment, SemaphoreSet set) const noexcept {
    const auto hold = LockHold::Acquire(TurnstileLock(set), LockMode::kShared, deadline_);
    if (!hold) return hold.error();
    if (ContentOf(segment) == Content::kCell) return Fail(Code::kLayout, kCell);
    return Nothing{};
  }

  // Nobody has opened it as raw before. Its set is open to those whom the segment is open to. Who is not the owner makes none,
  // since the owner would not trust it.
  std::optional<Result<Raw>> MakeSet(const Segment& segment, const SegmentFacts& rights) const noexcept {
    if (ContentOf(segment) == Content::kCell) return Fail(Code::kLayout, kCell);
    const Status may = CheckMayRemove(rights);
    if (may.code() == Code::kAccess) return Fail(Code::kAccess, "no lock yet");
    if (!may) return Lookup(may.error());
    const auto set = SemaphoreSet::Create(rights.key, kRawSemaphoreCount, rights.mode);
    if (set.code() == Code::kExists) return std::nullopt;
    if (!set) return set.error();
    const Status given = GiveTo(*set, rights);
    const Status usable = given ? CheckMayLock(*set) : given;
    if (usable) return std::nullopt;
    static_cast<void>(set->Remove());  // nobody can use it
    return Lookup(usable.error());
  }

  std::optional<Result<Raw>> CreateBesideSemaphore() const noexcept {
    auto semaphore = OpenSemaphore();
    if (!semaphore) return semaphore.error();
    auto raw = CreateSegment(RawLock(*std::move(semaphore)));
    if (raw.code() == Code::kExists) return std::nullopt;
    return raw;
  }

  // Under the lock, so that who finds that there is no room for the segment may take back the set.
  std::optional<Result<Raw>> CreateBesideSet() const noexcept {
    if (place_.IsContested()) return Fail(Code::kNameCollision, "the key of its lock");
    auto set = SemaphoreSet::Create(place_.set_key(), kRawSemaphoreCount, options_.mode);
    const bool own_set = static_cast<bool>(set);
    if (set.code() == Code::kExists) set = SemaphoreSet::Find(place_.set_key(), 0);
    if (!set) return set.code() == Code::kNotFound ? std::nullopt : std::optional<Result<Raw>>(set.error());
    const auto facts = set->Stat();
    if (!facts) return Lookup(facts.error());
    if (!IsLockSet(*facts)) return Fail(Code::kLayout, "semaphore set");
    if (const Status owner = options_.owner.Check(facts->sem_perm); !owner) return owner.error();
    const auto hold = LockHold::Acquire(TurnstileLock(*set), LockMode::kExclusive, deadline_);
    if (!hold) {
      if (own_set && hold.code() != Code::kBusy) static_cast<void>(set->Remove());  // nobody can use it
      return Lookup(hold.error());
    }
    if (!place_.IsFree()) return std::nullopt;
    if (facts->sem_nsems == kSemaphoreCount) return Replaced(*set);
    auto raw = CreateSegment(RawLock(*set));
    if (raw.code() == Code::kExists) return std::nullopt;
    if (!raw && own_set) static_cast<void>(set->Remove());
    return raw;
  }

  // A cell's, without a segment. Somebody may still be attached to a removed one, and finds out by this; and beside such a set,
  // zeros would be taken for a cell's.
  static std::optional<Result<Raw>> Replaced(SemaphoreSet set) noexcept {
    const Status removed = set.Remove();
    return removed ? std::nullopt : Lookup(removed.error());
  }

  Result<Raw> CreateSegment(RawLock lock) const noexcept {
    const uint64_t bytes = options_.capacity == 0 ? kDefaultCapacity : options_.capacity;
    auto segment = place_.Make(bytes, options_.mode);
    if (!segment) return segment.error();
    const Status published = place_.Publish(*segment);
    if (!published) return published.error();
    return Raw(*std::move(segment), std::move(lock));
  }

  const Target& target_;
  const Place place_;
  const RawOptions& options_;
  Deadline deadline_;
};

template <class Place>
Result<Raw> OpenRawAt(const Target& target, const RawOptions& options, Deadline deadline) noexcept {
  const RawOpener<Place> opener(target, options, deadline);
  if (target.kind == Target::Kind::kPrivate) return opener.CreatePrivate();
  for (int turn = 0; turn < 1000; turn++) {
    auto raw = opener.Run();
    if (raw) return *std::move(raw);
  }
  return Fail(Code::kBusy, "created and destroyed all the time");
}

}  // namespace detail

// Opens, and creates where asked to. kUnsupported where no lock can be: of a segment without a key, unless there is a POSIX
// semaphore. kLayout for a cell, and where the key has a semaphore set of another kind. kAccess where this user may not lock.
// kBusy when the deadline came while somebody else was creating.
inline Result<Raw> OpenRaw(const Target& target, const RawOptions& options, Deadline deadline) noexcept {
  if (!target.IsValid()) return Fail(Code::kUnsupported, target.name.empty() ? "no name or key" : "name");
  if (target.kind == Target::Kind::kPosix) return detail::OpenRawAt<detail::PosixPlace>(target, options, deadline);
  return detail::OpenRawAt<detail::SystemVPlace>(target, options, deadline);
}

}  // namespace shmnode
