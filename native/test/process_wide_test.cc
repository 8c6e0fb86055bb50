// What all threads of a process share in the addon, and knows nothing of Node.js. For ThreadSanitizer, too.
#include <random>

#include "../addon/attached_cells.hpp"
#include "../addon/block_pool.hpp"
#include "../addon/cancel_flags.hpp"
#include "../addon/wait_permit.hpp"
#include "cells.hpp"
#include "threads.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using shmnode::addon::AttachedCells;
using shmnode::addon::BlockPool;
using shmnode::addon::CancelFlags;
using shmnode::addon::SharedCell;
using shmnode::addon::WaitPermit;

// A block while somebody has it.
class Block {
 public:
  explicit Block(size_t length) : length_(length), memory_(BlockPool::OfProcess().Take(length)) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { BlockPool::OfProcess().Give(memory_, length_); }

  // Its ends: to fill all of it would take most of the test's time.
  std::span<std::byte> first() const { return {static_cast<std::byte*>(memory_), 64}; }
  std::span<std::byte> last() const { return {static_cast<std::byte*>(memory_) + length_ - 64, 64}; }
  bool is_there() const { return memory_ != nullptr; }

 private:
  size_t length_;
  void* memory_;
};

void TakeAndGive(uint64_t turn, size_t length) {
  const Block block(length);
  tap::Require(block.is_there(), "memory");
  FillPattern(block.first(), turn);
  FillPattern(block.last(), turn);
  std::this_thread::yield();
  tap::Check(CounterOf(block.first()) == turn && CounterOf(block.last()) == turn, "nobody else has it");
}

const tap::Test kBlocks("block pool: threads take and give, and each block has one owner", [] {
  InThreads(4, [](int thread) {
    std::mt19937 random(static_cast<unsigned>(thread));
    for (uint64_t turn = 0; turn < 2000; turn++) {
      const size_t length = BlockPool::kSmallest + random() % (64 * BlockPool::kSmallest);
      TakeAndGive(turn * 4 + static_cast<uint64_t>(thread), length);
      if (turn % 16 == 0) tap::Check(BlockPool::OfProcess().DropRested(), "some may rest one day");
    }
  });
  std::this_thread::sleep_for(BlockPool::kRest);
  tap::Check(!BlockPool::OfProcess().DropRested(), "all of it is the kernel's again");
});

const tap::Test kCells("attached cells: threads open and close, and have one attach among them", [] {
  const auto own = cells::MustOpenPrivate();
  const auto target = cells::ById(own);
  InThreads(4, [&own, &target](int) {
    SharedCell kept;
    for (int i = 0; i < 300; i++) {
      const auto opened = std::make_shared<const shmnode::Cell>(cells::MustOpen(target));
      const SharedCell cell = AttachedCells::OfProcess().Share(opened);
      tap::Check(cell->segment().identity() == own.segment().identity() && cell->Version() == 0, "this one");
      tap::Check(!kept || kept == cell, "the same as before");
      kept = i % 10 == 0 ? nullptr : cell;
    }
  });
  cells::MustDetach(target, 1);
});

const tap::Test kPermits("wait permit: threads never have more than there are places", [] {
  std::atomic<int> granted{0};
  std::atomic<int> refused{0};
  InThreads(8, [&](int) {
    for (int i = 0; i < 5000; i++) {
      const WaitPermit permit;
      refused += permit.granted() ? 0 : 1;
      if (!permit.granted()) continue;
      tap::Check(++granted <= WaitPermit::Places(), "places");
      if (i % 8 == 0) std::this_thread::yield();
      --granted;
    }
  });
  tap::Check(refused > 0, "there were more threads than places");
  tap::Check(WaitPermit().granted(), "all given back");
});

const tap::Test kCancel("cancel flags: one thread sets them, another looks", [] {
  CancelFlags flags(1000);
  InThreads(2, [&flags](int thread) {
    for (size_t row = 0; row < 1000; row++) {
      if (thread == 0) flags.Cancel(row);
      while (!flags.IsCancelled(row)) std::this_thread::yield();
    }
  });
});

}  // namespace
