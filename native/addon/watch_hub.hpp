// All that one environment of Node.js watches: its watcher threads, and how their news reach the loop.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "shmnode/result.hpp"
#include "watch_thread.hpp"

namespace shmnode::addon {

class Watch;

// On the loop thread, but for Push. The threads are stopped and joined before the environment goes, so that nothing is
// pushed when there is no loop any more.
class WatchHub {
 public:
  // The one of this environment, made at its first use.
  static std::shared_ptr<WatchHub> Of(Napi::Env env);

  explicit WatchHub(Napi::Env env);
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;
  ~WatchHub() = default;

  // Has a thread follow the cell. News of it go to the receiver until Leave.
  Status Follow(const std::shared_ptr<WatchedCell>& cell, Watch* receiver);
  // The thread gives the cell up. `receiver` hears of that, unless it has left.
  static void GiveUp(const std::shared_ptr<WatchedCell>& cell);
  void Leave(const WatchedCell& cell) { receivers_.erase(&cell); }

  // The process stays alive while this was called more often with true than with false.
  void KeepAlive(bool keep);

 private:
  static void Deliver(Napi::Env env, Napi::Function, WatchHub* hub, void*);
  using Wake = Napi::TypedThreadSafeFunction<WatchHub, void, Deliver>;

  void Stop();
  WatchThread& ThreadWithRoom();
  void Push(News news);
  void DeliverAll(Napi::Env env);
  void Forget(WatchThread* thread);

  Napi::Env env_;
  Wake wake_;
  int awaited_ = 0;
  std::unordered_map<const WatchedCell*, Watch*> receivers_;
  std::mutex mutex_;
  std::vector<News> news_;                             // by the mutex
  std::vector<std::unique_ptr<WatchThread>> threads_;  // last: they end before what they push to
};

}  // namespace shmnode::addon
