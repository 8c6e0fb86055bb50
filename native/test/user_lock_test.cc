// The lock for applications, and looks at locks without a try.
#include "shmnode/user_lock.hpp"

#include <sys/sem.h>

#include "cells.hpp"
#include "child.hpp"
#include "shared.hpp"

namespace {

using cells::Code;
using cells::Soon;
using shmnode::Cell;
using shmnode::Deadline;
using shmnode::kUser;
using shmnode::LockHold;
using shmnode::LockMode;
using shmnode::UserLock;
using shmnode::UserLockHold;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

bool Try(const UserLock& lock) { return static_cast<bool>(UserLockHold::Acquire(lock, Deadline::Now())); }

// A process that takes the lock and keeps it until it is killed.
class Holder {
 public:
  explicit Holder(const UserLock& lock)
      : child_([&lock, this] {
          const auto hold = UserLockHold::Acquire(lock, Soon());
          *holds_ = static_cast<bool>(hold);
          for (;;) pause();
          return 0;
        }) {
    WaitUntil([this] { return holds_->load(); });
  }
  Child& child() { return child_; }

 private:
  Shared<std::atomic<bool>> holds_;
  Child child_;
};

const tap::Test kExclusive("user lock: one holder at a time", [] {
  const Cell cell = cells::MustOpenPrivate();
  const UserLock lock = cell.user_lock();
  {
    auto hold = UserLockHold::Acquire(lock, Soon());
    tap::Check(hold && hold->IsHeld() && !lock.LooksFree(), "held");
    tap::Check(!Try(lock), "not by a second one");
    const UserLockHold moved = *std::move(hold);
    tap::Check(moved.IsHeld() && !hold->IsHeld(), "moved");
  }
  tap::Check(lock.LooksFree() && Try(lock), "free again");
});

const tap::Test kIndependent("user lock: reads and writes do not know of it", [] {
  const Cell cell = cells::MustOpenPrivate();
  const auto hold = UserLockHold::Acquire(cell.user_lock(), Soon());
  tap::Check(cells::WriteText(cell, "x") && cell.lock().LooksFree(LockMode::kExclusive), "a write");
});

const tap::Test kKilled("user lock: a killed holder holds no more, and is named before", [] {
  const Cell cell = cells::MustOpenPrivate();
  const UserLock lock = cell.user_lock();
  Holder holder(lock);
  const auto deadline = Deadline::After(20ms);
  const auto status = lock.Acquire(deadline);
  tap::Equal(status.code(), Code::kBusy, "code");
  tap::Check(deadline.Expired(), "not before the deadline");
  tap::Equal(status.error().holder, holder.child().pid(), "holder");
  tap::Check(!lock.IsHeldHere(), "not held here");
  holder.child().Kill();
  tap::Check(static_cast<bool>(UserLockHold::Acquire(lock, Soon())), "had");
});

const tap::Test kReset("user lock: what somebody has reset is lost, and is not released from under another", [] {
  const Cell cell = cells::MustOpenPrivate();
  const UserLock lock = cell.user_lock();
  auto hold = UserLockHold::Acquire(lock, Soon());
  semctl(cell.lock().set().id(), kUser, SETVAL, 0);
  Holder holder(lock);
  tap::Check(!hold->IsHeld(), "lost");
  hold->Release();
  tap::Check(!Try(lock), "still the other's");
});

const tap::Test kRemoved("user lock: gone with its set", [] {
  const Cell cell = cells::MustOpenPrivate();
  const UserLock lock = cell.user_lock();
  const auto hold = UserLockHold::Acquire(lock, Soon());
  static_cast<void>(cell.lock().set().Remove());
  tap::Check(!hold->IsHeld(), "lost");
  tap::Check(lock.LooksFree() && cell.lock().LooksFree(LockMode::kShared), "a try will tell");
  tap::Equal(lock.Acquire(Soon()).code(), Code::kDestroyed, "what it tells");
});

const tap::Test kLooks("lock: a look sees who would have to wait", [] {
  const Cell cell = cells::MustOpenPrivate();
  const auto lock = cell.lock();
  const auto looks = [&lock] { return std::pair(lock.LooksFree(LockMode::kShared), lock.LooksFree(LockMode::kExclusive)); };
  tap::Check(looks() == std::pair(true, true), "free");
  {
    const auto hold = LockHold::Acquire(lock, LockMode::kShared, Soon());
    tap::Check(looks() == std::pair(true, false), "shared");
  }
  {
    const auto hold = LockHold::Acquire(lock, LockMode::kExclusive, Soon());
    tap::Check(looks() == std::pair(false, false), "exclusive");
  }
});

}  // namespace
