// The constant part of a header, copied out of shared memory once and checked against the attached size. Everything
// that computes an address uses this copy: what another process does to the header later cannot move it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "key.hpp"
#include "layout.hpp"
#include "process.hpp"
#include "result.hpp"
#include "segment.hpp"

namespace shmnode {

// What the first bytes of a segment say.
enum class Content {
  kCell,     // our magic: a cell segment, of whatever layout version
  kBlank,    // no magic yet, and nothing but what a creator writes before it
  kForeign,  // anything else
};

// The header's fields of the same names, each of which is possible.
struct Geometry {
  uint16_t layout_minor;             // of kLayoutMajor
  uint64_t capacity;                 // bytes that a value may have
  uint32_t slot_count;               // 2 to 16
  uint32_t flags;                    // see kFlagChecksum
  uint64_t stride;                   // bytes from one slot's payload to the next one's
  uint64_t incarnation;              // of this creation of the key; not 0
  uint64_t created_ns;               // since the Unix epoch
  uint32_t creator_pid;              // in the creator's PID namespace
  int32_t semaphore_id;              // of the lock; kNoSemaphores while a lost one is replaced
  uint32_t ipc_namespace;            // in which the semaphores are; 0: not known, or System V memory
  std::array<char, kNameRoom> name;  // NUL terminated; empty for a numeric key; of POSIX memory with its slash

  // Whether each value has a CRC32C.
  bool has_checksum() const noexcept { return (flags & kFlagChecksum) != 0; }
  // The name, as long as this object is there; empty for a numeric key.
  std::string_view name_view() const noexcept { return name.data(); }
  bool operator==(const Geometry&) const noexcept = default;
};

namespace detail {

// The eight bytes at offset 8 of a header of this layout version: what a creator stores first.
inline constexpr uint64_t kFirstWords = kLayoutMajor | (uint64_t{kLayoutMinor} << 16U) | (uint64_t{kHeaderBytes} << 32U);

inline bool IsZero(const std::byte* bytes, size_t n) noexcept {
  return std::all_of(bytes, bytes + n, [](std::byte b) { return b == std::byte{0}; });
}

// A volatile load, so that the compiler cannot load twice: check and use see the same number.
template <class T>
T LoadOnce(const T& field) noexcept {
  return *static_cast<const volatile T*>(&field);
}

inline bool IsNameOrNone(std::string_view name) noexcept { return name.empty() || IsValidName(name) || IsValidPosixName(name); }

inline Status CheckGeometry(const Geometry& g, uint32_t header_bytes, size_t attached) noexcept {
  if (header_bytes != kHeaderBytes) return Fail(Code::kCorrupt, "header bytes");
  if (g.slot_count < kMinSlots || g.slot_count > kMaxSlots) return Fail(Code::kCorrupt, "slot count");
  if (g.capacity == 0 || g.capacity > kMaxExact) return Fail(Code::kCorrupt, "capacity");
  if (g.stride != StrideFor(g.capacity)) return Fail(Code::kCorrupt, "slot stride");
  if (g.stride > (attached - kHeaderBytes) / g.slot_count) return Fail(Code::kCorrupt, "capacity over the segment's size");
  if (g.incarnation == 0) return Fail(Code::kCorrupt, "incarnation");
  if (g.name.back() != '\0' || !IsNameOrNone(g.name_view())) return Fail(Code::kCorrupt, "name");
  return Nothing{};
}

}  // namespace detail

// Reads no more than the header, and changes nothing.
inline Content ContentOf(const Segment& segment) noexcept {
  if (segment.size() == 0) return Content::kBlank;  // POSIX memory
  if (segment.size() < kHeaderBytes) return Content::kForeign;
  const auto* header = reinterpret_cast<const Header*>(segment.data());
  const uint64_t magic = header->magic.load(std::memory_order_acquire);
  if (magic == kMagic) return Content::kCell;
  if (magic != 0) return Content::kForeign;
  // A creator's own fields end at `commit`; what comes after stays zero until the first write, but for the creator's mark.
  constexpr size_t kWriterEnd = offsetof(Header, writer) + sizeof header->writer;
  const bool rest_is_zero =
      detail::IsZero(segment.data() + offsetof(Header, commit), offsetof(Header, writer) - offsetof(Header, commit)) &&
      detail::IsZero(segment.data() + kWriterEnd, kHeaderBytes - kWriterEnd);
  const bool fields_are_zero =
      detail::IsZero(segment.data(), offsetof(Header, commit)) && header->writer.load(std::memory_order_acquire) == 0;
  // A creator may be at work meanwhile. Its first words come first and its magic before any later byte, so both are
  // loaded after what they explain.
  std::atomic_thread_fence(std::memory_order_acquire);
  uint64_t first_words = 0;
  std::memcpy(&first_words, segment.data() + 8, sizeof first_words);
  if (rest_is_zero && (fields_are_zero || first_words == detail::kFirstWords)) return Content::kBlank;
  return header->magic.load(std::memory_order_acquire) == kMagic ? Content::kCell : Content::kForeign;
}

// Of a segment without magic: could a creator of ours have died over it? Reads every byte; only for what is found so.
inline bool IsUntouched(const Segment& segment) noexcept {
  if (segment.size() == 0) return true;
  const size_t payload = segment.size() - kHeaderBytes;
  return payload >= kMinSlots * kStrideUnit && payload % kStrideUnit == 0 && detail::IsZero(segment.data() + kHeaderBytes, payload);
}

// The checked copy. Only for Content::kCell. kLayout for another major version, kCorrupt for impossible numbers.
inline Result<Geometry> LoadGeometry(const Segment& segment) noexcept {
  using detail::LoadOnce;
  const auto* header = reinterpret_cast<const Header*>(segment.data());
  const LayoutVersion layout{.major = LoadOnce(header->layout_major), .minor = LoadOnce(header->layout_minor)};
  if (layout.major != kLayoutMajor) return Fail(Code::kLayout, kOtherLayout.data(), layout.Packed());
  Geometry g{
      .layout_minor = layout.minor,
      .capacity = LoadOnce(header->capacity),
      .slot_count = LoadOnce(header->slot_count),
      .flags = LoadOnce(header->flags),
      .stride = LoadOnce(header->slot_stride),
      .incarnation = LoadOnce(header->incarnation),
      .created_ns = LoadOnce(header->created_ns),
      .creator_pid = LoadOnce(header->creator_pid),
      .semaphore_id = header->semaphore_id.load(std::memory_order_acquire),
      .ipc_namespace = LoadOnce(header->ipc_namespace),
      .name = {},
  };
  std::memcpy(g.name.data(), header->name, kNameRoom);
  const Status status = detail::CheckGeometry(g, LoadOnce(header->header_bytes), segment.size());
  if (!status) return status.error();
  return g;
}

// What a creator chooses.
struct CellShape {
  uint64_t capacity;           // bytes that a value may have, 1 to kMaxExact
  uint32_t slot_count;         // 2 to 16
  uint32_t flags;              // kFlagChecksum or 0
  std::string_view name;       // empty for a numeric key
  uint32_t ipc_namespace = 0;  // of POSIX memory: in which the semaphores are
};

// What every creator stores first, the same whoever it is: a segment in which this stands is no other program's.
inline void BeginHeader(const Segment& segment) noexcept {
  std::memcpy(segment.data() + 8, &detail::kFirstWords, sizeof detail::kFirstWords);
  std::atomic_thread_fence(std::memory_order_release);
}

// Writes the rest of a blank segment's header, the magic last. Under the exclusive lock of `semaphore_id`. A creator that
// dies in here leaves Content::kBlank: the next one writes every field again.
inline void InitialiseHeader(const Segment& segment, const CellShape& shape, int semaphore_id) noexcept {
  auto* header = reinterpret_cast<Header*>(segment.data());
  header->capacity = shape.capacity;
  header->slot_count = shape.slot_count;
  header->flags = shape.flags;
  header->slot_stride = StrideFor(shape.capacity);
  header->incarnation = RandomNonZero();
  header->created_ns = NowUnixNs();
  header->creator_pid = static_cast<uint32_t>(ProcessId());
  header->semaphore_id.store(semaphore_id, std::memory_order_relaxed);
  header->ipc_namespace = shape.ipc_namespace;
  std::memset(header->name, 0, kNameRoom);
  if (!shape.name.empty()) std::memcpy(header->name, shape.name.data(), std::min(shape.name.size(), kNameRoom - 1));
  header->magic.store(kMagic, std::memory_order_release);
}

}  // namespace shmnode
