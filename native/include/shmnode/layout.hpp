// The cell layout, layout version 1.0: what every byte of a cell segment means.
//
// This header is data, not behaviour. Other languages implement the same bytes, so nothing here may change without a
// new layout version. The diagram and the reasons stand in native/README.md.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace shmnode {

static_assert(std::endian::native == std::endian::little, "the layout is little-endian");
static_assert(sizeof(void*) == 8, "the layout is for 64-bit systems");

// "SHMNODE1" as the little-endian number that its eight bytes are.
inline constexpr uint64_t kMagic = 0x3145444F4E4D4853;

// Which binary interface a segment has. Every version keeps the magic at offset 0 and these two at 8 and 10. A minor only adds
// what programs of an older one may leave alone, so they read and write it all the same; of another major nothing is known.
struct LayoutVersion {
  uint16_t major;  // of another one, nothing else in the segment is known
  uint16_t minor;  // may be any

  // Both in one number: how an Error tells it.
  constexpr uint32_t Packed() const noexcept { return uint32_t{major} << 16U | minor; }
  // And back.
  static constexpr LayoutVersion Unpacked(uint64_t packed) noexcept {
    return {.major = static_cast<uint16_t>(packed >> 16U), .minor = static_cast<uint16_t>(packed)};
  }
  constexpr bool operator==(const LayoutVersion&) const noexcept = default;
};

// The reason of the Error that has such a number.
inline constexpr std::string_view kOtherLayout = "another layout version";

// The one that this library makes, whose major it knows.
inline constexpr uint16_t kLayoutMajor = 1;
inline constexpr uint16_t kLayoutMinor = 0;  // of what it makes: it uses any minor
// The payload of slot 0 begins there.
inline constexpr uint32_t kHeaderBytes = 4096;
// Slots begin at multiples of so many bytes.
inline constexpr uint64_t kStrideUnit = 4096;
// Of a new cell, unless asked otherwise.
inline constexpr uint32_t kDefaultSlots = 3;
inline constexpr uint32_t kMinSlots = 2;   // one is written while the other is read
inline constexpr uint32_t kMaxSlots = 16;  // there are no more descriptors
// Bytes, of a new cell, unless asked otherwise.
inline constexpr uint64_t kDefaultCapacity = 2048;
// JavaScript's largest exact integer: every length and version is at most this.
inline constexpr uint64_t kMaxExact = (uint64_t{1} << 53) - 1;
inline constexpr size_t kNameRoom = 64;             // 63 bytes and a NUL
inline constexpr size_t kMediaTypeRoom = 64;        // 63 bytes and a NUL
inline constexpr uint32_t kFlagChecksum = 1U << 0;  // in `flags`: each value has its CRC32C
inline constexpr int32_t kNoSemaphores = -1;        // in `semaphore_id`, while a lost set is being replaced

// What one slot holds. Readers load the fields while a writer may be storing them; `version` tells whether they fit
// together: it is 0 while the slot is being written.
struct alignas(128) SlotDescriptor {
  std::atomic<uint64_t> version;       // that it holds, stored last with release; 0 while it is being written
  std::atomic<uint64_t> length;        // of the value, in bytes, at most the capacity
  std::atomic<uint64_t> committed_ns;  // since the Unix epoch
  std::atomic<uint32_t> writer_pid;    // in the writer's PID namespace
  std::atomic<uint32_t> crc32c;        // of the payload, when kFlagChecksum is set
  char media_type[kMediaTypeRoom];     // NUL padded; empty where the writer told none
  // What a later minor may give a meaning. Whoever knows none stores 0 with each value, so that nothing of an older one stays.
  char unused[32];
};

// The first kHeaderBytes of a cell segment. The fields up to `name` never change once `magic` is there, but for
// `semaphore_id`, which changes where the set was removed.
struct Header {
  std::atomic<uint64_t> magic;                   // stored last, with release: whoever sees it sees the rest
  uint16_t layout_major;                         // kLayoutMajor
  uint16_t layout_minor;                         // any
  uint32_t header_bytes;                         // kHeaderBytes
  uint64_t capacity;                             // payload bytes that one slot can hold, 1 to kMaxExact
  uint32_t slot_count;                           // kMinSlots to kMaxSlots
  uint32_t flags;                                // kFlagChecksum; the others belong to nothing
  uint64_t slot_stride;                          // StrideFor(capacity)
  uint64_t incarnation;                          // random, not 0: tells one creation of a key from the next
  uint64_t created_ns;                           // since the Unix epoch
  uint32_t creator_pid;                          // in the creator's PID namespace
  std::atomic<int32_t> semaphore_id;             // of the lock's set, or kNoSemaphores
  char name[kNameRoom];                          // NUL padded; empty where the key is a number; of POSIX memory with its slash
  alignas(64) std::atomic<uint64_t> commit;      // on a cache line of its own: the one that all readers load
  alignas(64) std::atomic<uint32_t> notify;      // futex word; waiters' traffic stays off the commit's line
  std::atomic<uint32_t> retired;                 // 1 once it is destroyed
  std::atomic<uint64_t> writer;                  // a WriterMark: who is changing the value now, or died over it
  std::atomic<uint32_t> awaited;                 // the newest value of `notify` that somebody may sleep on
  std::atomic<uint32_t> woken;                   // who slept on a value of `notify` before this one was woken
  std::atomic<uint32_t> awaited_always;          // not 0: somebody who cannot write here may sleep on any value
  uint32_t ipc_namespace;                        // of POSIX memory: where `semaphore_id` means something, 0 where not known
  alignas(256) SlotDescriptor slots[kMaxSlots];  // those from slot_count on are all zero
};

static_assert(std::atomic<uint64_t>::is_always_lock_free && sizeof(std::atomic<uint64_t>) == 8);
static_assert(std::atomic<uint32_t>::is_always_lock_free && sizeof(std::atomic<uint32_t>) == 4);
static_assert(offsetof(Header, magic) == 0);
static_assert(offsetof(Header, layout_major) == 8);
static_assert(offsetof(Header, layout_minor) == 10);
static_assert(offsetof(Header, header_bytes) == 12);
static_assert(offsetof(Header, capacity) == 16);
static_assert(offsetof(Header, slot_count) == 24);
static_assert(offsetof(Header, flags) == 28);
static_assert(offsetof(Header, slot_stride) == 32);
static_assert(offsetof(Header, incarnation) == 40);
static_assert(offsetof(Header, created_ns) == 48);
static_assert(offsetof(Header, creator_pid) == 56);
static_assert(offsetof(Header, semaphore_id) == 60);
static_assert(offsetof(Header, name) == 64);
static_assert(offsetof(Header, commit) == 128);
static_assert(offsetof(Header, notify) == 192);
static_assert(offsetof(Header, retired) == 196);
static_assert(offsetof(Header, writer) == 200);
static_assert(offsetof(Header, awaited) == 208);
static_assert(offsetof(Header, woken) == 212);
static_assert(offsetof(Header, awaited_always) == 216);
static_assert(offsetof(Header, ipc_namespace) == 220);
static_assert(offsetof(Header, slots) == 256);
static_assert(offsetof(SlotDescriptor, version) == 0);
static_assert(offsetof(SlotDescriptor, length) == 8);
static_assert(offsetof(SlotDescriptor, committed_ns) == 16);
static_assert(offsetof(SlotDescriptor, writer_pid) == 24);
static_assert(offsetof(SlotDescriptor, crc32c) == 28);
static_assert(offsetof(SlotDescriptor, media_type) == 32);
static_assert(offsetof(SlotDescriptor, unused) == 96);
static_assert(sizeof(SlotDescriptor) == 128);
static_assert(sizeof(Header) <= kHeaderBytes);

// The distance between two slots' payloads: capacity rounded up to kStrideUnit. capacity must be at most kMaxExact.
constexpr uint64_t StrideFor(uint64_t capacity) noexcept { return (capacity + kStrideUnit - 1) / kStrideUnit * kStrideUnit; }

// The bytes of a whole segment, or 0 where they do not fit a number that both languages count in.
constexpr uint64_t SegmentBytesFor(uint64_t capacity, uint32_t slots) noexcept {
  if (capacity == 0 || capacity > kMaxExact) return 0;
  const uint64_t stride = StrideFor(capacity);
  return stride > (kMaxExact - kHeaderBytes) / slots ? 0 : kHeaderBytes + stride * slots;
}

}  // namespace shmnode
