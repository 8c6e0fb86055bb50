// How calls on a pool thread wait for a lock.
#pragma once

#include <chrono>

#include "shmnode/deadline.hpp"
#include "shmnode/result.hpp"
#include "wait_permit.hpp"

namespace shmnode::addon {

// The attempt, which takes a Deadline and gives a Result: once without a wait and, where that is kBusy, once more with a slice, if
// this thread is among those that may wait.
template <class Attempt>
auto WithPatience(const Attempt& attempt, std::chrono::nanoseconds slice) {
  auto result = attempt(Deadline::Now());
  if (result.code() != Code::kBusy || slice.count() <= 0) return result;
  const WaitPermit permit;
  if (!permit.granted()) return result;
  return attempt(permit.Slice(slice));
}

// For who never waits: a few times, since most holders are gone within microseconds.
template <class Attempt>
auto WithoutWait(const Attempt& attempt) {
  constexpr int kTries = 32;
  auto result = attempt();
  for (int tries = 1; tries < kTries && result.code() == Code::kBusy; tries++) {
    auto again = attempt();
    if (again || again.code() != Code::kBusy) return again;
  }
  return result;
}

}  // namespace shmnode::addon
