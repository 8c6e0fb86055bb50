// Futexes on words in shared memory: between processes, so never FUTEX_PRIVATE. Waiting needs no right to write. See futex(2).
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <span>

#include "deadline.hpp"

namespace shmnode {

// Wakes whoever waits on the word, in any process. Cannot fail in a way that a caller could act on.
inline void FutexWakeAll(std::atomic<uint32_t>& word) noexcept { syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

// How a wait ended. Whatever it says, the caller looks at the words again: a wake may be about nothing.
enum class FutexEnd : uint8_t {
  kWoken,        // by somebody, or for no reason
  kTimedOut,     // at the deadline
  kUnsupported,  // there was no wait: this kernel or sandbox does not have the call
};

// A word that held something else than was seen (EAGAIN), a signal (EINTR) and a lack of memory count as wakes too. Sandboxes
// say EPERM of calls that they do not know.
inline FutexEnd FutexEndOf(long result) noexcept {
  if (result >= 0) return FutexEnd::kWoken;
  if (errno == ETIMEDOUT) return FutexEnd::kTimedOut;
  return errno == ENOSYS || errno == EPERM ? FutexEnd::kUnsupported : FutexEnd::kWoken;
}

// Until the word no longer holds what was seen there, or somebody wakes. Of a deadline further away than a day, for a day.
inline FutexEnd FutexWait(const std::atomic<uint32_t>& word, uint32_t seen, Deadline deadline) noexcept {
  const timespec left = deadline.Remaining();
  return FutexEndOf(syscall(SYS_futex, &word, FUTEX_WAIT, seen, &left, nullptr, 0));
}

// A word and what was seen there: struct futex_waitv, which older systems' headers do not have.
struct SeenWord {
  SeenWord() noexcept = default;
  SeenWord(const std::atomic<uint32_t>& word, uint32_t value) noexcept : seen(value), address(reinterpret_cast<uintptr_t>(&word)) {}

  // Whether the word holds something else by now. The word must be mapped.
  bool HasChanged() const noexcept {
    return reinterpret_cast<const std::atomic<uint32_t>*>(address)->load(std::memory_order_relaxed) != static_cast<uint32_t>(seen);
  }

  uint64_t seen = 0;      // what the word held
  uint64_t address = 0;   // of the word, in this process
  uint32_t flags = 2;     // FUTEX_32, shared
  uint32_t reserved = 0;  // 0, says the kernel
};
static_assert(sizeof(SeenWord) == 24);

inline constexpr size_t kMostSeenWords = 128;  // FUTEX_WAITV_MAX
inline constexpr long kFutexWaitvCall = 449;   // on every architecture; Linux 5.16

// The same for up to kMostSeenWords words at once. kUnsupported at once where the kernel, or a sandbox, does not have it.
inline FutexEnd FutexWaitAny(std::span<const SeenWord> words, Deadline deadline) noexcept {
  const timespec until = deadline.At();
  return FutexEndOf(syscall(kFutexWaitvCall, words.data(), words.size(), 0, &until, CLOCK_MONOTONIC));
}

}  // namespace shmnode
