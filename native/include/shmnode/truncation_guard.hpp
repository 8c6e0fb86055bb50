// What keeps a process alive whose POSIX shared memory another one makes shorter: the kernel answers an access behind the
// new end of the file with SIGBUS, and no check beforehand could rule that out.
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "layout.hpp"

namespace shmnode {

// Why memory of ours has taken the place of a file's.
enum class Loss : uint8_t {
  kNone,       // it has not
  kTruncated,  // the file had an end before the byte that was used
  kNoRoom,     // the file has that byte, but no page for it, and there was no room for one
};

namespace detail {

// One attach. Rows are used again, and never given back: a signal handler may be looking at them.
struct GuardedRow {
  std::atomic<bool> taken{false};
  std::atomic<bool> is_cell{true};
  std::atomic<Loss> loss{Loss::kNone};
  std::atomic<int> file{-1};
  std::atomic<uintptr_t> begin{0};  // 0: none
  std::atomic<size_t> bytes{0};

  // Not another attach's beginning with this one's length: the row may change hands meanwhile.
  bool Contains(uintptr_t address) const noexcept {
    const uintptr_t first = begin.load(std::memory_order_acquire);
    const size_t length = bytes.load(std::memory_order_acquire);
    return first != 0 && address - first < length && begin.load(std::memory_order_acquire) == first;
  }
};

struct GuardedPage {
  std::array<GuardedRow, 100> rows{};
  GuardedPage* next = nullptr;
};
static_assert(sizeof(GuardedPage) <= 4096);

inline std::atomic<GuardedPage*> guarded_pages{nullptr};
inline struct sigaction action_before_guard {};

inline GuardedRow* FindGuardedRow(uintptr_t address) noexcept {
  for (GuardedPage* page = guarded_pages.load(std::memory_order_acquire); page != nullptr; page = page->next) {
    for (GuardedRow& row : page->rows) {
      if (row.Contains(address)) return &row;
    }
  }
  return nullptr;
}

// A file that is as long as ever has nothing behind a page that nobody has reserved. A signal handler may call fstat.
inline Loss FindLoss(const GuardedRow& row, uintptr_t address) noexcept {
  struct stat facts {};
  if (fstat(row.file.load(std::memory_order_relaxed), &facts) != 0) return Loss::kTruncated;
  const uintptr_t offset = address - row.begin.load(std::memory_order_relaxed);
  return offset < static_cast<uintptr_t>(facts.st_size) ? Loss::kNoRoom : Loss::kTruncated;
}

// Memory of its own takes the place of the file's, in all of the attach: zero, but in a cell for the word that says that this
// segment has come to its end. The header first, and at once with that word: who is reading finds out that its slot is no longer
// the one that it was, and who is writing that nobody will find what it writes. System calls only.
inline bool ReplaceLostMemory(GuardedRow& row, Loss loss) noexcept {
  const auto size = static_cast<size_t>(kHeaderBytes);
  void* page = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  if (row.is_cell.load(std::memory_order_relaxed)) static_cast<Header*>(page)->retired.store(1, std::memory_order_relaxed);
  auto* begin = reinterpret_cast<std::byte*>(row.begin.load(std::memory_order_relaxed));  // NOLINT(performance-no-int-to-ptr)
  const size_t bytes = row.bytes.load(std::memory_order_relaxed);
  row.loss.store(loss, std::memory_order_release);
  if (mremap(page, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, begin) == MAP_FAILED) return false;
  if (bytes <= size) return true;
  constexpr int kFlags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;
  return mmap(begin + size, bytes - size, PROT_READ | PROT_WRITE, kFlags, -1, 0) != MAP_FAILED;
}

// Of several threads one replaces it; the others come here until it is done.
inline bool Repair(uintptr_t address) noexcept {
  GuardedRow* row = FindGuardedRow(address);
  if (row == nullptr) return false;
  return row->loss.load(std::memory_order_acquire) != Loss::kNone || ReplaceLostMemory(*row, FindLoss(*row, address));
}

// As if we had never been here.
inline void DoAsBeforeGuard(int number, siginfo_t* info, void* context) noexcept {
  const struct sigaction& before = action_before_guard;
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(number, info, context);
  if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) return before.sa_handler(number);
  const bool was_sent = info->si_code <= 0;
  if (was_sent && before.sa_handler == SIG_IGN) return;
  signal(number, SIG_DFL);
  if (was_sent) raise(number);  // else it comes again at once
}

inline void OnBusError(int number, siginfo_t* info, void* context) noexcept {
  const int kept = errno;
  const bool has_no_page = info->si_code == BUS_ADRERR;
  if (!has_no_page || !Repair(reinterpret_cast<uintptr_t>(info->si_addr))) DoAsBeforeGuard(number, info, context);
  errno = kept;
}

inline bool InstallGuard() noexcept {
  struct sigaction action {};
  action.sa_sigaction = OnBusError;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  return sigaction(SIGBUS, &action, &action_before_guard) == 0;
}

inline GuardedRow* TakeGuardedRow() noexcept {
  for (GuardedPage* page = guarded_pages.load(std::memory_order_acquire); page != nullptr; page = page->next) {
    for (GuardedRow& row : page->rows) {
      if (!row.taken.exchange(true, std::memory_order_acquire)) return &row;
    }
  }
  void* memory = mmap(nullptr, sizeof(GuardedPage), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto* page = new (memory) GuardedPage;
  page->rows.front().taken.store(true, std::memory_order_relaxed);
  page->next = guarded_pages.load(std::memory_order_relaxed);
  while (!guarded_pages.compare_exchange_strong(page->next, page, std::memory_order_acq_rel)) {
  }
  return &page->rows.front();
}

}  // namespace detail

// For the life of this object, an access to the memory that finds no file behind it does no harm: the memory reads as a
// cell that was destroyed, or as zeros, and what is written there is nobody's. The first guard of the process installs a handler for
// SIGBUS, which passes on what is none of its business to the one before it; who installs another one later, and does not
// pass on, has no guard. The thread must not have SIGBUS blocked.
class TruncationGuard {
 public:
  TruncationGuard() noexcept = default;

  // One that is not on where there is no memory for it. `file` is open as long as it is on.
  TruncationGuard(const void* begin, size_t bytes, int file) noexcept {
    [[maybe_unused]] static const bool installed = detail::InstallGuard();
    row_ = detail::TakeGuardedRow();
    if (row_ == nullptr) return;
    row_->is_cell.store(true, std::memory_order_relaxed);
    row_->loss.store(Loss::kNone, std::memory_order_relaxed);
    row_->file.store(file, std::memory_order_relaxed);
    row_->bytes.store(bytes, std::memory_order_relaxed);
    row_->begin.store(reinterpret_cast<uintptr_t>(begin), std::memory_order_release);
  }

  TruncationGuard(TruncationGuard&& other) noexcept : row_(std::exchange(other.row_, nullptr)) {}
  TruncationGuard& operator=(TruncationGuard&& other) noexcept {
    std::swap(row_, other.row_);
    return *this;
  }
  TruncationGuard(const TruncationGuard&) = delete;
  TruncationGuard& operator=(const TruncationGuard&) = delete;
  ~TruncationGuard() { Release(); }

  // False where there was no memory for it, after Release, and once it was moved from.
  bool is_on() const noexcept { return row_ != nullptr; }

  // Before the memory is given back: it may be somebody else's right after that.
  void Release() noexcept {
    if (row_ == nullptr) return;
    row_->begin.store(0, std::memory_order_release);
    std::exchange(row_, nullptr)->taken.store(false, std::memory_order_release);
  }

  // The memory is no cell's: what takes its place is all zero. Before anybody else knows of the memory.
  void SubstituteZeros() const noexcept {
    if (row_ == nullptr) return;
    row_->is_cell.store(false, std::memory_order_relaxed);
    auto* begin = reinterpret_cast<Header*>(row_->begin.load(std::memory_order_relaxed));  // NOLINT(performance-no-int-to-ptr)
    if (loss() != Loss::kNone) begin->retired.store(0, std::memory_order_relaxed);
  }

  // Whether that was called.
  bool SubstitutesZeros() const noexcept { return row_ != nullptr && !row_->is_cell.load(std::memory_order_relaxed); }

  // Once it is not kNone, nothing that was read or written since then counts.
  Loss loss() const noexcept { return row_ == nullptr ? Loss::kNone : row_->loss.load(std::memory_order_acquire); }

 private:
  detail::GuardedRow* row_ = nullptr;
};

}  // namespace shmnode
