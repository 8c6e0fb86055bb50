// A cell that a watcher thread follows, and how that thread and the loop thread talk about it. Knows nothing of Node.js.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "shmnode/cell.hpp"

namespace shmnode::addon {

class WatchThread;

// What a watcher thread found: a value newer than was asked for, or why there will be none.
struct Finding {
  Result<ValueFacts> facts = ValueFacts{};
  bool has_bytes = false;  // else the version is all that is known
};

// The loop thread asks, the watcher thread answers once, and keeps quiet until it is asked again: a consumer that is slow, or
// has gone, costs nothing, and a peer that commits without end makes no more noise than somebody asked for.
//
// Who may touch what: the finding and the bytes are the watcher thread's while a question is open and not answered, and the
// loop thread's from the answer to the next question. The state passes them on.
class WatchedCell {
 public:
  // Larger values are not copied by the watcher thread, which has others to follow.
  static constexpr uint64_t kMostBytes = 64 * 1024;

  explicit WatchedCell(std::shared_ptr<const Cell> cell) noexcept : cell_(std::move(cell)) { cell_->BeginToWatch(); }

  // --- The loop thread ---

  // Asks for a version above `after`. True where the watcher thread has to be told, because it sleeps on something else.
  bool Ask(uint64_t after) noexcept {
    if (open_) {
      const bool lower = after < after_.load(std::memory_order_relaxed);
      if (lower) after_.store(after, std::memory_order_relaxed);
      return lower;
    }
    open_ = true;
    after_.store(after, std::memory_order_relaxed);
    return state_.exchange(State::kAsked, std::memory_order_acq_rel) == State::kParked;
  }

  // Nobody wants to know any more. An answer may be on its way all the same: the question stays open until it is there.
  void Withdraw() noexcept {
    State asked = State::kAsked;
    if (state_.compare_exchange_strong(asked, State::kQuiet, std::memory_order_acq_rel)) open_ = false;
  }

  // The answer is there, and may be read until the next question.
  void Close() noexcept { open_ = false; }
  const Finding& finding() const noexcept { return finding_; }
  const std::byte* bytes() const noexcept { return bytes_.data(); }

  // Which one follows it.
  WatchThread* thread = nullptr;

  // --- The watcher thread ---

  enum class Sight : uint8_t { kNothing, kAnswer, kParked };

  // kParked: there is something that nobody asked for; no need to follow the cell until somebody does. Otherwise the wait
  // for word() and seen() misses nothing that comes after this look. `thoroughly`: whether the segment was removed, too.
  Sight Look(bool thoroughly) {
    seen_ = cell_->AnnounceWait();
    for (;;) {
      State state = state_.load(std::memory_order_acquire);
      if (state == State::kParked) return Sight::kParked;
      const bool asked = state == State::kAsked;
      if (asked ? !Find(thoroughly) : !cell_->LookForNewer(told_)) return Sight::kNothing;
      // Fails where the loop thread has just asked, or withdrawn.
      const State next = asked ? State::kQuiet : State::kParked;
      if (!state_.compare_exchange_strong(state, next, std::memory_order_acq_rel)) continue;
      if (!asked) return Sight::kParked;
      told_ = std::max(told_, finding_.facts ? finding_.facts->version : 0);
      return Sight::kAnswer;
    }
  }

  const std::atomic<uint32_t>& word() const noexcept { return cell_->NotifyWord(); }
  uint32_t seen() const noexcept { return seen_; }

  // The last thing that the watcher thread does with it.
  void LetGo() noexcept { cell_.reset(); }

 private:
  // kQuiet: nobody asks, but the cell is followed still, since the next question mostly comes before the next commit.
  enum class State : uint8_t { kParked, kQuiet, kAsked };

  // Makes up an answer, if there is one to the question as it stands.
  bool Find(bool thoroughly) {
    const uint64_t after = after_.load(std::memory_order_relaxed);
    const auto newer = cell_->LookForNewer(after);
    if (newer) {
      finding_ = *newer ? Read(**newer) : Finding{.facts = newer->error()};
      // Of numbers that go up and down only the first answer could be believed.
      return !finding_.facts || finding_.facts->version > after;
    }
    if (!thoroughly && std::exchange(found_before_, true)) return false;
    const Status removed = cell_->CheckNotRemoved();
    if (removed.code() != Code::kDestroyed) return false;
    finding_ = {.facts = removed.error()};
    return true;
  }

  Finding Read(uint64_t version) {
    const Finding just_version{.facts = ValueFacts{.version = version, .length = 0, .committed_ns = 0, .writer_pid = 0, .media_type = {}}};
    const uint64_t length = cell_->LengthHint();
    if (length > kMostBytes) return just_version;
    if (bytes_.size() < length) bytes_.resize(length);
    const auto facts = cell_->TryRead({.target = bytes_.data(), .room = bytes_.size()});
    if (facts.code() == Code::kTooLarge || facts.code() == Code::kBusy) return just_version;
    return {.facts = facts, .has_bytes = true};
  }

  std::shared_ptr<const Cell> cell_;  // the watcher thread's
  std::atomic<State> state_{State::kParked};
  std::atomic<uint64_t> after_{0};
  bool open_ = false;  // the loop thread's
  Finding finding_;
  std::vector<std::byte> bytes_;
  uint64_t told_ = 0;  // the watcher thread's, as all below
  uint32_t seen_ = 0;
  bool found_before_ = false;
};

}  // namespace shmnode::addon
