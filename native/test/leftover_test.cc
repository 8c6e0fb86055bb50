// What creators and destroyers leave when they die half way, made by hand; each must be no obstacle to the next one.
#include <array>
#include <random>

#include "cells.hpp"
#include "raw_bytes.hpp"

namespace {

using cells::Code;
using cells::Target;

constexpr size_t kDefaultBytes = 4096 * 4;

void CheckWorks(key_t key, std::string_view after) {
  const auto cell = cells::Open(Target::Key(key));
  if (!tap::Equal(cell.code(), Code::kOk, tap::Text("open after ", after))) return;
  tap::Equal(cell->Version(), 0U, "version");
  tap::Equal(*cells::WriteText(*cell, "hello"), 1U, "write");
  tap::Equal(cells::ReadText(cells::MustOpen(key)), "hello", "text");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
  tap::Check(litter::IsFree(key), "the key is free");
}

// A leftover is made twice: once for an open and once for a destroy to find.
template <class Leave>
void CheckLeftover(std::string_view what, Leave leave) {
  const key_t key = litter::UniqueKey();
  leave(key);
  CheckWorks(key, what);
  leave(key);
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, tap::Text("destroy after ", what));
  tap::Check(litter::IsFree(key), "the key is free");
}

int MakeSet(key_t key) { return litter::MakeSet(key); }

// A file gets its name when the cell is in it: see posix_test.cc.
void MakeBlank(key_t key, size_t bytes = kDefaultBytes) {
  memory::SystemVOnly("blank segments");
  MakeSet(key);
  RawBytes::Create(key, bytes);
}

const tap::Test kSetOnly("leftover: a set without a segment", [] { CheckLeftover("a set", MakeSet); });

const tap::Test kBlank("leftover: a set and a blank segment", [] { CheckLeftover("a blank segment", [](key_t key) { MakeBlank(key); }); });

const tap::Test kExclusive("leftover: an exclusive creator takes a blank segment over", [] {
  const key_t key = litter::UniqueKey();
  MakeBlank(key);
  tap::Equal(cells::Open(Target::Key(key), {.exclusive = true, .owner = {}}).code(), Code::kOk, "open");
});

const tap::Test kNoCreate("leftover: who may not create finds nothing, and leaves it", [] {
  const key_t key = litter::UniqueKey();
  MakeBlank(key);
  tap::Equal(cells::Open(Target::Key(key), {.create = false, .owner = {}}).code(), Code::kNotFound, "create = false");
  tap::Equal(cells::Open(Target::Key(key), {.read_only = true, .owner = {}}).code(), Code::kNotFound, "read-only");
  tap::Check(litter::HasSegment(key) && litter::HasSet(key), "both are still there");
});

// The ends of the fields that a creator writes, in the order of the header.
constexpr std::array<size_t, 11> kFields = {8, 16, 24, 28, 32, 40, 48, 56, 60, 64, 128};

// The fields of a finished header that `written` names; the magic never.
void MakeHalfWritten(key_t key, uint32_t written) {
  memory::SystemVOnly("blank segments");
  const int set = MakeSet(key);
  const auto raw = RawBytes::Create(key, kDefaultBytes);
  const key_t other = litter::UniqueKey();
  const auto pattern = cells::MustOpen(Target::Key(other));
  for (size_t i = 1; i < kFields.size(); i++) {
    if ((written >> i & 1U) == 0) continue;
    std::memcpy(raw.data() + kFields[i - 1], pattern.segment().data() + kFields[i - 1], kFields[i] - kFields[i - 1]);
  }
  if ((written >> 9U & 1U) != 0) raw.Store<int32_t>(60, set);
  static_cast<void>(cells::Destroy(Target::Key(other)));
}

const tap::Test kHalfWritten("leftover: a header written up to any field but the magic", [] {
  for (uint32_t count = 1; count <= kFields.size(); count++) {
    const uint32_t fields = (1U << count) - 1;
    CheckLeftover(tap::Text("a header of ", count, " fields"), [fields](key_t key) { MakeHalfWritten(key, fields); });
  }
});

const tap::Test kAnyOrder("leftover: a header with the fields written in any order", [] {
  std::minstd_rand random(1);  // NOLINT(cert-msc51-cpp): the same cases every time
  for (int i = 0; i < 50; i++) {
    const auto fields = static_cast<uint32_t>(random()) | 2U;  // the first words come first
    CheckLeftover(tap::Text("fields ", fields & 0x7ffU), [fields](key_t key) { MakeHalfWritten(key, fields); });
  }
});

const tap::Test kOtherSize("leftover: a blank segment of another size is kCapacity, and can be destroyed", [] {
  const key_t key = litter::UniqueKey();
  MakeBlank(key, 4096 * 9);
  const auto refused = cells::Open(Target::Key(key));
  tap::Equal(refused.code(), Code::kCapacity, "code");
  tap::Equal(refused.error().number, 4096U * 9, "its size");
  tap::Equal(cells::Open(Target::Key(key), {.capacity = 4096 * 2, .slots = 4, .owner = {}}).code(), Code::kOk, "of the right size");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
  MakeBlank(key, 4096 * 9);
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy of the blank one");
  tap::Check(litter::IsFree(key), "the key is free");
});

void MakeRetired(key_t key, bool with_set) {
  cells::WriteText(cells::MustOpen(key), "the last words").code();
  RawBytes::Under(key).Store<uint32_t>(196, 1);
  if (!with_set) litter::RemoveSet(key);
}

const tap::Test kRetired("leftover: a retired segment, with its set and without", [] {
  CheckLeftover("a retired segment", [](key_t key) { MakeRetired(key, true); });
  CheckLeftover("a retired segment without its set", [](key_t key) { MakeRetired(key, false); });
});

const tap::Test kRetiredExclusive("leftover: an exclusive creator replaces a retired segment", [] {
  const key_t key = litter::UniqueKey();
  MakeRetired(key, true);
  tap::Equal(cells::Open(Target::Key(key), {.exclusive = true, .owner = {}}).code(), Code::kOk, "open");
});

const tap::Test kRetiredNoCreate("leftover: a retired segment does not exist for who may not create", [] {
  const key_t key = litter::UniqueKey();
  MakeRetired(key, true);
  tap::Equal(cells::Open(Target::Key(key), {.read_only = true, .owner = {}}).code(), Code::kNotFound, "read-only");
  if (!memory::is_posix) tap::Equal(cells::Open(cells::ById(key)).code(), Code::kDestroyed, "by id");
  tap::Equal(cells::Open(Target::Key(key), {.create = false, .owner = {}}).code(), Code::kNotFound, "create = false");
});

// Who holds a removed segment must find out that its key leads elsewhere now.
const tap::Test kSplitBrain("leftover: a segment removed behind its writer's back and made again", [] {
  const key_t key = litter::UniqueKey();
  const auto old = cells::MustOpen(key);
  litter::RemoveSegment(key);
  tap::Equal(old.CheckNotRemoved().code(), Code::kDestroyed, "CheckNotRemoved");
  const auto fresh = cells::MustOpen(key);
  tap::Check(old.geometry().incarnation != fresh.geometry().incarnation, "incarnations differ");
  tap::Equal(cells::WriteText(old, "lost").code(), Code::kDestroyed, "a write to the old one");
  const auto first = cells::WriteText(fresh, "kept");
  if (tap::Equal(first.code(), Code::kOk, "a write to the new one")) tap::Equal(*first, 1U, "its version");
  if (!memory::is_posix) tap::Equal(cells::Read(old).code, Code::kDestroyed, "a read of the old one");
  tap::Equal(old.CheckNotRemoved().code(), Code::kDestroyed, "CheckNotRemoved again");
  tap::Equal(old.Destroy(cells::Soon()).code(), Code::kDestroyed, "destroy of the old one");
  tap::Equal(cells::ReadText(fresh), "kept", "the new one goes on");
  tap::Equal(*cells::WriteText(fresh, "still"), 2U, "so does its lock");
});

const tap::Test kBothRemoved("leftover: segment and set removed at once, and both made again", [] {
  const key_t key = litter::UniqueKey();
  const auto old = cells::MustOpen(key);
  litter::RemoveSegment(key);
  litter::RemoveSet(key);
  tap::Equal(cells::WriteText(old, "lost").code(), Code::kDestroyed, "a write to the old one");
  CheckWorks(key, "both are gone");
});

}  // namespace
