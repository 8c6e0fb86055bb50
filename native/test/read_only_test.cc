// Attaches that may only read.
#include "cells.hpp"
#include "child.hpp"

namespace {

using cells::Code;

const shmnode::OpenOptions kReadOnly{.read_only = true, .owner = {}};

const tap::Test kReads("read-only: reads what others write", [] {
  const key_t key = litter::UniqueKey();
  const auto writer = cells::MustOpen(key);
  const auto reader = cells::MustOpen(key, kReadOnly);
  tap::Check(reader.segment().read_only(), "read-only");
  tap::Equal(cells::Read(reader).facts.version, 0U, "before the first write");
  for (int i = 1; i <= 10; i++) {
    cells::WriteText(writer, std::to_string(i)).code();
    tap::Equal(cells::ReadText(reader), std::to_string(i), "text");
  }
});

const tap::Test kRefuses("read-only: refuses to write", [] {
  const key_t key = litter::UniqueKey();
  const auto writer = cells::MustOpen(key);
  const auto reader = cells::MustOpen(key, kReadOnly);
  tap::Equal(cells::WriteText(reader, "x").code(), Code::kReadOnly, "write");
  tap::Equal(reader.LockForWrite(cells::Soon()).code(), Code::kReadOnly, "lock");
  tap::Equal(writer.Version(), 0U, "version");
});

const tap::Test kNeedsNoSet("read-only: needs no semaphore set", [] {
  const key_t key = litter::UniqueKey();
  cells::WriteText(cells::MustOpen(key), "x").code();
  litter::RemoveSet(key);
  tap::Equal(cells::ReadText(cells::MustOpen(key, kReadOnly)), "x", "text");
});

const tap::Test kUnderLock("read-only: waits for no lock", [] {
  const key_t key = litter::UniqueKey();
  const auto writer = cells::MustOpen(key);
  cells::WriteText(writer, "x").code();
  const auto hold = writer.LockForWrite(cells::Soon());
  tap::Equal(cells::ReadText(cells::MustOpen(key, kReadOnly)), "x", "text");
});

const tap::Test kStarved("read-only: goes on until its deadline where writers are quicker", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.capacity = 1 << 20, .slots = 2, .owner = {}});
  cells::Write(cell, Pattern(1 << 20, 1)).code();
  const Child writer([&cell] {
    for (uint64_t i = 2;; i++) cells::WriteText(cell, "quick").code();
    return 0;
  });
  const auto reader = cells::MustOpen(key, kReadOnly);
  for (int i = 0; i < 20; i++) {
    std::vector<std::byte> room(1 << 20);
    const auto facts = reader.Read({.target = room.data(), .room = room.size()}, shmnode::Deadline::After(std::chrono::milliseconds(20)));
    tap::Check(facts || facts.code() == Code::kBusy, tap::Text("a value or kBusy, not ", facts.code()));
  }
});

}  // namespace
