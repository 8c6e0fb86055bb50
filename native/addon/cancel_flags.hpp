// Calls of a batch that nobody wants any more.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

namespace shmnode::addon {

// One flag for each row of a batch: set on the loop thread, looked at on a pool thread.
class CancelFlags {
 public:
  explicit CancelFlags(size_t rows) : flags_(rows) {}

  void Cancel(size_t row) { flags_.at(row).store(true, std::memory_order_relaxed); }
  bool IsCancelled(size_t row) const { return flags_[row].load(std::memory_order_relaxed); }

 private:
  std::vector<std::atomic<bool>> flags_;
};

}  // namespace shmnode::addon
