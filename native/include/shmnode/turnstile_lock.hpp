// The lock of a segment: shared and exclusive, on four semaphores, released by the kernel when its holder dies.
#pragma once

#include <sys/sem.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <span>
#include <utility>

#include "deadline.hpp"
#include "process.hpp"
#include "result.hpp"
#include "semaphore_set.hpp"

namespace shmnode {

// What a holder shares the lock with.
enum class LockMode {
  kShared,     // other shared holders, 32,767 at most
  kExclusive,  // nobody
};

// Semaphores of a set; all zero means free. Every operation carries SEM_UNDO, and each acquire has its release in the
// same process, so the kernel's undo is exact: without that, it would fail with ERANGE after 32,767 operations.
enum LockSemaphore : unsigned short {
  kWriter = 0,   // 1 while the exclusive lock is held
  kReaders = 1,  // number of shared holders
  kGate = 2,     // TurnstileLock::Place of those who wait there
  kUser = 3,     // 1 while the lock for applications is held: UserLock
};
// Of every segment's set.
inline constexpr int kSemaphoreCount = 4;
// The set that is made for a raw segment has one more, which nobody uses. It tells who opens the key as a cell that zeros
// beside it are somebody's bytes, and nothing that a creator of a cell died over.
inline constexpr int kRawSemaphoreCount = kSemaphoreCount + 1;

// Who finds the lock taken goes through the gate, one at a time, and keeps it closed until the lock is had: those who
// come later wait before it, so neither readers nor writers starve. Those with little time may be next to the one behind the
// gate, one at a time too. No state in the process: copies are the same lock.
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

  // Waits in the kernel until the deadline: kBusy then, with the pid that holds. An expired deadline makes one try. kDestroyed where the
  // set is gone, kAccess where this user may not alter it. The process holds, not the thread: another of its threads waits as others do.
  Status Acquire(LockMode mode, Deadline deadline) const noexcept {
    for (;;) {
      Status status = TryAcquire(mode);
      if (status || status.code() != Code::kBusy || deadline.Expired()) return NameHolder(status);
      const auto place = EnterGate(deadline);
      if (!place) return NameHolder(place.error());
      status = TakeFrom(*place, mode, deadline);
      if (status) return status;
      if (status.code() == Code::kBusy && IsLost(*place)) continue;
      Give(kGate, *place);
      return NameHolder(status);
    }
  }

  // A look without a try, for who has many locks to wait for. True also where the set is gone: a try will tell.
  bool LooksFree(LockMode mode) const noexcept {
    if (set_.Value(kGate) > 0 || set_.Value(kWriter) > 0) return false;
    return mode == LockMode::kShared || set_.Value(kReaders) <= 0;
  }

  // Only by who acquired, in the same process. Releasing in a set that is gone does nothing.
  void Release(LockMode mode) const noexcept { Give(mode == LockMode::kShared ? kReaders : kWriter, 1); }

  // The four semaphores that it is made of.
  SemaphoreSet set() const noexcept { return set_; }

 private:
  // What a process adds to the gate while it is there: a bit of its own, so that each place has one process at most.
  enum Place : short { kBehindGate = 1, kNext = 2 };

  // The kernel serves those before the gate in the order in which they came. Who waits in slices, though, comes anew with each
  // slice, and would never be the first among those who stay: hence the other place, for who has little time.
  Result<Place> EnterGate(Deadline deadline) const noexcept {
    const bool is_slice = deadline.Left() <= kLongestSlice;
    for (;;) {
      const Status passed = PassGate(is_slice ? deadline.Within(kBeforeGate) : deadline);
      if (passed) return kBehindGate;
      if (passed.code() != Code::kBusy || deadline.Expired()) return passed.error();
      const Status next = BecomeNext();
      if (next) return kNext;
      if (next.code() != Code::kBusy) return next.error();
    }
  }

  Status PassGate(Deadline deadline) const noexcept {
    static constexpr std::array<sembuf, 2> kEnter = {{{kGate, 0, SEM_UNDO}, {kGate, kBehindGate, SEM_UNDO}}};
    return set_.Operate(kEnter, deadline);
  }

  // Of exactly the one behind the gate, or kBusy; the kernel's undo is -2. Not while the lock is free: who does not take it then
  // is stopped, and is to be named.
  Status BecomeNext() const noexcept {
    static constexpr short kFlags = SEM_UNDO | IPC_NOWAIT;
    static constexpr std::array<sembuf, 3> kBecome = {
        {{kGate, -kBehindGate, kFlags}, {kGate, 0, kFlags}, {kGate, kBehindGate + kNext, kFlags}}};
    if (set_.Value(kWriter) <= 0 && set_.Value(kReaders) <= 0) return Fail(Code::kBusy);
    return set_.Operate(kBecome);
  }

  // kBusy at the deadline, or before it where the place is lost: what is to be given back at the end would never be there.
  Status TakeFrom(Place place, LockMode mode, Deadline deadline) const noexcept {
    const auto take = place == kBehindGate ? TakeFromGate(mode) : TakeFromNext(mode);
    for (;;) {
      Status status = set_.Operate(take, deadline.Within(kGateCheck));
      if (status.code() != Code::kBusy || deadline.Expired() || IsLost(place)) return status;
      // One reader too many: that one of them has left, the kernel tells nobody.
      if (status.error().system_errno == ERANGE) usleep(kFullCheck);
    }
  }

  static std::span<const sembuf> TakeFromGate(LockMode mode) noexcept {
    static constexpr std::array<sembuf, 3> kTakeShared = {
        {{kWriter, 0, SEM_UNDO}, {kReaders, 1, SEM_UNDO}, {kGate, -kBehindGate, SEM_UNDO}}};
    static constexpr std::array<sembuf, 4> kTakeExclusive = {
        {{kWriter, 0, SEM_UNDO}, {kReaders, 0, SEM_UNDO}, {kWriter, 1, SEM_UNDO}, {kGate, -kBehindGate, SEM_UNDO}}};
    return mode == LockMode::kShared ? std::span<const sembuf>(kTakeShared) : kTakeExclusive;
  }

  // Never before the one behind the gate, whom a stream of others who are next would keep out.
  static std::span<const sembuf> TakeFromNext(LockMode mode) noexcept {
    static constexpr std::array<sembuf, 4> kTakeShared = {
        {{kWriter, 0, SEM_UNDO}, {kGate, -kNext, SEM_UNDO}, {kGate, 0, SEM_UNDO}, {kReaders, 1, SEM_UNDO}}};
    static constexpr std::array<sembuf, 5> kTakeExclusive = {
        {{kWriter, 0, SEM_UNDO}, {kReaders, 0, SEM_UNDO}, {kGate, -kNext, SEM_UNDO}, {kGate, 0, SEM_UNDO}, {kWriter, 1, SEM_UNDO}}};
    return mode == LockMode::kShared ? std::span<const sembuf>(kTakeShared) : kTakeExclusive;
  }

  // A foreign SETALL cleared the gate: nobody is kept out by it any more. Of a set that is gone, the next operation tells.
  bool IsLost(Place place) const noexcept { return (set_.Value(kGate) & place) == 0; }

  static constexpr std::chrono::milliseconds kLongestSlice{1000};
  static constexpr std::chrono::milliseconds kBeforeGate{5};  // until a try to be next
  static constexpr std::chrono::milliseconds kGateCheck{100};
  static constexpr useconds_t kFullCheck = 1000;

  void Give(LockSemaphore semaphore, short count) const noexcept {
    const sembuf give{semaphore, static_cast<short>(-count), SEM_UNDO | IPC_NOWAIT};
    static_cast<void>(set_.Operate({&give, 1}));
  }

  // A pid as of now: by the time that somebody reads it, it may have let go. Of those at the gate the kernel tells the last that
  // came or went, which is no news where it is this process.
  Status NameHolder(Status status) const noexcept {
    if (status || status.code() != Code::kBusy) return status;
    Error error = status.error();
    for (const LockSemaphore semaphore : {kWriter, kReaders, kGate}) {
      if (set_.Value(semaphore) <= 0) continue;
      const pid_t pid = set_.LastPid(semaphore);
      if (semaphore != kGate || pid != ProcessId()) error.holder = pid;
      break;
    }
    return error;
  }

  SemaphoreSet set_;
};

// The lock, held; released at the end of its life, but not by a child that was forked meanwhile.
class LockHold {
 public:
  // As TurnstileLock::Acquire.
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

  // Whether this process has acquired it, and not the one that it was forked from.
  bool IsOwn() const noexcept { return pid_ == ProcessId(); }

 private:
  LockHold(TurnstileLock lock, LockMode mode) noexcept : lock_(lock), mode_(mode), pid_(ProcessId()), held_(true) {}

  TurnstileLock lock_;
  LockMode mode_;
  pid_t pid_;
  bool held_;
};

}  // namespace shmnode
