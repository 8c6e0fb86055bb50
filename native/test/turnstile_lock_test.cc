// The lock: exclusion, fairness, and what is left of it when its holders and waiters die.
#include "shmnode/turnstile_lock.hpp"

#include <sys/resource.h>
#include <sys/sem.h>

#include <atomic>
#include <ctime>
#include <list>
#include <optional>
#include <thread>

#include "cells.hpp"
#include "child.hpp"

namespace {

using cells::Code;
using cells::Soon;
using shmnode::Deadline;
using shmnode::kGate;
using shmnode::kReaders;
using shmnode::kWriter;
using shmnode::LockHold;
using shmnode::LockMode;
using shmnode::TurnstileLock;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

TurnstileLock MakeLock() {
  const auto set = shmnode::SemaphoreSet::Create(IPC_PRIVATE, shmnode::kSemaphoreCount, 0600);
  tap::Require(static_cast<bool>(set), "a set");
  litter::RememberSet(set->id());
  return TurnstileLock(*set);
}

bool IsFree(const TurnstileLock& lock) {
  for (int i = 0; i < shmnode::kSemaphoreCount; i++) {
    if (lock.set().Value(i) != 0) return false;
  }
  return true;
}

bool Try(const TurnstileLock& lock, LockMode mode) {
  const auto status = lock.TryAcquire(mode);
  if (status) lock.Release(mode);
  return static_cast<bool>(status);
}

// A process that takes the lock and keeps it until it is killed.
class Holder {
 public:
  Holder(const TurnstileLock& lock, LockMode mode, Deadline::Clock::duration patience = 100s)
      : child_([&lock, mode, patience, this] {
          const auto hold = LockHold::Acquire(lock, mode, Deadline::After(patience));
          *holds_ = static_cast<bool>(hold);
          for (;;) pause();
          return 0;
        }) {}

  Holder& Wait() {
    WaitUntil([this] { return holds_->load(); });
    return *this;
  }
  bool holds() const { return *holds_; }
  Child& child() { return child_; }

 private:
  Shared<std::atomic<bool>> holds_;
  Child child_;
};

// How many wait behind the gate, and how many before it.
int Behind(const TurnstileLock& lock) { return semctl(lock.set().id(), kWriter, GETZCNT) + semctl(lock.set().id(), kReaders, GETZCNT); }
int Before(const TurnstileLock& lock) { return semctl(lock.set().id(), kGate, GETZCNT); }

const tap::Test kExclusive("lock: exclusive excludes everyone", [] {
  const auto lock = MakeLock();
  tap::Check(static_cast<bool>(lock.TryAcquire(LockMode::kExclusive)), "taken");
  tap::Equal(lock.TryAcquire(LockMode::kExclusive).code(), Code::kBusy, "exclusive");
  tap::Equal(lock.TryAcquire(LockMode::kShared).code(), Code::kBusy, "shared");
  lock.Release(LockMode::kExclusive);
  tap::Check(Try(lock, LockMode::kExclusive) && Try(lock, LockMode::kShared), "free again");
  tap::Check(IsFree(lock), "all zero");
});

const tap::Test kShared("lock: shared shares, and excludes exclusive", [] {
  const auto lock = MakeLock();
  for (int i = 0; i < 3; i++) tap::Check(static_cast<bool>(lock.TryAcquire(LockMode::kShared)), "taken");
  tap::Equal(lock.TryAcquire(LockMode::kExclusive).code(), Code::kBusy, "exclusive");
  for (int i = 0; i < 3; i++) {
    tap::Check(!Try(lock, LockMode::kExclusive), "exclusive while one is left");
    lock.Release(LockMode::kShared);
  }
  tap::Check(Try(lock, LockMode::kExclusive) && IsFree(lock), "free again");
});

const tap::Test kHold("lock: a hold releases once, wherever it was moved", [] {
  const auto lock = MakeLock();
  {
    auto first = LockHold::Acquire(lock, LockMode::kExclusive, Soon());
    const LockHold second = *std::move(first);
    tap::Check(!Try(lock, LockMode::kShared), "held");
  }
  tap::Check(IsFree(lock), "free");
});

const tap::Test kDeadline("lock: kBusy at the deadline, not before, with the holder's pid", [] {
  const auto lock = MakeLock();
  for (const LockMode held : {LockMode::kExclusive, LockMode::kShared}) {
    Holder holder(lock, held);
    holder.Wait();
    const auto deadline = Deadline::After(30ms);
    const auto status = lock.Acquire(LockMode::kExclusive, deadline);
    tap::Equal(status.code(), Code::kBusy, "code");
    tap::Check(deadline.Expired(), "not before the deadline");
    tap::Equal(status.error().holder, holder.child().pid(), "holder");
    tap::Equal(lock.Acquire(LockMode::kExclusive, Deadline::Now()).error().holder, holder.child().pid(), "holder, without waiting");
  }
  WaitUntil([&lock] { return IsFree(lock); });
});

const tap::Test kGivesUp("lock: who gives up behind the gate opens it", [] {
  const auto lock = MakeLock();
  const auto hold = LockHold::Acquire(lock, LockMode::kShared, Soon());
  tap::Equal(lock.Acquire(LockMode::kExclusive, Deadline::After(10ms)).code(), Code::kBusy, "exclusive");
  tap::Equal(lock.set().Value(kGate), 0, "the gate");
  tap::Check(Try(lock, LockMode::kShared), "shared");
});

const tap::Test kTurnstile("lock: who comes after a waiter waits behind it", [] {
  const auto lock = MakeLock();
  tap::Check(static_cast<bool>(lock.TryAcquire(LockMode::kShared)), "taken");
  Holder writer(lock, LockMode::kExclusive);
  WaitUntil([&lock] { return Behind(lock) == 1; });
  tap::Equal(lock.TryAcquire(LockMode::kShared).code(), Code::kBusy, "another reader, at once");
  Holder reader(lock, LockMode::kShared);
  WaitUntil([&lock] { return Before(lock) == 1; });
  lock.Release(LockMode::kShared);
  writer.Wait();
  tap::Check(!reader.holds(), "the reader still waits");
  writer.child().Kill();
  reader.Wait();
});

const tap::Test kKilledHolder("lock: free after SIGKILL of its holder, of either kind", [] {
  const auto lock = MakeLock();
  for (const LockMode mode : {LockMode::kExclusive, LockMode::kShared}) {
    for (int i = 0; i < 20; i++) {
      Holder holder(lock, mode);
      holder.Wait().child().Kill();
      tap::Check(IsFree(lock), "all zero");
    }
  }
});

const tap::Test kZombie("lock: free before anyone has waited for the dead holder", [] {
  const auto lock = MakeLock();
  Holder holder(lock, LockMode::kExclusive);
  holder.Wait().child().Signal(SIGKILL);
  tap::Check(static_cast<bool>(lock.Acquire(LockMode::kExclusive, Soon())), "had");
});

const tap::Test kCoreDump("lock: free after a holder that aborts", [] {
  const auto lock = MakeLock();
  Holder holder(lock, LockMode::kExclusive);
  holder.Wait().child().Signal(SIGABRT);
  tap::Check(static_cast<bool>(lock.Acquire(LockMode::kExclusive, Soon())), "had");
});

const tap::Test kKilledWaiters("lock: SIGKILL of a waiter behind the gate lets the next one through", [] {
  const auto lock = MakeLock();
  for (const LockMode mode : {LockMode::kExclusive, LockMode::kShared}) {
    tap::Check(static_cast<bool>(lock.TryAcquire(LockMode::kExclusive)), "taken");
    Holder behind(lock, mode);
    WaitUntil([&lock] { return Behind(lock) == 1; });
    Holder before(lock, LockMode::kExclusive);
    WaitUntil([&lock] { return Before(lock) == 1; });
    behind.child().Kill();
    WaitUntil([&lock] { return Behind(lock) == 1 && Before(lock) == 0; });
    lock.Release(LockMode::kExclusive);
    before.Wait().child().Kill();
    tap::Check(IsFree(lock), "all zero");
  }
});

const tap::Test kKilledBefore("lock: SIGKILL of a waiter before the gate disturbs nobody", [] {
  const auto lock = MakeLock();
  tap::Check(static_cast<bool>(lock.TryAcquire(LockMode::kExclusive)), "taken");
  Holder behind(lock, LockMode::kExclusive);
  WaitUntil([&lock] { return Behind(lock) == 1; });
  Holder before(lock, LockMode::kExclusive);
  WaitUntil([&lock] { return Before(lock) == 1; });
  before.child().Kill();
  lock.Release(LockMode::kExclusive);
  behind.Wait().child().Kill();
  tap::Check(IsFree(lock), "all zero");
});

const tap::Test kStopped("lock: a stopped holder is named, and goes on", [] {
  const auto lock = MakeLock();
  const Shared<std::atomic<bool>> holds;
  Child holder([&lock, &holds] {
    const auto hold = LockHold::Acquire(lock, LockMode::kExclusive, Soon());
    *holds = true;
    raise(SIGSTOP);
    return 0;
  });
  WaitUntil([&holds] { return holds->load(); });
  const auto status = lock.Acquire(LockMode::kShared, Deadline::After(20ms));
  tap::Equal(status.code(), Code::kBusy, "code");
  tap::Equal(status.error().holder, holder.pid(), "holder");
  int state = 0;
  waitpid(holder.pid(), &state, WUNTRACED);
  holder.Signal(SIGCONT);
  tap::Check(static_cast<bool>(lock.Acquire(LockMode::kShared, Soon())), "had after SIGCONT");
});

const tap::Test kStoppedAtGate("lock: a waiter stopped with the gate is named", [] {
  const auto lock = MakeLock();
  const Shared<std::atomic<bool>> inside;
  Child child([&lock, &inside] {
    const sembuf enter{kGate, 1, SEM_UNDO};
    semop(lock.set().id(), const_cast<sembuf*>(&enter), 1);
    *inside = true;
    for (;;) pause();
    return 0;
  });
  WaitUntil([&inside] { return inside->load(); });
  tap::Equal(lock.TryAcquire(LockMode::kShared).code(), Code::kBusy, "at once");
  const auto status = lock.Acquire(LockMode::kShared, Deadline::After(20ms));
  tap::Equal(status.error().holder, child.pid(), "holder");
  child.Kill();
  tap::Check(IsFree(lock), "all zero");
});

// 1000 signals a second to this process while it waits.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction action {};
    action.sa_handler = [](int) { signals_ = signals_ + 1; };
    sigaction(SIGUSR1, &action, nullptr);  // without SA_RESTART, though semop(2) takes no notice of it
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    timer_create(CLOCK_MONOTONIC, &event, &timer_);
    const itimerspec every{.it_interval = {0, 1'000'000}, .it_value = {0, 1'000'000}};
    timer_settime(timer_, 0, &every, nullptr);
  }
  SignalStorm(const SignalStorm&) = delete;
  SignalStorm& operator=(const SignalStorm&) = delete;
  ~SignalStorm() { timer_delete(timer_); }

  int signals() const { return signals_; }

 private:
  static inline volatile std::sig_atomic_t signals_ = 0;
  timer_t timer_{};
};

const tap::Test kSignals("lock: a storm of signals neither cuts a deadline short nor puts it off", [] {
  const auto lock = MakeLock();
  Holder holder(lock, LockMode::kExclusive);
  holder.Wait();
  const SignalStorm storm;
  const auto deadline = Deadline::After(100ms);
  const auto status = lock.Acquire(LockMode::kShared, deadline);
  tap::Equal(status.code(), Code::kBusy, "code");
  tap::Check(deadline.Expired(), "not before the deadline");
  tap::Check(storm.signals() > 5, "there were signals");
});

const tap::Test kSignalsThrough("lock: a waiter in a storm of signals gets the lock", [] {
  const auto lock = MakeLock();
  Holder holder(lock, LockMode::kExclusive);
  holder.Wait();
  Child killer([&holder] {
    usleep(50'000);
    holder.child().Signal(SIGKILL);
    return 0;
  });
  const SignalStorm storm;
  tap::Check(static_cast<bool>(lock.Acquire(LockMode::kExclusive, Deadline::Never())), "had");
});

const tap::Test kRemoved("lock: the set removed, while held and while waited for", [] {
  const auto lock = MakeLock();
  const auto hold = LockHold::Acquire(lock, LockMode::kExclusive, Soon());
  std::vector<Child> waiters;
  for (const LockMode mode : {LockMode::kExclusive, LockMode::kShared, LockMode::kExclusive}) {
    waiters.emplace_back([&lock, mode] { return lock.Acquire(mode, Deadline::Never()).code() == Code::kDestroyed ? 0 : 1; });
  }
  WaitUntil([&lock] { return Behind(lock) == 1 && Before(lock) == 2; });
  tap::Check(static_cast<bool>(lock.set().Remove()), "remove");
  for (Child& waiter : waiters) tap::Check(waiter.Succeeds(), "kDestroyed");
  tap::Equal(lock.TryAcquire(LockMode::kShared).code(), Code::kDestroyed, "later");
  lock.Release(LockMode::kExclusive);  // of what is gone: nothing happens
});

const tap::Test kManyPairs("lock: 40,000 pairs exhaust nothing", [] {
  const auto lock = MakeLock();
  for (int i = 0; i < 40'000; i++) {
    const LockMode mode = i % 2 == 0 ? LockMode::kExclusive : LockMode::kShared;
    const auto hold = LockHold::Acquire(lock, mode, Soon());
    if (!tap::Check(static_cast<bool>(hold), tap::Text("pair ", i))) return;
  }
  tap::Check(IsFree(lock), "all zero");
});

// Each give-up is a +1 and a -1 on the gate, in operations of their own.
const tap::Test kManyGates("lock: 40,000 passages of the gate exhaust nothing", [] {
  const auto lock = MakeLock();
  const auto hold = LockHold::Acquire(lock, LockMode::kExclusive, Soon());
  for (int i = 0; i < 40'000; i++) {
    const auto status = lock.Acquire(LockMode::kShared, Deadline::After(1us));
    if (!tap::Equal(status.code(), Code::kBusy, "passage") || !tap::Equal(status.error().system_errno, EAGAIN, "errno")) return;
  }
  tap::Equal(lock.set().Value(kGate), 0, "the gate");
});

const tap::Test kContendedPairs("lock: pairs of processes in each other's way exclude each other", [] {
  const auto lock = MakeLock();
  const Shared<std::atomic<int>> inside;
  const Shared<std::atomic<int>> total;
  std::vector<Child> children;
  for (int i = 0; i < 3; i++) {
    children.emplace_back([&] {
      for (int turn = 0; turn < 3000; turn++) {
        const auto hold = LockHold::Acquire(lock, LockMode::kExclusive, Deadline::Never());
        tap::Check(static_cast<bool>(hold), "had");
        tap::Equal((*inside)++, 0, "others inside");
        (*total)++;
        (*inside)--;
      }
      return 0;
    });
  }
  for (Child& child : children) tap::Check(child.Succeeds(), "a process");
  tap::Equal(total->load(), 9000, "turns");
  tap::Check(IsFree(lock), "all zero");
});

const tap::Test kMostReaders("lock: 32,767 readers, and one more is kBusy", [] {
  const auto lock = MakeLock();
  for (int i = 0; i < 32'767; i++) {
    if (!tap::Check(static_cast<bool>(lock.TryAcquire(LockMode::kShared)), tap::Text("reader ", i))) return;
  }
  const auto status = lock.TryAcquire(LockMode::kShared);
  tap::Equal(status.code(), Code::kBusy, "one more");
  tap::Equal(status.error().system_errno, ERANGE, "errno");
  tap::Equal(lock.TryAcquire(LockMode::kExclusive).code(), Code::kBusy, "a writer");
  const auto used = std::clock();
  tap::Equal(lock.Acquire(LockMode::kShared, Deadline::After(500ms)).code(), Code::kBusy, "one more that waits");
  tap::Check(std::clock() - used < CLOCKS_PER_SEC / 4, "and does not spin");
  for (int i = 0; i < 32'767; i++) lock.Release(LockMode::kShared);
  tap::Check(IsFree(lock), "all zero");
});

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

const tap::Test kRandomKills("lock: free after processes that lock in a loop are killed at random", [] {
  const auto lock = MakeLock();
  for (int i = 0; i < 100; i++) {
    std::vector<Child> children;
    for (int j = 0; j < 3; j++) {
      children.emplace_back([&lock, j] {
        for (;;) const auto hold = LockHold::Acquire(lock, j == 0 ? LockMode::kExclusive : LockMode::kShared, Deadline::Never());
        return 0;
      });
    }
    usleep(static_cast<useconds_t>(shmnode::RandomNonZero() % 3000));
    for (Child& child : children) child.Signal(SIGKILL);
    for (Child& child : children) child.Wait();
    if (!tap::Check(IsFree(lock), "all zero")) return;
  }
});

const tap::Test kFork("lock: a fork of the holder neither holds nor releases", [] {
  const auto lock = MakeLock();
  const auto hold = LockHold::Acquire(lock, LockMode::kExclusive, Soon());
  Child child([&lock] { return Try(lock, LockMode::kShared) ? 1 : 0; });
  tap::Check(child.Succeeds(), "not held by the child");
  tap::Check(!Try(lock, LockMode::kShared), "still held by the parent");
});

const tap::Test kThreads("lock: threads of one process exclude each other", [] {
  const auto lock = MakeLock();
  // Counted in two steps, so that turns get lost where two are at it. Atomic, as ThreadSanitizer does not know that semtimedop
  // puts its callers in order.
  std::atomic<int> turns{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; i++) {
    threads.emplace_back([&lock, &turns] {
      for (int turn = 0; turn < 2000; turn++) {
        const auto hold = LockHold::Acquire(lock, LockMode::kExclusive, Deadline::Never());
        turns.store(turns.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  tap::Equal(turns, 6000, "turns");
});

const tap::Test kUser("lock: the application's semaphore is apart from the segment's lock", [] {
  const auto lock = MakeLock();
  const sembuf take{shmnode::kUser, 1, SEM_UNDO};
  tap::Check(static_cast<bool>(lock.set().Operate({&take, 1})), "taken");
  tap::Check(Try(lock, LockMode::kExclusive), "the segment's lock");
});

}  // namespace
