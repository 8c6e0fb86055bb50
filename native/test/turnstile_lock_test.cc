// The lock: exclusion, deadlines, signals and limits. What its dead leave is in turnstile_kill_test.cc, who comes when in
// turnstile_fairness_test.cc.
#include "shmnode/turnstile_lock.hpp"

#include <sys/sem.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <thread>
#include <vector>

#include "cells.hpp"
#include "child.hpp"
#include "lock_holder.hpp"
#include "locks.hpp"
#include "shared.hpp"

namespace {

using cells::Code;
using cells::Soon;
using locks::Before;
using locks::Behind;
using locks::Holder;
using locks::IsFree;
using locks::MakeLock;
using shmnode::Deadline;
using shmnode::kGate;
using shmnode::LockHold;
using shmnode::LockMode;
using shmnode::TurnstileLock;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

bool Try(const TurnstileLock& lock, LockMode mode) {
  const auto status = lock.TryAcquire(mode);
  if (status) lock.Release(mode);
  return static_cast<bool>(status);
}

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
