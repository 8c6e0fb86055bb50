// A writer and a creator stopped after every single instruction. What is there at that moment is what a SIGKILL would
// leave: readers must find a whole value in it, and the next process must be able to go on from a copy of it.
#include <sys/ptrace.h>

#include <optional>

#include "cells.hpp"
#include "child.hpp"
#include "raw_bytes.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Soon;
using cells::Target;

// Runs `body` in a child, one instruction at a time, and calls `look` after each; how many there were.
template <class Body, class Look>
int StepThrough(Body body, Look look) {
  Child child([&body] {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return 2;
    raise(SIGSTOP);
    body();
    raise(SIGSTOP);
    return 0;
  });
  int status = 0;
  waitpid(child.pid(), &status, WUNTRACED);
  if (!WIFSTOPPED(status)) tap::Skip("no ptrace");
  int steps = 0;
  for (;; steps++) {
    if (ptrace(PTRACE_SINGLESTEP, child.pid(), nullptr, nullptr) != 0) tap::Skip("no single steps");
    waitpid(child.pid(), &status, 0);
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) break;
    look();
  }
  tap::Check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "the child came to its end");
  return steps;
}

// A cell of our own whose bytes are replaced by another's: as the kernel would leave that one, with the lock free.
class Copy {
 public:
  Copy() : raw_(RawBytes::Of(cell_.segment().id())), set_(cell_.lock().set().id()) {}

  const Cell& Take(const RawBytes& from) const {
    raw_.Restore(from.Copy());
    raw_.Store<int32_t>(60, set_);
    raw_.Store<uint64_t>(200, 0);  // the writer is only stopped; of a dead one, others take the mark over
    return cell_;
  }

 private:
  Cell cell_ = cells::MustOpenPrivate({.capacity = 64, .owner = {}});
  RawBytes raw_;
  int set_;
};

const tap::Test kCommit("steps: a write stopped after any instruction leaves the old value or the new", [] {
  const auto cell = cells::MustOpenPrivate({.capacity = 64, .owner = {}});
  const auto raw = RawBytes::Of(cell.segment().id());
  const Copy copy;
  for (uint64_t version = 1; version <= 5; version++) cells::Write(cell, Pattern(64, version)).code();
  int with_old = 0;
  int with_new = 0;
  const auto look = [&] {
    const auto value = cells::ReadInto(cell, std::vector<std::byte>(64), shmnode::Deadline::Now());
    if (!tap::Equal(value.code, Code::kOk, "read")) return;
    tap::Check(CounterOf(value.bytes) == value.facts.version, "whole");
    (value.facts.version == 5 ? with_old : with_new)++;
    const Cell& left = copy.Take(raw);
    const auto next = cells::Write(left, Pattern(64, 100));
    if (!tap::Equal(next.code(), Code::kOk, "the next write")) return;
    tap::Equal(*next, value.facts.version + 1, "its version");
    tap::Check(CounterOf(cells::Read(left).bytes) == uint64_t{100}, "its value");
  };
  const auto hold = cell.LockForWrite(Soon());
  const auto value = Pattern(64, 6);
  const int steps = StepThrough(
      [&] { static_cast<void>(cell.Commit(*hold, {.data = value.data(), .length = 64, .media_type = "a/b", .if_version = 5})); }, look);
  tap::Diagnose(tap::Text(steps, " instructions, ", with_old, " with the old value, ", with_new, " with the new"));
  tap::Check(with_old > 0 && with_new > 0, "both were seen");
});

const tap::Test kInitialise("steps: a creator stopped after any instruction leaves what the next can use", [] {
  const key_t key = litter::UniqueKey();
  const int set = semget(key, shmnode::kSemaphoreCount, IPC_CREAT | 0600);
  const auto left = RawBytes::Create(key, 4096 * 4);
  auto fresh =
      shmnode::Segment::Attach(litter::RememberSegment(shmget(IPC_PRIVATE, 4096 * 4, 0600)), 4096 * 4, shmnode::Access::kReadWrite);
  tap::Require(static_cast<bool>(fresh), "a segment");
  const auto raw = RawBytes::Of(fresh->id());
  int blank = 0;
  int finished = 0;
  const auto look = [&] {
    left.Restore(raw.Copy());
    const auto content = shmnode::ContentOf(*fresh);
    (content == shmnode::Content::kBlank ? blank : finished)++;
    tap::Check(content != shmnode::Content::kForeign, "not foreign");
    const auto cell = cells::Open(Target::Key(key));
    if (!tap::Equal(cell.code(), Code::kOk, "open")) return;
    tap::Equal(cell->Version(), 0U, "version");
    tap::Equal(cells::WriteText(*cell, "x").code(), Code::kOk, "write");
  };
  const auto create = [&] { shmnode::InitialiseHeader(*fresh, {.capacity = 2048, .slot_count = 3, .flags = 0, .name = {}}, set); };
  const int steps = StepThrough(create, look);
  tap::Diagnose(tap::Text(steps, " instructions, ", blank, " without a magic, ", finished, " with"));
  tap::Check(blank > 0 && finished > 0, "both were seen");
});

}  // namespace
