// CRC32C (Castagnoli, RFC 3720 appendix B.4), by the processor's own instruction where it has one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__aarch64__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace shmnode {

namespace detail {

inline constexpr std::array<uint32_t, 256> kCrc32cTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
    table[i] = crc;
  }
  return table;
}();

inline uint32_t Crc32cPortable(uint32_t crc, const uint8_t* bytes, size_t n) noexcept {
  for (size_t i = 0; i < n; i++) crc = kCrc32cTable[(crc ^ bytes[i]) & 0xffU] ^ (crc >> 8U);
  return crc;
}

inline uint64_t Load64(const uint8_t* bytes) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

#if defined(__x86_64__)
inline bool HasCrc32c() noexcept { return __builtin_cpu_supports("sse4.2") != 0; }

[[gnu::target("sse4.2")]] inline uint32_t Crc32cHardware(uint32_t crc, const uint8_t* bytes, size_t n) noexcept {
  uint64_t wide = crc;
  for (; n >= 8; n -= 8, bytes += 8) wide = __builtin_ia32_crc32di(wide, Load64(bytes));
  crc = static_cast<uint32_t>(wide);
  for (; n > 0; n--, bytes++) crc = __builtin_ia32_crc32qi(crc, *bytes);
  return crc;
}
#elif defined(__aarch64__)
inline bool HasCrc32c() noexcept { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }

[[gnu::target("+crc")]] inline uint32_t Crc32cHardware(uint32_t crc, const uint8_t* bytes, size_t n) noexcept {
  for (; n >= 8; n -= 8, bytes += 8) crc = __crc32cd(crc, Load64(bytes));
  for (; n > 0; n--, bytes++) crc = __crc32cb(crc, *bytes);
  return crc;
}
#else
inline bool HasCrc32c() noexcept { return false; }
inline uint32_t Crc32cHardware(uint32_t crc, const uint8_t* bytes, size_t n) noexcept { return Crc32cPortable(crc, bytes, n); }
#endif

}  // namespace detail

// The checksum of n bytes. Crc32c of "123456789" is 0xE3069283.
[[gnu::noinline]] inline uint32_t Crc32c(const void* data, size_t n) noexcept {
  static const bool hardware = detail::HasCrc32c();
  const auto* bytes = static_cast<const uint8_t*>(data);
  return ~(hardware ? detail::Crc32cHardware(~0U, bytes, n) : detail::Crc32cPortable(~0U, bytes, n));
}

}  // namespace shmnode
