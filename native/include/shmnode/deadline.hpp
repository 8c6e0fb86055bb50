// A point in monotonic time until which a call may wait. Never a duration: a wait that a signal cuts short goes on with
// what remains.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

namespace shmnode {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  static Deadline Never() noexcept { return Deadline(Clock::time_point::max()); }
  // Already over: whoever is given it tries once and does not wait.
  static Deadline Now() noexcept { return Deadline(Clock::time_point::min()); }
  static Deadline After(Clock::duration wait) noexcept {
    const auto now = Clock::now();
    return wait > Clock::time_point::max() - now ? Never() : Deadline(now + wait);
  }

  // This one, or the end of a shorter wait from now on.
  Deadline OrAfter(Clock::duration wait) const noexcept {
    const Deadline other = After(wait);
    return other.at_ < at_ ? other : *this;
  }

  bool Expired() const noexcept { return at_ != Clock::time_point::max() && Clock::now() >= at_; }

  // What is left, for a system call that takes a relative time; zero once expired. A deadline that never comes is told
  // as a day: the callers' loops wait again.
  timespec Remaining() const noexcept {
    using std::chrono::nanoseconds;
    constexpr nanoseconds day = std::chrono::hours(24);
    if (at_ == Clock::time_point::min()) return {0, 0};
    const nanoseconds left = at_ == Clock::time_point::max() ? day : std::clamp<nanoseconds>(at_ - Clock::now(), nanoseconds(0), day);
    return {.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000), .tv_nsec = static_cast<long>(left.count() % 1'000'000'000)};
  }

 private:
  explicit Deadline(Clock::time_point at) noexcept : at_(at) {}
  Clock::time_point at_;
};

}  // namespace shmnode
