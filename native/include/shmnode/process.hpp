// Facts about the running process that are stored in segments.
#pragma once

#include <pthread.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace shmnode {

namespace detail {
inline std::atomic<pid_t> known_pid{0};
inline void ForgetPid() noexcept { known_pid.store(0, std::memory_order_relaxed); }
}  // namespace detail

// getpid() without its system call (100 ns of a 600 ns write), and right after a fork.
inline pid_t ProcessId() noexcept {
  pid_t pid = detail::known_pid.load(std::memory_order_relaxed);
  if (pid != 0) return pid;
  static const bool hears_of_forks = pthread_atfork(nullptr, nullptr, detail::ForgetPid) == 0;  // else there was no memory
  pid = getpid();
  if (hears_of_forks) detail::known_pid.store(pid, std::memory_order_relaxed);
  return pid;
}

// Of the calling thread: semaphore sets are known by the same ids in it. 0 where /proc does not tell.
inline uint32_t IpcNamespace() noexcept {
  struct stat facts {};
  return stat("/proc/thread-self/ns/ipc", &facts) == 0 ? static_cast<uint32_t>(facts.st_ino) : 0;
}

// Nanoseconds since the Unix epoch, by the clock on the wall: it may be set back.
inline uint64_t NowUnixNs() noexcept {
  using std::chrono::nanoseconds;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<nanoseconds>(now).count());
}

// A random number that is not 0. Falls back on time and pid where the kernel has no entropy to give yet.
inline uint64_t RandomNonZero() noexcept {
  uint64_t number = 0;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) {
    number = NowUnixNs() ^ (static_cast<uint64_t>(ProcessId()) << 40U);
  }
  return number == 0 ? 1 : number;
}

}  // namespace shmnode
