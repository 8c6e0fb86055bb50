// Waits until one of many words changes: how one thread follows many cells.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "eager_look.hpp"
#include "futex.hpp"
#include "useless_wakes.hpp"

namespace shmnode {

// For one thread, which looks at what it follows, adds the words with what it saw in them before, and waits. Where futexes
// cannot be waited for together (before Linux 5.16, or in a sandbox that forbids it), the wait is on the control word
// alone, and ends after kPollPause at the latest: the caller looks that often. Found out at the first wait.
class ChangeWaiter {
 public:
  // Besides the control word.
  static constexpr size_t kRoom = kMostSeenWords - 1;
  // See above: only where there is no futex_waitv.
  static constexpr std::chrono::milliseconds kPollPause{1};

  // `control` is by which other threads end a wait: they change it, then wake it.
  explicit ChangeWaiter(const std::atomic<uint32_t>& control) noexcept : control_(control) { Begin(0); }

  // A new round, in which the control word was seen to hold this.
  void Begin(uint32_t control_seen) noexcept {
    words_.front() = SeenWord(control_, control_seen);
    count_ = 1;
  }

  // At most kRoom of them. The word must stay mapped until the wait is over.
  void Add(const std::atomic<uint32_t>& word, uint32_t seen) noexcept { words_[count_++] = SeenWord(word, seen); }

  // Until one of the words changes or is woken, or the deadline. The caller tells after each wait whether it was of use, so
  // that peers that wake for nothing are looked at every kRest only.
  FutexEnd Wait(Deadline deadline) noexcept {
    if (wakes_.AreTooMany()) WaitForControl(deadline.Within(UselessWakes::kRest));
    const FutexEnd end = WaitOnce(deadline);
    wakes_.Count(end);
    return end;
  }
  // The last wait was: something new was there.
  void WasOfUse() noexcept { wakes_.Forget(); }

  // Whether it has found out that it has to look every kPollPause.
  bool IsPolling() const noexcept { return polling_; }

 private:
  FutexEnd WaitOnce(Deadline deadline) noexcept {
    if (count_ == 1) return WaitForControl(deadline);
    if (eager_.For([this] { return HasChanged(); })) return FutexEnd::kWoken;
    if (!polling_) {
      const FutexEnd end = FutexWaitAny(std::span(words_.data(), count_), deadline);
      if (end != FutexEnd::kUnsupported) return end;
      polling_ = true;
    }
    return WaitForControl(deadline.Within(kPollPause));
  }

  bool HasChanged() const noexcept {
    return std::any_of(words_.begin(), words_.begin() + count_, [](const SeenWord& word) { return word.HasChanged(); });
  }

  FutexEnd WaitForControl(Deadline deadline) noexcept { return FutexWait(control_, static_cast<uint32_t>(words_.front().seen), deadline); }

  const std::atomic<uint32_t>& control_;
  std::array<SeenWord, kMostSeenWords> words_;
  size_t count_ = 1;
  bool polling_ = false;
  UselessWakes wakes_;
  EagerLook eager_;
};

}  // namespace shmnode
