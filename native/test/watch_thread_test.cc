// The thread of the addon that follows cells: it knows nothing of Node.js, and is tested here, under ThreadSanitizer too.
#include "../addon/watch_thread.hpp"

#include <condition_variable>
#include <map>
#include <random>

#include "cells.hpp"
#include "child.hpp"
#include "kernel.hpp"

namespace {

using cells::Cell;
using cells::Code;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using shmnode::addon::News;
using shmnode::addon::NewsKind;
using shmnode::addon::WatchedCell;
using shmnode::addon::WatchThread;
using Watched = std::shared_ptr<WatchedCell>;

// Where a thread's news arrive: what the loop is to the addon.
class Inbox {
 public:
  WatchThread::Tell Tell() {
    return [this](News news) {
      const std::lock_guard lock(mutex_);
      news_.push_back(std::move(news));
      arrived_.notify_one();
    };
  }

  News Next() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !news_.empty(); });
    News first = std::move(news_.front());
    news_.erase(news_.begin());
    if (first.kind == NewsKind::kAnswer) first.cell->Close();
    return first;
  }

  bool IsEmpty() {
    const std::lock_guard lock(mutex_);
    return news_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<News> news_;
};

// A cell with an attach of its own for the thread, as other processes have: ThreadSanitizer knows addresses, not segments.
struct Pair {
  explicit Pair(uint64_t capacity = 2048)
      : own(cells::MustOpenPrivate({.capacity = capacity, .owner = {}})),
        watched(std::make_shared<WatchedCell>(
            std::make_shared<const Cell>(cells::MustOpen(cells::ById(own), {.read_only = true, .owner = {}})))) {}

  void Ask(WatchThread& thread, uint64_t after) const {
    if (watched->Ask(after)) thread.Nudge();
  }
  std::string Text() const { return {reinterpret_cast<const char*>(watched->bytes()), watched->finding().facts->length}; }

  Cell own;
  Watched watched;
};

const tap::Test kAnswers("watch thread: answers each question once", [] {
  const Pair pair;
  Inbox inbox;
  WatchThread thread(inbox.Tell());
  thread.Add(pair.watched);
  for (uint64_t version = 0; version < 2000; version++) {
    pair.Ask(thread, version);
    cells::WriteText(pair.own, std::to_string(version)).code();
    tap::Check(inbox.Next().kind == NewsKind::kAnswer, "an answer");
    tap::Require(static_cast<bool>(pair.watched->finding().facts), "a value");
    tap::Equal(pair.watched->finding().facts->version, version + 1, "its version");
    tap::Equal(pair.Text(), std::to_string(version), "its bytes");
  }
  for (int i = 0; i < 100; i++) cells::WriteText(pair.own, "unasked").code();
  tap::Check(inbox.IsEmpty(), "nobody asked");
  pair.Ask(thread, 2000);
  tap::Check(inbox.Next().cell == pair.watched, "asked again");
  tap::Equal(pair.watched->finding().facts->version, 2100U, "the newest");
});

const tap::Test kLarge("watch thread: of a large value the version alone", [] {
  const Pair pair(WatchedCell::kMostBytes + 1);
  Inbox inbox;
  WatchThread thread(inbox.Tell());
  thread.Add(pair.watched);
  for (const size_t length : {WatchedCell::kMostBytes, WatchedCell::kMostBytes + 1}) {
    const uint64_t version = pair.own.Version();
    pair.Ask(thread, version);
    cells::Write(pair.own, Pattern(length, 7)).code();
    inbox.Next();
    tap::Equal(pair.watched->finding().facts->version, version + 1, "version");
    tap::Equal(pair.watched->finding().has_bytes, length <= WatchedCell::kMostBytes, "bytes");
  }
});

const tap::Test kReleases("watch thread: releases what it is told to, also with a question open", [] {
  Inbox inbox;
  WatchThread thread(inbox.Tell());
  for (int i = 0; i < 200; i++) {
    const Pair pair;
    thread.Add(pair.watched);
    if (i % 2 == 0) pair.Ask(thread, 0);
    if (i % 3 == 0) cells::WriteText(pair.own, "x").code();
    if (i % 4 == 0) pair.watched->Withdraw();
    thread.Remove(pair.watched);
    while (inbox.Next().kind != NewsKind::kReleased) {
    }
    thread.Forget();
    tap::Equal(pair.own.CheckNotRemoved().code(), Code::kOk, "there");
    cells::MustDetach(cells::ById(pair.own), 1);
  }
  tap::Check(thread.IsIdle(), "idle");
});

const tap::Test kEnds("watch thread: ends at once, whatever it does", [] {
  for (int i = 0; i < 200; i++) {
    const Pair pair;
    Inbox inbox;
    const auto began = shmnode::Deadline::Clock::now();
    {
      WatchThread thread(inbox.Tell());
      thread.Add(pair.watched);
      pair.Ask(thread, 0);
      if (i % 2 == 0) cells::WriteText(pair.own, "x").code();
    }
    tap::Check(shmnode::Deadline::Clock::now() - began < 10s, "not after a slice, on any machine");
  }
});

// Questions, withdrawals and lower questions at random while others write: every question that stays open is answered, with a
// version above it, and none twice.
void CheckStorm(int cells, int rounds) {
  std::vector<std::unique_ptr<Pair>> pairs;
  for (int i = 0; i < cells; i++) pairs.push_back(std::make_unique<Pair>());
  Inbox inbox;
  WatchThread thread(inbox.Tell());
  for (const auto& pair : pairs) thread.Add(pair->watched);
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (size_t i = 0; !over; i++) {
      cells::WriteText(pairs[i % pairs.size()]->own, std::to_string(i)).code();
      if (i % 64 == 0) std::this_thread::yield();
    }
  });
  std::map<const WatchedCell*, uint64_t> asked;
  std::mt19937 random(7);
  for (int round = 0; round < rounds; round++) {
    const Pair& pair = *pairs[random() % pairs.size()];
    const uint64_t after = pair.own.Version() + random() % 3;
    if (asked.count(pair.watched.get()) == 0) {
      asked[pair.watched.get()] = after;
      pair.Ask(thread, after);
    } else if (random() % 4 == 0) {
      pair.watched->Withdraw();
      pair.Ask(thread, asked[pair.watched.get()]);
    }
    if (asked.size() < pairs.size()) continue;
    const News news = inbox.Next();
    const auto question = asked.find(news.cell.get());
    tap::Require(question != asked.end(), "an answer to a question");
    const auto& facts = news.cell->finding().facts;
    tap::Require(static_cast<bool>(facts), "a value");
    tap::Check(facts->version > question->second, "newer");
    asked.erase(question);
  }
  over = true;
  writer.join();
}

const tap::Test kStorm("watch thread: a storm of questions and commits", [] { CheckStorm(10, 20'000); });
const tap::Test kStormOfMany("watch thread: a storm with as many cells as there is room for",
                             [] { CheckStorm(static_cast<int>(WatchThread::kRoom), 5'000); });
const tap::Test kPolledStorm("watch thread: a storm without futex_waitv", [] {
  if (!kernel::ForbidFutexWaitv()) tap::Skip("no seccomp");
  CheckStorm(10, 2'000);
});

}  // namespace
