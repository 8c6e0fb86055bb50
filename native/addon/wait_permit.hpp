// G5: at most half of the libuv pool, and at least one thread of it, is ever in a semaphore wait.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "shmnode/deadline.hpp"

namespace shmnode::addon {

// No wait is longer than this: libuv joins its threads at exit, and a longer one would hang it.
inline constexpr std::chrono::milliseconds kLongestSlice{50};
inline constexpr std::chrono::milliseconds kShortSlice{5};

// One place among the threads that may wait, for the life of this object. Counted for the whole process: all Node.js
// worker threads share one pool.
class WaitPermit {
 public:
  WaitPermit() : granted_(Take()) {}
  WaitPermit(const WaitPermit&) = delete;
  WaitPermit& operator=(const WaitPermit&) = delete;
  ~WaitPermit() {
    if (granted_) waiting.fetch_sub(1, std::memory_order_relaxed);
  }

  bool granted() const noexcept { return granted_; }

  // How many there are.
  static int Places() {
    static const int places = std::max(1, PoolSize() / 2);
    return places;
  }

  // Until when this thread may wait, from now on; not at all without a permit. Shortly, where others were refused a
  // permit a moment ago: so the places go round.
  Deadline Slice(std::chrono::nanoseconds wanted) const noexcept {
    if (!granted_ || wanted.count() <= 0) return Deadline::Now();
    const bool crowded = Clock::now().time_since_epoch().count() - last_refusal.load(std::memory_order_relaxed) < kMemory.count();
    return Deadline::After(std::min<std::chrono::nanoseconds>(wanted, crowded ? kShortSlice : kLongestSlice));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::nanoseconds kMemory = std::chrono::milliseconds(100);

  static inline std::atomic<int> waiting{0};
  static inline std::atomic<int64_t> last_refusal{INT64_MIN / 2};  // nanoseconds of Clock

  // As libuv reads it when it makes its threads (src/threadpool.c): 4 unless told, 1 to 1024. Whether process.env was
  // changed before or after that cannot be known, so the smaller of then and now counts.
  static int PoolSize() {
    const auto size = [](const char* text) { return text == nullptr ? 4 : std::clamp(std::atoi(text), 1, 1024); };
    const char* now = std::getenv(kVariable);  // NOLINT(concurrency-mt-unsafe): once, as libuv does
    const std::string at_start = AtStart();
    return std::min(size(now), size(at_start.empty() ? nullptr : at_start.c_str()));
  }

  static constexpr const char* kVariable = "UV_THREADPOOL_SIZE";

  // What the process was started with; setenv leaves it alone.
  static std::string AtStart() {
    std::ifstream environment("/proc/self/environ");
    const std::string prefix = std::string(kVariable) + '=';
    for (std::string entry; std::getline(environment, entry, '\0');) {
      if (entry.compare(0, prefix.size(), prefix) == 0) return entry.substr(prefix.size());
    }
    return {};
  }

  static bool Take() {
    if (waiting.fetch_add(1, std::memory_order_relaxed) < Places()) return true;
    waiting.fetch_sub(1, std::memory_order_relaxed);
    last_refusal.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    return false;
  }

  bool granted_;
};

}  // namespace shmnode::addon
