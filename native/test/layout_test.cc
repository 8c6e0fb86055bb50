// The bytes of a cell segment, at the offsets that the layout document gives, read without the core's structures.
#include "shmnode/layout.hpp"

#include "cells.hpp"
#include "raw_bytes.hpp"

namespace {

using shmnode::SegmentBytesFor;
using shmnode::StrideFor;

struct Example {
  std::string name = litter::UniqueName("layout");
  cells::Cell cell = cells::MustOpen(cells::Target::Name(name), {.capacity = 5000, .slots = 4, .checksum = true, .owner = {}});
  RawBytes raw = RawBytes::Under(memory::KeyOf(name));
};

const tap::Test kHeader("layout: the header of a new segment", [] {
  const uint64_t before = shmnode::NowUnixNs();
  const Example example;
  const RawBytes& raw = example.raw;
  tap::Equal(raw.size(), 4096U + 4 * 8192, "segment bytes");
  tap::Equal(raw.Text(0, 8), "SHMNODE1", "magic");
  tap::Equal(raw.Load<uint16_t>(8), 1, "layout major");
  tap::Equal(raw.Load<uint16_t>(10), 0, "layout minor");
  tap::Equal(raw.Load<uint32_t>(12), 4096U, "header bytes");
  tap::Equal(raw.Load<uint64_t>(16), 5000U, "capacity");
  tap::Equal(raw.Load<uint32_t>(24), 4U, "slot count");
  tap::Equal(raw.Load<uint32_t>(28), 1U, "flags");
  tap::Equal(raw.Load<uint64_t>(32), 8192U, "slot stride");
  tap::Check(raw.Load<uint64_t>(40) != 0, "incarnation");
  tap::Check(raw.Load<uint64_t>(48) >= before && raw.Load<uint64_t>(48) <= shmnode::NowUnixNs(), "created");
  tap::Equal(raw.Load<uint32_t>(56), static_cast<uint32_t>(getpid()), "creator's pid");
  tap::Equal(raw.Load<int32_t>(60), litter::SetOf(memory::KeyOf(example.name)), "id of the semaphore set");
  tap::Equal(raw.Text(64, 64), example.name + std::string(64 - example.name.size(), '\0'), "name, NUL padded");
});

const tap::Test kUntouched("layout: everything behind the name is zero before the first write", [] {
  const Example example;
  auto bytes = example.raw.Copy();
  const uint32_t name_space = example.raw.Load<uint32_t>(220);
  tap::Equal(name_space, memory::is_posix ? shmnode::IpcNamespace() : 0, "IPC namespace");
  std::memset(bytes.data() + 220, 0, sizeof name_space);
  tap::Check(std::all_of(bytes.begin() + 128, bytes.end(), [](std::byte b) { return b == std::byte{0}; }), "all zero");
});

const tap::Test kWritten("layout: descriptor and payload of a written value", [] {
  const Example example;
  const uint64_t before = shmnode::NowUnixNs();
  const auto version = example.cell.Write({.data = "123456789", .length = 9, .media_type = "text/plain", .if_version = {}}, cells::Soon());
  const RawBytes& raw = example.raw;
  tap::Equal(version.code(), shmnode::Code::kOk, "write");
  tap::Equal(raw.Load<uint64_t>(128), 1U, "commit");
  tap::Equal(raw.Load<uint32_t>(192), 1U, "notify");
  tap::Equal(raw.Load<uint32_t>(196), 0U, "retired");
  constexpr size_t kDescriptor = 256 + 128 * 1;
  tap::Equal(raw.Load<uint64_t>(kDescriptor), 1U, "slot version");
  tap::Equal(raw.Load<uint64_t>(kDescriptor + 8), 9U, "length");
  const auto committed = raw.Load<uint64_t>(kDescriptor + 16);
  tap::Check(committed >= before && committed <= shmnode::NowUnixNs(), "committed");
  tap::Equal(raw.Load<uint32_t>(kDescriptor + 24), static_cast<uint32_t>(getpid()), "writer's pid");
  tap::Equal(raw.Load<uint32_t>(kDescriptor + 28), 0xE3069283U, "CRC32C");
  tap::Equal(raw.Text(kDescriptor + 32, 64), tap::Text("text/plain", std::string(54, '\0')), "media type, NUL padded");
  tap::Equal(raw.Text(4096 + 1 * 8192, 9), "123456789", "payload");
});

const tap::Test kSlots("layout: version v lives in slot v modulo the slot count", [] {
  const Example example;
  for (uint64_t version = 1; version <= 9; version++) {
    const std::string text = tap::Text("value ", version);
    tap::Equal(cells::WriteText(example.cell, text).code(), shmnode::Code::kOk, "write");
    const size_t slot = version % 4;
    tap::Equal(example.raw.Load<uint64_t>(256 + 128 * slot), version, "slot version");
    tap::Equal(example.raw.Text(4096 + slot * 8192, text.size()), text, "payload");
    tap::Equal(example.raw.Load<uint64_t>(128), version, "commit");
  }
});

const tap::Test kRetired("layout: a destroyed segment says so to who is attached", [] {
  const Example example;
  const key_t key = memory::KeyOf(example.name);
  tap::Equal(cells::Destroy(cells::Target::Name(example.name)).code(), shmnode::Code::kOk, "destroy");
  tap::Equal(example.raw.Load<uint32_t>(196), 1U, "retired");
  tap::Check(litter::IsFree(key), "the key is free");
});

const tap::Test kNotify("layout: notify holds the low half of the commit", [] {
  const Example example;
  example.raw.Store<uint64_t>(128, 0x1FFFFFFFFULL);
  tap::Equal(cells::WriteText(example.cell, "x").code(), shmnode::Code::kOk, "write");
  tap::Equal(example.raw.Load<uint64_t>(128), 0x200000000ULL, "commit");
  tap::Equal(example.raw.Load<uint32_t>(192), 0U, "notify");
});

const tap::Test kNumeric("layout: under a numeric key there is no name, and no flag unless asked for", [] {
  memory::SystemVOnly("numeric keys");
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  const auto raw = RawBytes::Under(key);
  tap::Equal(raw.Text(64, 64), std::string(64, '\0'), "name");
  tap::Equal(raw.Load<uint32_t>(28), 0U, "flags");
  tap::Equal(raw.Load<uint64_t>(16), 2048U, "default capacity");
  tap::Equal(raw.Load<uint32_t>(24), 3U, "default slots");
});

const tap::Test kMode("layout: segment and set get the mode that was asked for", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.mode = 0640, .owner = {}});
  tap::Equal(cell.segment().Facts()->mode, 0640U, "segment");
  tap::Equal(cell.lock().set().Stat()->sem_perm.mode & 0777U, 0640U, "set");
  tap::Equal(cell.lock().set().Stat()->sem_nsems, 4U, "semaphores");
});

const tap::Test kStrides("layout: strides and sizes", [] {
  tap::Equal(StrideFor(1), 4096U, "of 1 byte");
  tap::Equal(StrideFor(4096), 4096U, "of a page");
  tap::Equal(StrideFor(4097), 8192U, "of a page and a byte");
  tap::Equal(StrideFor(shmnode::kMaxExact), uint64_t{1} << 53U, "of the largest number");
  tap::Equal(SegmentBytesFor(1, 2), 4096U * 3, "the smallest segment");
  tap::Equal(SegmentBytesFor(0, 3), 0U, "no capacity");
  tap::Equal(SegmentBytesFor(shmnode::kMaxExact, 2), 0U, "more than a number holds");
  tap::Equal(SegmentBytesFor(shmnode::kMaxExact + 1, 2), 0U, "a capacity that is no exact number");
  tap::Equal(SegmentBytesFor(UINT64_MAX, 16), 0U, "the largest number of all");
  tap::Check(SegmentBytesFor((uint64_t{1} << 53U) / 16 - 4096, 16) <= shmnode::kMaxExact, "the largest capacity in 16 slots");
});

}  // namespace
