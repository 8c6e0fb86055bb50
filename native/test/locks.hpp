// What tests do with the segment's lock all the time, in one line each.
#pragma once

#include <sys/sem.h>

#include "litter.hpp"
#include "shmnode/turnstile_lock.hpp"
#include "tap.hpp"

namespace locks {

using shmnode::kGate;
using shmnode::kReaders;
using shmnode::kWriter;
using shmnode::TurnstileLock;

inline TurnstileLock MakeLock() {
  const auto set = shmnode::SemaphoreSet::Create(IPC_PRIVATE, shmnode::kSemaphoreCount, 0600);
  tap::Require(static_cast<bool>(set), "a set");
  litter::RememberSet(set->id());
  return TurnstileLock(*set);
}

inline bool IsFree(const TurnstileLock& lock) {
  for (int i = 0; i < shmnode::kSemaphoreCount; i++) {
    if (lock.set().Value(i) != 0) return false;
  }
  return true;
}

// How many wait behind the gate, and how many before it.
inline int Behind(const TurnstileLock& lock) {
  return semctl(lock.set().id(), kWriter, GETZCNT) + semctl(lock.set().id(), kReaders, GETZCNT);
}
inline int Before(const TurnstileLock& lock) { return semctl(lock.set().id(), kGate, GETZCNT); }

}  // namespace locks
