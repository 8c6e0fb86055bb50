// Who sleeps until the next commit is woken by it, and nobody else costs a wake.
#include <array>
#include <thread>

#include "cells.hpp"
#include "child.hpp"
#include "raw_bytes.hpp"
#include "shared.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Soon;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using shmnode::Deadline;
using shmnode::FutexEnd;

constexpr size_t kNotify = 192;
constexpr size_t kAwaited = 208;
constexpr size_t kWoken = 212;
constexpr size_t kAwaitedAlways = 216;
// No help from a slice that ends: who sleeps this long was forgotten.
constexpr auto kForEver = 30s;

enum class Sleep : uint8_t { kNewer, kForgotten };

// Until a version above this, by sleeps that only a wake ends.
Sleep SleepUntilNewer(const Cell& cell, uint64_t version) {
  cell.BeginToWatch();
  for (;;) {
    const uint32_t seen = cell.AnnounceWait();
    if (cell.LookForNewer(version)) return Sleep::kNewer;
    if (FutexWait(cell.NotifyWord(), seen, Deadline::After(kForEver)) == FutexEnd::kTimedOut) return Sleep::kForgotten;
  }
}

void Put(const Cell& cell) { tap::Require(static_cast<bool>(cells::WriteText(cell, "x")), "written"); }

struct Seen {
  std::array<std::atomic<uint64_t>, 3> versions;
};

// Each commit comes when all have seen the one before: nothing makes up for a wake that was missed.
const tap::Test kLockstep("watchers: nobody is forgotten in 20,000 commits by two", [] {
  const auto cell = cells::MustOpenPrivate();
  const Shared<Seen> seen;
  std::vector<Child> sleepers;
  for (size_t i = 0; i < seen->versions.size(); i++) {
    sleepers.emplace_back([&, i] {
      for (uint64_t version = 0; version < 20'000;) {
        if (SleepUntilNewer(cell, version) == Sleep::kForgotten) return 1;
        seen->versions[i] = version = cell.Version();
      }
      return 0;
    });
  }
  const auto all_have = [&](uint64_t version) {
    return std::all_of(seen->versions.begin(), seen->versions.end(), [version](const auto& saw) { return saw >= version; });
  };
  const auto write = [&](uint64_t first) {
    for (uint64_t version = first; version < 20'000; version += 2) {
      for (const auto deadline = Deadline::After(2 * kForEver); !all_have(version);) {
        if (deadline.Expired()) return;
        std::this_thread::yield();
      }
      Put(cell);
    }
  };
  std::thread other([&] { write(1); });
  write(0);
  other.join();
  for (Child& sleeper : sleepers) tap::Check(sleeper.Succeeds(), "saw them all");
});

const tap::Test kNobody("watchers: where nobody waits, nobody is woken", [] {
  const auto cell = cells::MustOpenPrivate();
  const auto raw = RawBytes::Of(cell.segment());
  for (int i = 0; i < 10; i++) Put(cell);
  tap::Check(raw.Load<uint32_t>(kWoken) <= 1, "the first commit at most");
  tap::Equal(cell.WaitNewer(10, Deadline::Now()).code(), Code::kBusy, "a look");
  tap::Equal(raw.Load<uint32_t>(kAwaited), 10U, "announced");
  for (int i = 0; i < 10; i++) Put(cell);
  tap::Equal(raw.Load<uint32_t>(kWoken), 11U, "one wake, and no more");
});

const tap::Test kUntold("watchers: a wake that a dead writer owes comes with the next commit", [] {
  const auto cell = cells::MustOpenPrivate();
  for (int i = 0; i < 5; i++) Put(cell);
  Child sleeper([&] { return SleepUntilNewer(cell, 6) == Sleep::kNewer ? 0 : 1; });
  const auto raw = RawBytes::Of(cell.segment());
  while (raw.Load<uint32_t>(kAwaited) != 5) std::this_thread::yield();
  std::this_thread::sleep_for(50ms);  // mostly asleep by now; what follows holds anyway
  {
    const auto hold = cell.LockForWrite(Soon());
    tap::Require(static_cast<bool>(cell.Commit(*hold, {.data = "x", .length = 1})), "and no wake");
  }
  Put(cell);
  tap::Check(sleeper.Succeeds(), "woken");
});

const tap::Test kReaders("watchers: readers that may not write are woken all the same", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  const auto raw = RawBytes::Under(key);
  Put(cell);
  Child sleeper([&] {
    const auto reader = cells::MustOpen(key, {.read_only = true, .owner = {}});
    return SleepUntilNewer(reader, 1) == Sleep::kNewer ? 0 : 1;
  });
  while (raw.Load<uint32_t>(kAwaitedAlways) == 0) std::this_thread::yield();
  std::this_thread::sleep_for(50ms);
  Put(cell);
  tap::Check(sleeper.Succeeds(), "woken");
});

const tap::Test kMode("watchers: a mode that lets others read makes every commit wake", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.mode = 0644, .owner = {}});
  const auto raw = RawBytes::Under(key);
  for (int i = 0; i < 5; i++) Put(cell);
  tap::Equal(raw.Load<uint32_t>(kWoken), 5U, "each");
});

const tap::Test kImpossible("watchers: numbers that cannot be do no harm", [] {
  const auto cell = cells::MustOpenPrivate();
  const auto raw = RawBytes::Of(cell.segment());
  for (const size_t field : {kAwaited, kWoken}) {
    for (const uint32_t wrong : {1'000'000U, 0x7fff'ffffU, 0xffff'ffffU}) {
      Put(cell);
      const uint64_t version = cell.Version();
      raw.Store(field, wrong);
      Child sleeper([&] { return SleepUntilNewer(cell, version) == Sleep::kNewer ? 0 : 1; });
      std::this_thread::sleep_for(20ms);
      Put(cell);
      tap::Check(sleeper.Succeeds(), tap::Text("woken with ", wrong, " at ", field));
    }
  }
  tap::Equal(raw.Load<uint32_t>(kNotify), static_cast<uint32_t>(cell.Version()), "notify");
});

const tap::Test kWraps("watchers: numbers go round", [] {
  const auto cell = cells::MustOpenPrivate();
  const auto raw = RawBytes::Of(cell.segment());
  Put(cell);
  constexpr uint64_t kBefore = 0xffff'fffe;
  raw.Store(128, kBefore);
  raw.Store(256 + 128 * (kBefore % 3), kBefore);
  for (const size_t field : {kNotify, kAwaited, kWoken}) raw.Store(field, static_cast<uint32_t>(kBefore));
  for (uint64_t version = kBefore; version < kBefore + 4; version++) {
    Child sleeper([&] { return SleepUntilNewer(cell, version) == Sleep::kNewer ? 0 : 1; });
    while (raw.Load<uint32_t>(kAwaited) != static_cast<uint32_t>(version)) std::this_thread::yield();
    std::this_thread::sleep_for(20ms);
    Put(cell);
    tap::Check(sleeper.Succeeds(), tap::Text("woken by ", version + 1));
  }
});

}  // namespace
