// A POSIX named semaphore as a lock: what programs outside of System V IPC guard a segment with. sem_open(3), sem_clockwait(3).
//
// The kernel knows nothing of who holds it: a holder that dies leaves it taken, for ever, and no call can tell who that was.
#pragma once

#include <fcntl.h>
#include <semaphore.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "deadline.hpp"
#include "owner_policy.hpp"
#include "result.hpp"

namespace shmnode {

// A name of one, and how to open it.
struct PosixSemaphoreOptions {
  const char* name;        // '/' and 1 to 250 other bytes, as sem_overview(7) has it; not owned
  unsigned mode = 0600;    // of one to create
  bool create = true;      // with the value 1, which is free; false: kNotFound where there is none
  OwnerPolicy owner = {};  // whose existing ones to accept
};

// Owns this process's use of the semaphore, not the semaphore: nothing here ever unlinks one, since other programs may use it
// for more. Movable; every const member may be called from several threads at once.
class PosixSemaphore {
 public:
  // In bytes, with the '/'.
  static constexpr std::string_view::size_type kLongestName = 251;

  // A '/', then others than that and NUL.
  static bool IsValidName(std::string_view name) noexcept {
    if (name.size() < 2 || name.size() > kLongestName || name.front() != '/') return false;
    return name.find_first_of(std::string_view("/\0", 2), 1) == std::string_view::npos;
  }

  // kOwner for one that the policy does not accept, kAccess where this user may not write it, kUnsupported where its value is
  // above 1: that is a counter, and no lock.
  static Result<PosixSemaphore> Open(const PosixSemaphoreOptions& options) noexcept {
    if (!IsValidName(options.name)) return Fail(Code::kUnsupported, "a semaphore's name");
    for (int turn = 0; turn < kTurns; turn++) {
      auto existing = Existing(options);
      if (existing.code() != Code::kNotFound || !options.create) return existing;
      auto created = Create(options);
      if (created.code() != Code::kExists) return created;
    }
    return Fail(Code::kBusy, "created and destroyed all the time");
  }

  // Waits until the deadline: kBusy then. An expired deadline makes one try. kUnsupported where somebody has released what he
  // did not have: the semaphore would let two in.
  Status Acquire(Deadline deadline) const noexcept {
    const Status taken = Take(deadline);
    if (!taken) return taken;
    const Status alone = CheckValue(0);
    if (!alone) Release();
    return alone;
  }

  // Only by who acquired.
  void Release() const noexcept { sem_post(semaphore_); }

  // A look without a try.
  bool LooksFree() const noexcept { return Value() > 0; }

  PosixSemaphore(PosixSemaphore&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
  PosixSemaphore& operator=(PosixSemaphore&&) = delete;
  PosixSemaphore(const PosixSemaphore&) = delete;
  PosixSemaphore& operator=(const PosixSemaphore&) = delete;
  ~PosixSemaphore() {
    if (semaphore_ != nullptr) sem_close(semaphore_);
  }

 private:
  explicit PosixSemaphore(sem_t* semaphore) noexcept : semaphore_(semaphore) {}

  // Where the C library keeps it: sem_open asks neither whose it is nor whether it is as long as one.
  class Path {
   public:
    explicit Path(const char* name) noexcept { std::snprintf(text_.data(), text_.size(), "%s%s", kFolder, name + 1); }
    const char* get() const noexcept { return text_.data(); }

   private:
#ifdef __GLIBC__
    static constexpr const char* kFolder = "/dev/shm/sem.";
#else
    static constexpr const char* kFolder = "/dev/shm/";
#endif
    std::array<char, 320> text_;
  };

  static Result<PosixSemaphore> Existing(const PosixSemaphoreOptions& options) noexcept {
    struct stat facts {};
    if (lstat(Path(options.name).get(), &facts) != 0) return Failure("lstat");
    if (!S_ISREG(facts.st_mode) || facts.st_size < static_cast<off_t>(sizeof(sem_t))) return Fail(Code::kCorrupt, "semaphore");
    if (const Status trusted = CheckOwner(options.owner, facts); !trusted) return trusted.error();
    sem_t* semaphore = sem_open(options.name, 0);
    if (semaphore == SEM_FAILED) return Failure("sem_open");
    PosixSemaphore opened(semaphore);
    if (const Status is_lock = opened.CheckValue(1); !is_lock) return is_lock.error();
    return opened;
  }

  static Result<PosixSemaphore> Create(const PosixSemaphoreOptions& options) noexcept {
    sem_t* semaphore = sem_open(options.name, O_CREAT | O_EXCL, static_cast<mode_t>(options.mode & 0777U), 1U);
    if (semaphore == SEM_FAILED) return Failure("sem_open");
    // The umask has had its say: System V IPC knows none.
    static_cast<void>(chmod(Path(options.name).get(), options.mode & 0777U));
    return PosixSemaphore(semaphore);
  }

  // One's own is trusted, whoever the segment's owner is to be.
  static Status CheckOwner(OwnerPolicy policy, const struct stat& facts) noexcept {
    policy.anyone = policy.anyone || facts.st_uid == geteuid();
    ipc_perm rights{};
    rights.uid = rights.cuid = facts.st_uid;
    rights.mode = static_cast<decltype(rights.mode)>(facts.st_mode & 0777U);
    return policy.Check(rights);
  }

  // Here EINVAL tells of no object that is gone.
  static Error Failure(const char* syscall) noexcept {
    Error error = FromErrno(syscall, errno);
    if (error.system_errno == EINVAL) error.code = Code::kSystem;
    error.reason = "semaphore";
    return error;
  }

  Status Take(Deadline deadline) const noexcept {
    if (sem_trywait(semaphore_) == 0) return Nothing{};
    while (!deadline.Expired()) {
      if (WaitUntil(deadline.At()) == 0) return Nothing{};
      if (errno != EINTR && errno != ETIMEDOUT) return Failure("sem_clockwait");
    }
    return Fail(Code::kBusy, "semaphore");
  }

  // By a clock that nobody sets, where there is a call for that: somebody who sets the other one by an hour would make a slice
  // last as long.
  int WaitUntil(timespec monotonic) const noexcept {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 30)
    return sem_clockwait(semaphore_, CLOCK_MONOTONIC, &monotonic);
#else
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    timespec until{};
    clock_gettime(CLOCK_REALTIME, &until);
    const long ns = until.tv_nsec + monotonic.tv_nsec - now.tv_nsec;
    until.tv_sec += monotonic.tv_sec - now.tv_sec + (ns < 0 ? -1 : ns / 1'000'000'000);
    until.tv_nsec = ns < 0 ? ns + 1'000'000'000 : ns % 1'000'000'000;
    return sem_timedwait(semaphore_, &until);
#endif
  }

  Status CheckValue(unsigned most) const noexcept {
    const unsigned value = Value();
    if (value > most) return Fail(Code::kUnsupported, "a semaphore that counts further than 1", value);
    return Nothing{};
  }

  // Beyond SEM_VALUE_MAX it is told as a negative number, and let in by sem_wait all the same.
  unsigned Value() const noexcept {
    int value = 0;
    sem_getvalue(semaphore_, &value);
    return static_cast<unsigned>(value);
  }

  static constexpr int kTurns = 1000;

  sem_t* semaphore_;
};

}  // namespace shmnode
