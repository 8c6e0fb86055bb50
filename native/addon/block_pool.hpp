// Memory for large results, used again: at 1 MiB, the page faults of fresh memory cost more than the copy does.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <vector>

namespace shmnode::addon {

// Blocks of whole pages, shared by all threads of the process. Of what is idle there is at most kMostIdle, and DropRested gives it
// back to the kernel. (Not MADV_FREE: for each block that comes back it costs as much as the page faults that are saved.)
class BlockPool {
 public:
  static constexpr size_t kSmallest = size_t{64} * 1024;
  static constexpr size_t kLargest = size_t{64} * 1024 * 1024;
  static constexpr size_t kMostIdle = kLargest;
  static constexpr std::chrono::seconds kRest{2};

  // Never destroyed: blocks come back from all threads until the process has ended.
  static BlockPool& OfProcess() {
    static auto* pool = new BlockPool;
    return *pool;
  }

  // At least `length` bytes of any content, for kSmallest <= length <= kLargest; null where there is no memory.
  void* Take(size_t length) noexcept {
    const size_t size = SizeFor(length);
    if (void* memory = TakeIdle(size)) return memory;
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    const std::lock_guard guard(mutex_);
    out_++;
    return memory;
  }

  // `length` as it was taken.
  void Give(void* memory, size_t length) noexcept {
    const size_t size = SizeFor(length);
    while (DropOldest([this, size](const Block&) { return idle_bytes_ + size > kMostIdle; })) continue;
    const std::lock_guard guard(mutex_);
    out_--;
    idle_bytes_ += size;
    idle_.push_back({memory, size, Clock::now()});
  }

  // Unmaps what nobody has wanted for kRest. False if there is nothing left that could rest one day.
  bool DropRested() noexcept {
    const auto now = Clock::now();
    while (DropOldest([now](const Block& block) { return now - block.since >= kRest; })) continue;
    const std::lock_guard guard(mutex_);
    return out_ > 0 || !idle_.empty();
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Block {
    void* memory;
    size_t size;
    Clock::time_point since;
  };

  // Twice what fits the bound: threads that give at once exceed it for a moment, and Give must not allocate.
  BlockPool() { idle_.reserve(2 * kMostIdle / kSmallest); }

  // Four sizes between powers of two: at most a fifth of a block is not used.
  static size_t SizeFor(size_t length) noexcept {
    const size_t step = std::bit_floor(length - 1) / 4;
    return (length + step - 1) / step * step;
  }

  // The last one given back: its bytes may still be in a cache.
  void* TakeIdle(size_t size) noexcept {
    const std::lock_guard guard(mutex_);
    const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [size](const Block& block) { return block.size == size; });
    if (found == idle_.rend()) return nullptr;
    void* memory = found->memory;
    idle_bytes_ -= size;
    idle_.erase(std::next(found).base());
    out_++;
    return memory;
  }

  template <class Predicate>
  bool DropOldest(const Predicate& is_to_go) noexcept {
    Block oldest{};
    {
      const std::lock_guard guard(mutex_);
      if (idle_.empty() || !is_to_go(idle_.front())) return false;
      oldest = idle_.front();
      idle_.erase(idle_.begin());
      idle_bytes_ -= oldest.size;
    }
    munmap(oldest.memory, oldest.size);
    return true;
  }

  std::mutex mutex_;
  std::vector<Block> idle_;  // the oldest first
  size_t idle_bytes_ = 0;
  size_t out_ = 0;
};

}  // namespace shmnode::addon
