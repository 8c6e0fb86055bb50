// Copies of a megabyte and more, where memcpy is not the fastest that the processor has.
#pragma once

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
// From here on, what is copied pushes itself out of the caches (32 MiB of them are near a core of today's servers), and stores
// around them are faster, even for who then reads the copy: of writes, which take the slots by turns, that is three slots and
// what is copied into them; of reads, one slot and its copy.
inline constexpr size_t kLeastStreamToSlot = size_t{12} << 20U;
inline constexpr size_t kLeastStream = size_t{16} << 20U;

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

// By stores around the caches, 128 bytes at a time, once `to` is where lines of the caches begin. Complete when it returns: without
// the fence, these stores could come after plain ones that follow.
[[gnu::target("avx2")]] inline void StreamMove(void* to, const void* from, size_t n) noexcept {
  const size_t head = -reinterpret_cast<uintptr_t>(to) % 64;
  std::memcpy(to, from, head);
  n -= head;
  auto* target = reinterpret_cast<__m256i*>(static_cast<std::byte*>(to) + head);
  const auto* source = reinterpret_cast<const __m256i*>(static_cast<const std::byte*>(from) + head);
  for (size_t left = n / 128; left > 0; left--, target += 4, source += 4) {
    const __m256i first = _mm256_loadu_si256(source);
    const __m256i second = _mm256_loadu_si256(source + 1);
    const __m256i third = _mm256_loadu_si256(source + 2);
    const __m256i fourth = _mm256_loadu_si256(source + 3);
    _mm256_stream_si256(target, first);
    _mm256_stream_si256(target + 1, second);
    _mm256_stream_si256(target + 2, third);
    _mm256_stream_si256(target + 3, fourth);
  }
  _mm_sfence();
  std::memcpy(target, source, n % 128);
}

// Apart from the way of small values, which it would make longer.
[[gnu::noinline]] inline void CopyLarge(size_t least_stream, void* to, const void* from, size_t n) noexcept {
  if (n >= least_stream && __builtin_cpu_supports("avx2")) return StreamMove(to, from, n);
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
