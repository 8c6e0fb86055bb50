// Whether anybody waits for a change: a wake that nobody waits for would be a quarter of the time of a small write.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>

#include "futex.hpp"
#include "layout.hpp"
#include "segment.hpp"

namespace shmnode {

// Those who sleep until a cell's next commit. Who is about to sleep raises `awaited` to the value of `notify` that he sleeps
// on; who has changed `notify` looks at `awaited` then, both in full order: so one of the two sees the other (the kernel looks at
// `notify` once more before anybody sleeps). `woken` is raised after a wake, by whoever woke: who dies before leaves it to the
// next one. Values only rise, as those of `notify` do, modulo 2^32; one that cannot be is somebody's mistake, and counts for
// nothing. native/model/watchers.pml searches this.
class Watchers {
 public:
  explicit Watchers(const Segment& segment) noexcept
      : header_(reinterpret_cast<Header*>(segment.data())), some_only_read_(MaySomeOnlyRead(segment)) {}

  // By who has the right to write, before the look at the commit that a sleep on `seen` follows.
  void Announce(uint32_t seen) const noexcept {
    uint32_t awaited = header_->awaited.load(std::memory_order_seq_cst);
    while (awaited != seen && (IsBehind(awaited, seen) || header_->notify.load(std::memory_order_seq_cst) == seen)) {
      if (header_->awaited.compare_exchange_weak(awaited, seen, std::memory_order_seq_cst)) break;
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }

  // By who has attached for reading only, once, before the first look: for good, since nobody can tell when that is over. Where
  // this process has no right to write at all, the segment's mode tells writers that there are such.
  static void AnnounceReader(const Segment& segment) noexcept {
    if (reinterpret_cast<const Header*>(segment.data())->awaited_always.load(std::memory_order_seq_cst) != 0) return;
    const auto writable = segment.AttachAgain(Access::kReadWrite);
    if (writable) reinterpret_cast<Header*>(writable->data())->awaited_always.store(1, std::memory_order_seq_cst);
  }

  // After `notify` has changed.
  void Wake() const noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const uint32_t notify = header_->notify.load(std::memory_order_relaxed);
    if (!IsAwaited(notify)) return;
    FutexWakeAll(header_->notify);
    header_->woken.store(notify, std::memory_order_release);
  }

 private:
  static bool IsBehind(uint32_t value, uint32_t other) noexcept { return static_cast<int32_t>(value - other) < 0; }

  bool IsAwaited(uint32_t notify) const noexcept {
    if (some_only_read_ || header_->awaited_always.load(std::memory_order_relaxed) != 0) return true;
    const uint32_t woken = header_->woken.load(std::memory_order_relaxed);
    return IsBehind(notify, woken) || !IsBehind(header_->awaited.load(std::memory_order_relaxed), woken);
  }

  // The segment's mode lets somebody read who may not write. Where the kernel does not tell: as if it did.
  static bool MaySomeOnlyRead(const Segment& segment) noexcept {
    const auto facts = segment.Facts();
    if (!facts) return true;
    const unsigned mode = facts->mode;
    const auto only_read = [mode](unsigned read, unsigned write) { return (mode & read) != 0 && (mode & write) == 0; };
    return only_read(S_IRUSR, S_IWUSR) || only_read(S_IRGRP, S_IWGRP) || only_read(S_IROTH, S_IWOTH);
  }

  Header* header_;
  bool some_only_read_;
};

}  // namespace shmnode
