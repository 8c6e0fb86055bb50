// The /dev/shm of a test over POSIX memory, as any other program sees it.
#pragma once

#include <filesystem>
#include <iterator>
#include <string>

#include "litter.hpp"
#include "memory.hpp"
#include "tap.hpp"

namespace dev_shm {

// Skips the test where it is not ours alone.
inline void Alone() {
  if (!memory::is_posix) tap::Skip("of POSIX memory");
  if (!litter::IsAlone()) tap::Skip("no /dev/shm of our own");
}

inline std::string PathOf(key_t key) { return tap::Text(shmnode::kPosixDirectory, memory::Name(key).text); }

// How many there are.
inline int Files() {
  const std::filesystem::directory_iterator files(shmnode::kPosixDirectory);
  return static_cast<int>(std::distance(begin(files), end(files)));
}

}  // namespace dev_shm
