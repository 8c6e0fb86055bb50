// G5: at most half of the libuv pool, and at least one thread of it, is ever in a semaphore wait.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>

#include "shmnode/deadline.hpp"

namespace shmnode::addon {

// No wait is longer than this: libuv joins its threads at exit, and a longer one would hang it.
inline constexpr std::chrono::milliseconds kLongestSlice{50};

// One place among the threads that may wait, for the life of this object. Counted for the whole process: all Node.js
// worker threads share one pool.
class WaitPermit {
 public:
  WaitPermit() noexcept : granted_(Take()) {}
  WaitPermit(const WaitPermit&) = delete;
  WaitPermit& operator=(const WaitPermit&) = delete;
  ~WaitPermit() {
    if (granted_) waiting.fetch_sub(1, std::memory_order_relaxed);
  }

  bool granted() const noexcept { return granted_; }

  // Until when this thread may wait, from now on; not at all without a permit.
  Deadline Slice(std::chrono::nanoseconds wanted) const noexcept {
    return granted_ && wanted.count() > 0 ? Deadline::After(std::min<std::chrono::nanoseconds>(wanted, kLongestSlice)) : Deadline::Now();
  }

 private:
  static inline std::atomic<int> waiting{0};

  // As libuv reads it when it makes its threads (src/threadpool.c): 4 unless told, 1 to 1024.
  static int PoolSize() noexcept {
    const char* size = std::getenv("UV_THREADPOOL_SIZE");  // NOLINT(concurrency-mt-unsafe): once, as libuv does
    return size == nullptr ? 4 : std::clamp(std::atoi(size), 1, 1024);
  }

  static bool Take() noexcept {
    static const int limit = std::max(1, PoolSize() / 2);
    if (waiting.fetch_add(1, std::memory_order_relaxed) < limit) return true;
    waiting.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }

  bool granted_;
};

}  // namespace shmnode::addon
