// System V segments and semaphore sets as data: of one machine, for the threads of one process that stand for processes.
// Every call is atomic, and tells what Linux tells. There are no rights: all is one user's.
#pragma once

#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "shmnode/layout.hpp"

namespace simulated {

inline constexpr int kMostProcesses = 6;
inline constexpr int kMostSemaphores = 4;

struct Segment {
  int id;
  key_t key;
  size_t size;
  std::array<int, kMostProcesses> attaches;
  bool is_removed;  // marked: its key is gone
  bool is_gone;

  int AllAttaches() const {
    int all = 0;
    for (const int count : attaches) all += count;
    return all;
  }
};

struct Set {
  int id;
  key_t key;
  int count;
  std::array<int, kMostSemaphores> values;
  std::array<std::array<int, kMostSemaphores>, kMostProcesses> undo;
  bool is_gone;
};

// Of everything that a caller can see.
class Digest {
 public:
  void Add(uint64_t number) { value_ = Mixed(value_ ^ number) + number; }
  void Add(const void* data, size_t bytes) {
    const auto* at = static_cast<const std::byte*>(data);
    for (size_t i = 0; i + 8 <= bytes; i += 8) {
      uint64_t word = 0;
      std::memcpy(&word, at + i, 8);
      Add(word);
    }
  }
  uint64_t value() const { return value_; }

 private:
  static uint64_t Mixed(uint64_t x) {
    x = (x ^ (x >> 31U)) * 0x9e3779b97f4a7c15U;
    return x ^ (x >> 29U);
  }
  uint64_t value_ = 0x243f6a8885a308d3U;
};

class Kernel {
 public:
  Kernel() : memory_(static_cast<std::byte*>(std::aligned_alloc(4096, kMostSegments * kRoom))) { Reset(); }
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  ~Kernel() { std::free(memory_); }

  void Reset() {
    segment_count_ = 0;
    set_count_ = 0;
  }

  std::span<const Segment> segments() const { return {segments_.data(), segment_count_}; }
  std::byte* DataOf(const Segment& segment) const { return memory_ + kRoom * static_cast<size_t>(&segment - segments_.data()); }
  bool Holds(const volatile void* address) const {
    const auto* at = static_cast<const std::byte*>(const_cast<const void*>(address));
    return at >= memory_ && at < memory_ + kMostSegments * kRoom;
  }

  // As far as the core reads: headers, and what little there is of payloads.
  uint64_t Hash() const {
    Digest digest;
    for (const Segment& segment : segments()) {
      digest.Add(static_cast<uint64_t>(segment.key) << 2U | (segment.is_removed ? 1U : 0U) | (segment.is_gone ? 2U : 0U));
      if (segment.is_gone) continue;
      digest.Add(static_cast<uint64_t>(segment.AllAttaches()));
      digest.Add(DataOf(segment), kHashed);
    }
    for (const Set& set : std::span(sets_.data(), set_count_)) {
      digest.Add(static_cast<uint64_t>(set.key) << 1U | (set.is_gone ? 1U : 0U));
      if (!set.is_gone) digest.Add(set.values.data(), sizeof set.values);
    }
    return digest.value();
  }

  int Shmget(key_t key, size_t size, int flags) {
    for (const Segment& segment : segments()) {
      if (key == IPC_PRIVATE || segment.is_gone || segment.is_removed || segment.key != key) continue;
      if ((flags & IPC_CREAT) != 0 && (flags & IPC_EXCL) != 0) return Fail(EEXIST);
      return size > segment.size ? Fail(EINVAL) : segment.id;
    }
    if ((flags & IPC_CREAT) == 0) return Fail(ENOENT);
    if (segment_count_ == kMostSegments || size > kRoom) return Fail(ENOSPC);
    const int id = kFirstSegment + static_cast<int>(segment_count_);
    segments_[segment_count_++] = {.id = id, .key = key, .size = size, .attaches = {}, .is_removed = false, .is_gone = false};
    std::memset(DataOf(segments_[segment_count_ - 1]), 0, size);
    return id;
  }

  void* Shmat(int process, int id) {
    Segment* segment = FindSegment(id);
    if (segment == nullptr) return reinterpret_cast<void*>(static_cast<intptr_t>(Fail(EINVAL)));  // NOLINT(performance-no-int-to-ptr)
    segment->attaches[static_cast<size_t>(process)]++;
    return DataOf(*segment);
  }

  int Shmdt(int process, const void* data) {
    Segment& segment = segments_[static_cast<size_t>(static_cast<const std::byte*>(data) - memory_) / kRoom];
    segment.attaches[static_cast<size_t>(process)]--;
    Sweep(segment);
    return 0;
  }

  int Shmctl(int id, int command, shmid_ds* facts) {
    if (command == SHM_INFO) {
      reinterpret_cast<shm_info*>(facts)->used_ids = static_cast<int>(segment_count_);
      return static_cast<int>(segment_count_) - 1;
    }
    if (command == SHM_STAT) id += kFirstSegment;
    Segment* segment = FindSegment(id);
    if (segment == nullptr) return Fail(EINVAL);
    if (command == IPC_RMID) {
      segment->is_removed = true;
      Sweep(*segment);
      return 0;
    }
    *facts = {};
    facts->shm_perm.__key = segment->is_removed ? IPC_PRIVATE : segment->key;
    facts->shm_perm.uid = facts->shm_perm.cuid = geteuid();
    facts->shm_perm.mode = segment->is_removed ? 0600 | SHM_DEST : 0600;
    facts->shm_segsz = segment->size;
    facts->shm_nattch = static_cast<shmatt_t>(segment->AllAttaches());
    return command == SHM_STAT ? id : 0;
  }

  int Semget(key_t key, int count, int flags) {
    for (const Set& set : std::span(sets_.data(), set_count_)) {
      if (key == IPC_PRIVATE || set.is_gone || set.key != key) continue;
      if ((flags & IPC_CREAT) != 0 && (flags & IPC_EXCL) != 0) return Fail(EEXIST);
      return count > set.count ? Fail(EINVAL) : set.id;
    }
    if ((flags & IPC_CREAT) == 0) return Fail(ENOENT);
    if (set_count_ == kMostSets) return Fail(ENOSPC);
    const int id = kFirstSet + static_cast<int>(set_count_);
    sets_[set_count_++] = {.id = id, .key = key, .count = count, .values = {}, .undo = {}, .is_gone = false};
    return id;
  }

  int Semctl(int id, int index, int command, semid_ds* facts) {
    Set* set = FindSet(id);
    if (set == nullptr) return Fail(EINVAL);
    if (command == IPC_RMID) set->is_gone = true;
    if (command == GETVAL) return set->values[static_cast<size_t>(index)];
    if (command != IPC_STAT) return 0;
    *facts = {};
    facts->sem_perm.__key = set->key;
    facts->sem_perm.uid = facts->sem_perm.cuid = geteuid();
    facts->sem_perm.mode = 0600;
    facts->sem_nsems = static_cast<unsigned long>(set->count);
    return 0;
  }

  // Would it come back? A set that is gone is an answer too.
  bool CanOperate(int id, std::span<const sembuf> operations) {
    const Set* set = FindSet(id);
    if (set == nullptr || (operations.front().sem_flg & IPC_NOWAIT) != 0) return true;
    std::array<int, kMostSemaphores> values = set->values;
    return Apply(values, operations);
  }

  int Semop(int process, int id, std::span<const sembuf> operations) {
    Set* set = FindSet(id);
    if (set == nullptr) return Fail(EIDRM);
    std::array<int, kMostSemaphores> values = set->values;
    if (!Apply(values, operations)) return Fail(EAGAIN);
    set->values = values;
    for (const sembuf& operation : operations) {
      set->undo[static_cast<size_t>(process)][operation.sem_num] -= operation.sem_op;
    }
    return 0;
  }

  // What the kernel does with what the process had.
  void Kill(int process) {
    const auto of = static_cast<size_t>(process);
    for (Set& set : std::span(sets_.data(), set_count_)) {
      for (size_t i = 0; i < kMostSemaphores; i++) set.values[i] = std::max(0, set.values[i] + set.undo[of][i]);
      set.undo[of] = {};
    }
    for (Segment& segment : std::span(segments_.data(), segment_count_)) {
      segment.attaches[of] = 0;
      Sweep(segment);
    }
  }

  // What is the state of a cell, and who could write it.
  const shmnode::Header* HeaderOf(const Segment& segment) const { return reinterpret_cast<const shmnode::Header*>(DataOf(segment)); }
  bool IsCell(const Segment& segment) const { return !segment.is_gone && HeaderOf(segment)->magic == shmnode::kMagic; }
  bool IsRetired(const Segment& segment) const { return HeaderOf(segment)->retired != 0; }
  bool AcceptsWrites(const Segment& segment) {
    return IsCell(segment) && !IsRetired(segment) && FindSet(HeaderOf(segment)->semaphore_id) != nullptr;
  }

 private:
  static constexpr size_t kMostSegments = 8;
  static constexpr size_t kMostSets = 16;
  static constexpr size_t kRoom = size_t{3} * 4096;
  static constexpr size_t kHashed = 640;
  static constexpr int kFirstSegment = 1000;
  static constexpr int kFirstSet = 2000;

  static int Fail(int number) {
    errno = number;
    return -1;
  }

  Segment* FindSegment(int id) {
    const auto index = static_cast<size_t>(id - kFirstSegment);
    return index < segment_count_ && !segments_[index].is_gone ? &segments_[index] : nullptr;
  }
  Set* FindSet(int id) {
    const auto index = static_cast<size_t>(id - kFirstSet);
    return index < set_count_ && !sets_[index].is_gone ? &sets_[index] : nullptr;
  }
  static void Sweep(Segment& segment) {
    if (segment.is_removed && segment.AllAttaches() == 0) segment.is_gone = true;
  }

  // In their order, each on what those before it have left.
  static bool Apply(std::array<int, kMostSemaphores>& values, std::span<const sembuf> operations) {
    for (const sembuf& operation : operations) {
      int& value = values[operation.sem_num];
      if (operation.sem_op == 0 ? value != 0 : value + operation.sem_op < 0) return false;
      value += operation.sem_op;
    }
    return true;
  }

  std::byte* memory_;
  std::array<Segment, kMostSegments> segments_{};
  size_t segment_count_ = 0;
  std::array<Set, kMostSets> sets_{};
  size_t set_count_ = 0;
};

}  // namespace simulated
