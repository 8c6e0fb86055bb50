// Values that check themselves: every 8-byte word of the value is the same counter (a rest of fewer bytes begins one
// more), so two values that differ in their counter differ in every word, and a mix of them shows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

inline void FillPattern(std::span<std::byte> bytes, uint64_t counter) {
  size_t done = std::min(sizeof counter, bytes.size());
  std::memcpy(bytes.data(), &counter, done);
  for (size_t more = 0; done < bytes.size(); done += more) {
    more = std::min(done, bytes.size() - done);
    std::memcpy(bytes.data() + done, bytes.data(), more);
  }
}

inline std::vector<std::byte> Pattern(size_t length, uint64_t counter) {
  std::vector<std::byte> bytes(length);
  FillPattern(bytes, counter);
  return bytes;
}

// The counter, or nothing where the value is torn. Of at least 8 bytes.
inline std::optional<uint64_t> CounterOf(std::span<const std::byte> bytes) {
  uint64_t counter = 0;
  if (bytes.size() < sizeof counter) return std::nullopt;
  std::memcpy(&counter, bytes.data(), sizeof counter);
  // All words are the first one exactly if the bytes are equal to themselves eight further on.
  const bool whole = std::memcmp(bytes.data(), bytes.data() + sizeof counter, bytes.size() - sizeof counter) == 0;
  return whole ? std::optional(counter) : std::nullopt;
}
