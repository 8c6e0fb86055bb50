// Who is changing a segment: a mark in its header, set and cleared under the lock. The lock alone cannot tell: the kernel
// frees it for a holder that died, but somebody may also remove the semaphore set, or overwrite it by SETALL, under a
// holder that lives and goes on writing.
#pragma once

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "process.hpp"

namespace shmnode {

// Whether a process that has left its mark may still be writing.
enum class Liveness {
  kAlive,    // it may
  kDead,     // never again
  kUnknown,  // of another PID namespace, or /proc does not tell
};

// A process in 64 bits: its pid (24 bits, the kernel's are below 2^22), the end of its PID namespace's inode number (16)
// and of its start in clock ticks (24), which tells it from the next process with its pid. All zero: nobody.
class WriterMark {
 public:
  explicit constexpr WriterMark(uint64_t bits) noexcept : bits_(bits) {}

  // This process's. Looked up once, and anew after a fork.
  static WriterMark Own() noexcept;

  // Of a process, by its facts: their low bits.
  static constexpr WriterMark Of(pid_t pid, uint64_t namespace_inode, uint64_t start_ticks) noexcept {
    return WriterMark((static_cast<uint64_t>(pid) & 0xffffffU) | (namespace_inode & 0xffffU) << 24U | (start_ticks & 0xffffffU) << 40U);
  }

  // As the header has it.
  uint64_t bits() const noexcept { return bits_; }
  // No mark at all.
  bool IsNobody() const noexcept { return bits_ == 0; }
  // In the PID namespace of the process.
  pid_t pid() const noexcept { return static_cast<pid_t>(bits_ & 0xffffffU); }
  // kDead only where no thread of it can run another instruction of its program.
  Liveness Look() const noexcept;

 private:
  // None where the process could not be identified: its marks are not verified then.
  uint64_t name_space() const noexcept { return bits_ >> 24U & 0xffffU; }
  uint64_t start() const noexcept { return bits_ >> 40U; }

  uint64_t bits_;
};

namespace detail {

struct ProcessState {
  bool is_exiting;  // of its first thread
  uint64_t threads;
  uint64_t start;  // 24 bits of it
};

// From the text of /proc/PID/stat, with a NUL behind it. See proc(5): what the process calls itself comes first, in parentheses.
// No strrchr, no strlen: which of their instructions run depends on the text's length, and a trace of them could not be followed.
inline std::optional<ProcessState> ParseState(std::string_view text) noexcept {
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || text.size() - name_end < 4) return std::nullopt;
  const char* at = text.data() + name_end + 3;  // over the state's letter
  std::array<int64_t, 19> fields{};             // from the parent's pid, field 4, on
  for (int64_t& field : fields) {
    char* end = nullptr;
    field = std::strtoll(at, &end, 10);
    if (end == at) return std::nullopt;
    at = end;
  }
  constexpr int64_t kExiting = 4;  // PF_EXITING
  return ProcessState{.is_exiting = (fields[5] & kExiting) != 0,
                      .threads = static_cast<uint64_t>(fields[16]),
                      .start = static_cast<uint64_t>(fields[18]) & 0xffffffU};
}

// Of the first thread, which says the same in what counts: emulators of other processors make up the process's own.
inline std::optional<ProcessState> LoadState(pid_t pid) noexcept {
  std::array<char, 48> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/task/%d/stat", pid, pid);
  const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::array<char, 1024> text{};
  const ssize_t length = read(file, text.data(), text.size() - 1);
  close(file);
  return length <= 0 ? std::nullopt : ParseState({text.data(), static_cast<size_t>(length)});
}

// A /proc of another namespace would tell of other processes.
inline bool ProcIsOurs(pid_t pid) noexcept {
  std::array<char, 16> text{};
  const ssize_t length = readlink("/proc/self", text.data(), text.size() - 1);
  return length > 0 && std::atoi(text.data()) == pid;
}

inline WriterMark IdentifySelf() noexcept {
  const pid_t pid = ProcessId();
  struct stat name_space {};
  if (!ProcIsOurs(pid) || stat("/proc/self/ns/pid", &name_space) != 0) return WriterMark::Of(pid, 0, 0);
  const auto state = LoadState(pid);
  if (!state) return WriterMark::Of(pid, 0, 0);
  return WriterMark::Of(pid, name_space.st_ino, state->start);
}

inline std::atomic<uint64_t> known_mark{0};
inline void ForgetMark() noexcept { known_mark.store(0, std::memory_order_relaxed); }

}  // namespace detail

inline WriterMark WriterMark::Own() noexcept {
  const WriterMark known(detail::known_mark.load(std::memory_order_relaxed));
  if (!known.IsNobody()) return known;
  [[maybe_unused]] static const int registered = pthread_atfork(nullptr, nullptr, detail::ForgetMark);
  const WriterMark mark = detail::IdentifySelf();
  detail::known_mark.store(mark.bits(), std::memory_order_relaxed);
  return mark;
}

inline Liveness WriterMark::Look() const noexcept {
  if (name_space() == 0 || name_space() != Own().name_space()) return Liveness::kUnknown;
  if (bits_ == Own().bits()) return Liveness::kAlive;
  if (kill(pid(), 0) != 0 && errno == ESRCH) return Liveness::kDead;
  const auto state = detail::LoadState(pid());
  if (!state) return Liveness::kUnknown;
  if (state->start != start()) return Liveness::kDead;
  return state->is_exiting && state->threads <= 1 ? Liveness::kDead : Liveness::kAlive;
}

}  // namespace shmnode
