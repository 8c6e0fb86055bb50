// Keeps a peer that changes or wakes a futex word for nothing from keeping a waiting thread busy.
#pragma once

#include <ctime>

#include "deadline.hpp"
#include "futex.hpp"

namespace shmnode {

// For one thread. Wakes in a row that brought nothing. An honest writer gives one at most with each commit, between its commit and its
// notify.
class UselessWakes {
 public:
  // After each wait, how it ended.
  void Count(FutexEnd end) noexcept { count_ = end == FutexEnd::kTimedOut ? 0 : count_ + 1; }
  // After a wait that brought something.
  void Forget() noexcept { count_ = 0; }
  // Whether the next wait is to begin with a rest.
  bool AreTooMany() const noexcept { return count_ > kMost; }

  // How long that is.
  static constexpr std::chrono::milliseconds kRest{1};
  // Before the next wait, where they are too many.
  static void Rest(Deadline deadline) noexcept {
    const timespec rest = deadline.Within(kRest).Remaining();
    nanosleep(&rest, nullptr);
  }

 private:
  static constexpr unsigned kMost = 16;
  unsigned count_ = 0;
};

}  // namespace shmnode
