// Points in time until which a call may wait.
#include "shmnode/deadline.hpp"

#include "tap.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using shmnode::Deadline;

double Seconds(const timespec& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9; }

const tap::Test kNow("deadline: Now is over", [] {
  tap::Check(Deadline::Now().Expired(), "expired");
  tap::Equal(Seconds(Deadline::Now().Remaining()), 0.0, "remaining");
});

const tap::Test kNever("deadline: Never never is, and asks for a long wait", [] {
  tap::Check(!Deadline::Never().Expired(), "not expired");
  tap::Check(Seconds(Deadline::Never().Remaining()) >= 3600, "an hour at least");
});

const tap::Test kAfter("deadline: After comes down to zero and stays there", [] {
  const auto deadline = Deadline::After(20ms);
  tap::Check(Seconds(deadline.Remaining()) <= 0.020, "no more than was given");
  while (!deadline.Expired()) tap::Check(Seconds(deadline.Remaining()) >= 0, "never negative");
  tap::Equal(Seconds(deadline.Remaining()), 0.0, "remaining");
});

const tap::Test kNegative("deadline: a negative wait is over", [] {
  tap::Check(Deadline::After(-1s).Expired(), "expired");
  tap::Equal(Seconds(Deadline::After(-1s).Remaining()), 0.0, "remaining");
});

const tap::Test kValid("deadline: what remains is a timespec that the kernel takes", [] {
  for (const auto wait : {1ns, 999'999'999ns, 1'000'000'000ns, 1'999'999'999ns}) {
    const timespec remaining = Deadline::After(wait).Remaining();
    tap::Check(remaining.tv_sec >= 0 && remaining.tv_nsec >= 0 && remaining.tv_nsec < 1'000'000'000, "in range");
  }
});

const tap::Test kHuge("deadline: a wait longer than the clock counts is Never, not the past",
                      [] { tap::Check(!Deadline::After(Deadline::Clock::duration::max()).Expired(), "not expired"); });

}  // namespace
