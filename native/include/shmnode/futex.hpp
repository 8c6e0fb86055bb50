// Futexes on words in shared memory: between processes, so never FUTEX_PRIVATE. See futex(2).
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace shmnode {

// Wakes whoever waits on the word, in any process. Cannot fail in a way that a caller could act on.
inline void FutexWakeAll(std::atomic<uint32_t>& word) noexcept { syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

}  // namespace shmnode
