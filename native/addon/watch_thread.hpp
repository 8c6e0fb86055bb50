// A thread that follows many cells by futex, outside of the libuv pool. Knows nothing of Node.js.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "shmnode/change_waiter.hpp"
#include "watched_cell.hpp"

namespace shmnode::addon {

// kReleased: the thread will not touch the cell again, and holds no share in it.
enum class NewsKind : uint8_t { kAnswer, kReleased };

struct News {
  std::shared_ptr<WatchedCell> cell;
  NewsKind kind;
};

// Its methods are for one other thread, the one that made it. Destruction stops and joins it, within a copy of
// WatchedCell::kMostBytes.
class WatchThread {
 public:
  using Tell = std::function<void(News)>;  // on the watcher thread

  // Of 127 that one wait could be for.
  static constexpr size_t kRoom = 100;
  static_assert(kRoom <= ChangeWaiter::kRoom);

  // Throws std::system_error where no thread is to be had.
  explicit WatchThread(Tell tell) : tell_(std::move(tell)), thread_([this] { Run(); }) {}
  WatchThread(const WatchThread&) = delete;
  WatchThread& operator=(const WatchThread&) = delete;
  ~WatchThread() {
    stopping_.store(true, std::memory_order_relaxed);
    Nudge();
    thread_.join();
  }

  bool HasRoom() const noexcept { return count_ < kRoom; }
  bool IsIdle() const noexcept { return count_ == 0; }

  void Add(const std::shared_ptr<WatchedCell>& cell) {
    count_++;
    Change([&] { added_.push_back(cell); });
  }

  // Answered by kReleased, which the caller then hands to Forget.
  void Remove(const std::shared_ptr<WatchedCell>& cell) {
    Change([&] { removed_.push_back(cell); });
  }
  void Forget() noexcept { count_--; }

  // Makes it look at all of its cells again.
  void Nudge() noexcept {
    control_.fetch_add(1, std::memory_order_release);
    FutexWakeAll(control_);
  }

 private:
  template <class Edit>
  void Change(Edit edit) {
    {
      const std::lock_guard lock(mutex_);
      edit();
    }
    Nudge();
  }

  void Run() {
    pthread_setname_np(pthread_self(), "shmnode-watch");
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGBUS);                      // TruncationGuard's
    pthread_sigmask(SIG_SETMASK, &all, nullptr);  // the others are the main thread's
    for (ChangeWaiter waiter(control_); !stopping_.load(std::memory_order_relaxed);) Round(waiter);
  }

  void Round(ChangeWaiter& waiter) {
    const uint32_t control = control_.load(std::memory_order_acquire);
    if (std::exchange(control_seen_, control) != control) {
      waiter.WasOfUse();
      TakeChanges();
    }
    waiter.Begin(control);
    const bool thoroughly = IsTimeToBeThorough();
    bool follows = false;
    for (const auto& cell : cells_) {
      const auto sight = cell->Look(thoroughly);
      if (sight == WatchedCell::Sight::kParked) continue;
      follows = true;
      waiter.Add(cell->word(), cell->seen());
      if (sight != WatchedCell::Sight::kAnswer) continue;
      waiter.WasOfUse();
      tell_({cell, NewsKind::kAnswer});
    }
    waiter.Wait(follows ? Deadline::After(kLongestBlindWait) : Deadline::Never());
  }

  bool IsTimeToBeThorough() {
    const auto now = Deadline::Clock::now();
    if (now < next_thorough_) return false;
    next_thorough_ = now + kLongestBlindWait;
    return true;
  }

  void TakeChanges() {
    std::vector<std::shared_ptr<WatchedCell>> removed;
    {
      const std::lock_guard lock(mutex_);
      cells_.insert(cells_.end(), added_.begin(), added_.end());
      added_.clear();
      removed.swap(removed_);
    }
    for (auto& cell : removed) {
      std::erase(cells_, cell);
      cell->LetGo();
      tell_({std::move(cell), NewsKind::kReleased});
    }
  }

  Tell tell_;
  size_t count_ = 0;  // with those that are not released yet; the other thread's

  std::atomic<uint32_t> control_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::shared_ptr<WatchedCell>> added_;    // by the mutex
  std::vector<std::shared_ptr<WatchedCell>> removed_;  // by the mutex

  std::vector<std::shared_ptr<WatchedCell>> cells_;  // the watcher thread's, as all below
  uint32_t control_seen_ = 0;
  Deadline::Clock::time_point next_thorough_{};

  std::thread thread_;  // last: it begins with the members before it, and ends before them
};

}  // namespace shmnode::addon
