// What a header means, written down a second time: plainly, from the layout's description alone and without a look at how
// the core decides it. The fuzz programs hold the two against each other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "shmnode/crc32c.hpp"
#include "shmnode/result.hpp"

// A segment's bytes as they are at rest.
class Model {
 public:
  using Code = shmnode::Code;

  explicit Model(const std::vector<std::byte>& bytes) : bytes_(bytes) {}

  bool HasMagic() const { return bytes_.size() >= 4096 && Text(0, 8) == "SHMNODE1"; }
  // A creator of ours may have died over it: only the fields and the mark that he writes before the magic, behind his first words.
  bool IsBlank() const {
    if (bytes_.size() < 4096 || U64(0) != 0 || !IsZero(128, 200) || !IsZero(208, 4096)) return false;
    return (IsZero(0, 128) && writer() == 0) || (U16(8) == 1 && U16(10) == 0 && U32(12) == 4096);
  }
  bool IsForeign() const { return !HasMagic() && !IsBlank(); }
  bool IsOtherLayout() const { return HasMagic() && U16(8) != 1; }
  bool IsRetired() const { return U32(196) != 0; }

  // Every number of the constant part is possible.
  bool IsSound() const {
    constexpr uint64_t kMostExact = (uint64_t{1} << 53U) - 1;
    if (U32(12) != 4096 || capacity() == 0 || capacity() > kMostExact || slots() < 2 || slots() > 16) return false;
    const uint64_t rounded = (capacity() + 4095) / 4096 * 4096;
    if (stride() != rounded || rounded * slots() > bytes_.size() - 4096 || U64(40) == 0) return false;
    return HasName();
  }

  uint64_t capacity() const { return U64(16); }
  uint64_t slots() const { return U32(24); }
  uint64_t stride() const { return U64(32); }
  bool has_checksum() const { return (U32(28) & 1U) != 0; }
  int32_t set() const { return static_cast<int32_t>(U32(60)); }
  uint64_t writer() const { return U64(200); }
  std::string_view name() const { return Text(64, strnlen(reinterpret_cast<const char*>(&bytes_[64]), 64)); }
  uint64_t commit() const { return U64(128); }

  // Of the current version's slot.
  size_t descriptor() const { return 256 + 128 * (commit() % slots()); }
  size_t payload() const { return 4096 + stride() * (commit() % slots()); }
  uint64_t length() const { return U64(descriptor() + 8); }

  // What a read of a sound segment gives, whole or a part, into so much room.
  Code Read(uint64_t room, bool whole) const {
    if (IsRetired()) return Code::kDestroyed;
    if (commit() == 0) return Code::kOk;
    if (commit() >> 53U != 0 || U64(descriptor()) != commit() || length() > capacity()) return Code::kCorrupt;
    if (whole && length() > room) return Code::kTooLarge;
    const bool wrong = has_checksum() && room != 0 && shmnode::Crc32c(&bytes_[payload()], length()) != U32(descriptor() + 28);
    return wrong ? Code::kCorrupt : Code::kOk;
  }

 private:
  template <class T>
  T Load(size_t offset) const {
    T value{};
    std::memcpy(&value, &bytes_[offset], sizeof value);
    return value;
  }
  uint16_t U16(size_t offset) const { return Load<uint16_t>(offset); }
  uint32_t U32(size_t offset) const { return Load<uint32_t>(offset); }
  uint64_t U64(size_t offset) const { return Load<uint64_t>(offset); }
  std::string_view Text(size_t offset, size_t n) const { return {reinterpret_cast<const char*>(&bytes_[offset]), n}; }
  bool IsZero(size_t from, size_t to) const {
    return std::all_of(&bytes_[from], &bytes_[0] + to, [](std::byte b) { return b == std::byte{0}; });
  }
  // Of POSIX memory with a slash before it, and no name of a directory.
  bool HasName() const {
    constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const std::string_view text = name();
    const bool is_posix = text.starts_with('/');
    const std::string_view rest = is_posix ? text.substr(1) : text;
    if (is_posix && (rest.empty() || rest == "." || rest == "..")) return false;
    return Text(127, 1).front() == '\0' && rest.find_first_not_of(kAllowed) == std::string_view::npos;
  }

  const std::vector<std::byte>& bytes_;
};
