// Cells with a checksum.
#include "cells.hpp"
#include "raw_bytes.hpp"

namespace {

using cells::Cell;
using cells::Code;

Cell Checked(uint64_t capacity) { return cells::MustOpenPrivate({.capacity = capacity, .checksum = true, .owner = {}}); }

constexpr size_t kFirstPayload = 4096 + 4096;

void FlipBit(const RawBytes& raw, size_t bit) { raw.data()[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8)); }

const tap::Test kGood("checksum: a good value reads", [] {
  const Cell cell = Checked(100);
  for (const char* text : {"", "x", "123456789", "a longer value of some words"}) {
    cells::WriteText(cell, text).code();
    tap::Equal(cells::Read(cell).code, Code::kOk, "code");
    tap::Equal(cells::ReadText(cell), text, "text");
  }
});

const tap::Test kEveryBit("checksum: any flipped bit of the payload is kCorrupt", [] {
  const Cell cell = Checked(100);
  const auto raw = RawBytes::Of(cell.segment());
  cells::WriteText(cell, "123456789").code();
  for (size_t bit = 0; bit < 9 * 8; bit++) {
    FlipBit(raw, kFirstPayload * 8 + bit);
    tap::Equal(cells::Read(cell).code, Code::kCorrupt, "flipped");
    FlipBit(raw, kFirstPayload * 8 + bit);
    tap::Equal(cells::Read(cell).code, Code::kOk, "flipped back");
  }
  FlipBit(raw, kFirstPayload * 8 + 9 * 8);
  tap::Equal(cells::Read(cell).code, Code::kOk, "behind the value's end");
});

const tap::Test kPart("checksum: a part of a corrupt value is corrupt too", [] {
  const Cell cell = Checked(100);
  const auto raw = RawBytes::Of(cell.segment());
  cells::WriteText(cell, "123456789").code();
  FlipBit(raw, kFirstPayload * 8);
  std::byte room[2];
  const auto facts = cell.Read({.target = room, .room = 2, .offset = 5, .whole = false}, cells::Soon());
  tap::Equal(facts.code(), Code::kCorrupt, "code");
});

const tap::Test kWrongSum("checksum: a wrong stored sum is kCorrupt, and the next write mends it", [] {
  const Cell cell = Checked(100);
  const auto raw = RawBytes::Of(cell.segment());
  cells::WriteText(cell, "123456789").code();
  raw.Store<uint32_t>(256 + 128 + 28, 0);
  tap::Equal(cells::Read(cell).code, Code::kCorrupt, "code");
  tap::Equal(*cells::WriteText(cell, "better"), 2U, "version");
  tap::Equal(cells::ReadText(cell), "better", "text");
});

const tap::Test kWithout("checksum: without one a flipped bit goes unseen", [] {
  const Cell cell = cells::MustOpenPrivate();
  cells::WriteText(cell, "1").code();
  FlipBit(RawBytes::Of(cell.segment()), kFirstPayload * 8);
  tap::Equal(cells::ReadText(cell), "0", "text");
});

const tap::Test kAskedFor("checksum: asked of a segment without one is kUnsupported", [] {
  const key_t plain = litter::UniqueKey();
  const key_t checked = litter::UniqueKey();
  const auto first = cells::MustOpen(plain);
  const auto second = cells::MustOpen(checked, {.checksum = true, .owner = {}});
  tap::Equal(cells::Open(cells::Target::Key(plain), {.checksum = true, .owner = {}}).code(), Code::kUnsupported, "made without");
  tap::Equal(cells::Open(cells::Target::Key(checked), {.checksum = true, .owner = {}}).code(), Code::kOk, "made with");
  tap::Check(cells::MustOpen(checked).geometry().has_checksum(), "used also where not asked for");
});

}  // namespace
