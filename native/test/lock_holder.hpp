// A process that takes the segment's lock and keeps it until it is killed.
#pragma once

#include <unistd.h>

#include <atomic>
#include <chrono>

#include "child.hpp"
#include "shared.hpp"
#include "shmnode/deadline.hpp"
#include "shmnode/turnstile_lock.hpp"

namespace locks {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using shmnode::Deadline;
using shmnode::LockHold;
using shmnode::LockMode;
using shmnode::TurnstileLock;

class Holder {
 public:
  Holder(const TurnstileLock& lock, LockMode mode, Deadline::Clock::duration patience = 100s)
      : child_([&lock, mode, patience, this] {
          const auto hold = LockHold::Acquire(lock, mode, Deadline::After(patience));
          *holds_ = static_cast<bool>(hold);
          for (;;) pause();
          return 0;
        }) {}

  Holder& Wait() {
    WaitUntil([this] { return holds_->load(); });
    return *this;
  }
  bool holds() const { return *holds_; }
  Child& child() { return child_; }

 private:
  Shared<std::atomic<bool>> holds_;
  Child child_;
};

}  // namespace locks
