// A cell whose semaphore set somebody removed: ipcrm(1), or systemd's RemoveIPC, which spares attached memory. Its value is
// whole and stays; what it needs is another lock.
#pragma once

#include "cell.hpp"
#include "owner_policy.hpp"
#include "set_owner.hpp"
#include "target.hpp"

namespace shmnode {

namespace detail {

// Under the lock of the new set. Who dies half way leaves a segment whose lock is lost still: the next one does it all again.
template <class Place>
class LockReplacement {
 public:
  LockReplacement(const Place& place, const Segment& segment, SemaphoreSet set, const OwnerPolicy& owner, Deadline deadline) noexcept
      : place_(place), segment_(segment), set_(set), owner_(owner), deadline_(deadline) {}

  Status Run() const noexcept {
    const auto hold = LockHold::Acquire(TurnstileLock(set_), LockMode::kExclusive, deadline_);
    if (!hold) return hold.error();
    // Destroyed meanwhile. A set without a segment would be litter.
    if (place_.IsFree()) return set_.Remove();
    if (!place_.LeadsTo(segment_) || !IsLost()) return Nothing{};
    auto* header = reinterpret_cast<Header*>(segment_.data());
    // Who has the old lock and has not marked the header yet sees this, and writes nothing.
    header->semaphore_id.store(kNoSemaphores, std::memory_order_seq_cst);
    const Status quiet = AwaitLastWriter(*header);
    if (!quiet) return quiet;
    // The set may be that of a removed segment, which is used still.
    place_.RetireRemoved(set_, owner_);
    header->semaphore_id.store(set_.id(), std::memory_order_seq_cst);
    return Nothing{};
  }

 private:
  bool IsLost() const noexcept {
    const auto* header = reinterpret_cast<const Header*>(segment_.data());
    const SemaphoreSet old(header->semaphore_id.load(std::memory_order_acquire));
    return header->retired.load(std::memory_order_acquire) == 0 && old.Stat().code() == Code::kDestroyed;
  }

  // One process at most had the old lock when it was removed. Until it is through, or dead, it has it still. Who is not
  // attached any more is dead to the segment, wherever it lives.
  Status AwaitLastWriter(const Header& header) const noexcept {
    for (;;) {
      const WriterMark mark(header.writer.load(std::memory_order_seq_cst));
      if (mark.IsNobody() || mark.Look() == Liveness::kDead) return Nothing{};
      const auto facts = segment_.Facts();
      if (facts && facts->attached == 1U) return Nothing{};  // that is this attach
      if (deadline_.Expired()) return Error{.code = Code::kBusy, .holder = mark.pid()};
      usleep(kPause);
    }
  }

  static constexpr useconds_t kPause = 200;

  const Place& place_;
  const Segment& segment_;
  SemaphoreSet set_;
  const OwnerPolicy& owner_;
  Deadline deadline_;
};

}  // namespace detail

// Gives the segment a new semaphore set under its key, with the rights of the segment. Nothing where that is done, or
// where the world has changed: look again. kDestroyed where it cannot be done: a private segment has no key that two who
// do this at once could agree on a set by; and a set has to be of the segment's owner, or made by root for him.
template <class Place>
Status ReplaceLostLock(const Target& target, const Segment& segment, const OwnerPolicy& owner, Deadline deadline) noexcept {
  const auto facts = segment.Facts();
  if (!facts) return facts.error();
  const Target found_by = segment.is_posix() ? target : Target::Key(facts->key);
  const Place place(found_by);
  if (facts->removed) return Nothing{};  // which has taken its key away
  if (place.IsContested()) return Fail(Code::kNameCollision, "the key of its lock");
  if (facts->key == IPC_PRIVATE) return Fail(Code::kDestroyed, "a private segment without its lock");
  if (!CheckMayRemove(*facts)) return Fail(Code::kDestroyed, "another user's, without its lock");
  auto set = SemaphoreSet::Create(facts->key, kSemaphoreCount, facts->mode);
  if (set.code() == Code::kExists) set = place.FindSet();
  if (!set) return set.code() == Code::kNotFound ? Status(Nothing{}) : set.error();
  const auto found = set->Stat();
  if (!found) return found.code() == Code::kDestroyed ? Status(Nothing{}) : found.error();
  if (found->sem_nsems != kSemaphoreCount) return Fail(Code::kLayout, "semaphore set");
  if (const Status trusted = owner.Check(found->sem_perm); !trusted) return trusted;
  Status replaced = detail::GiveTo(*set, *facts);
  if (replaced) replaced = detail::LockReplacement(place, segment, *set, owner, deadline).Run();
  return replaced.code() == Code::kDestroyed ? Status(Nothing{}) : replaced;
}

}  // namespace shmnode
