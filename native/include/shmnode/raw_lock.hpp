// The lock of a raw segment: the semaphore set that shares its key, or a POSIX semaphore that other programs use for it.
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "deadline.hpp"
#include "posix_semaphore.hpp"
#include "process.hpp"
#include "result.hpp"
#include "semaphore_set.hpp"
#include "turnstile_lock.hpp"

namespace shmnode {

// A POSIX semaphore, held; released at the end of its life, but not by a child that was forked meanwhile.
class PosixSemaphoreHold {
 public:
  // The semaphore must live as long.
  explicit PosixSemaphoreHold(const PosixSemaphore& semaphore) noexcept : semaphore_(&semaphore), pid_(ProcessId()) {}
  PosixSemaphoreHold(PosixSemaphoreHold&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)), pid_(other.pid_) {}
  PosixSemaphoreHold& operator=(PosixSemaphoreHold&&) = delete;
  PosixSemaphoreHold(const PosixSemaphoreHold&) = delete;
  PosixSemaphoreHold& operator=(const PosixSemaphoreHold&) = delete;
  ~PosixSemaphoreHold() {
    if (semaphore_ != nullptr && pid_ == ProcessId()) semaphore_->Release();
  }

 private:
  const PosixSemaphore* semaphore_;
  pid_t pid_;
};

// Either lock, held.
using RawHold = std::variant<LockHold, PosixSemaphoreHold>;

// Either lock. Movable; every const member may be called from several threads at once.
class RawLock {
 public:
  // The turnstile of a set with four semaphores at least.
  explicit RawLock(SemaphoreSet set) noexcept : lock_(TurnstileLock(set)) {}
  // A counter of 1 or 0, which lives as long as this lock.
  explicit RawLock(PosixSemaphore&& semaphore) noexcept : lock_(std::move(semaphore)) {}

  // Until the deadline: kBusy then, with the pid that holds where the kernel tells. A POSIX semaphore has no shared mode: it is
  // exclusive, whatever is asked.
  Result<RawHold> Acquire(LockMode mode, Deadline deadline) const noexcept {
    if (const auto* turnstile = std::get_if<TurnstileLock>(&lock_)) return AcquireTurnstile(*turnstile, mode, deadline);
    const auto& semaphore = *std::get_if<PosixSemaphore>(&lock_);
    const Status status = semaphore.Acquire(deadline);
    if (!status) return status.error();
    return RawHold(PosixSemaphoreHold(semaphore));
  }

  // A look without a try.
  bool LooksFree(LockMode mode) const noexcept {
    if (const auto* turnstile = std::get_if<TurnstileLock>(&lock_)) return turnstile->LooksFree(mode);
    return std::get_if<PosixSemaphore>(&lock_)->LooksFree();
  }

  // Nothing where it is a POSIX semaphore.
  std::optional<SemaphoreSet> set() const noexcept {
    const auto* turnstile = std::get_if<TurnstileLock>(&lock_);
    return turnstile == nullptr ? std::nullopt : std::optional(turnstile->set());
  }

 private:
  static Result<RawHold> AcquireTurnstile(TurnstileLock lock, LockMode mode, Deadline deadline) noexcept {
    auto hold = LockHold::Acquire(lock, mode, deadline);
    if (!hold) return hold.error();
    return RawHold(*std::move(hold));
  }

  std::variant<TurnstileLock, PosixSemaphore> lock_;
};

}  // namespace shmnode
