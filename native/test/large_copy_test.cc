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
    for (const size_t n : {around + 64, around + 63, around + 1, around - 63, around + 9001}) {
      for (const size_t shift : {size_t{0}, size_t{1}, size_t{48}}) {
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

#if defined(__x86_64__)

// Which of them a processor takes is its maker's matter.
const tap::Test kStreams("large copy: around the caches, in both orders", [] {
  if (!__builtin_cpu_supports("avx2")) return;
  const auto source = Mixed(kMiB);
  for (const bool by_pages : {false, true}) {
    for (const size_t n : {size_t{0}, size_t{40}, size_t{300}, size_t{16384}, size_t{20000}, size_t{70001}}) {
      for (const size_t shift : {size_t{0}, size_t{1}, size_t{48}}) {
        std::vector<std::byte> target(kMiB, std::byte{0xee});
        shmnode::detail::StreamMove(by_pages, &target[shift], &source[5], n);
        tap::Check(std::equal(&source[5], &source[5] + n, &target[shift]), tap::Text(n, " bytes, shifted by ", shift));
        tap::Check(target[shift + n] == std::byte{0xee}, "not one more");
      }
    }
  }
});

#endif

}  // namespace
