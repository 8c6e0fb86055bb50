// Copies of a megabyte and more, where memcpy is not the fastest that the processor has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace shmnode::detail {

#if defined(__x86_64__)

// Up to here glibc itself uses `rep movsb` where it is fast, and a loop of vectors above, which first loads what it overwrites:
// on AMD, whose limit is the second-level cache. See sysdeps/x86/dl-cacheinfo.h, rep_movsb_stop_threshold.
inline constexpr size_t kLeastString = size_t{512} << 10U;
// From here on, what is copied pushes itself out of the caches (32 MiB of them are near a core of AMD's servers), and stores
// around them are faster, even for who then reads the copy: of writes, which take the slots by turns, that is three slots and
// what is copied into them; of reads, one slot and its copy. On an Intel with 260 MiB for all cores, such a write takes a fourth
// less, and the first read after it a third more.
inline constexpr size_t kLeastStreamToSlot = size_t{12} << 20U;
inline constexpr size_t kLeastStream = size_t{16} << 20U;
// From here on, in another order on some processors.
inline constexpr size_t kLeastByPages = size_t{64} << 20U;

// The processor's FSRM bit: string moves are fast at every length and alignment of the source.
inline bool HasFastStringMove() noexcept {
  static const bool has = [] {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & 1U << 4U) != 0;
  }();
  return has;
}

// Where the target is not aligned, memcpy is as fast.
inline bool SuitsStringMove(const void* to) noexcept { return reinterpret_cast<uintptr_t>(to) % 64 == 0 && HasFastStringMove(); }

inline void StringMove(void* to, const void* from, size_t n) noexcept {
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n)::"memory");
}

// 128 bytes around the caches, to where a line of them begins.
[[gnu::target("avx2"), gnu::always_inline]] inline void StreamLines(std::byte* to, const std::byte* from) noexcept {
  auto* target = reinterpret_cast<__m256i*>(to);
  const auto* source = reinterpret_cast<const __m256i*>(from);
  const __m256i first = _mm256_loadu_si256(source);
  const __m256i second = _mm256_loadu_si256(source + 1);
  const __m256i third = _mm256_loadu_si256(source + 2);
  const __m256i fourth = _mm256_loadu_si256(source + 3);
  _mm256_stream_si256(target, first);
  _mm256_stream_si256(target + 1, second);
  _mm256_stream_si256(target + 2, third);
  _mm256_stream_si256(target + 3, fourth);
}

// Four pages side by side, 128 bytes of each by turns, as long as there are four; gives how many bytes that were.
[[gnu::target("avx2")]] inline size_t StreamPages(std::byte* to, const std::byte* from, size_t n) noexcept {
  constexpr size_t kPage = 4096;
  constexpr size_t kAtOnce = 4 * kPage;
  const size_t whole = n / kAtOnce * kAtOnce;
  for (size_t block = 0; block < whole; block += kAtOnce) {
    for (size_t line = block; line < block + kPage; line += 128) {
#pragma GCC unroll 4
      for (size_t at = line; at < line + kAtOnce; at += kPage) {
        __builtin_prefetch(from + at + 256);
        __builtin_prefetch(from + at + 320);
        StreamLines(to + at, from + at);
      }
    }
  }
  return whole;
}

// By stores around the caches, once `to` is where lines of the caches begin. `by_pages`: see GainsByPages. Complete when it
// returns: without the fence, these stores could come after plain ones that follow.
[[gnu::target("avx2")]] inline void StreamMove(bool by_pages, void* to, const void* from, size_t n) noexcept {
  auto* target = static_cast<std::byte*>(to);
  const auto* source = static_cast<const std::byte*>(from);
  size_t at = std::min(n, -reinterpret_cast<uintptr_t>(to) % 64);
  std::memcpy(target, source, at);
  if (by_pages) at += StreamPages(target + at, source + at, n - at);
  for (; n - at >= 128; at += 128) StreamLines(target + at, source + at);
  _mm_sfence();
  std::memcpy(target + at, source + at, n - at);
}

// Where the caches have nothing of it any more, Intel's processors get a tenth more of the memory from several pages at once: they
// read ahead within one only. For AMD's the plain order is the fastest, 1.4 times as fast as glibc's, which takes pages side by
// side everywhere.
inline bool GainsByPages(size_t n) noexcept { return n >= kLeastByPages && __builtin_cpu_is("intel") != 0; }

// Apart from the way of small values, which it would make longer.
[[gnu::noinline]] inline void CopyLarge(size_t least_stream, void* to, const void* from, size_t n) noexcept {
  if (n >= least_stream && __builtin_cpu_supports("avx2")) return StreamMove(GainsByPages(n), to, from, n);
  if (SuitsStringMove(to)) return StringMove(to, from, n);
  std::memcpy(to, from, n);
}

inline void CopyBy(size_t least_stream, void* to, const void* from, size_t n) noexcept {
  if (n >= kLeastString) return CopyLarge(least_stream, to, from, n);
  std::memcpy(to, from, n);
}

inline void Copy(void* to, const void* from, size_t n) noexcept { CopyBy(kLeastStream, to, from, n); }
inline void CopyToSlot(void* to, const void* from, size_t n) noexcept { CopyBy(kLeastStreamToSlot, to, from, n); }

#else

inline void Copy(void* to, const void* from, size_t n) noexcept { std::memcpy(to, from, n); }
inline void CopyToSlot(void* to, const void* from, size_t n) noexcept { std::memcpy(to, from, n); }

#endif

}  // namespace shmnode::detail
