// POSIX semaphores by numbers, for the look at many locks: what JavaScript passes around are numbers.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "shmnode/raw.hpp"

namespace shmnode::addon {

// Those that are the lock of a raw segment which somebody has open. All methods may be called on any thread.
class KnownSemaphores {
 public:
  // Never destroyed: worker threads may open and close until the process has ended.
  static KnownSemaphores& OfProcess() {
    static auto* semaphores = new KnownSemaphores;
    return *semaphores;
  }

  // The number of the segment's lock from now on.
  int Enter(const std::shared_ptr<const Raw>& raw) {
    const std::lock_guard guard(mutex_);
    std::erase_if(raws_, [](const auto& entry) { return entry.second.expired(); });
    raws_[++last_] = raw;
    return last_;
  }

  // True also where it is not known any more: a try will tell.
  bool LooksFree(int number) {
    const auto raw = Find(number);
    return raw == nullptr || raw->lock().LooksFree(LockMode::kExclusive);
  }

 private:
  std::shared_ptr<const Raw> Find(int number) {
    const std::lock_guard guard(mutex_);
    const auto found = raws_.find(number);
    return found == raws_.end() ? nullptr : found->second.lock();
  }

  std::mutex mutex_;
  std::map<int, std::weak_ptr<const Raw>> raws_;
  int last_ = 0;
};

}  // namespace shmnode::addon
