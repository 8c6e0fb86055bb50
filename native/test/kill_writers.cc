// kill_writers [--posix] [--kills N] [--bytes B] [--in-place]: SIGKILLs processes at random while they write, create, destroy and
// lock, and looks at what they leave. --in-place writes as a program without slots would, to show that the harness
// finds torn values: then it is an error to find none.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "broken.hpp"
#include "cells.hpp"
#include "child.hpp"
#include "litter.hpp"
#include "pattern.hpp"
#include "raw_bytes.hpp"
#include "tap.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Result;
using cells::Soon;
using cells::Target;
using shmnode::Deadline;
using shmnode::LockHold;
using shmnode::LockMode;

struct Options {
  int kills = 1000;
  size_t bytes = 1 << 20;
  bool in_place = false;
};
Options options;

struct Figures {
  int kills = 0;
  int half_way = 0;  // of them, seen to have died with a slot half written
  int torn = 0;
  int lost = 0;
  int stuck = 0;

  void Print() const {
    tap::Diagnose(tap::Text("kills ", kills, ", half way ", half_way, ", torn ", torn, ", lost ", lost, ", stuck ", stuck));
  }
  bool AllWell() const { return torn == 0 && lost == 0 && stuck == 0; }
};

// Written by children, read by the parent after their death.
struct Board {
  std::atomic<int> started;
  std::atomic<uint64_t> resolved;  // the highest version that a write has told
};

void RaiseTo(std::atomic<uint64_t>& highest, uint64_t version) {
  uint64_t seen = highest;
  while (seen < version && !highest.compare_exchange_weak(seen, version)) {
  }
}

// Spins: sleeping would round short times up.
void WaitRandomly(std::chrono::microseconds most) {
  const auto wait = std::chrono::microseconds(shmnode::RandomNonZero() % static_cast<uint64_t>(most.count()));
  const auto deadline = Deadline::After(wait);
  while (!deadline.Expired()) sched_yield();
}

// Every value is the pattern of its own version, which ifVersion makes known beforehand.
Result<uint64_t> WriteNext(const Cell& cell, std::vector<std::byte>& value) {
  const uint64_t current = cell.Version();
  FillPattern(value, current + 1);
  return cell.Write({.data = value.data(), .length = value.size(), .media_type = {}, .if_version = current}, Soon());
}

Result<uint64_t> WriteNextInPlace(const Cell& cell, std::vector<std::byte>& value) {
  const uint64_t current = cell.Version();
  FillPattern(value, current + cell.geometry().slot_count);
  return broken::WriteInPlace(cell, {.data = value.data(), .length = value.size(), .media_type = {}, .if_version = current});
}

int WriteForEver(key_t key, Board& board) {
  const Cell cell = cells::MustOpen(key);
  std::vector<std::byte> value(options.bytes);
  for (board.started++;;) {
    const auto version = options.in_place ? WriteNextInPlace(cell, value) : WriteNext(cell, value);
    if (version) RaiseTo(board.resolved, *version);
    tap::Check(version || version.code() == Code::kVersionConflict, tap::Text("write: ", version.code()));
  }
}

bool DiedHalfWay(const Cell& cell) {
  const auto* header = reinterpret_cast<const shmnode::Header*>(cell.segment().data());
  const uint64_t next = cell.Version() + 1;
  return next > cell.geometry().slot_count && header->slots[next % cell.geometry().slot_count].version == 0;
}

// Also while other writers live. The value must be whole, and no older than what had been resolved before.
void CheckValue(const Cell& cell, const Board& board, std::vector<std::byte>& room, Figures& figures) {
  const uint64_t resolved = board.resolved;
  const auto facts = cell.Read({.target = room.data(), .room = room.size()}, Soon());
  // Who changes values in place may die between the slot's version and the commit word.
  if (options.in_place && facts.code() == Code::kCorrupt) figures.torn++;
  if (options.in_place && !facts) return;
  if (!tap::Check(static_cast<bool>(facts), tap::Text("read: ", facts.code()))) return;
  figures.lost += facts->version < resolved ? 1 : 0;
  figures.torn += facts->version != 0 && CounterOf(room) != facts->version ? 1 : 0;
}

// The bound is for a lock that is never released.
void CheckLock(const Cell& cell, Figures& figures) {
  const auto hold = LockHold::Acquire(cell.lock(), LockMode::kExclusive, Deadline::After(std::chrono::seconds(20)));
  figures.stuck += hold ? 0 : 1;
}

void KillTwoWriters(key_t key, const Cell& cell, std::vector<std::byte>& room, Figures& figures) {
  const Shared<Board> board;
  board->resolved = cell.Version();
  Child first([&] { return WriteForEver(key, *board); });
  Child second([&] { return WriteForEver(key, *board); });
  WaitUntil([&] { return board->started > 0; });
  for (Child* child : {&first, &second}) {
    WaitRandomly(std::chrono::microseconds(3000));
    child->Kill();
    figures.kills++;
    CheckLock(cell, figures);
    CheckValue(cell, *board, room, figures);
  }
  figures.half_way += !options.in_place && DiedHalfWay(cell) ? 1 : 0;
}

void KillWriters() {
  const key_t key = litter::UniqueKey();
  const Cell cell = cells::MustOpen(key, {.capacity = options.bytes, .owner = {}});
  std::vector<std::byte> room(options.bytes);
  Figures figures;
  tap::Check(static_cast<bool>(WriteNext(cell, room)), "the first write");
  while (figures.kills < options.kills) {
    KillTwoWriters(key, cell, room, figures);
    if (options.in_place) continue;
    const auto next = WriteNext(cell, room);
    if (!tap::Check(static_cast<bool>(next), tap::Text("the next write: ", next.code()))) break;
  }
  figures.Print();
  if (options.in_place) {
    tap::Check(figures.torn > 0, "finds torn values");
  } else {
    tap::Check(figures.AllWell(), "nothing torn, lost or stuck");
  }
}

// What a killed creator or destroyer left under its key.
struct Remains {
  int nothing = 0;
  int set = 0;
  int blank = 0;
  int cell = 0;
  int retired = 0;

  void Count(key_t key) {
    if (!litter::HasSegment(key)) {
      (litter::HasSet(key) ? set : nothing)++;
      return;
    }
    const auto raw = RawBytes::Under(key);
    if (raw.Load<uint64_t>(0) == 0) {
      blank++;
    } else {
      (raw.Load<uint32_t>(196) == 0 ? cell : retired)++;
    }
  }
  void Print() const {
    tap::Diagnose(tap::Text("found nothing ", nothing, ", a set ", set, ", a blank segment ", blank, ", a cell ", cell, ", a retired cell ",
                            retired));
  }
};

void CheckUsable(key_t key) {
  const auto cell = cells::Open(Target::Key(key));
  if (!tap::Equal(cell.code(), Code::kOk, "open")) return;
  tap::Equal(cells::WriteText(*cell, "x").code(), Code::kOk, "write");
  tap::Equal(cells::ReadText(*cell), "x", "read");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
  tap::Check(litter::IsFree(key), "the key is free");
}

template <class Body>
void KillOne(Body body, std::chrono::microseconds most) {
  const Shared<std::atomic<bool>> started;
  Child child([&] {
    *started = true;
    body();
    return 0;
  });
  while (!*started) sched_yield();
  WaitRandomly(most);
  child.Kill();
}

void KillCreators() {
  Remains remains;
  for (int i = 0; i < options.kills; i++) {
    const key_t key = litter::UniqueKey();
    KillOne([key] { static_cast<void>(cells::Open(Target::Key(key))); }, std::chrono::microseconds(100));
    remains.Count(key);
    CheckUsable(key);
  }
  remains.Print();
}

// What a creator of System V memory leaves that dies right after it has made its segment.
void MakeBlank(key_t key) {
  litter::MakeSet(key);
  RawBytes::Create(key, shmnode::SegmentBytesFor(shmnode::kDefaultCapacity, shmnode::kDefaultSlots));
}

void KillDestroyersOf(void (*make)(key_t)) {
  Remains remains;
  for (int i = 0; i < options.kills; i++) {
    const key_t key = litter::UniqueKey();
    make(key);
    KillOne([key] { static_cast<void>(cells::Destroy(Target::Key(key))); }, std::chrono::microseconds(80));
    remains.Count(key);
    CheckUsable(key);
  }
  remains.Print();
}

void KillDestroyers() {
  KillDestroyersOf([](key_t key) { cells::MustOpen(key); });
}

void KillDestroyersOfBlank() {
  memory::SystemVOnly("blank segments");
  KillDestroyersOf(MakeBlank);
}

int LockForEver(const Cell& cell, LockMode mode, Board& board) {
  for (board.started++;;) {
    const auto hold = LockHold::Acquire(cell.lock(), mode, Deadline::Never());
    WaitRandomly(std::chrono::microseconds(50));
  }
}

void KillLockers() {
  const Cell cell = cells::MustOpen(litter::UniqueKey());
  Figures figures;
  while (figures.kills < options.kills) {
    const Shared<Board> board;
    std::vector<Child> children;
    for (const LockMode mode : {LockMode::kExclusive, LockMode::kShared, LockMode::kExclusive, LockMode::kShared}) {
      children.emplace_back([&, mode] { return LockForEver(cell, mode, *board); });
    }
    WaitUntil([&] { return board->started == 4; });
    for (Child& child : children) {
      WaitRandomly(std::chrono::microseconds(500));
      child.Kill();
      figures.kills++;
      CheckLock(cell, figures);
    }
    for (int i = 0; i < shmnode::kSemaphoreCount; i++) tap::Equal(cell.lock().set().Value(i), 0, "a semaphore");
  }
  figures.Print();
  tap::Check(figures.AllWell(), "nothing stuck");
}

bool Parse(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    const std::string_view name = argv[i];
    if (name == "--in-place") {
      options.in_place = true;
    } else if (name == "--kills" && i + 1 < argc) {
      options.kills = std::atoi(argv[++i]);
    } else if (name == "--bytes" && i + 1 < argc) {
      options.bytes = std::strtoull(argv[++i], nullptr, 0);
    } else {
      return false;
    }
  }
  return options.kills > 0 && options.bytes >= sizeof(uint64_t);
}

void CleanUpAndLeave(int number) {
  tap::StopRunning();
  litter::RemoveAll();
  _exit(128 + number);
}

}  // namespace

int main(int argc, char** argv) {
  memory::TakeOption(argc, argv);
  if (!Parse(argc, argv)) {
    std::fputs("usage: kill_writers [--posix] [--kills N] [--bytes B] [--in-place]\n", stderr);
    return 2;
  }
  litter::TheLog();
  std::signal(SIGINT, CleanUpAndLeave);
  std::signal(SIGTERM, CleanUpAndLeave);
  std::signal(SIGPIPE, CleanUpAndLeave);
  const tap::Test writers(options.in_place ? "kill: writers that change the value in place" : "kill: writers", KillWriters);
  if (options.in_place) return tap::RunAll("", litter::Isolate, litter::RemoveAll);
  const tap::Test creators("kill: creators", KillCreators);
  const tap::Test destroyers("kill: destroyers", KillDestroyers);
  const tap::Test destroyers_of_blank("kill: destroyers of what a dead creator left", KillDestroyersOfBlank);
  const tap::Test lockers("kill: lock holders and waiters", KillLockers);
  return tap::RunAll("", litter::Isolate, litter::RemoveAll);
}
