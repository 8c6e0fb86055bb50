// Many writers and readers of one cell: nothing torn, nothing stale, nothing lost.
#include <thread>

#include "cells.hpp"
#include "child.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Soon;

// What the processes of one run share besides the cell.
struct Board {
  std::atomic<uint64_t> resolved;  // the highest version that a write has told
  std::atomic<uint64_t> counter;
  std::atomic<bool> over;
};

void RaiseTo(std::atomic<uint64_t>& highest, uint64_t version) {
  uint64_t seen = highest;
  while (seen < version && !highest.compare_exchange_weak(seen, version)) {
  }
}

void WriteMany(const Cell& cell, Board& board, size_t bytes, int count) {
  std::vector<std::byte> value(bytes);
  uint64_t last = 0;
  for (int i = 0; i < count; i++) {
    FillPattern(value, ++board.counter);
    const auto version = cells::Write(cell, value);
    tap::Require(static_cast<bool>(version), tap::Text("write: ", version.code()));
    tap::Check(*version > last, "versions rise");
    last = *version;
    RaiseTo(board.resolved, last);
  }
}

// Until the writers are through: each value whole, none older than one that was there before.
void ReadMany(const Cell& cell, const Board& board, size_t bytes) {
  std::vector<std::byte> room(bytes);
  uint64_t last = 0;
  while (!board.over) {
    const uint64_t resolved = board.resolved;
    const auto facts = cell.Read({.target = room.data(), .room = room.size()}, Soon());
    tap::Require(static_cast<bool>(facts), tap::Text("read: ", facts.code()));
    tap::Check(facts->version >= resolved, "no stale value");
    tap::Check(facts->version >= last, "no way back");
    if (facts->version != 0) tap::Check(CounterOf(room).has_value() && facts->length == bytes, "whole");
    last = facts->version;
  }
}

struct Load {
  size_t bytes;
  uint32_t slots;
  int writers;
  int readers;
  int writes;  // of each writer
  bool checksum = false;
};

void CheckProcesses(const Load& load) {
  const key_t key = litter::UniqueKey();
  const Shared<Board> board;
  const auto cell = cells::MustOpen(key, {.capacity = load.bytes, .slots = load.slots, .checksum = load.checksum, .owner = {}});
  std::vector<Child> readers;
  for (int i = 0; i < load.readers; i++) {
    const bool read_only = i % 2 == 1;
    readers.emplace_back([&, read_only] {
      ReadMany(cells::MustOpen(key, {.read_only = read_only, .owner = {}}), *board, load.bytes);
      return 0;
    });
  }
  std::vector<Child> writers;
  for (int i = 0; i < load.writers; i++) {
    writers.emplace_back([&] {
      WriteMany(cells::MustOpen(key), *board, load.bytes, load.writes);
      return 0;
    });
  }
  for (Child& writer : writers) tap::Check(writer.Succeeds(), "a writer");
  board->over = true;
  for (Child& reader : readers) tap::Check(reader.Succeeds(), "a reader");
  tap::Equal(cell.Version(), static_cast<uint64_t>(load.writers) * static_cast<uint64_t>(load.writes), "no write lost");
  tap::Check(CounterOf(cells::Read(cell).bytes).has_value(), "the last value is whole");
}

const tap::Test kSmall("concurrency: processes, 64 bytes",
                       [] { CheckProcesses({.bytes = 64, .slots = 3, .writers = 3, .readers = 3, .writes = 10'000}); });
const tap::Test kMedium("concurrency: processes, 16 KiB and a checksum", [] {
  CheckProcesses({.bytes = 16 << 10, .slots = 3, .writers = 3, .readers = 3, .writes = 4'000, .checksum = true});
});
const tap::Test kLarge("concurrency: processes, 1 MiB",
                       [] { CheckProcesses({.bytes = 1 << 20, .slots = 3, .writers = 2, .readers = 3, .writes = 800}); });
const tap::Test kTwoSlots("concurrency: processes, 64 KiB in two slots",
                          [] { CheckProcesses({.bytes = 64 << 10, .slots = 2, .writers = 2, .readers = 2, .writes = 3'000}); });
const tap::Test kSixteenSlots("concurrency: processes, odd length in sixteen slots",
                              [] { CheckProcesses({.bytes = 4099, .slots = 16, .writers = 3, .readers = 3, .writes = 5'000}); });

const tap::Test kThreads("concurrency: threads that share one handle", [] {
  constexpr int kWriters = 3;
  constexpr int kWrites = 3'000;
  constexpr size_t kBytes = 8192;
  const auto cell = cells::MustOpenPrivate({.capacity = kBytes, .owner = {}});
  const Shared<Board> board;
  std::vector<std::thread> readers;
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; i++) readers.emplace_back([&] { ReadMany(cell, *board, kBytes); });
  for (int i = 0; i < kWriters; i++) writers.emplace_back([&] { WriteMany(cell, *board, kBytes, kWrites); });
  for (std::thread& writer : writers) writer.join();
  board->over = true;
  for (std::thread& reader : readers) reader.join();
  tap::Equal(cell.Version(), static_cast<uint64_t>(kWriters * kWrites), "no write lost");
});

const tap::Test kLengths("concurrency: values of changing length and media type fit together", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.capacity = 4096, .slots = 2, .owner = {}});
  const Child writer([key] {
    const auto own = cells::MustOpen(key);
    for (uint64_t i = 1;; i++) {
      const auto value = Pattern(8 + i * 37 % 4000, i);
      const std::string type = std::to_string(i);
      own.Write({.data = value.data(), .length = value.size(), .media_type = type, .if_version = {}}, Soon()).code();
    }
    return 0;
  });
  for (int i = 0; i < 20'000; i++) {
    const auto value = cells::Read(cell);
    if (!tap::Equal(value.code, Code::kOk, "read") || value.facts.version == 0) continue;
    const uint64_t version = value.facts.version;
    tap::Check(CounterOf(value.bytes) == version, "the bytes of this version");
    tap::Equal(value.facts.length, 8 + version * 37 % 4000, "its length");
    tap::Equal(std::string(value.facts.media_type.data()), std::to_string(version), "its media type");
  }
});

const tap::Test kUpdates("concurrency: conditional writes lose no update", [] {
  constexpr int kProcesses = 4;
  constexpr uint64_t kUpdatesEach = 1'000;
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  std::vector<Child> children;
  for (int i = 0; i < kProcesses; i++) {
    children.emplace_back([key] {
      const auto own = cells::MustOpen(key);
      for (uint64_t done = 0; done < kUpdatesEach;) {
        uint64_t number = 0;
        const auto facts = own.Read({.target = reinterpret_cast<std::byte*>(&number), .room = sizeof number}, Soon());
        number++;
        const auto version = own.Write({.data = &number, .length = sizeof number, .media_type = {}, .if_version = facts->version}, Soon());
        if (version) done++;
        tap::Check(version || version.code() == Code::kVersionConflict, tap::Text("written or conflict, not ", version.code()));
      }
      return 0;
    });
  }
  for (Child& child : children) tap::Check(child.Succeeds(), "a process");
  tap::Check(CounterOf(cells::Read(cell).bytes) == kProcesses * kUpdatesEach, "the sum");
  tap::Equal(cell.Version(), kProcesses * kUpdatesEach, "version");
});

const tap::Test kOneWins("concurrency: of many conditional writers one wins", [] {
  for (int round = 0; round < 30; round++) {
    const auto cell = cells::MustOpenPrivate();
    const Shared<std::atomic<int>> winners;
    std::vector<Child> children;
    for (int i = 0; i < 6; i++) {
      children.emplace_back([&] {
        const auto version = cell.Write({.data = "x", .length = 1, .media_type = {}, .if_version = 0}, Soon());
        if (version) (*winners)++;
        return 0;
      });
    }
    for (Child& child : children) child.Wait();
    tap::Equal(winners->load(), 1, "winners");
  }
});

const tap::Test kStarving("concurrency: a slow reader comes through quick writers", [] {
  constexpr size_t kBytes = 4 << 20;
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.capacity = kBytes, .slots = 2, .owner = {}});
  cells::Write(cell, Pattern(kBytes, 1)).code();
  std::vector<Child> writers;
  for (int i = 0; i < 2; i++) {
    writers.emplace_back([key] {
      const auto own = cells::MustOpen(key);
      auto value = Pattern(kBytes, 2);
      for (uint64_t n = 2;; n++) {
        FillPattern(std::span(value).first(8), n);  // quick: the whole of it need not differ
        cells::Write(own, std::span(value).first(n % 16 == 0 ? kBytes : 8)).code();
      }
      return 0;
    });
  }
  for (int i = 0; i < 30; i++) tap::Equal(cells::Read(cell).code, Code::kOk, "read");
});

const tap::Test kTryRead("concurrency: a read that must not wait gives a value or kBusy", [] {
  const auto cell = cells::MustOpenPrivate({.capacity = 1 << 16, .slots = 2, .owner = {}});
  const Child writer([&cell] {
    for (uint64_t i = 1;; i++) cells::Write(cell, Pattern(1 << 16, i)).code();
    return 0;
  });
  std::vector<std::byte> room(1 << 16);
  for (int i = 0; i < 5'000; i++) {
    const auto facts = cell.TryRead({.target = room.data(), .room = room.size()});
    tap::Check(facts || facts.code() == Code::kBusy, tap::Text("a value or kBusy, not ", facts.code()));
    if (facts && facts->version != 0) tap::Check(CounterOf(room).has_value(), "whole");
  }
});

}  // namespace
