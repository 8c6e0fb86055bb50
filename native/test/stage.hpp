// What is there before an operation that is to be killed, and what must be there after it: the same for whoever was
// killed in it, and wherever. Deadlines are over before they begin: nobody else is there, so nothing may have to wait.
#pragma once

#include <sys/sem.h>
#include <sys/shm.h>

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cells.hpp"
#include "child.hpp"
#include "dev_shm.hpp"
#include "litter.hpp"
#include "raw_bytes.hpp"

// What a killed operation left, in one word.
enum class State { kNothing, kSet, kBlank, kCell, kRetired, kOld, kNew };
inline constexpr std::array<std::string_view, 7> kStateNames = {"nothing", "a set",         "a blank segment", "a cell",
                                                                "retired", "the old value", "the new value"};

// What is wrong with that; the first that is found.
enum class Harm { kTorn, kLost, kStuck, kUnusable, kLeaked };
inline constexpr std::array<std::string_view, 5> kHarmNames = {"torn", "lost", "stuck", "unusable", "leaked"};

struct Found {
  State state;
  std::optional<Harm> harm;
};

class Stage {
 public:
  using Cell = cells::Cell;
  using Deadline = shmnode::Deadline;

  // `step`: by how much the operation raises the version.
  Stage(size_t payload, uint64_t step) : payload_(payload), step_(step), value_(Pattern(payload, kOldVersion + step)) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage() { Clear(); }

  key_t key() const { return key_; }
  // Looked up once: it takes long of POSIX memory.
  const shmnode::Target& target() const { return target_; }
  const Cell& cell() const { return *cell_; }

  // For the operation. That it was told its version is known here even if it dies right after that.
  shmnode::WriteRequest Request(std::optional<uint64_t> if_version) const {
    return {.data = value_.data(), .length = value_.size(), .media_type = new_media_type_, .if_version = if_version};
  }
  void Told(const cells::Result<uint64_t>& version) const { *told_ = version ? *version : 0; }
  static constexpr uint64_t kOldVersion = 5;  // all slots have been used

  // Before the fork. All begin with a free key.
  void PrepareNothing() { Clear(); }
  void PrepareSet() {
    Clear();
    litter::MakeSet(key_);
  }
  void PrepareBlank() {
    PrepareSet();
    RawBytes::Create(key_, shmnode::SegmentBytesFor(shmnode::kDefaultCapacity, shmnode::kDefaultSlots));
  }
  void PrepareCell() {
    Clear();
    cell_.emplace(cells::MustOpen(key_, {.capacity = payload_, .owner = {}}));
    for (uint64_t version = 1; version <= kOldVersion; version++) Write(*cell_, version).code();
  }
  // A cell whose gate and lock another process holds, and gives back as soon as somebody waits for them.
  void PrepareTaken() {
    PrepareTakenUntil([](shmnode::SemaphoreSet set) { return Waiters(set, shmnode::kGate) > 0; });
  }
  // The same, but the gate only when somebody is next to that process.
  void PrepareTakenUntilNext() {
    PrepareTakenUntil([](shmnode::SemaphoreSet set) { return set.Value(shmnode::kGate) > 1; });
  }

  // While the process is stopped: it holds the lock, or the gate.
  bool IsHeldBy(pid_t pid) const {
    const int id = litter::SetOf(key_);
    if (id < 0) return false;
    const shmnode::SemaphoreSet set(id);
    for (const auto semaphore : {shmnode::kWriter, shmnode::kReaders, shmnode::kGate}) {
      if (set.Value(semaphore) > 0 && set.LastPid(semaphore) == pid) return true;
    }
    return false;
  }
  bool SomebodyWaits() const { return Waiters(cell_->lock().set(), shmnode::kGate) + Waiters(cell_->lock().set(), shmnode::kWriter) > 0; }
  // Gives nothing back any more, until it dies.
  void StopHolder() const {
    if (!holder_) return;
    holder_->Signal(SIGSTOP);
    waitpid(holder_->pid(), nullptr, WUNTRACED);
  }

  // After the death of a creator or destroyer.
  Found LookUnderKey() {
    const State state = StateUnderKey();
    const uint64_t version = cell_ && state == State::kCell ? kOldVersion : 0;
    cell_.reset();  // a removed segment counts while it is attached
    const bool leaked = litter::IsAlone() && (Segments() > 1 || Sets() > 1);
    return {state, leaked ? Harm::kLeaked : LookForHarm(version)};
  }

  // After the death of a writer, or of who held the lock.
  Found LookAtValue() {
    holder_.reset();
    const uint64_t version = cell_->Version();
    cell_.reset();
    const bool lost = version < std::max(kOldVersion, told_->load());
    return {version == kOldVersion ? State::kOld : State::kNew, lost ? Harm::kLost : LookForHarm(version)};
  }

 private:
  State StateUnderKey() const {
    if (!litter::HasSegment(key_)) return litter::HasSet(key_) ? State::kSet : State::kNothing;
    const auto raw = RawBytes::Under(key_);
    if (raw.Load<uint64_t>(0) == 0) return State::kBlank;
    return raw.Load<uint32_t>(196) == 0 ? State::kCell : State::kRetired;
  }

  void PrepareTakenUntil(bool (*gate_is_wanted)(shmnode::SemaphoreSet)) {
    PrepareCell();
    const shmnode::SemaphoreSet set = cell_->lock().set();
    const sembuf take[] = {{shmnode::kGate, 1, SEM_UNDO}, {shmnode::kWriter, 1, SEM_UNDO}};
    holder_.emplace([set, take, gate_is_wanted] {
      if (!set.Operate(take)) return 1;
      WaitUntil([&] { return gate_is_wanted(set); });
      Give(set, shmnode::kGate);
      WaitUntil([&] { return Waiters(set, shmnode::kWriter) > 0; });
      Give(set, shmnode::kWriter);
      for (;;) pause();
      return 0;
    });
    WaitUntil([set] { return set.Value(shmnode::kWriter) == 1; });
  }
  static void Give(shmnode::SemaphoreSet set, shmnode::LockSemaphore semaphore) {
    const sembuf give[] = {{semaphore, -1, SEM_UNDO}};
    tap::Require(static_cast<bool>(set.Operate(give)), "given back");
  }
  static int Waiters(shmnode::SemaphoreSet set, int semaphore) { return semctl(set.id(), semaphore, GETZCNT); }

  static std::string MediaTypeOf(uint64_t version) { return tap::Text("version/", version); }

  cells::Result<uint64_t> Write(const Cell& cell, uint64_t version) const {
    const auto value = Pattern(std::min(payload_, cell.geometry().capacity), version);
    const std::string media_type = MediaTypeOf(version);
    return cell.Write({.data = value.data(), .length = value.size(), .media_type = media_type, .if_version = version - 1}, Deadline::Now());
  }

  // Of exactly this version, whole, with its own facts.
  bool Holds(const Cell& cell, uint64_t version) const {
    const auto value = cells::ReadInto(cell, std::vector<std::byte>(cell.geometry().capacity), Deadline::Now());
    if (value.code != cells::Code::kOk || value.facts.version != version) return false;
    if (version == 0) return value.bytes.empty();
    return value.bytes.size() == std::min(payload_, cell.geometry().capacity) && CounterOf(value.bytes) == version &&
           value.facts.media_type.data() == MediaTypeOf(version);
  }

  // The kernel releases before it tells of a death, so all is free at once.
  bool IsStuck() const {
    const int id = litter::SetOf(key_);
    if (id < 0) return false;
    const shmnode::TurnstileLock lock{shmnode::SemaphoreSet(id)};
    if (!shmnode::LockHold::Acquire(lock, shmnode::LockMode::kExclusive, Deadline::Now())) return true;
    for (int i = 0; i < shmnode::kSemaphoreCount; i++) {
      if (lock.set().Value(i) != 0) return true;
    }
    return false;
  }

  // As who comes next: opens, finds this version, writes, reads and destroys.
  std::optional<Harm> LookForHarm(uint64_t version) const {
    if (IsStuck()) return Harm::kStuck;
    if (const auto harm = UseNext(version)) return harm;
    if (!shmnode::DestroyCell(target_, {}, Deadline::Now())) return Harm::kUnusable;
    if (!litter::IsFree(key_) || (litter::IsAlone() && Segments() + Sets() != 0)) return Harm::kLeaked;
    return {};
  }

  std::optional<Harm> UseNext(uint64_t version) const {
    const auto cell = shmnode::OpenCell(target_, {}, Deadline::Now());
    if (!cell) return Harm::kUnusable;
    if (!Holds(*cell, version)) return Harm::kTorn;
    if (Write(*cell, version + 1).code() != cells::Code::kOk || !Holds(*cell, version + 1)) return Harm::kUnusable;
    if (litter::IsAlone() && (Segments() != 1 || Sets() != 1)) return Harm::kLeaked;
    return {};
  }

  // Of the whole namespace.
  static int Segments() {
    if (memory::is_posix) return dev_shm::Files();
    shm_info info{};
    shmctl(0, SHM_INFO, reinterpret_cast<shmid_ds*>(&info));
    return info.used_ids;
  }
  static int Sets() {
    seminfo info{};
    semctl(0, 0, SEM_INFO, &info);
    return info.semusz;
  }

  void Clear() {
    holder_.reset();
    cell_.reset();
    *told_ = 0;
    litter::RemoveSegment(key_);
    litter::RemoveSet(key_);
  }

  const key_t key_ = litter::UniqueKey();
  const shmnode::Target target_ = cells::Target::Key(key_);
  const size_t payload_;
  const uint64_t step_;
  const std::vector<std::byte> value_;
  const std::string new_media_type_ = MediaTypeOf(kOldVersion + step_);
  const Shared<std::atomic<uint64_t>> told_;
  std::optional<Cell> cell_;
  std::optional<Child> holder_;
};
