// Headers full of numbers that nobody wrote in good faith. Each gives a value or a typed error, and no access outside.
#include <array>
#include <random>

#include "cells.hpp"
#include "child.hpp"
#include "raw_bytes.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Target;

constexpr std::array<uint64_t, 24> kNumbers = {0,
                                               1,
                                               2,
                                               3,
                                               15,
                                               16,
                                               17,
                                               2047,
                                               2048,
                                               2049,
                                               4095,
                                               4096,
                                               4097,
                                               0x7FFFFFFF,
                                               0x80000000,
                                               0xFFFFFFFF,
                                               uint64_t{1} << 32U,
                                               (uint64_t{1} << 53U) - 1,
                                               uint64_t{1} << 53U,
                                               (uint64_t{1} << 63U) - 1,
                                               uint64_t{1} << 63U,
                                               UINT64_MAX - 4095,
                                               UINT64_MAX - 1,
                                               UINT64_MAX};

constexpr size_t kSemaphoreId = 60;

bool IsOneOf(Code code, std::initializer_list<Code> allowed) { return std::find(allowed.begin(), allowed.end(), code) != allowed.end(); }

void CheckReadable(const Cell& cell) {
  std::vector<std::byte> room(2048);
  const auto read = cell.TryRead({.target = room.data(), .room = room.size()});
  tap::Check(IsOneOf(read.code(), {Code::kOk, Code::kCorrupt, Code::kTooLarge, Code::kBusy, Code::kDestroyed}),
             tap::Text("read: ", read.code()));
  const auto part = cell.TryRead({.target = room.data(), .room = 10, .offset = 2040, .whole = false});
  tap::Check(IsOneOf(part.code(), {Code::kOk, Code::kCorrupt, Code::kBusy, Code::kDestroyed}), tap::Text("a part: ", part.code()));
  if (read) tap::Check(read->length <= 2048 && read->version <= shmnode::kMaxExact, "plausible facts");
  tap::Check(cell.LengthHint() <= cell.geometry().capacity, "LengthHint");
  static_cast<void>(cell.Facts());
}

void CheckWritable(const Cell& cell) {
  const auto write = cell.Write({.data = "abc", .length = 3, .media_type = "a/b", .if_version = {}}, shmnode::Deadline::Now());
  tap::Check(IsOneOf(write.code(), {Code::kOk, Code::kCorrupt, Code::kTooLarge, Code::kBusy, Code::kDestroyed, Code::kReadOnly}),
             tap::Text("write: ", write.code()));
  if (write) tap::Equal(cells::ReadText(cell), "abc", "what was written");
}

// A cell with some versions, held open while its header is garbled, and put right again afterwards.
class Victim {
 public:
  Victim() {
    for (int i = 0; i < 5; i++) cells::WriteText(attached_, tap::Text("value ", i)).code();
    good_ = raw_.Copy();
  }
  ~Victim() { raw_.Restore(good_); }

  const RawBytes& raw() const { return raw_; }

  void CheckHarmless() const {
    const auto garbled = raw_.Copy();
    CheckReadable(attached_);
    CheckWritable(attached_);
    raw_.Restore(garbled);
    for (const bool read_only : {true, false}) CheckOpen(read_only);
    static_cast<void>(shmnode::ListCells());
    raw_.Restore(good_);
    tap::Equal(cells::ReadText(attached_), "value 4", "put right");
  }

 private:
  void CheckOpen(bool read_only) const {
    const auto garbled = raw_.Copy();
    const auto cell =
        shmnode::OpenCell(Target::Key(key_), {.create = false, .read_only = read_only, .owner = {}}, shmnode::Deadline::Now());
    const auto allowed = {Code::kOk, Code::kCorrupt, Code::kLayout, Code::kNotFound, Code::kBusy, Code::kDestroyed, Code::kOwner};
    // A name says who is meant, and semaphores of elsewhere are of no use.
    const bool posix = memory::is_posix && IsOneOf(cell.code(), {Code::kNameCollision, Code::kUnsupported});
    tap::Check(posix || IsOneOf(cell.code(), allowed), tap::Text("open: ", cell.code()));
    auto left = raw_.Copy();
    // A set that is not there is replaced, or was to be.
    std::copy_n(garbled.begin() + kSemaphoreId, 4, left.begin() + kSemaphoreId);
    tap::Check(left == garbled, "open changes no byte");
    if (!cell) return;
    CheckReadable(*cell);
    CheckWritable(*cell);
    raw_.Restore(garbled);
  }

  key_t key_ = litter::UniqueKey();
  Cell attached_ = cells::MustOpen(key_);
  RawBytes raw_ = RawBytes::Under(key_);
  std::vector<std::byte> good_;
};

template <class T>
void CheckField(const Victim& victim, size_t offset) {
  for (const uint64_t number : kNumbers) {
    victim.raw().Store(offset, static_cast<T>(number));
    victim.CheckHarmless();
  }
}

const tap::Test kHeaderNumbers("hostile: every number of the header", [] {
  const Victim victim;
  for (const size_t offset : {8U, 10U}) CheckField<uint16_t>(victim, offset);
  for (const size_t offset : {12U, 24U, 28U, 56U, 192U}) CheckField<uint32_t>(victim, offset);
  if (litter::IsAlone()) CheckField<uint32_t>(victim, kSemaphoreId);  // elsewhere it could name another's set
  for (const size_t offset : {0U, 16U, 32U, 40U, 48U, 128U, 200U}) CheckField<uint64_t>(victim, offset);
});

const tap::Test kSlotNumbers("hostile: every number of every descriptor", [] {
  const Victim victim;
  for (size_t slot = 0; slot < 16; slot++) {
    const size_t descriptor = 256 + 128 * slot;
    for (const size_t field : {0U, 8U, 16U, 32U}) CheckField<uint64_t>(victim, descriptor + field);
    for (const size_t field : {24U, 28U}) CheckField<uint32_t>(victim, descriptor + field);
  }
});

const tap::Test kLength("hostile: a length over the capacity is kCorrupt", [] {
  const auto cell = cells::MustOpenPrivate();
  const auto raw = RawBytes::Of(cell.segment());
  cells::WriteText(cell, "x").code();
  for (const uint64_t length : {uint64_t{2049}, uint64_t{4096}, uint64_t{0xFFFFFFFF}, uint64_t{1} << 63U, UINT64_MAX}) {
    raw.Store<uint64_t>(256 + 128 + 8, length);
    tap::Equal(cells::Read(cell).code, Code::kCorrupt, "code");
    tap::Equal(cell.LengthHint(), 2048U, "LengthHint");
  }
});

const tap::Test kVersions("hostile: versions at the end of what is counted are kCorrupt", [] {
  const auto cell = cells::MustOpenPrivate();
  const auto raw = RawBytes::Of(cell.segment());
  for (const uint64_t version : {uint64_t{1} << 53U, (uint64_t{1} << 53U) + 1, uint64_t{1} << 63U, UINT64_MAX - 1, UINT64_MAX}) {
    raw.Store<uint64_t>(128, version);
    raw.Store<uint64_t>(256 + 128 * (version % 3), version);
    tap::Equal(cells::Read(cell).code, Code::kCorrupt, "read");
    tap::Equal(cells::WriteText(cell, "x").code(), Code::kCorrupt, "write");
    tap::Equal(raw.Load<uint64_t>(128), version, "commit");
  }
});

const tap::Test kLastVersion("hostile: the last version that is counted can be written and read", [] {
  const auto cell = cells::MustOpenPrivate();
  const auto raw = RawBytes::Of(cell.segment());
  raw.Store<uint64_t>(128, shmnode::kMaxExact - 1);
  tap::Equal(*cells::WriteText(cell, "last"), shmnode::kMaxExact, "version");
  tap::Equal(cells::ReadText(cell), "last", "text");
  tap::Equal(cells::WriteText(cell, "one more").code(), Code::kCorrupt, "one more");
  tap::Equal(cells::ReadText(cell), "last", "text");
});

const tap::Test kDescriptor("hostile: a commit whose slot holds another version is kCorrupt", [] {
  const auto cell = cells::MustOpenPrivate();
  const auto raw = RawBytes::Of(cell.segment());
  cells::WriteText(cell, "x").code();
  for (const uint64_t version : {uint64_t{0}, uint64_t{2}, uint64_t{4}, UINT64_MAX}) {
    raw.Store<uint64_t>(256 + 128, version);
    tap::Equal(cells::Read(cell).code, Code::kCorrupt, "code");
  }
  tap::Equal(*cells::WriteText(cell, "y"), 2U, "the next write mends it");
  tap::Equal(cells::ReadText(cell), "y", "text");
});

const tap::Test kMediaType("hostile: a media type without an end is cut", [] {
  const auto cell = cells::MustOpenPrivate();
  cells::WriteText(cell, "x").code();
  RawBytes::Of(cell.segment()).StoreText(256 + 128 + 32, std::string(96, 'm'));
  tap::Equal(std::string(cells::Read(cell).facts.media_type.data()), std::string(63, 'm'), "media type");
});

const tap::Test kName("hostile: a name without an end, or of other bytes, is kCorrupt", [] {
  for (const std::string& name : {std::string(64, 'n'), std::string("a/b"), std::string("\xFF\xFE"), std::string("../../etc")}) {
    const key_t key = litter::UniqueKey();
    cells::MustOpen(key);
    RawBytes::Under(key).StoreText(64, name);
    tap::Equal(cells::Open(Target::Key(key)).code(), Code::kCorrupt, "code");
  }
});

const tap::Test kGeometry("hostile: a geometry that does not fit the segment is kCorrupt", [] {
  struct Lie {
    size_t offset;
    uint64_t number;
  };
  const std::initializer_list<Lie> lies = {{16, 0},    {16, 4097},       {16, UINT64_MAX}, {32, 0},    {32, 4097},
                                           {32, 8192}, {32, UINT64_MAX}, {24, 0},          {24, 4},    {24, 17},
                                           {24, 1},    {24, 0xFFFFFFFF}, {12, 0},          {12, 8192}, {40, 0}};
  for (const auto& [offset, number] : lies) {
    const key_t key = litter::UniqueKey();
    cells::MustOpen(key);
    const auto raw = RawBytes::Under(key);
    if (offset == 12 || offset == 24) {
      raw.Store(offset, static_cast<uint32_t>(number));
    } else {
      raw.Store(offset, number);
    }
    const std::string what = tap::Text(number, " at ", offset);
    tap::Equal(cells::Open(Target::Key(key)).code(), Code::kCorrupt, what);
    tap::Equal(cells::Open(Target::Key(key), {.read_only = true, .owner = {}}).code(), Code::kCorrupt, what + ", read-only");
  }
});

const tap::Test kOverflow("hostile: numbers whose product overflows are kCorrupt", [] {
  const key_t key = litter::UniqueKey();
  cells::MustOpen(key);
  const auto raw = RawBytes::Under(key);
  for (const uint64_t stride : {uint64_t{1} << 53U, (uint64_t{1} << 52U)}) {
    raw.Store<uint64_t>(16, std::min(stride, shmnode::kMaxExact));
    raw.Store<uint64_t>(32, stride);
    raw.Store<uint32_t>(24, 16);
    tap::Equal(cells::Open(Target::Key(key)).code(), Code::kCorrupt, "code");
  }
});

const tap::Test kSetId("hostile: the id of a set that is no lock is refused, and of none at all replaced by the key's", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  const int set = cell.lock().set().id();
  const auto raw = RawBytes::Under(key);
  const int small = litter::RememberSet(semget(IPC_PRIVATE, 1, 0600));
  raw.Store<int32_t>(kSemaphoreId, small);
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kCorrupt, "a set of one semaphore");
  for (const int id : {-1, INT32_MAX}) {
    raw.Store<int32_t>(kSemaphoreId, id);
    tap::Equal(cells::Open(Target::Key(key)).code(), Code::kOk, "no set");
    tap::Equal(raw.Load<int32_t>(kSemaphoreId), set, "id");
    tap::Equal(cells::WriteText(cell, "x").code(), Code::kOk, "the lock is what it was");
  }
});

const tap::Test kGarbled("hostile: random bytes over the header", [] {
  if (!litter::IsAlone()) tap::Skip("no IPC namespace of our own: a random id could name another's set");
  const Victim victim;
  std::minstd_rand random(7);  // NOLINT(cert-msc51-cpp): the same cases every time
  for (int round = 0; round < 3000; round++) {
    const size_t edits = 1 + random() % 8;
    for (size_t i = 0; i < edits; i++) victim.raw().data()[random() % (round % 2 == 0 ? 260 : 4096)] = static_cast<std::byte>(random());
    victim.raw().Store<uint32_t>(196, 0);  // a retired segment would be removed by the first open
    victim.CheckHarmless();
  }
});

const tap::Test kGarbledDestroy("hostile: destroy whatever is in the header", [] {
  if (!litter::IsAlone()) tap::Skip("no IPC namespace of our own: a random id could name another's set");
  std::minstd_rand random(9);  // NOLINT(cert-msc51-cpp): the same cases every time
  for (int round = 0; round < 500; round++) {
    const key_t key = litter::UniqueKey();
    cells::MustOpen(key);
    const auto raw = RawBytes::Under(key);
    for (size_t at = 12; at < 4096; at++) raw.data()[at] = static_cast<std::byte>(random());
    tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
    if (!tap::Check(litter::IsFree(key), "the key is free")) return;
  }
});

// Somebody keeps changing what was checked, between the check and the use.
const tap::Test kFlipping("hostile: numbers that change all the time", [] {
  const auto cell = cells::MustOpenPrivate({.checksum = true, .owner = {}});
  const auto raw = RawBytes::Of(cell.segment());
  for (int i = 0; i < 5; i++) cells::WriteText(cell, std::string(1000, 'x')).code();
  const Child attacker([&raw] {
    for (uint64_t i = 0;; i++) {
      raw.Store<uint64_t>(128, i % 3 == 0 ? 5 : kNumbers[i % kNumbers.size()]);
      raw.Store<uint64_t>(256 + 128 * 2 + 8, i % 2 == 0 ? 1000 : kNumbers[i / 2 % kNumbers.size()]);
      raw.Store<uint64_t>(256 + 128 * 2, i % 5 == 0 ? 0 : 5);
      raw.Store<uint64_t>(16, kNumbers[i % kNumbers.size()]);
      raw.Store<uint32_t>(24, static_cast<uint32_t>(i));
    }
    return 0;
  });
  for (int i = 0; i < 20'000; i++) {
    CheckReadable(cell);
    const auto write = cell.Write({.data = "abc", .length = 3, .media_type = {}, .if_version = {}}, shmnode::Deadline::Now());
    tap::Check(IsOneOf(write.code(), {Code::kOk, Code::kCorrupt, Code::kBusy}), tap::Text("write: ", write.code()));
  }
});

}  // namespace
