// Values around the lengths at which the copy is made in another way.
#include "cells.hpp"
#include "shmnode/racy_copy.hpp"

namespace {

constexpr size_t kMiB = size_t{1} << 20U;

std::vector<std::byte> Mixed(size_t n) {
  std::vector<std::byte> bytes(n);
  uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24U);
  }
  return bytes;
}

const tap::Test kOdd("large copy: every length and alignment, to the last byte and no further", [] {
  const auto cell = cells::MustOpenPrivate({.capacity = 17 * kMiB, .owner = {}});
  const auto source = Mixed(17 * kMiB);
  std::vector<std::byte> target(18 * kMiB);
  for (const size_t around : {kMiB / 2, kMiB, 12 * kMiB, 16 * kMiB}) {
    for (const size_t less : {size_t{0}, size_t{1}, size_t{63}, size_t{127}}) {
      for (const size_t shift : {size_t{0}, size_t{1}, size_t{48}}) {
        const size_t n = around + 64 - less;
        tap::Require(static_cast<bool>(cell.Write({.data = &source[shift], .length = n}, cells::Soon())), "written");
        std::fill_n(target.begin(), n + 256, std::byte{0xee});
        const auto facts = cell.TryRead({.target = &target[shift], .room = n});
        tap::Equal(facts ? facts->length : 0, n, "length");
        tap::Check(std::equal(&source[shift], &source[shift] + n, &target[shift]), tap::Text(n, " bytes, shifted by ", shift));
        tap::Check(target[shift + n] == std::byte{0xee}, "not one more");
      }
    }
  }
});

}  // namespace
