// Waiting for a version: by one cell, and by many words at once.
#include <thread>

#include "cells.hpp"
#include "child.hpp"
#include "kernel.hpp"
#include "raw_bytes.hpp"
#include "shmnode/change_waiter.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Soon;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using shmnode::ChangeWaiter;
using shmnode::Deadline;
using shmnode::FutexEnd;

constexpr size_t kNotify = 192;

const tap::Test kThere("wait newer: a version that is there already", [] {
  const auto cell = cells::MustOpenPrivate();
  for (int i = 0; i < 3; i++) cells::WriteText(cell, "x").code();
  const auto newer = cell.WaitNewer(1, Deadline::Now());
  tap::Require(static_cast<bool>(newer), "a version");
  tap::Equal(*newer, 3U, "the current one");
});

const tap::Test kDeadline("wait newer: the deadline", [] {
  const auto cell = cells::MustOpenPrivate();
  tap::Equal(cell.WaitNewer(0, Deadline::Now()).code(), Code::kBusy, "at once");
  const auto began = Deadline::Clock::now();
  tap::Equal(cell.WaitNewer(0, Deadline::After(50ms)).code(), Code::kBusy, "later");
  tap::Check(Deadline::Clock::now() - began >= 50ms, "not before");
});

const tap::Test kFollows("wait newer: follows another process, read-only, to its last version", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  const Child writer([&cell] {
    for (int i = 0; i < 20'000; i++) cells::WriteText(cell, "x").code();
    return 0;
  });
  const auto reader = cells::MustOpen(key, {.read_only = true, .owner = {}});
  for (uint64_t version = 0; version < 20'000;) {
    const auto newer = reader.WaitNewer(version, Soon());
    tap::Require(static_cast<bool>(newer), tap::Text("a version, not ", newer.code()));
    tap::Check(*newer > version, "versions rise");
    version = *newer;
  }
});

const tap::Test kUntold("wait newer: a commit that nobody tells of is found within the slice", [] {
  const auto cell = cells::MustOpenPrivate();
  const auto raw = RawBytes::Of(cell.segment());
  std::thread killed([&] {
    std::this_thread::sleep_for(50ms);
    const auto hold = cell.LockForWrite(Soon());
    const auto notify = raw.Load<uint32_t>(kNotify);
    cell.Commit(*hold, {.data = "x", .length = 1, .media_type = {}, .if_version = {}}).code();
    raw.Store(kNotify, notify);
  });
  tap::Equal(cell.WaitNewer(0, Soon()).code(), Code::kOk, "found");
  killed.join();
});

const tap::Test kDestroyed("wait newer: ends where the segment is destroyed, or removed behind our back", [] {
  for (const bool politely : {true, false}) {
    const key_t key = litter::UniqueKey();
    const auto cell = cells::MustOpen(key);
    const Child remover([&] {
      usleep(50'000);
      if (politely) return cells::Destroy(cells::Target::Key(key)) ? 0 : 1;
      litter::RemoveSegment(key);
      return 0;
    });
    tap::Equal(cell.WaitNewer(0, Soon()).code(), Code::kDestroyed, politely ? "destroyed" : "removed");
  }
});

const tap::Test kCorrupt("wait newer: a commit that cannot be", [] {
  const auto cell = cells::MustOpenPrivate();
  RawBytes::Of(cell.segment()).Store(128, UINT64_MAX);
  tap::Equal(cell.WaitNewer(5, Soon()).code(), Code::kCorrupt, "commit");
});

double CpuSeconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

// A peer that changes the word and wakes without end.
Child Disturber(const Cell& cell) {
  return Child([&cell] {
    for (const auto raw = RawBytes::Of(cell.segment());; sched_yield()) {
      raw.Store(kNotify, raw.Load<uint32_t>(kNotify) + 1);
      cell.Wake();
    }
    return 0;
  });
}

const tap::Test kDisturbed("wait newer: wakes for nothing do not keep it busy", [] {
  const auto cell = cells::MustOpenPrivate();
  const Child disturber = Disturber(cell);
  const double before = CpuSeconds();
  tap::Equal(cell.WaitNewer(0, Deadline::After(500ms)).code(), Code::kBusy, "nothing came");
  tap::Check(CpuSeconds() - before < 0.2, tap::Text("processor time: ", CpuSeconds() - before));
});

// Each of many words wakes one wait for all of them.
void CheckMany(bool polling) {
  std::atomic<uint32_t> control{0};
  std::vector<std::atomic<uint32_t>> words(ChangeWaiter::kRoom);
  std::atomic<size_t> turn{SIZE_MAX};
  ChangeWaiter waiter(control);
  std::thread changer([&] {
    for (size_t i = 0; i < words.size(); i++) {
      while (turn != i) std::this_thread::yield();
      std::this_thread::sleep_for(10 * shmnode::EagerLook::kLongest);  // the waiter sleeps by then
      words[i] = 1;
      shmnode::FutexWakeAll(words[i]);
    }
  });
  for (size_t i = 0; i < words.size(); i++) {
    turn = i;
    while (words[i] == 0) {
      waiter.Begin(control);
      for (size_t word = 0; word < words.size(); word++) waiter.Add(words[word], word < i ? 1 : 0);
      tap::Check(waiter.Wait(Soon()) != FutexEnd::kUnsupported, "waits");
    }
    waiter.WasOfUse();
  }
  changer.join();
  tap::Equal(waiter.IsPolling(), polling, "polls");
}

const tap::Test kMany("change waiter: each of 127 words", [] {
  if (!kernel::HasFutexWaitv()) tap::Skip("no futex_waitv");
  CheckMany(false);
});
const tap::Test kManyPolled("change waiter: each of 127 words, without futex_waitv", [] {
  if (!kernel::ForbidFutexWaitv()) tap::Skip("no seccomp");
  CheckMany(true);
});

const tap::Test kControl("change waiter: the control word, with and without others", [] {
  for (const size_t others : {size_t{0}, size_t{1}, size_t{100}}) {
    std::atomic<uint32_t> control{0};
    std::vector<std::atomic<uint32_t>> words(others);
    ChangeWaiter waiter(control);
    waiter.Begin(0);
    for (const auto& word : words) waiter.Add(word, 0);
    tap::Check(waiter.Wait(Deadline::After(20ms)) == FutexEnd::kTimedOut, "nothing happens");
    std::thread waker([&] {
      control = 1;
      shmnode::FutexWakeAll(control);
    });
    waiter.Begin(0);
    for (const auto& word : words) waiter.Add(word, 0);
    FutexEnd end = waiter.Wait(Soon());
    while (waiter.IsPolling() && end == FutexEnd::kTimedOut) end = waiter.Wait(Soon());
    tap::Check(end == FutexEnd::kWoken, "woken");
    waker.join();
  }
});

}  // namespace
