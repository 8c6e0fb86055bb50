// A System V semaphore set by its id. semget(2), semtimedop(2), semctl(2).
#pragma once

#include <sys/ipc.h>
#include <sys/sem.h>

#include <cerrno>
#include <span>

#include "deadline.hpp"
#include "result.hpp"

namespace shmnode {

// A name for a kernel object, not an owner: copying is free and destruction leaves the set alone. New sets are
// zero-filled, and zero means free, so there is no initialisation that somebody could die in. SETVAL and SETALL are
// nowhere: they erase the undo of every process.
class SemaphoreSet {
 public:
  explicit SemaphoreSet(int id) noexcept : id_(id) {}

  // kNotFound where the key has none, kLayout where its set has fewer semaphores than asked.
  static Result<SemaphoreSet> Find(key_t key, int count) noexcept {
    if (key == IPC_PRIVATE) return Fail(Code::kNotFound);  // semget would create
    return Get(key, count, 0);
  }

  // kExists where the key has one. IPC_PRIVATE creates a set without a key.
  static Result<SemaphoreSet> Create(key_t key, int count, unsigned mode) noexcept {
    auto set = Get(key, count, IPC_CREAT | IPC_EXCL | static_cast<int>(mode & 0777U));
    if (set.code() != Code::kLayout) return set;
    Error error = set.error();
    error.code = Code::kLimit;  // fewer than count in one set: SEMMSL
    return error;
  }

  // Owner, mode, number of semaphores: kDestroyed where the set is gone, kAccess where this user may not read it.
  Result<semid_ds> Stat() const noexcept {
    semid_ds facts{};
    if (semctl(id_, 0, IPC_STAT, Argument{.facts = &facts}) != 0) return FromErrno("semctl", errno);
    return facts;
  }

  // Owner, group and mode; kAccess unless this user owns it or is root.
  Status Change(semid_ds facts) const noexcept {
    if (semctl(id_, 0, IPC_SET, Argument{.facts = &facts}) != 0) return FromErrno("semctl", errno);
    return Nothing{};
  }

  // Wakes every waiter with kDestroyed.
  Status Remove() const noexcept {
    if (semctl(id_, 0, IPC_RMID) != 0) return FromErrno("semctl", errno);
    return Nothing{};
  }

  // The current value of one semaphore, or -1.
  int Value(int index) const noexcept { return semctl(id_, index, GETVAL); }

  // The pid that last operated on one semaphore, or 0.
  pid_t LastPid(int index) const noexcept {
    const int pid = semctl(id_, index, GETPID);
    return pid < 0 ? 0 : pid;
  }

  // All operations or none. Operations with IPC_NOWAIT, all of them then, come back with kBusy instead of waiting.
  Status Operate(std::span<const sembuf> operations) const noexcept { return Operate(operations, Deadline::Never()); }

  // The same, waiting until the deadline at most: kBusy then, and kDestroyed when the set is removed meanwhile.
  Status Operate(std::span<const sembuf> operations, Deadline deadline) const noexcept {
    for (;;) {
      // A limit costs the kernel a look at the clock, a tenth of the call: none for what does not wait.
      const timespec remaining = Waits(operations) ? deadline.Remaining() : timespec{};
      auto* list = const_cast<sembuf*>(operations.data());  // NOLINT: the kernel reads it only
      if (semtimedop(id_, list, operations.size(), Waits(operations) ? &remaining : nullptr) == 0) return Nothing{};
      if (errno == EINTR) continue;                                               // semop is never restarted after a signal
      if (errno == EAGAIN && Waits(operations) && !deadline.Expired()) continue;  // a deadline that never comes
      // ERANGE: a 32,768th holder of the shared lock. It is had when one of them leaves.
      if (errno == ERANGE) return Error{.code = Code::kBusy, .system_errno = ERANGE, .syscall = "semtimedop"};
      return FromErrno("semtimedop", errno);
    }
  }

  // The kernel's semid, whether the set is there or not.
  int id() const noexcept { return id_; }

 private:
  union Argument {  // what semctl(2) asks its callers to define
    int value;
    semid_ds* facts;
  };

  static Result<SemaphoreSet> Get(key_t key, int count, int flags) noexcept {
    const int id = semget(key, count, flags);
    if (id >= 0) return SemaphoreSet(id);
    Error error = FromErrno("semget", errno);
    if (error.system_errno == EINVAL) error.code = Code::kLayout;
    return error;
  }

  static bool Waits(std::span<const sembuf> operations) noexcept { return (operations.front().sem_flg & IPC_NOWAIT) == 0; }

  int id_;
};

}  // namespace shmnode
