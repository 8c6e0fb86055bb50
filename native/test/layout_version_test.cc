// Segments of other layout versions, whose headers are made here byte by byte.
#include <sys/sem.h>

#include <algorithm>
#include <initializer_list>

#include "cells.hpp"
#include "raw_bytes.hpp"

namespace {

using cells::Code;
using cells::Target;
using shmnode::LayoutVersion;

constexpr size_t kStride = 4096;
constexpr size_t kSlots = 3;
// What no field of layout 1.0 is in: behind `ipc_namespace`, behind the descriptors, behind a descriptor's media type.
constexpr std::initializer_list<std::pair<size_t, size_t>> kUnknownOfHeader = {{224, 256}, {256 + 128 * 16, 4096}};
constexpr size_t kUnknownOfSlot = 96;
constexpr size_t kSlotBytes = 128;

size_t SlotOf(uint64_t version) { return 256 + kSlotBytes * (version % kSlots); }

// A segment as a library of that version makes it, with something in every byte that 1.0 does not know, and "five" as its
// fifth value.
RawBytes Make(key_t key, LayoutVersion layout) {
  auto raw = RawBytes::Create(key, 4096 + kStride * kSlots);
  for (const auto& [begin, end] : kUnknownOfHeader) std::fill(raw.data() + begin, raw.data() + end, std::byte{0xA5});
  for (size_t slot = 0; slot < kSlots; slot++) {
    std::fill_n(raw.data() + SlotOf(slot) + kUnknownOfSlot, kSlotBytes - kUnknownOfSlot, std::byte{0xA5});
  }
  raw.StoreText(0, "SHMNODE1");
  raw.Store<uint16_t>(8, layout.major);
  raw.Store<uint16_t>(10, layout.minor);
  raw.Store<uint32_t>(12, 4096);
  raw.Store<uint64_t>(16, 1000);
  raw.Store<uint32_t>(24, kSlots);
  raw.Store<uint32_t>(28, 0x80000000U);  // a flag of the future
  raw.Store<uint64_t>(32, kStride);
  raw.Store<uint64_t>(40, 77);
  raw.Store<int32_t>(60, litter::MakeSet(key));
  if (memory::is_posix) raw.StoreText(64, memory::Name(key).text);
  raw.Store<uint64_t>(128, 5);
  raw.Store<uint32_t>(192, 5);
  raw.Store<uint64_t>(SlotOf(5), 5);
  raw.Store<uint64_t>(SlotOf(5) + 8, 4);
  raw.StoreText(4096 + kStride * (5 % kSlots), "five");
  return raw;
}

bool AreUntouched(const RawBytes& raw) {
  return std::all_of(kUnknownOfHeader.begin(), kUnknownOfHeader.end(), [&raw](const auto& range) {
    return std::all_of(raw.data() + range.first, raw.data() + range.second, [](std::byte b) { return b == std::byte{0xA5}; });
  });
}

bool HasZerosBehind(const RawBytes& raw, uint64_t version) {
  const std::byte* slot = raw.data() + SlotOf(version);
  return std::all_of(slot + kUnknownOfSlot, slot + kSlotBytes, [](std::byte b) { return b == std::byte{0}; });
}

const tap::Test kMinorRead("layout version: a newer minor is read", [] {
  for (const uint16_t minor : std::initializer_list<uint16_t>{1, 7, 65535}) {
    const key_t key = litter::UniqueKey();
    const auto raw = Make(key, {.major = 1, .minor = minor});
    const auto before = raw.Copy();
    const auto cell = cells::MustOpen(Target::Key(key), {.read_only = true});
    tap::Equal(cell.geometry().layout_minor, minor, "minor");
    tap::Equal(cells::ReadText(cell), "five", "value");
    tap::Equal(cells::MustOpen(key).Version(), 5U, "version");
    tap::Check(raw.Copy() == before, "not a byte is changed by who reads");
  }
});

const tap::Test kMinorWritten("layout version: a newer minor is written, and what is not known of it stays", [] {
  const key_t key = litter::UniqueKey();
  const auto raw = Make(key, {.major = 1, .minor = 9});
  const auto cell = cells::MustOpen(key);
  tap::Equal(*cells::WriteText(cell, "six"), 6U, "version");
  tap::Equal(cells::ReadText(cell), "six", "value");
  tap::Check(AreUntouched(raw), "the header's unknown bytes are as they were");
  tap::Equal(raw.Load<uint16_t>(10), 9, "minor");
  tap::Equal(raw.Load<uint32_t>(28), 0x80000000U, "flags");
  tap::Check(HasZerosBehind(raw, 6), "what was said of the slot's older value is gone");
  tap::Check(!HasZerosBehind(raw, 5), "what was said of the other value is not");
  for (int i = 0; i < 3; i++) cells::WriteText(cell, "more").code();
  tap::Check(HasZerosBehind(raw, 7) && HasZerosBehind(raw, 8) && HasZerosBehind(raw, 9), "in every slot");
});

const tap::Test kMinorDestroyed("layout version: a newer minor is listed and destroyed", [] {
  const key_t key = litter::UniqueKey();
  const auto raw = Make(key, {.major = 1, .minor = 9});
  const auto cell = cells::MustOpen(key);
  tap::Equal(shmnode::Inspect(cell)->geometry.layout_minor, 9, "minor");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
  tap::Equal(raw.Load<uint32_t>(196), 1U, "retired");
  tap::Check(litter::IsFree(key), "the key is free");
});

void CheckTellsVersion(const shmnode::Error& error, LayoutVersion layout) {
  tap::Equal(error.code, Code::kLayout, "code");
  tap::Equal(std::string(error.reason), "another layout version", "reason");
  tap::Check(LayoutVersion::Unpacked(error.number) == layout, tap::Text("version: ", error.number));
}

const tap::Test kMajor("layout version: another major is refused, and tells which", [] {
  for (const LayoutVersion layout : std::initializer_list<LayoutVersion>{{2, 0}, {2, 3}, {3, 0}, {65535, 65535}, {0, 0}, {0, 9}}) {
    const key_t key = litter::UniqueKey();
    const auto raw = Make(key, layout);
    const auto before = raw.Copy();
    CheckTellsVersion(cells::Open(Target::Key(key)).error(), layout);
    CheckTellsVersion(cells::Open(Target::Key(key), {.create = false}).error(), layout);
    CheckTellsVersion(cells::Open(Target::Key(key), {.exclusive = true}).error(), layout);
    CheckTellsVersion(cells::Open(Target::Key(key), {.read_only = true}).error(), layout);
    CheckTellsVersion(cells::Open(cells::ById(key)).error(), layout);
    CheckTellsVersion(cells::Destroy(Target::Key(key)).error(), layout);
    CheckTellsVersion(cells::Destroy(cells::ById(key)).error(), layout);
    tap::Check(raw.Copy() == before, "not a byte is changed");
    tap::Check(litter::HasSegment(key) && litter::HasSet(key), "both are still there");
  }
});

// A later major may have anything there: only the magic and the version are where they are here.
const tap::Test kMajorAlone("layout version: of another major nothing else is looked at", [] {
  for (const std::byte filling : {std::byte{0}, std::byte{1}, std::byte{0xFF}}) {
    const key_t key = litter::UniqueKey();
    constexpr size_t kBytes = 10'000;
    const auto raw = RawBytes::Create(key, kBytes);
    std::fill_n(raw.data() + 12, kBytes - 12, filling);
    raw.StoreText(0, "SHMNODE1");
    raw.Store<uint16_t>(8, 2);
    raw.Store<uint16_t>(10, 1);
    const auto before = raw.Copy();
    CheckTellsVersion(cells::Open(Target::Key(key)).error(), {.major = 2, .minor = 1});
    CheckTellsVersion(cells::Destroy(Target::Key(key)).error(), {.major = 2, .minor = 1});
    tap::Check(raw.Copy() == before, "not a byte is changed");
    tap::Check(litter::HasSegment(key) && !litter::HasSet(key), "the segment alone is there");
  }
});

}  // namespace
