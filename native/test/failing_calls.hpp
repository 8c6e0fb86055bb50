// What a program tells the shim of failing_calls.cc, in a file that both map: SHMNODE_FAILING_CALLS names it. Numbers of 32
// bits in this order, so that a script can write them too.
#pragma once

#include <atomic>
#include <cstdint>

namespace failing {

enum Call : int32_t {
  kNone,
  kShmget,
  kShmat,
  kShmctl,
  kSemget,
  kSemtimedop,
  kSemctl,
  kFutex,
  kGetrandom,
  kNew,
  kNewOnPool,
  // Of what is in /dev/shm: by their paths, or by what a descriptor is of.
  kOpen,
  kFstat,
  kLstat,
  kMmap,
  kFtruncate,
  kFallocate,
  kFchmod,
  kLinkat,
  kUnlink,
  kSemOpen,
  kOpendir,
  // Whoever calls it: the core by operator new, and the C library for it.
  kMalloc
};

struct Order {
  std::atomic<int32_t> call;   // which call fails; kNone: all work
  std::atomic<int32_t> nth;    // of those from now on, counted from 1
  std::atomic<int32_t> error;  // its errno
  std::atomic<int32_t> seen;   // how many of them there were so far
};

inline constexpr const char* kVariable = "SHMNODE_FAILING_CALLS";

}  // namespace failing
