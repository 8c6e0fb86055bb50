// The checksum.
#include "shmnode/crc32c.hpp"

#include <vector>

#include "tap.hpp"

namespace {

using shmnode::Crc32c;

std::vector<uint8_t> SomeBytes(size_t n) {
  std::vector<uint8_t> bytes(n);
  uint32_t state = 12345;
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>((state = state * 1664525U + 1013904223U) >> 24U);
  return bytes;
}

const tap::Test kVectors("crc32c: RFC 3720 test vectors", [] {
  std::vector<uint8_t> bytes(32, 0);
  tap::Equal(Crc32c("123456789", 9), 0xE3069283U, "123456789");
  tap::Equal(Crc32c("", 0), 0U, "nothing");
  tap::Equal(Crc32c(bytes.data(), 32), 0x8A9136AAU, "zeroes");
  bytes.assign(32, 0xff);
  tap::Equal(Crc32c(bytes.data(), 32), 0x62A8AB43U, "ones");
  for (uint8_t i = 0; i < 32; i++) bytes[i] = i;
  tap::Equal(Crc32c(bytes.data(), 32), 0x46DD794EU, "rising");
  for (uint8_t i = 0; i < 32; i++) bytes[i] = static_cast<uint8_t>(31 - i);
  tap::Equal(Crc32c(bytes.data(), 32), 0x113FDB5CU, "falling");
});

const tap::Test kHardware("crc32c: the instruction and the table agree at every length and alignment", [] {
  if (!shmnode::detail::HasCrc32c()) tap::Skip("no CRC32C instruction");
  const auto bytes = SomeBytes(320);
  for (size_t start = 0; start < 16; start++) {
    for (size_t n = 0; n <= 300; n++) {
      const uint32_t by_table = shmnode::detail::Crc32cPortable(~0U, bytes.data() + start, n);
      tap::Equal(shmnode::detail::Crc32cHardware(~0U, bytes.data() + start, n), by_table, "crc");
      tap::Equal(Crc32c(bytes.data() + start, n), ~by_table, "crc by whichever is used");
    }
  }
});

const tap::Test kParts("crc32c: in two parts as in one", [] {
  const auto bytes = SomeBytes(100);
  const uint32_t first = shmnode::detail::Crc32cPortable(~0U, bytes.data(), 37);
  tap::Equal(~shmnode::detail::Crc32cPortable(first, bytes.data() + 37, 63), Crc32c(bytes.data(), 100), "crc");
});

}  // namespace
