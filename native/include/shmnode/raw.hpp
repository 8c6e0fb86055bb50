// A raw segment: the bytes that other programs use, from offset 0 on, without a header and without versions. Its calls take
// the lock, shared to read and exclusive to write.
//
// What slots give to a cell, nothing gives here: a writer that dies in the middle of its copy leaves it half done, and programs
// that do not take the lock may change the bytes under a read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "cell.hpp"
#include "deadline.hpp"
#include "name_lock.hpp"
#include "racy_copy.hpp"
#include "raw_lock.hpp"
#include "result.hpp"
#include "segment.hpp"
#include "user_lock.hpp"

namespace shmnode {

// Where a read puts its bytes. The value is the whole segment or, NUL terminated, what comes before the first NUL. `whole`: the
// value must fit (kTooLarge otherwise, with its length); else the part of it from `offset` on that there is room for.
struct RawRead {
  std::byte* target;            // not owned
  uint64_t room;                // bytes of the target
  uint64_t offset = 0;          // where in the value to begin; beyond its end there is nothing
  bool whole = true;            // else a part
  bool nul_terminated = false;  // the value is a text
};

// What to store, and where. NUL terminated, all behind the data becomes zero, and one byte at least.
struct RawWrite {
  const void* data;             // not owned
  uint64_t length;              // in bytes
  uint64_t offset = 0;          // in the segment
  bool nul_terminated = false;  // the data is a text, or its end
};

// What a read found.
struct RawPart {
  uint64_t length;  // of the value
  uint64_t copied;  // bytes that are in the target now
};

// An attached raw segment. Movable, and every const member may be called from several threads at once.
class Raw {
 public:
  // OpenRaw makes them, and checks that the lock is the segment's.
  Raw(Segment segment, RawLock lock) noexcept : segment_(std::move(segment)), lock_(std::move(lock)) { segment_.SubstituteZeros(); }

  // The attach.
  const Segment& segment() const noexcept { return segment_; }
  // What its calls take.
  const RawLock& lock() const noexcept { return lock_; }
  // Bytes of the segment, as its creator asked for them.
  uint64_t capacity() const noexcept { return segment_.size(); }

  // For applications; reads and writes have nothing to do with it. A POSIX semaphore leaves no room for it: nothing then.
  std::optional<UserLock> user_lock() const noexcept {
    const auto set = lock_.set();
    return set ? std::optional(UserLock(*set)) : std::nullopt;
  }

  // The lock for Read or Write with a hold. kDestroyed where the segment or the set was removed, kReadOnly where the exclusive
  // one is wanted on a read-only attach. kBusy at the deadline.
  Result<RawHold> Lock(LockMode mode, Deadline deadline) const noexcept {
    if (mode == LockMode::kExclusive && segment_.read_only()) return Fail(Code::kReadOnly);
    auto hold = lock_.Acquire(mode, deadline);
    if (!hold) return hold;
    // What is written to a removed segment, nobody would find.
    if (const Status removed = CheckNotRemoved(); !removed) return removed.error();
    return hold;
  }

  // Under either lock.
  Result<RawPart> Read(const RawHold&, const RawRead& request) const noexcept {
    const uint64_t length = request.nul_terminated ? TextLength() : segment_.size();
    if (request.whole && length > request.room) return Fail(Code::kTooLarge, nullptr, length);
    const uint64_t offset = std::min(request.offset, length);
    const uint64_t copied = std::min(request.room, length - offset);
    RacyCopy(request.target, segment_.data() + offset, copied);
    if (const Status had = segment_.CheckMemory(); !had) return had.error();
    if (!request.nul_terminated) return RawPart{.length = length, .copied = copied};
    // Who does not take the lock may have shortened the text meanwhile.
    const uint64_t left = LengthUntilNul(request.target, copied);
    return RawPart{.length = left < copied ? offset + left : length, .copied = left};
  }

  // Under the exclusive lock. kTooLarge, with the room that there is from offset 0 on, kUnsupported for a text with a NUL in it,
  // and kNoSpace for a page that a sparse file lacks, change nothing.
  Status Write(const RawHold&, const RawWrite& request) const noexcept {
    const uint64_t room = segment_.size() - (request.nul_terminated ? 1 : 0);
    if (request.offset > room || request.length > room - request.offset) return Fail(Code::kTooLarge, nullptr, room);
    if (request.nul_terminated && !IsText(request)) return Fail(Code::kUnsupported, "a NUL in the text");
    const uint64_t end = request.offset + request.length;
    const uint64_t changed = request.nul_terminated ? segment_.size() - request.offset : request.length;
    if (const Status room_had = segment_.ReservePages(request.offset, changed); !room_had) return room_had;
    RacyCopy(segment_.data() + request.offset, request.data, request.length);
    if (request.nul_terminated) std::memset(segment_.data() + end, 0, segment_.size() - end);
    return segment_.CheckMemory();
  }

  // Lock and copy of one.
  Result<RawPart> Read(const RawRead& request, Deadline deadline) const noexcept {
    const auto hold = Lock(LockMode::kShared, deadline);
    if (!hold) return hold.error();
    return Read(*hold, request);
  }
  // Lock and copy of one.
  Status Write(const RawWrite& request, Deadline deadline) const noexcept {
    const auto hold = Lock(LockMode::kExclusive, deadline);
    if (!hold) return hold.error();
    return Write(*hold, request);
  }

  // The length of a text without a lock, as a hint for allocation. Looks at so many bytes at most: the whole segment where there
  // is no NUL among them.
  uint64_t TextLengthHint(uint64_t most) const noexcept {
    const uint64_t length = LengthUntilNul(segment_.data(), std::min<uint64_t>(most, segment_.size()));
    return length < most ? length : segment_.size();
  }

  // kDestroyed where the kernel knows the segment as removed. One system call.
  Status CheckNotRemoved() const noexcept { return segment_.CheckNotRemoved(); }

  // Removes the segment, and the set; a POSIX semaphore stays. kAccess unless this user made it or is root.
  Status Destroy(Deadline deadline) const noexcept {
    const auto facts = segment_.Facts();
    if (!facts) return facts.error();
    if (const Status may = CheckMayRemove(*facts); !may) return may;
    const auto hold = Lock(LockMode::kExclusive, deadline);
    if (!hold) return hold.error();
    if (segment_.is_posix() && !lock_.set()) return RemoveRawUnderNameLock(segment_, *facts, deadline);
    const Status removed = segment_.Remove();
    if (const auto set = lock_.set(); removed && set && detail::NeedsSetNoMore(segment_, facts->key)) static_cast<void>(set->Remove());
    return removed;
  }

 private:
  static uint64_t LengthUntilNul(const std::byte* bytes, uint64_t most) noexcept {
    if (most == 0) return 0;
    const auto* nul = static_cast<const std::byte*>(std::memchr(bytes, 0, most));
    return nul == nullptr ? most : static_cast<uint64_t>(nul - bytes);
  }

  uint64_t TextLength() const noexcept { return LengthUntilNul(segment_.data(), segment_.size()); }

  // NULs at the end are none of its bytes; what comes behind one would be lost to readers.
  static bool IsText(const RawWrite& request) noexcept {
    const auto* bytes = static_cast<const std::byte*>(request.data);
    const auto* end = bytes + request.length;
    return std::all_of(bytes + LengthUntilNul(bytes, request.length), end, [](std::byte b) { return b == std::byte{0}; });
  }

  Segment segment_;
  RawLock lock_;
};

}  // namespace shmnode
