// The lock that applications may have for purposes of their own: exclusive, independent of the segment's reads and writes,
// and released by the kernel when its holder dies.
#pragma once

#include <unistd.h>

#include <array>
#include <utility>

#include "deadline.hpp"
#include "result.hpp"
#include "semaphore_set.hpp"
#include "turnstile_lock.hpp"

namespace shmnode {

// One semaphore of the segment's set. The kernel serves those who wait in their order. No state in the process.
class UserLock {
 public:
  explicit UserLock(SemaphoreSet set) noexcept : set_(set) {}

  // Waits in the kernel until the deadline: kBusy then, with the pid that holds. An expired deadline makes one try. kDestroyed where the
  // set is gone, kAccess where this user may not alter it. The process holds, not the thread.
  Status Acquire(Deadline deadline) const noexcept {
    static constexpr std::array<sembuf, 2> kTake = {{{kUser, 0, SEM_UNDO}, {kUser, 1, SEM_UNDO}}};
    const Status status = set_.Operate(kTake, deadline);
    if (status.code() != Code::kBusy) return status;
    Error error = status.error();
    error.holder = set_.LastPid(kUser);
    return error;
  }

  // Only by the process that holds. Where it holds no more (the set is gone, or somebody has set its values), nothing is
  // released: it would be another's.
  void Release() const noexcept {
    if (!IsHeldHere()) return;
    const sembuf give{kUser, -1, SEM_UNDO | IPC_NOWAIT};
    static_cast<void>(set_.Operate({&give, 1}));
  }

  // True while this process has it.
  bool IsHeldHere() const noexcept { return set_.Value(kUser) > 0 && set_.LastPid(kUser) == getpid(); }

  // A look without a try. True also where the set is gone: a try will tell.
  bool LooksFree() const noexcept { return set_.Value(kUser) <= 0; }

  // The segment's set, of which it is the semaphore kUser.
  SemaphoreSet set() const noexcept { return set_; }

 private:
  SemaphoreSet set_;
};

// The lock, held; released at the end of its life.
class UserLockHold {
 public:
  // As UserLock::Acquire. It is not reentrant: a second one in this process waits for the first.
  static Result<UserLockHold> Acquire(UserLock lock, Deadline deadline) noexcept {
    const Status status = lock.Acquire(deadline);
    if (!status) return status.error();
    return UserLockHold(lock);
  }

  UserLockHold(UserLockHold&& other) noexcept : lock_(other.lock_), held_(std::exchange(other.held_, false)) {}
  UserLockHold& operator=(UserLockHold&&) = delete;
  UserLockHold(const UserLockHold&) = delete;
  UserLockHold& operator=(const UserLockHold&) = delete;
  ~UserLockHold() { Release(); }

  // At once instead of at the end. Nothing where that was done, or the lock was lost.
  void Release() noexcept {
    if (std::exchange(held_, false)) lock_.Release();
  }

  // False once it was lost: its set was removed, or reset by somebody.
  bool IsHeld() const noexcept { return held_ && lock_.IsHeldHere(); }

  // For who knows that it was lost, and that another of this process has it now.
  void Abandon() noexcept { held_ = false; }

  // The segment's set.
  SemaphoreSet set() const noexcept { return lock_.set(); }

 private:
  explicit UserLockHold(UserLock lock) noexcept : lock_(lock), held_(true) {}

  UserLock lock_;
  bool held_;
};

}  // namespace shmnode
