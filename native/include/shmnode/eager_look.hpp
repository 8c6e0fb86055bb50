// Looks again and again for a moment before its thread goes to sleep, for as long as that pays.
#pragma once

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "deadline.hpp"

namespace shmnode {

// To wake a thread, and more so a processor that has nothing to do, takes longer than to look: where changes follow one
// another within a few microseconds, each is seen at once. Where they do not, or where others have a use for the processor,
// the looks become rare: one in kMostSkipped waits. For one thread.
class EagerLook {
 public:
  // How long one look may take.
  static constexpr std::chrono::microseconds kLongest{100};
  // Of how many waits at most none begins with a look.
  static constexpr uint32_t kMostSkipped = 1024;

  // Whether it came in time. Without a look, and false, mostly, where it did not of late.
  template <class HasCome>
  bool For(HasCome has_come) noexcept {
    if (left_to_skip_ > 0) {
      left_to_skip_--;
      return false;
    }
    const bool came = Look(has_come);
    skipped_ = came ? 0 : std::clamp(skipped_ * 2, 1U, kMostSkipped);
    left_to_skip_ = skipped_;
    return came;
  }

 private:
  // The processor goes to whoever else can run, first of all to the one whom this thread has just woken. If it comes back
  // too late, it is wanted elsewhere.
  template <class HasCome>
  static bool Look(HasCome has_come) noexcept {
    const auto until = Deadline::Clock::now() + kLongest;
    do {
      if (has_come()) return true;
      sched_yield();
    } while (Deadline::Clock::now() < until);
    return false;
  }

  uint32_t skipped_ = 0;
  uint32_t left_to_skip_ = 0;
};

}  // namespace shmnode
