// What the bytes of one fuzz input mean.
//
//   byte 0       switches, below
//   byte 1       shape of the segment, modulo their count
//   then edits   u16 offset into the header (modulo 4096), u8 length n, n bytes to store there; the last may be cut short
//
// Edits over a good header, rather than a whole header, keep inputs at some ten bytes and mutations in their place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

enum Switch : uint8_t {
  kBlankHeader = 1U << 0U,   // edits over zeros instead of a good header
  kBlankPayload = 1U << 1U,  // zeros in the payload
  kReadOnly = 1U << 2U,
  kCreate = 1U << 3U,
  kByName = 1U << 4U,
  kList = 1U << 5U,
  kWrite = 1U << 6U,
  kDestroy = 1U << 7U,
};

struct Edit {
  size_t offset;
  std::span<const std::byte> bytes;  // of the input
};

class Input {
 public:
  Input(const uint8_t* data, size_t size) {
    auto rest = std::as_bytes(std::span(data, size));
    const auto take = [&rest] {
      const uint8_t byte = rest.empty() ? uint8_t{0} : static_cast<uint8_t>(rest.front());
      rest = rest.subspan(std::min<size_t>(1, rest.size()));
      return byte;
    };
    switches_ = take();
    shape_ = take();
    while (rest.size() > 3) {
      const size_t low = take();
      const size_t offset = (low | size_t{take()} << 8U) % 4096;
      const size_t length = std::min<size_t>({take(), rest.size(), 4096 - offset});
      edits_.push_back({offset, rest.first(length)});
      rest = rest.subspan(length);
    }
  }

  bool Has(Switch bit) const { return (switches_ & bit) != 0; }
  size_t shape() const { return shape_; }
  const std::vector<Edit>& edits() const { return edits_; }

 private:
  uint8_t switches_;
  size_t shape_;
  std::vector<Edit> edits_;
};
