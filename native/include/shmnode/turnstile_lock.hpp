// The lock of a segment: shared and exclusive, on four semaphores, released by the kernel when its holder dies.
#pragma once

#include <sys/sem.h>

#include <array>
#include <chrono>
#include <span>
#include <utility>

#include "deadline.hpp"
#include "process.hpp"
#include "result.hpp"
#include "semaphore_set.hpp"

namespace shmnode {

enum class LockMode { kShared, kExclusive };

// Semaphores of a set; all zero means free. Every operation carries SEM_UNDO, and each acquire has its release in the
// same process, so the kernel's undo is exact: without that, it would fail with ERANGE after 32,767 operations.
enum LockSemaphore : unsigned short { kWriter = 0, kReaders = 1, kGate = 2, kUser = 3 };
inline constexpr int kSemaphoreCount = 4;

// Who finds the lock taken goes through the gate, one at a time, and keeps it closed until the lock is had: those who
// come later wait behind, so neither readers nor writers starve. No state in the process: copies are the same lock.
class TurnstileLock {
 public:
  explicit TurnstileLock(SemaphoreSet set) noexcept : set_(set) {}

  // Never waits; kBusy where the lock is held or somebody waits for it.
  Status TryAcquire(LockMode mode) const noexcept {
    static constexpr short kFlags = SEM_UNDO | IPC_NOWAIT;
    static constexpr std::array<sembuf, 3> kTakeShared = {{{kGate, 0, kFlags}, {kWriter, 0, kFlags}, {kReaders, 1, kFlags}}};
    static constexpr std::array<sembuf, 4> kTakeExclusive = {
        {{kGate, 0, kFlags}, {kWriter, 0, kFlags}, {kReaders, 0, kFlags}, {kWriter, 1, kFlags}}};
    return set_.Operate(mode == LockMode::kShared ? std::span<const sembuf>(kTakeShared) : kTakeExclusive);
  }

  // Waits in the kernel until the deadline: kBusy then, with the pid that holds. An expired deadline makes one try.
  Status Acquire(LockMode mode, Deadline deadline) const noexcept {
    for (;;) {
      Status status = TryAcquire(mode);
      if (status || status.code() != Code::kBusy || deadline.Expired()) return NameHolder(status);
      status = PassGate(deadline);
      if (!status) return NameHolder(status);
      status = TakeFromGate(mode, deadline);
      if (status) return status;
      const bool gate_is_lost = status.code() == Code::kBusy && !deadline.Expired();
      if (gate_is_lost) continue;
      Give(kGate);
      return NameHolder(status);
    }
  }

  // A look without a try, for who has many locks to wait for. True also where the set is gone: a try will tell.
  bool LooksFree(LockMode mode) const noexcept {
    if (set_.Value(kGate) > 0 || set_.Value(kWriter) > 0) return false;
    return mode == LockMode::kShared || set_.Value(kReaders) <= 0;
  }

  // Only by who acquired, in the same process. Releasing in a set that is gone does nothing.
  void Release(LockMode mode) const noexcept { Give(mode == LockMode::kShared ? kReaders : kWriter); }

  SemaphoreSet set() const noexcept { return set_; }

 private:
  Status PassGate(Deadline deadline) const noexcept {
    static constexpr std::array<sembuf, 2> kEnter = {{{kGate, 0, SEM_UNDO}, {kGate, 1, SEM_UNDO}}};
    return set_.Operate(kEnter, deadline);
  }

  // kBusy at the deadline, or before it where the gate is not this process's any more: a foreign SETALL opened it, and
  // what is to be given back at the end would never be there.
  Status TakeFromGate(LockMode mode, Deadline deadline) const noexcept {
    static constexpr std::array<sembuf, 3> kTakeShared = {{{kWriter, 0, SEM_UNDO}, {kReaders, 1, SEM_UNDO}, {kGate, -1, SEM_UNDO}}};
    static constexpr std::array<sembuf, 4> kTakeExclusive = {
        {{kWriter, 0, SEM_UNDO}, {kReaders, 0, SEM_UNDO}, {kWriter, 1, SEM_UNDO}, {kGate, -1, SEM_UNDO}}};
    const auto take = mode == LockMode::kShared ? std::span<const sembuf>(kTakeShared) : kTakeExclusive;
    for (;;) {
      Status status = set_.Operate(take, deadline.OrAfter(kGateCheck));
      if (status.code() != Code::kBusy || deadline.Expired() || set_.Value(kGate) == 0) return status;
    }
  }

  static constexpr std::chrono::milliseconds kGateCheck{100};

  void Give(LockSemaphore semaphore) const noexcept {
    const sembuf give{semaphore, -1, SEM_UNDO | IPC_NOWAIT};
    static_cast<void>(set_.Operate({&give, 1}));
  }

  // A pid as of now: by the time that somebody reads it, it may have let go.
  Status NameHolder(Status status) const noexcept {
    if (status || status.code() != Code::kBusy) return status;
    Error error = status.error();
    for (const LockSemaphore semaphore : {kWriter, kReaders, kGate}) {
      if (set_.Value(semaphore) <= 0) continue;
      error.holder = set_.LastPid(semaphore);
      break;
    }
    return error;
  }

  SemaphoreSet set_;
};

// The lock, held; released at the end of its life, but not by a child that was forked meanwhile.
class LockHold {
 public:
  static Result<LockHold> Acquire(TurnstileLock lock, LockMode mode, Deadline deadline) noexcept {
    const Status status = lock.Acquire(mode, deadline);
    if (!status) return status.error();
    return LockHold(lock, mode);
  }

  LockHold(LockHold&& other) noexcept
      : lock_(other.lock_), mode_(other.mode_), pid_(other.pid_), held_(std::exchange(other.held_, false)) {}
  LockHold& operator=(LockHold&&) = delete;
  LockHold(const LockHold&) = delete;
  LockHold& operator=(const LockHold&) = delete;
  ~LockHold() {
    if (held_ && IsOwn()) lock_.Release(mode_);
  }

  bool IsOwn() const noexcept { return pid_ == ProcessId(); }

 private:
  LockHold(TurnstileLock lock, LockMode mode) noexcept : lock_(lock), mode_(mode), pid_(ProcessId()), held_(true) {}

  TurnstileLock lock_;
  LockMode mode_;
  pid_t pid_;
  bool held_;
};

}  // namespace shmnode
