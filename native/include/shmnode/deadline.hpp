// A point in monotonic time until which a call may wait. Never a duration: a wait that a signal cuts short goes on with
// what remains.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

namespace shmnode {

// A value: copies are free, and any thread may use them. Nothing fails.
class Deadline {
 public:
  // What it is counted by: CLOCK_MONOTONIC, which no change of the date moves.
  using Clock = std::chrono::steady_clock;

  // Waits as long as it takes.
  static Deadline Never() noexcept { return Deadline(Clock::time_point::max()); }
  // Already over: whoever is given it tries once and does not wait.
  static Deadline Now() noexcept { return Deadline(Clock::time_point::min()); }
  // So long from now on; in the past for a negative wait, Never for one beyond what the clock counts. A look at the clock is as dear as
  // a read of a small value: Never and Now take none.
  static Deadline After(Clock::duration wait) noexcept {
    const auto now = Clock::now();
    return wait > Clock::time_point::max() - now ? Never() : Deadline(now + wait);
  }

  // Whether it has come. Never's does not.
  bool Expired() const noexcept { return at_ != Clock::time_point::max() && Clock::now() >= at_; }

  // This one, or so much from now on, whichever comes first: a slice of a wait.
  Deadline Within(Clock::duration most) const noexcept { return Deadline(std::min(at_, After(most).at_)); }

  // For a system call that takes a point in CLOCK_MONOTONIC, which is what Clock counts.
  timespec At() const noexcept {
    const auto since_boot = std::clamp(at_, Clock::time_point(), Clock::now() + std::chrono::hours(24)).time_since_epoch();
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(since_boot).count();
    return {.tv_sec = static_cast<time_t>(ns / 1'000'000'000), .tv_nsec = static_cast<long>(ns % 1'000'000'000)};
  }

  // What is left; zero once expired. A deadline that never comes is told as a day: the callers' loops wait again.
  Clock::duration Left() const noexcept {
    constexpr Clock::duration day = std::chrono::hours(24);
    if (at_ == Clock::time_point::min()) return {};
    return at_ == Clock::time_point::max() ? day : std::clamp(at_ - Clock::now(), Clock::duration(), day);
  }

  // The same, for a system call that takes a relative time.
  timespec Remaining() const noexcept {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(Left()).count();
    return {.tv_sec = static_cast<time_t>(left / 1'000'000'000), .tv_nsec = static_cast<long>(left % 1'000'000'000)};
  }

 private:
  explicit Deadline(Clock::time_point at) noexcept : at_(at) {}
  Clock::time_point at_;
};

}  // namespace shmnode
