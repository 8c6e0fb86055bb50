// Writing and reading one value.
#include "shmnode/cell.hpp"

#include "cells.hpp"
#include "raw_bytes.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Soon;

// Bytes that differ from each other, so that a shifted copy shows.
std::vector<std::byte> Uneven(size_t n) {
  std::vector<std::byte> bytes(n);
  uint32_t state = 1;
  for (std::byte& byte : bytes) byte = static_cast<std::byte>((state = state * 1664525U + 1013904223U) >> 24U);
  return bytes;
}

Cell CellOf(uint64_t capacity, uint32_t slots = 3) { return cells::MustOpenPrivate({.capacity = capacity, .slots = slots, .owner = {}}); }

const tap::Test kEmpty("cell: never written reads as nothing, version 0", [] {
  const Cell cell = CellOf(100);
  const auto value = cells::Read(cell);
  tap::Equal(value.code, Code::kOk, "code");
  tap::Equal(value.facts.version, 0U, "version");
  tap::Equal(value.facts.length, 0U, "length");
  tap::Equal(value.facts.committed_ns, 0U, "committed");
  tap::Equal(value.facts.writer_pid, 0U, "writer");
  tap::Equal(cell.Version(), 0U, "Version");
  tap::Equal(cell.LengthHint(), 0U, "LengthHint");
});

const tap::Test kRoundTrip("cell: what is written is read, whole, with its facts", [] {
  const Cell cell = CellOf(100000);
  const auto bytes = Uneven(99999);
  const uint64_t before = shmnode::NowUnixNs();
  tap::Equal(*cells::Write(cell, bytes), 1U, "version");
  const auto value = cells::Read(cell);
  tap::Check(value.bytes == bytes, "bytes");
  tap::Equal(value.facts.version, 1U, "version");
  tap::Equal(value.facts.writer_pid, static_cast<uint32_t>(getpid()), "writer");
  tap::Check(value.facts.committed_ns >= before && value.facts.committed_ns <= shmnode::NowUnixNs(), "committed");
  tap::Equal(cell.LengthHint(), 99999U, "LengthHint");
});

const tap::Test kCounting("cell: versions count every write, in every number of slots", [] {
  for (uint32_t slots = 2; slots <= 16; slots++) {
    const Cell cell = CellOf(64, slots);
    for (uint64_t version = 1; version <= 40; version++) {
      const std::string text = tap::Text("value ", version);
      tap::Equal(*cells::WriteText(cell, text), version, "version");
      tap::Equal(cells::ReadText(cell), text, "text");
    }
  }
});

const tap::Test kLengths("cell: every length from nothing to the capacity", [] {
  const Cell cell = CellOf(130);
  const auto bytes = Uneven(130);
  for (size_t length = 0; length <= 130; length++) {
    tap::Check(static_cast<bool>(cells::Write(cell, std::span(bytes).first(length))), "write");
    const auto value = cells::Read(cell);
    tap::Check(std::equal(value.bytes.begin(), value.bytes.end(), bytes.begin()), "bytes");
    tap::Equal(value.bytes.size(), length, "length");
  }
});

const tap::Test kEmptyValue("cell: an empty value is a value", [] {
  const Cell cell = CellOf(10);
  tap::Equal(*cells::WriteText(cell, "x"), 1U, "version");
  tap::Equal(*cell.Write({.data = nullptr, .length = 0, .media_type = {}, .if_version = {}}, Soon()), 2U, "version");
  const auto value = cells::Read(cell);
  tap::Equal(value.facts.version, 2U, "version");
  tap::Equal(value.facts.length, 0U, "length");
});

const tap::Test kNoTail("cell: a shorter write after a longer one leaks no tail", [] {
  for (uint32_t slots : {2U, 3U}) {
    const Cell cell = CellOf(64, slots);
    for (uint32_t i = 0; i < slots; i++) cells::WriteText(cell, std::string(60, 'L')).code();
    cells::WriteText(cell, "short").code();
    const auto value = cells::ReadInto(cell, std::vector<std::byte>(64, std::byte{'.'}), Soon());
    tap::Equal(value.text(), "short", "value");
    std::byte room[64];
    std::memset(room, '.', sizeof room);
    tap::Check(static_cast<bool>(cell.Read({.target = room, .room = sizeof room}, Soon())), "read");
    tap::Check(std::all_of(room + 5, room + 64, [](std::byte b) { return b == std::byte{'.'}; }), "nothing beyond its end");
  }
});

const tap::Test kTooLarge("cell: too large a value is refused and leaves the old one", [] {
  const Cell cell = CellOf(100);
  cells::WriteText(cell, "old").code();
  const auto refused = cells::Write(cell, Uneven(101));
  tap::Equal(refused.code(), Code::kTooLarge, "code");
  tap::Equal(refused.error().number, 100U, "the room there is");
  const auto absurd = cell.Write({.data = "", .length = UINT64_MAX, .media_type = {}, .if_version = {}}, Soon());
  tap::Equal(absurd.code(), Code::kTooLarge, "of 2^64 - 1 bytes");
  tap::Equal(cells::ReadText(cell), "old", "value");
  tap::Equal(cell.Version(), 1U, "version");
  tap::Equal(*cells::Write(cell, Uneven(100)), 2U, "of the capacity exactly");
});

const tap::Test kMediaType("cell: the media type travels with its version", [] {
  const Cell cell = CellOf(100);
  const std::string longest(63, 'm');
  for (const std::string& type : {std::string("application/json"), longest, std::string()}) {
    tap::Check(static_cast<bool>(cell.Write({.data = "x", .length = 1, .media_type = type, .if_version = {}}, Soon())), "write");
    tap::Equal(std::string(cells::Read(cell).facts.media_type.data()), type, "media type");
  }
  const auto refused = cell.Write({.data = "y", .length = 1, .media_type = std::string(64, 'm'), .if_version = {}}, Soon());
  tap::Equal(refused.code(), Code::kTooLarge, "64 bytes");
  tap::Equal(refused.error().number, 63U, "the room there is");
  tap::Equal(cells::ReadText(cell), "x", "value");
});

const tap::Test kConditional("cell: ifVersion commits on that version alone", [] {
  const Cell cell = CellOf(100);
  const auto write = [&cell](uint64_t version) {
    return cell.Write({.data = "x", .length = 1, .media_type = {}, .if_version = version}, Soon());
  };
  tap::Equal(write(1).code(), Code::kVersionConflict, "on 1 before the first write");
  tap::Equal(*write(0), 1U, "on 0 before the first write");
  tap::Equal(write(0).code(), Code::kVersionConflict, "on 0 after it");
  tap::Equal(write(0).error().number, 1U, "the current version");
  tap::Equal(*write(1), 2U, "on 1");
  tap::Equal(write(UINT64_MAX).code(), Code::kVersionConflict, "on 2^64 - 1");
  tap::Equal(cell.Version(), 2U, "version");
});

const tap::Test kPartial("cell: parts of a value", [] {
  const Cell cell = CellOf(100);
  cells::WriteText(cell, "0123456789").code();
  const auto part = [&cell](uint64_t offset, size_t room) {
    std::string target(room, '.');
    const auto facts =
        cell.Read({.target = reinterpret_cast<std::byte*>(target.data()), .room = room, .offset = offset, .whole = false}, Soon());
    tap::Check(facts && facts->length == 10 && facts->version == 1, "facts of the whole value");
    return target;
  };
  tap::Equal(part(0, 4), "0123", "the beginning");
  tap::Equal(part(3, 4), "3456", "the middle");
  tap::Equal(part(8, 4), "89..", "over the end");
  tap::Equal(part(10, 4), "....", "at the end");
  tap::Equal(part(11, 4), "....", "behind the end");
  tap::Equal(part(UINT64_MAX, 4), "....", "far behind the end");
  tap::Equal(part(2, 0), "", "without room");
});

const tap::Test kLittleRoom("cell: a whole value needs room, and its length is told", [] {
  const Cell cell = CellOf(100);
  cells::WriteText(cell, "0123456789").code();
  for (size_t room = 0; room < 10; room++) {
    std::string target(10, '.');
    const auto facts = cell.Read({.target = reinterpret_cast<std::byte*>(target.data()), .room = room}, Soon());
    tap::Equal(facts.code(), Code::kTooLarge, "code");
    tap::Equal(facts.error().number, 10U, "length");
    tap::Equal(target, std::string(10, '.'), "target is left alone");
  }
});

const tap::Test kBatch("cell: several commits under one lock", [] {
  const Cell cell = CellOf(100);
  {
    const auto hold = cell.LockForWrite(Soon());
    tap::Require(static_cast<bool>(hold), "lock");
    for (uint64_t version = 1; version <= 10; version++) {
      tap::Equal(*cell.Commit(*hold, {.data = "x", .length = 1, .media_type = {}, .if_version = {}}), version, "version");
      tap::Equal(cells::Read(cell).facts.version, version, "version read under the lock");
    }
  }
  cell.Wake();
  tap::Equal(*cells::WriteText(cell, "y"), 11U, "the lock is free");
});

const tap::Test kReaderUnderLock("cell: a reader needs no lock while nobody writes", [] {
  const Cell cell = CellOf(100);
  cells::WriteText(cell, "x").code();
  const auto hold = cell.LockForWrite(Soon());
  std::byte room[100];
  tap::Check(static_cast<bool>(cell.TryRead({.target = room, .room = sizeof room})), "read");
});

const tap::Test kBusy("cell: a write under somebody's lock is kBusy at its deadline", [] {
  const Cell cell = CellOf(100);
  const auto hold = cell.LockForWrite(Soon());
  const shmnode::WriteRequest request{.data = "x", .length = 1, .media_type = {}, .if_version = {}};
  const auto refused = cell.Write(request, shmnode::Deadline::Now());
  tap::Equal(refused.code(), Code::kBusy, "code");
  tap::Equal(refused.error().holder, getpid(), "holder");
  tap::Equal(cell.Write(request, shmnode::Deadline::After(std::chrono::milliseconds(20))).code(), Code::kBusy, "after a wait");
  tap::Equal(cell.Version(), 0U, "version");
});

const tap::Test kFacts("cell: facts without the bytes", [] {
  const Cell cell = CellOf(100);
  tap::Equal(cell.Facts()->version, 0U, "version before the first write");
  cells::WriteText(cell, "hello").code();
  tap::Equal(cell.Facts()->version, 1U, "version");
  tap::Equal(cell.Facts()->length, 5U, "length");
});

const tap::Test kMoved("cell: a moved cell goes on", [] {
  Cell first = CellOf(100);
  Cell second = std::move(first);
  tap::Equal(*cells::WriteText(second, "x"), 1U, "version");
  first = std::move(second);
  tap::Equal(cells::ReadText(first), "x", "text");
});

const tap::Test kSecondAttach("cell: two attaches in one process see one value", [] {
  const key_t key = litter::UniqueKey();
  const Cell first = cells::MustOpen(key);
  const Cell second = cells::MustOpen(key);
  tap::Check(first.segment().data() != second.segment().data(), "two attaches");
  tap::Equal(*cells::WriteText(first, "x"), 1U, "by the first");
  tap::Equal(*cells::WriteText(second, "y"), 2U, "by the second");
  tap::Equal(cells::ReadText(first), "y", "text");
});

const tap::Test kDeadWriter("cell: what a dead writer left half written is overwritten", [] {
  const Cell cell = CellOf(100);
  const auto raw = RawBytes::Of(cell.segment());
  cells::WriteText(cell, "one").code();
  raw.Store<uint64_t>(256 + 128 * 2, 0);
  raw.StoreText(4096 + 4096 * 2, "half of tw");
  tap::Equal(cells::ReadText(cell), "one", "text");
  raw.Store<uint64_t>(256 + 128 * 2, 2);  // died between the slot's mark and the commit
  tap::Equal(cells::ReadText(cell), "one", "text");
  tap::Equal(*cells::WriteText(cell, "two"), 2U, "the next write");
  tap::Equal(cells::ReadText(cell), "two", "text");
});

const tap::Test kSameVersion("cell: under one lock, too, ifVersion commits once", [] {
  const Cell cell = CellOf(100);
  const auto hold = cell.LockForWrite(Soon());
  tap::Check(static_cast<bool>(cell.Commit(*hold, {.data = "x", .length = 1, .media_type = {}, .if_version = 0})), "commit");
  tap::Equal(cell.Commit(*hold, {.data = "x", .length = 1, .media_type = {}, .if_version = 0}).code(), Code::kVersionConflict,
             "the same again");
});

const tap::Test kLarge("cell: 64 MiB", [] {
  const Cell cell = CellOf(64U << 20U, 2);
  const auto bytes = Pattern(64U << 20U, 0x1122334455667788U);
  tap::Check(static_cast<bool>(cells::Write(cell, bytes)), "write");
  tap::Check(cells::Read(cell).bytes == bytes, "bytes");
});

}  // namespace
