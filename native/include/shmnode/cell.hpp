// A cell: a segment that holds one value, the last one committed. The write and read protocol of LAYOUT.md.
//
// Why slots: the kernel releases a dead holder's lock silently, over whatever the holder had half written. A value that
// is changed in place would then be torn. Here a writer fills a slot that no reader looks at, and makes it current by one
// 8-byte store: whoever dies, before or after it, leaves either the old value or the new one.
#pragma once

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "crc32c.hpp"
#include "futex.hpp"
#include "geometry.hpp"
#include "name_lock.hpp"
#include "racy_copy.hpp"
#include "retire.hpp"
#include "truncation_guard.hpp"
#include "turnstile_lock.hpp"
#include "useless_wakes.hpp"
#include "user_lock.hpp"
#include "watchers.hpp"
#include "writer_mark.hpp"

namespace shmnode {

// No wait for a change is longer without a look: a writer may die between its commit and its wake, and who removes a
// segment behind our back wakes nobody.
inline constexpr std::chrono::seconds kLongestBlindWait{1};

// What is known of one committed value. All zero for a cell that was never written.
struct ValueFacts {
  uint64_t version;                             // 1 for the first value; at most kMaxExact
  uint64_t length;                              // bytes
  uint64_t committed_ns;                        // since the Unix epoch, by the writer's clock
  uint32_t writer_pid;                          // in the writer's PID namespace
  std::array<char, kMediaTypeRoom> media_type;  // NUL terminated; empty where the writer told none
};

// Where a read puts its bytes. `whole`: the value must fit (kTooLarge otherwise, with its length); else the part of it
// from `offset` on that there is room for.
struct ReadRequest {
  std::byte* target;            // its bytes may be changed up to `room` by a read that fails; null where room is 0
  uint64_t room;                // bytes
  uint64_t offset = 0;          // bytes at the beginning of the value to leave out
  bool whole = true;            // see above
  uint32_t* retries = nullptr;  // counted up for every round in which a writer was quicker
};

// What is to become the current value.
struct WriteRequest {
  const void* data;                         // not to be changed by anybody during the call
  uint64_t length;                          // bytes, at most the capacity; 0 is a value too
  std::string_view media_type = {};         // at most kMediaTypeRoom - 1 bytes
  std::optional<uint64_t> if_version = {};  // commit only if this is the current version
};

// Puts this process's mark into the header: in place of a dead writer's, and after one that lives, which means that somebody
// broke the lock: kBusy at the deadline, with its pid. Of whom this is not known, the lock is believed.
inline Status TakeMark(Header& header, Deadline deadline) noexcept {
  constexpr useconds_t kPause = 100;
  const uint64_t own = WriterMark::Own().bits();
  for (uint64_t seen = 0; !header.writer.compare_exchange_strong(seen, own, std::memory_order_seq_cst);) {
    const WriterMark other(seen);
    if (other.Look() != Liveness::kAlive) continue;
    if (deadline.Expired()) return Error{.code = Code::kBusy, .holder = other.pid(), .reason = "a writer without the lock"};
    usleep(kPause);
    seen = 0;
  }
  return Nothing{};
}

// Takes this process's mark out of the file, where the memory is not the file's any more: it would be a living writer's for good,
// if somebody makes the file longer again. Under the lock: unless that was lost as well, no other thread can have put it there.
[[gnu::noinline, gnu::cold]] inline void ClearMarkInFile(const PosixFile& file) noexcept {
  constexpr size_t bytes = kHeaderBytes;
  void* page = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor(), 0);
  if (page == MAP_FAILED) return;
  {
    const TruncationGuard guard(page, bytes, file.descriptor());
    uint64_t own = WriterMark::Own().bits();
    if (guard.is_on()) static_cast<Header*>(page)->writer.compare_exchange_strong(own, 0, std::memory_order_release);
  }
  munmap(page, bytes);
}

// The right to commit: the exclusive lock, and this process's mark in the header. The segment stays where it is until then.
class WriteHold {
 public:
  WriteHold(LockHold lock, const Segment& segment) noexcept : lock_(std::move(lock)), segment_(&segment) {}
  WriteHold(WriteHold&& other) noexcept : lock_(std::move(other.lock_)), segment_(std::exchange(other.segment_, nullptr)) {}
  WriteHold& operator=(WriteHold&&) = delete;
  WriteHold(const WriteHold&) = delete;
  WriteHold& operator=(const WriteHold&) = delete;
  // The mark goes first: without the lock, it would be taken for a sign that somebody broke the lock.
  ~WriteHold() {
    if (segment_ == nullptr || !lock_.IsOwn()) return;
    reinterpret_cast<Header*>(segment_->data())->writer.store(0, std::memory_order_release);
    // Only now: that store may have been the access that found it lost.
    if (segment_->HasLostMemory()) ClearMarkInFile(segment_->file());
  }

 private:
  LockHold lock_;
  const Segment* segment_;
};

// Not a view of the kernel's object but a handle on it: movable, and every const member may be called from several
// threads at once. In processes that only may read the segment, write calls come back with kReadOnly or kAccess.
class Cell {
 public:
  Cell(Segment segment, const Geometry& geometry) noexcept
      : segment_(std::move(segment)), geometry_(geometry), lock_(SemaphoreSet(geometry.semaphore_id)), watchers_(segment_) {}

  // What its header said when it was opened: capacity, name, incarnation and so on.
  const Geometry& geometry() const noexcept { return geometry_; }
  // The mapped bytes. To change them is the business of this class.
  const Segment& segment() const noexcept { return segment_; }
  // The lock that writers take; LockForWrite is the way to write under it.
  TurnstileLock lock() const noexcept { return lock_; }
  // For applications; Commit has nothing to do with it. The same as segment.lock() in JavaScript.
  UserLock user_lock() const noexcept { return UserLock(lock_.set()); }

  // The current version; 0 before the first write. One load.
  uint64_t Version() const noexcept { return header()->commit.load(std::memory_order_acquire); }

  // The current value's length as a hint for allocation: it may be another one by the time that a read begins.
  uint64_t LengthHint() const noexcept {
    const uint64_t version = Version();
    const uint64_t length = version == 0 ? 0 : SlotOf(version).length.load(std::memory_order_relaxed);
    return std::min(length, geometry_.capacity);
  }

  // One committed value, without waiting: kBusy where writers were quicker every time and hold the lock.
  Result<ValueFacts> TryRead(const ReadRequest& request) const noexcept { return Read(request, Deadline::Now()); }

  // One committed value, whole. Takes no lock while that works; after kLockFreeRounds the shared lock, so that a stream
  // of writers cannot starve a reader. Who may not lock goes on until the deadline. kBusy then; kTooLarge where the value does not
  // fit, kDestroyed, kCorrupt. What was never written reads as version 0, of length 0.
  Result<ValueFacts> Read(const ReadRequest& request, Deadline deadline) const noexcept {
    Result<ValueFacts> found(std::in_place);
    for (int round = 0; round < kLockFreeRounds; round++) {
      if (ReadOnce(request, found)) return found;
      if (request.retries != nullptr) ++*request.retries;
    }
    ReadAgainstWriters(request, deadline, found);
    return found;
  }

  // The exclusive lock for Commit, once it is known that it guards this segment: kDestroyed where the segment was
  // destroyed, or its semaphore set removed, kReadOnly on a read-only attach, kAccess. kBusy at the deadline, with the pid that holds;
  // also where somebody broke the lock, and who had it writes on.
  Result<WriteHold> LockForWrite(Deadline deadline) const noexcept {
    if (segment_.read_only()) return Fail(Code::kReadOnly);
    auto lock = LockHold::Acquire(lock_, LockMode::kExclusive, deadline);
    if (!lock) return lock.error();
    // No mark of this handle's gets into the file any more: one that is there is another's.
    if (segment_.HasLostMemory()) return Fail(Code::kDestroyed);
    if (const Status marked = TakeMark(*header(), deadline); !marked) return marked.error();
    WriteHold hold(*std::move(lock), segment_);
    // After the mark, both in full order. Who gives the segment another lock stores the id, and then looks at the mark:
    // one of the two sees the other.
    if (header()->semaphore_id.load(std::memory_order_seq_cst) != geometry_.semaphore_id || IsRetired()) return Fail(Code::kDestroyed);
    return hold;
  }

  // Makes the bytes the current value, and tells its version: one more than before. Waiters are told by Wake, once for several commits.
  // What makes a request fail (kTooLarge, kVersionConflict, kCorrupt) leaves the current value as it is.
  Result<uint64_t> Commit(const WriteHold&, const WriteRequest& request) const noexcept {
    if (request.length > geometry_.capacity) return Fail(Code::kTooLarge, nullptr, geometry_.capacity);
    if (request.media_type.size() >= kMediaTypeRoom) return Fail(Code::kTooLarge, "media type", kMediaTypeRoom - 1);
    uint64_t current = Version();
    if (current >= kMaxExact) return Fail(Code::kCorrupt, "commit");
    if (request.if_version && *request.if_version != current) return Fail(Code::kVersionConflict, nullptr, current);
    const uint64_t next = current + 1;
    FillSlot(next, request);
    // The lock makes a plain store enough. Compare-and-swap, because it finds out when somebody broke the lock.
    if (!header()->commit.compare_exchange_strong(current, next)) return LostCommit();
    header()->notify.store(static_cast<uint32_t>(next), std::memory_order_release);
    // Removed behind our back, lock and all, and being made anew: nobody is going to find this value. Who makes a segment
    // anew retires the removed ones of System V; a removed file, nobody else finds.
    if (header()->retired.load(std::memory_order_seq_cst) != 0) return Fail(Code::kDestroyed);
    if (segment_.is_posix() && CheckNotRemoved().code() == Code::kDestroyed) return Fail(Code::kDestroyed);
    return next;
  }

  // Before the first wait for a change.
  void BeginToWatch() const noexcept {
    if (segment_.read_only()) Watchers::AnnounceReader(segment_);
  }

  // What a wait for the next change sleeps on, once a look has found none. Before that look, since it tells writers that they
  // have somebody to wake: who then waits while the word is still what this gave misses no commit.
  uint32_t AnnounceWait() const noexcept {
    const uint32_t seen = NotifyWord().load(std::memory_order_seq_cst);
    if (!segment_.read_only()) watchers_.Announce(seen);
    return seen;
  }

  // The word that changes with every commit.
  const std::atomic<uint32_t>& NotifyWord() const noexcept { return header()->notify; }

  // The current version if it is above `version`; nothing if it is not. kDestroyed and kCorrupt where no version will
  // come any more. No system call.
  std::optional<Result<uint64_t>> LookForNewer(uint64_t version) const noexcept {
    if (IsRetired()) return Fail(Code::kDestroyed);
    const uint64_t current = Version();
    if (current <= version) return std::nullopt;
    if (current > kMaxExact) return Fail(Code::kCorrupt, "commit");
    return current;
  }

  // Waits until the current version is above `version`, and tells it: 0 for the first one ever. Needs no right to write. kBusy at the
  // deadline, kDestroyed and kCorrupt where no version will come any more. Versions between may have come and gone.
  Result<uint64_t> WaitNewer(uint64_t version, Deadline deadline) const noexcept {
    BeginToWatch();
    for (UselessWakes wakes;;) {
      const uint32_t seen = AnnounceWait();
      if (const auto newer = LookForNewer(version)) return *newer;
      if (const Status removed = CheckNotRemoved(); removed.code() == Code::kDestroyed) return removed.error();
      if (deadline.Expired()) return Fail(Code::kBusy, "no newer version");
      wakes.Count(FutexWait(NotifyWord(), seen, deadline.Within(kLongestBlindWait)));
      if (wakes.AreTooMany()) UselessWakes::Rest(deadline);
    }
  }

  // Wakes who waits for a change. A writer that dies before this is no loss: waits are sliced, and look again.
  void Wake() const noexcept { watchers_.Wake(); }

  // Lock, commit and wake of one value: its version, or an error of LockForWrite or Commit, and the current value is what it was.
  // Not so where kDestroyed comes from Commit: nobody will find either any more.
  Result<uint64_t> Write(const WriteRequest& request, Deadline deadline) const noexcept {
    Result<uint64_t> version = [&]() -> Result<uint64_t> {
      const auto hold = LockForWrite(deadline);
      if (!hold) return hold.error();
      return Commit(*hold, request);
    }();
    if (version) Wake();
    return version;
  }

  // True once Destroy was here. Bytes can still be read from this attach, but no one will write them again.
  bool IsRetired() const noexcept { return header()->retired.load(std::memory_order_acquire) != 0; }

  // kDestroyed where the kernel knows the segment as removed: by us, or by ipcrm(1), shm_unlink(3) and the like, which retire
  // nothing. One system call.
  Status CheckNotRemoved() const noexcept { return segment_.CheckNotRemoved(); }

  // Retires and removes the segment and its semaphore set: kAccess unless this user made it or is root. Who dies half way
  // leaves a retired segment, which the next open or destroy of the key removes. With `if_version`, only if that is the current version
  // (kVersionConflict), which nobody can change any more then.
  Status Destroy(Deadline deadline, std::optional<uint64_t> if_version = std::nullopt) const noexcept {
    const auto facts = segment_.Facts();
    if (!facts) return facts.error();
    if (const Status may = CheckMayRemove(*facts); !may) return may;
    const auto hold = LockForWrite(deadline);
    // Without its lock, no version can be told to be the last: the next open gives it another.
    if (!hold && (if_version || hold.code() != Code::kDestroyed || !LostItsLock())) return hold.error();
    if (const uint64_t current = Version(); if_version && *if_version != current) return Fail(Code::kVersionConflict, nullptr, current);
    if (!hold && segment_.is_posix()) return RetireUnderNameLock(segment_, *facts, deadline);
    RetireHeader(segment_);
    const Status removed = segment_.Remove();
    if (hold && detail::NeedsSetNoMore(segment_, facts->key)) static_cast<void>(lock_.set().Remove());
    return removed;
  }

  // What the current slot says without its bytes: for listings.
  Result<ValueFacts> Facts() const noexcept { return TryRead({.target = nullptr, .room = 0, .whole = false}); }

 private:
  // The memory of a file that was made shorter begins anew, at 0: with another incarnation where it was made longer again.
  [[gnu::noinline, gnu::cold]] Error LostCommit() const noexcept {
    if (IsRetired() || detail::LoadOnce(header()->incarnation) != geometry_.incarnation) return Fail(Code::kDestroyed);
    return Fail(Code::kBusy, "a writer without the lock");
  }

  // Not where the segment has another lock by now: this handle is out of date then.
  bool LostItsLock() const noexcept {
    const int32_t id = header()->semaphore_id.load(std::memory_order_acquire);
    return !IsRetired() && (id == geometry_.semaphore_id || id == kNoSemaphores);
  }

  // A failed round means that two or more commits happened during one copy.
  static constexpr int kLockFreeRounds = 8;

  Header* header() const noexcept { return reinterpret_cast<Header*>(segment_.data()); }
  SlotDescriptor& SlotOf(uint64_t version) const noexcept { return header()->slots[version % geometry_.slot_count]; }
  // From where the descriptor stands: another division would take as long as the copy of a small value.
  std::byte* PayloadOf(const SlotDescriptor& slot) const noexcept {
    return segment_.data() + kHeaderBytes + geometry_.stride * static_cast<uint64_t>(&slot - &header()->slots[0]);
  }

  // The fences of a sequence lock: Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012.
  // A load before this fence that saw a byte from behind the writer's fence makes the load after it see the writer's mark.
  // native/model searches this, and finds what goes wrong without each of the orders here.
  static bool StillHolds(const SlotDescriptor& slot, uint64_t version) noexcept {
    std::atomic_thread_fence(std::memory_order_acquire);
    return slot.version.load(std::memory_order_relaxed) == version;
  }

  // Version's slot is not the current one's, so no reader depends on it. Marked 0 before its first byte changes, for
  // readers that still copy the old version out of it. The fence keeps plain stores behind the mark; a memcpy of many bytes
  // uses non-temporal ones, which only a mark that is stored with full order is before, on x86. And the mark releases: who
  // sees it sees the commits before it, and does not take it for a wrong descriptor.
  void FillSlot(uint64_t version, const WriteRequest& request) const noexcept {
    SlotDescriptor& slot = SlotOf(version);
    slot.version.store(0, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_release);
    RacyCopyToSlot(PayloadOf(slot), request.data, request.length);
    slot.length.store(request.length, std::memory_order_relaxed);
    slot.committed_ns.store(NowUnixNs(), std::memory_order_relaxed);
    slot.writer_pid.store(static_cast<uint32_t>(ProcessId()), std::memory_order_relaxed);
    std::array<std::byte, sizeof(SlotDescriptor) - offsetof(SlotDescriptor, media_type)> rest{};
    if (!request.media_type.empty()) std::memcpy(rest.data(), request.media_type.data(), request.media_type.size());
    RacyCopy(reinterpret_cast<std::byte*>(&slot) + offsetof(SlotDescriptor, media_type), rest.data(), rest.size());
    if (geometry_.has_checksum()) slot.crc32c.store(Crc32c(PayloadOf(slot), request.length), std::memory_order_relaxed);
    slot.version.store(version, std::memory_order_release);
  }

  // One round of the lock-free read: true with a value or an error in `found`, false when a writer was quicker. Who calls gives a
  // value, which is filled where it is: copied from function to function, what was just stored field by field would be loaded in
  // larger pieces, for which processors wait longer than all the rest takes.
  bool ReadOnce(const ReadRequest& request, Result<ValueFacts>& found) const noexcept {
    if (IsRetired()) return Refuse(found, Fail(Code::kDestroyed));
    const uint64_t version = Version();
    if (version == 0) return NeverWritten(found);
    if (version > kMaxExact) return Refuse(found, Fail(Code::kCorrupt, "commit"));
    const SlotDescriptor& slot = SlotOf(version);
    if (slot.version.load(std::memory_order_acquire) != version) {
      // A slot is marked only after a later commit. Without one, nobody is writing here: the descriptor is wrong.
      return Version() == version && Refuse(found, Fail(Code::kCorrupt, "slot version"));
    }
    return CopyOut(slot, version, request, found);
  }

  [[gnu::noinline, gnu::cold]] static bool Refuse(Result<ValueFacts>& found, const Error& error) noexcept {
    found = error;
    return true;
  }

  // Of a file that somebody has made shorter, the header reads as zero as well.
  bool NeverWritten(Result<ValueFacts>& found) const noexcept {
    if (segment_.is_posix() && CheckNotRemoved().code() == Code::kDestroyed) return Refuse(found, Fail(Code::kDestroyed));
    *found = {};
    return true;
  }

  bool CopyOut(const SlotDescriptor& slot, uint64_t version, const ReadRequest& request, Result<ValueFacts>& found) const noexcept {
    ValueFacts& facts = *found;
    facts.version = version;
    facts.length = slot.length.load(std::memory_order_relaxed);
    facts.committed_ns = slot.committed_ns.load(std::memory_order_relaxed);
    facts.writer_pid = slot.writer_pid.load(std::memory_order_relaxed);
    RacyCopy(facts.media_type.data(), slot.media_type, kMediaTypeRoom);
    // A store of one byte into what the next load takes as a whole would hold that up.
    if (facts.media_type.back() != '\0') facts.media_type.back() = '\0';
    const uint64_t length = facts.length;
    // What these say counts only while the slot still holds the version.
    if (length > geometry_.capacity) return StillHolds(slot, version) && Refuse(found, Fail(Code::kCorrupt, "length over capacity"));
    if (request.whole && length > request.room) return StillHolds(slot, version) && Refuse(found, Fail(Code::kTooLarge, nullptr, length));
    const std::byte* payload = PayloadOf(slot);
    const uint64_t offset = std::min(request.offset, length);
    RacyCopy(request.target, payload + offset, std::min(request.room, length - offset));
    if (geometry_.has_checksum() && request.room != 0 && Crc32c(payload, length) != slot.crc32c.load(std::memory_order_relaxed)) {
      return StillHolds(slot, version) && Refuse(found, Fail(Code::kCorrupt, "checksum"));
    }
    return StillHolds(slot, version);
  }

  // The shared lock keeps writers away; who may not take it goes on without.
  [[gnu::noinline, gnu::cold]] void ReadAgainstWriters(const ReadRequest& request, Deadline deadline,
                                                       Result<ValueFacts>& found) const noexcept {
    if (segment_.read_only()) return ReadWithoutRights(request, deadline, found);
    const auto hold = LockHold::Acquire(lock_, LockMode::kShared, deadline);
    if (hold.code() == Code::kAccess) return ReadWithoutRights(request, deadline, found);
    if (!hold) {
      found = hold.error();
    } else if (!ReadOnce(request, found)) {
      found = Fail(Code::kBusy, "a writer without the lock");
    }
  }

  void ReadWithoutRights(const ReadRequest& request, Deadline deadline, Result<ValueFacts>& found) const noexcept {
    while (!deadline.Expired()) {
      if (ReadOnce(request, found)) return;
      sched_yield();
    }
    found = Fail(Code::kBusy);
  }

  Segment segment_;
  Geometry geometry_;
  TurnstileLock lock_;
  Watchers watchers_;
};

}  // namespace shmnode
