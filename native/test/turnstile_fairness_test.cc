// The lock's fairness: whoever waits comes through, patient or in slices, and who is behind the gate or next has its turn.
#include <sys/sem.h>

#include <chrono>
#include <list>
#include <optional>
#include <vector>

#include "cells.hpp"
#include "child.hpp"
#include "lock_holder.hpp"
#include "locks.hpp"
#include "shmnode/turnstile_lock.hpp"

namespace {

using cells::Code;
using locks::Before;
using locks::Holder;
using locks::IsFree;
using locks::MakeLock;
using shmnode::Deadline;
using shmnode::kGate;
using shmnode::kReaders;
using shmnode::kWriter;
using shmnode::LockHold;
using shmnode::LockMode;
using shmnode::TurnstileLock;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

// A flood of one kind against one of the other: it must come through, again and again.
void CheckComesThrough(LockMode flood, LockMode single) {
  const auto lock = MakeLock();
  std::vector<Child> children;
  for (int i = 0; i < 4; i++) {
    children.emplace_back([&lock, flood] {
      for (;;) const auto hold = LockHold::Acquire(lock, flood, Deadline::Never());
      return 0;
    });
  }
  for (int i = 0; i < 30; i++) {
    const auto hold = LockHold::Acquire(lock, single, Deadline::Never());
    tap::Check(static_cast<bool>(hold), "had");
  }
}

const tap::Test kReaderFlood("lock: a writer comes through a flood of readers",
                             [] { CheckComesThrough(LockMode::kShared, LockMode::kExclusive); });

const tap::Test kWriterFlood("lock: a reader comes through a flood of writers",
                             [] { CheckComesThrough(LockMode::kExclusive, LockMode::kShared); });

// Processes that lock in a loop, each time for so long, and wait for as long as it takes or in slices of 50 ms, as Node.js does.
class Loopers {
 public:
  enum Wait { kPatient, kSliced, kOldStep };
  Loopers(const TurnstileLock& lock, int count, LockMode mode, Wait wait, std::chrono::microseconds held) {
    for (int i = 0; i < count; i++) {
      children_.emplace_back([&lock, mode, wait, held] {
        for (;;) Turn(lock, mode, wait, held);
        return 0;
      });
    }
  }
  static void Turn(const TurnstileLock& lock, LockMode mode, Wait wait, std::chrono::microseconds held) {
    if (wait == kOldStep) return OldTurn(lock, held);
    const auto hold = LockHold::Acquire(lock, mode, wait == kSliced ? Deadline::After(50ms) : Deadline::Never());
    if (hold) usleep(static_cast<useconds_t>(held.count()));
  }

 private:
  // Of a program that knows only one place at the gate.
  static void OldTurn(const TurnstileLock& lock, std::chrono::microseconds held) {
    constexpr sembuf kEnter[] = {{kGate, 0, SEM_UNDO}, {kGate, 1, SEM_UNDO}};
    constexpr sembuf kTake[] = {{kWriter, 0, SEM_UNDO}, {kReaders, 0, SEM_UNDO}, {kWriter, 1, SEM_UNDO}, {kGate, -1, SEM_UNDO}};
    tap::Require(lock.set().Operate(kEnter) && lock.set().Operate(kTake), "the lock");
    usleep(static_cast<useconds_t>(held.count()));
    lock.Release(LockMode::kExclusive);
  }

  std::vector<Child> children_;
};

// How many slices of 50 ms it took, with a pause after each.
int AcquireInSlices(const TurnstileLock& lock) {
  for (int slices = 1;; slices++) {
    if (LockHold::Acquire(lock, LockMode::kExclusive, Deadline::After(50ms))) return slices;
    usleep(2000);
  }
}

// Each slice is shorter than the turns of all the others.
const tap::Test kSlices("lock: who waits in slices comes through those who wait without", [] {
  for (const Loopers::Wait wait : {Loopers::kPatient, Loopers::kOldStep}) {
    const auto lock = MakeLock();
    const Loopers others(lock, 4, LockMode::kExclusive, wait, 20ms);
    WaitUntil([&lock] { return Before(lock) > 0; });
    for (int i = 0; i < 10; i++) tap::Check(AcquireInSlices(lock) < 100, "had");
  }
});

const tap::Test kAmongSlices("lock: who waits without slices comes through those who wait in them", [] {
  for (const Loopers::Wait wait : {Loopers::kPatient, Loopers::kOldStep}) {
    const auto lock = MakeLock();
    const Loopers others(lock, 5, LockMode::kExclusive, Loopers::kSliced, 15ms);
    WaitUntil([&lock] { return lock.set().Value(kGate) > 1; });
    for (int i = 0; i < 10; i++) Loopers::Turn(lock, LockMode::kExclusive, wait, 0ms);
  }
});

// Each for another time, so that together they always hold it.
const tap::Test kAmongSharers("lock: a writer behind the gate is not kept out by readers who are next", [] {
  const auto lock = MakeLock();
  std::list<Loopers> readers;
  for (const auto held : {31ms, 37ms, 41ms, 43ms, 47ms, 53ms}) readers.emplace_back(lock, 1, LockMode::kShared, Loopers::kSliced, held);
  WaitUntil([&lock] { return lock.set().Value(kReaders) > 1; });
  for (int i = 0; i < 10; i++) Loopers::Turn(lock, LockMode::kExclusive, Loopers::kPatient, 0ms);
});

// A process behind the gate, and one that is next; the lock is taken by this one.
struct Queue {
  Queue() {
    tap::Check(static_cast<bool>(lock.TryAcquire(LockMode::kShared)), "taken");
    behind.emplace(lock, LockMode::kExclusive);
    WaitUntil([this] { return Gate() == 1; });
    next.emplace(lock, LockMode::kShared, 900ms);
    WaitUntil([this] { return Gate() == 3; });
  }
  int Gate() const { return lock.set().Value(kGate); }

  TurnstileLock lock = MakeLock();
  std::optional<Holder> behind;
  std::optional<Holder> next;
};

const tap::Test kNextWaits("lock: who is next does not overtake who is behind the gate", [] {
  Queue queue;
  usleep(20'000);
  tap::Check(!queue.next->holds(), "though readers have it");
  queue.lock.Release(LockMode::kShared);
  queue.behind->Wait();
  tap::Check(!queue.next->holds() && queue.Gate() == 2, "one after the other");
  queue.behind->child().Kill();
  queue.next->Wait();
  tap::Equal(queue.Gate(), 0, "the gate");
});

const tap::Test kOneNext("lock: one is next, no second, and who gives up leaves its own place only", [] {
  Queue queue;
  Child third([&queue] { return queue.lock.Acquire(LockMode::kShared, Deadline::After(100ms)).code() == Code::kBusy ? 0 : 1; });
  tap::Check(third.Succeeds(), "busy");
  tap::Equal(queue.Gate(), 3, "the gate");
  WaitUntil([&queue] { return queue.Gate() == 1; });
  queue.behind->child().Kill();
  tap::Equal(queue.Gate(), 0, "nobody");
  queue.lock.Release(LockMode::kShared);
  tap::Check(IsFree(queue.lock), "all zero");
});

const tap::Test kKilledNext("lock: SIGKILL of who is behind the gate, and of who is next", [] {
  for (const bool next_first : {false, true}) {
    Queue queue;
    (next_first ? queue.next : queue.behind)->child().Kill();
    WaitUntil([&] { return next_first ? queue.Gate() == 1 : queue.next->holds() && queue.Gate() == 0; });
    (next_first ? queue.behind : queue.next)->child().Kill();
    queue.lock.Release(LockMode::kShared);
    tap::Check(IsFree(queue.lock), "all zero");
  }
});

const tap::Test kClearedGate("lock: SETALL under who is behind the gate and who is next", [] {
  Queue queue;
  unsigned short zeroes[shmnode::kSemaphoreCount] = {};
  tap::Require(semctl(queue.lock.set().id(), 0, SETALL, zeroes) == 0, "SETALL");
  // Free, and one of them has it; the other waits for that one, and finds out about its place.
  WaitUntil([&queue] { return queue.behind->holds() || queue.next->holds(); });
  WaitUntil([&queue] { return queue.Gate() == 1; });
  (queue.behind->holds() ? queue.behind : queue.next)->child().Kill();
  (queue.behind->holds() ? queue.next : queue.behind)->Wait();
});

}  // namespace
