// Raw segments: reads and writes under the lock.
#include "shmnode/raw.hpp"

#include <cstdint>
#include <limits>

#include "child.hpp"
#include "raw_bytes.hpp"
#include "raws.hpp"

namespace {

using cells::Code;
using raws::Soon;
using shmnode::Deadline;
using shmnode::kMaxExact;
using shmnode::LockMode;
using shmnode::Raw;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();

const tap::Test kBytes("raw: bytes at offsets, where any program finds them", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key, {.capacity = 100});
  const auto bytes = RawBytes::Under(key);
  tap::Equal(raw.capacity(), 100U, "capacity");
  tap::Equal(raws::ReadBytes(raw, 0, 100), std::string(100, '\0'), "before the first write");
  tap::Check(static_cast<bool>(raws::WriteBytes(raw, "abc")) && static_cast<bool>(raws::WriteBytes(raw, "xyz", 97)), "written");
  tap::Equal(bytes.Text(0, 4), std::string_view("abc\0", 4), "at the beginning");
  tap::Equal(bytes.Text(96, 4), std::string_view("\0xyz", 4), "at the end");
  bytes.StoreText(1, "!");
  tap::Equal(raws::ReadBytes(raw, 0, 3), "a!c", "what another program stored");
  tap::Equal(raws::ReadBytes(raw, 98, 50), "yz", "cut at the end");
});

const tap::Test kText("raw: text ends at the first NUL, and the rest is zero", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, 32);
  const Raw raw = raws::MustOpen(key);
  const auto bytes = RawBytes::Under(key);
  tap::Equal(raws::ReadText(raw), "", "empty");
  tap::Check(static_cast<bool>(raws::WriteText(raw, "a longer text")) && static_cast<bool>(raws::WriteText(raw, "short")), "written");
  tap::Equal(bytes.Text(0, 32), "short" + std::string(27, '\0'), "no tail is left");
  tap::Equal(raws::ReadText(raw), "short", "text");
  tap::Equal(raws::Read(raw, 2, 2, true), "or", "a part");
  tap::Equal(raws::Read(raw, 9, 5, true), "", "behind the end");
  bytes.StoreText(6, "hidden");
  tap::Equal(raws::ReadText(raw), "short", "cut at the first NUL");
  bytes.StoreText(0, std::string(32, 'x'));
  tap::Equal(raws::ReadText(raw), std::string(32, 'x'), "without a NUL");
  tap::Check(static_cast<bool>(raws::WriteText(raw, "yz", 3)), "at an offset");
  tap::Equal(bytes.Text(0, 32), "xxxyz" + std::string(27, '\0'), "zero from there on");
});

const tap::Test kNul("raw: a text has no NUL inside, and room for one behind it", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key, {.capacity = 8});
  tap::Check(static_cast<bool>(raws::WriteText(raw, "1234567")), "seven bytes fit");
  tap::Equal(raws::WriteText(raw, "12345678").code(), Code::kTooLarge, "eight do not");
  tap::Equal(raws::WriteText(raw, "12345678").error().number, 7U, "the room that there is");
  tap::Equal(raws::WriteText(raw, std::string_view("a\0b", 3)).code(), Code::kUnsupported, "a NUL inside");
  tap::Equal(raws::ReadText(raw), "1234567", "as it was");
  tap::Check(static_cast<bool>(raws::WriteText(raw, std::string_view("ab\0\0\0", 5))), "NULs at the end");
  tap::Equal(raws::ReadText(raw), "ab", "text");
  tap::Check(static_cast<bool>(raws::WriteText(raw, "")) && raws::ReadText(raw).empty(), "no text");
});

const tap::Test kBounds("raw: nothing outside of the segment", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key, {.capacity = 100});
  const auto before = RawBytes::Under(key).Copy();
  const std::vector<std::byte> data(200, std::byte{1});
  for (const bool text : {false, true}) {
    for (const auto& [offset, length] : std::vector<std::pair<uint64_t, uint64_t>>{
             {0, 101}, {100, 1}, {101, 0}, {50, 51}, {kHuge, 1}, {kHuge, 0}, {kHuge - 99, 100}, {kMaxExact, 1}, {1, kHuge}, {0, kHuge}}) {
      const auto status = raw.Write({.data = data.data(), .length = length, .offset = offset, .nul_terminated = text}, Soon());
      tap::Equal(status.code(), Code::kTooLarge, tap::Text("write ", length, " at ", offset));
    }
    std::vector<std::byte> room(200);
    for (const uint64_t offset : {uint64_t{100}, uint64_t{101}, kMaxExact, kHuge}) {
      const auto part =
          raw.Read({.target = room.data(), .room = room.size(), .offset = offset, .whole = false, .nul_terminated = text}, Soon());
      tap::Check(part && part->copied == 0, tap::Text("read at ", offset));
    }
  }
  tap::Check(RawBytes::Under(key).Copy() == before, "the same bytes");
});

const tap::Test kWhole("raw: a whole value needs its room", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key, {.capacity = 64});
  std::vector<std::byte> room(63, std::byte{7});
  const auto part = raw.Read({.target = room.data(), .room = room.size()}, Soon());
  tap::Equal(part.code(), Code::kTooLarge, "code");
  tap::Equal(part.error().number, 64U, "its length");
  tap::Check(room == std::vector<std::byte>(63, std::byte{7}), "nothing copied");
  tap::Check(static_cast<bool>(raws::WriteText(raw, "text")), "written");
  const auto text = raw.Read({.target = room.data(), .room = 4, .nul_terminated = true}, Soon());
  tap::Check(text && text->length == 4 && text->copied == 4, "a text that fits");
  tap::Equal(raw.Read({.target = room.data(), .room = 3, .nul_terminated = true}, Soon()).error().number, 4U, "one that does not");
});

const tap::Test kHint("raw: the length of a text, as a hint", [] {
  const Raw raw = raws::MustOpen(litter::UniqueKey(), {.capacity = 64});
  tap::Equal(raw.TextLengthHint(16), 0U, "empty");
  tap::Check(static_cast<bool>(raws::WriteText(raw, "0123456789")), "written");
  tap::Equal(raw.TextLengthHint(16), 10U, "within reach");
  tap::Equal(raw.TextLengthHint(10), 64U, "out of reach");
  tap::Equal(raw.TextLengthHint(1000), 10U, "with more reach than there is");
});

const tap::Test kModes("raw: readers share the lock, a writer has it alone", [] {
  const Raw raw = raws::MustOpen(litter::UniqueKey());
  {
    const auto one = raw.Lock(LockMode::kShared, Deadline::Now());
    const auto two = raw.Lock(LockMode::kShared, Deadline::Now());
    tap::Check(one && two, "two readers");
    tap::Equal(raw.Lock(LockMode::kExclusive, Deadline::Now()).code(), Code::kBusy, "no writer");
    tap::Check(!raw.lock().LooksFree(LockMode::kExclusive) && raw.lock().LooksFree(LockMode::kShared), "looks");
  }
  const auto writer = raw.Lock(LockMode::kExclusive, Deadline::Now());
  tap::Check(static_cast<bool>(writer), "a writer");
  tap::Equal(raw.Lock(LockMode::kShared, Deadline::Now()).code(), Code::kBusy, "no reader");
});

// Every 8-byte word of the segment is the same count, in place, and read back under the lock alone.
const tap::Test kCounts("raw: four processes increment every word, and no reader sees a mix", [] {
  constexpr uint64_t kWords = 1024;
  constexpr uint64_t kRounds = 2000;
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key, {.capacity = kWords * 8});
  const auto increment = [&raw] {
    for (uint64_t i = 0; i < kRounds; i++) {
      const auto hold = raw.Lock(LockMode::kExclusive, Soon());
      std::vector<std::byte> bytes(kWords * 8);
      if (!hold || !raw.Read(*hold, {.target = bytes.data(), .room = bytes.size()})) return 1;
      const auto count = CounterOf(bytes);
      if (!count) return 2;
      FillPattern(bytes, *count + 1);
      if (!raw.Write(*hold, {.data = bytes.data(), .length = bytes.size()})) return 3;
    }
    return 0;
  };
  std::vector<Child> writers;
  for (int i = 0; i < 4; i++) writers.emplace_back(increment);
  std::vector<std::byte> bytes(kWords * 8);
  uint64_t last = 0;
  while (last < 4 * kRounds) {
    const auto part = raw.Read({.target = bytes.data(), .room = bytes.size()}, Soon());
    const auto count = CounterOf(bytes);
    if (!tap::Check(part && count && *count >= last, "whole, and no older")) break;
    last = *count;
  }
  for (Child& writer : writers) tap::Check(writer.Succeeds(), "a writer");
});

const tap::Test kKilled("raw: a killed holder holds no more, and is named before", [] {
  const Raw raw = raws::MustOpen(litter::UniqueKey());
  const Shared<std::atomic<bool>> holds;
  Child holder([&raw, &holds] {
    const auto hold = raw.Lock(LockMode::kExclusive, Soon());
    *holds = static_cast<bool>(hold);
    for (;;) pause();
    return 0;
  });
  WaitUntil([&holds] { return holds->load(); });
  const auto refused = raw.Lock(LockMode::kShared, Deadline::After(30ms));
  tap::Equal(refused.code(), Code::kBusy, "code");
  tap::Equal(refused.error().holder, holder.pid(), "holder");
  holder.Kill();
  tap::Check(static_cast<bool>(raws::WriteText(raw, "goes on")), "write");
  tap::Equal(raws::ReadText(raw), "goes on", "read");
});

const tap::Test kUser("raw: the lock for applications is another one", [] {
  const Raw raw = raws::MustOpen(litter::UniqueKey());
  const auto hold = shmnode::UserLockHold::Acquire(*raw.user_lock(), Soon());
  tap::Check(hold && static_cast<bool>(raws::WriteText(raw, "x")), "a write under it");
  tap::Equal(shmnode::UserLockHold::Acquire(*raw.user_lock(), Deadline::Now()).code(), Code::kBusy, "held");
});

const tap::Test kSegmentRemoved("raw: a segment that somebody removed", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key);
  litter::RemoveSegment(key);
  tap::Equal(raws::WriteText(raw, "x").code(), Code::kDestroyed, "write");
  tap::Equal(raws::ReadText(raw), "DESTROYED", "read");
  tap::Equal(raw.CheckNotRemoved().code(), Code::kDestroyed, "check");
  const Raw successor = raws::MustOpen(key);
  tap::Check(successor.segment().identity() != raw.segment().identity(), "another one");
  tap::Equal(raws::WriteText(raw, "x").code(), Code::kDestroyed, "not to the old one");
  tap::Equal(raws::ReadText(successor), "", "nor to the new one");
});

const tap::Test kSetRemoved("raw: a semaphore set that somebody removed", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key);
  tap::Check(static_cast<bool>(raws::WriteText(raw, "stays")), "written");
  litter::RemoveSet(key);
  tap::Equal(raws::WriteText(raw, "x").code(), Code::kDestroyed, "write");
  tap::Equal(raws::ReadText(raw), "DESTROYED", "read");
  const Raw again = raws::MustOpen(key);
  tap::Equal(raws::ReadText(again), "stays", "opened again");
  tap::Check(static_cast<bool>(raws::WriteText(again, "x")), "with another lock");
});

const tap::Test kWaitRemoved("raw: a set removed while somebody waits for it", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key);
  const auto hold = raw.Lock(LockMode::kExclusive, Soon());
  Child waiter([&raw] { return raw.Lock(LockMode::kShared, Soon()).code() == Code::kDestroyed ? 0 : 1; });
  WaitUntil([&raw] { return raw.lock().set()->Value(shmnode::kGate) > 0; });
  litter::RemoveSet(key);
  tap::Check(waiter.Succeeds(), "told");
});

const tap::Test kReadOnly("raw: read-only", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key);
  const Raw reader = raws::MustOpen(key, {.read_only = true});
  tap::Check(static_cast<bool>(raws::WriteText(raw, "text")), "written");
  tap::Equal(raws::ReadText(reader), "text", "read");
  tap::Equal(raws::WriteText(reader, "x").code(), Code::kReadOnly, "write");
  tap::Equal(reader.Destroy(Soon()).code(), Code::kReadOnly, "destroy");
  const auto hold = raw.Lock(LockMode::kExclusive, Soon());
  std::byte byte{};
  const auto refused = reader.Read({.target = &byte, .room = 1, .whole = false}, Deadline::Now());
  tap::Equal(refused.code(), Code::kBusy, "it takes the lock, too");
});

const tap::Test kDestroy("raw: destroyed with its set, for all who are attached", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key);
  const Raw other = raws::MustOpen(key);
  tap::Equal(raw.Destroy(Soon()).code(), Code::kOk, "destroy");
  tap::Check(litter::IsFree(key), "nothing is left");
  tap::Equal(raws::WriteText(other, "x").code(), Code::kDestroyed, "write");
  tap::Equal(other.Destroy(Soon()).code(), Code::kDestroyed, "again");
});

const tap::Test kForked("raw: a child that was forked under the lock does not release it", [] {
  const Raw raw = raws::MustOpen(litter::UniqueKey());
  auto hold = raw.Lock(LockMode::kExclusive, Soon());
  Child child([&hold] {
    { const auto dropped = *std::move(hold); }
    return 0;
  });
  tap::Check(child.Succeeds(), "a child");
  tap::Equal(raw.Lock(LockMode::kShared, Deadline::Now()).code(), Code::kBusy, "still held");
});

}  // namespace
