// The one place where bytes are copied that another process may be changing meanwhile.
#pragma once

#include <cstddef>

#include "large_copy.hpp"

namespace shmnode {

// Copies n bytes from or to a slot. A race by design: the caller finds out afterwards, by the slot's version, whether
// the bytes belong together, and throws them away if they do not. In the C++ memory model that is undefined for plain
// bytes, and a loop of relaxed atomics costs up to 1.8 times as much, so the copy stands alone: not inlined and between
// two compiler barriers, it cannot be merged with, or moved across, the version checks around it. It runs as fast as
// memcpy because mostly it is one. Compare P1478 (byte-wise atomic memcpy), which would say this in the language.
[[gnu::noinline]] inline void RacyCopy(void* to, const void* from, size_t n) noexcept {
  asm volatile("" ::: "memory");
  if (n != 0) detail::Copy(to, from, n);
  asm volatile("" ::: "memory");
}

// The same for a payload, into a slot whose turn has come round: it begins a page.
[[gnu::noinline]] inline void RacyCopyToSlot(void* to, const void* from, size_t n) noexcept {
  asm volatile("" ::: "memory");
  if (n != 0) detail::CopyToSlot(to, from, n);
  asm volatile("" ::: "memory");
}

}  // namespace shmnode
