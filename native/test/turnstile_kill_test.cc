// The lock when its holders and waiters are killed or stopped: free at once, or the stopped one is named.
#include <sys/sem.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <vector>

#include "cells.hpp"
#include "child.hpp"
#include "lock_holder.hpp"
#include "locks.hpp"
#include "shared.hpp"
#include "shmnode/turnstile_lock.hpp"

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
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

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

}  // namespace
