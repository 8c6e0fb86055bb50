// From a key to a cell, where nothing is wrong with what is there.
#include "shmnode/open.hpp"

#include <sys/resource.h>

#include <array>

#include "cells.hpp"
#include "child.hpp"
#include "raw_bytes.hpp"

namespace {

using cells::Code;
using cells::OpenOptions;
using cells::Target;

const tap::Test kCreates("open: creates once, and then opens the same", [] {
  const key_t key = litter::UniqueKey();
  const auto first = cells::MustOpen(key);
  const auto second = cells::MustOpen(key);
  tap::Equal(second.segment().identity(), first.segment().identity(), "segment");
  tap::Equal(second.geometry().incarnation, first.geometry().incarnation, "incarnation");
  tap::Equal(second.lock().set().id(), first.lock().set().id(), "semaphore set");
});

const tap::Test kByName("open: by name and by the name's key is the same segment", [] {
  const std::string name = litter::UniqueName("open");
  const auto by_name = cells::MustOpen(Target::Name(name));
  const auto by_key = cells::MustOpen(memory::KeyOf(name));
  tap::Equal(by_key.segment().identity(), by_name.segment().identity(), "segment");
  tap::Equal(by_name.geometry().name_view(), std::string_view(name), "name");
  tap::Equal(cells::Open(Target::Name(name)).code(), Code::kOk, "by name again");
});

const tap::Test kLongestName("open: a name of 63 bytes", [] {
  std::string name = litter::UniqueName("open");
  name.resize(63, 'x');
  litter::RememberName(name);
  tap::Equal(cells::MustOpen(Target::Name(name)).geometry().name_view(), std::string_view(name), "name");
});

const tap::Test kCollision("open: two names with one key do not share a segment", [] {
  memory::SystemVOnly("such collisions");
  const std::string tail = tap::Text(".", getpid());  // a common tail keeps them colliding
  const std::string first = tap::Text("dufeti", tail);
  const std::string second = tap::Text("pivalu", tail);
  litter::Remember(shmnode::KeyOfName(first));
  tap::Require(shmnode::KeyOfName(first) == shmnode::KeyOfName(second), "a colliding pair");
  const auto cell = cells::MustOpen(Target::Name(first));
  tap::Equal(cells::Open(Target::Name(second)).code(), Code::kNameCollision, "open");
  tap::Equal(cells::Open(Target::Name(second), {.read_only = true, .owner = {}}).code(), Code::kNameCollision, "read-only");
  tap::Equal(cells::Destroy(Target::Name(second)).code(), Code::kNameCollision, "destroy");
  tap::Equal(cells::Open(Target::Name(first)).code(), Code::kOk, "the first goes on");
});

const tap::Test kNumericSegment("open: a segment made by key has no name to answer to", [] {
  memory::SystemVOnly("numeric keys");
  const std::string name = litter::UniqueName("open");
  const auto cell = cells::MustOpen(shmnode::KeyOfName(name));
  tap::Equal(cells::Open(Target::Name(name)).code(), Code::kNameCollision, "by name");
});

const tap::Test kExclusive("open: exclusively, once", [] {
  const key_t key = litter::UniqueKey();
  const OpenOptions exclusive{.exclusive = true, .owner = {}};
  tap::Equal(cells::Open(Target::Key(key), exclusive).code(), Code::kOk, "the first time");
  tap::Equal(cells::Open(Target::Key(key), exclusive).code(), Code::kExists, "the second time");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
  tap::Equal(cells::Open(Target::Key(key), exclusive).code(), Code::kOk, "after destroy");
});

const tap::Test kNotFound("open: without create, where there is nothing, leaves nothing", [] {
  const key_t key = litter::UniqueKey();
  tap::Equal(cells::Open(Target::Key(key), {.create = false, .owner = {}}).code(), Code::kNotFound, "create = false");
  tap::Equal(cells::Open(Target::Key(key), {.read_only = true, .owner = {}}).code(), Code::kNotFound, "read-only");
  tap::Equal(cells::Open(Target::Key(key), {.create = false, .exclusive = true, .owner = {}}).code(), Code::kNotFound, "exclusive too");
  tap::Check(litter::IsFree(key), "the key is free");
});

const tap::Test kCapacity("open: capacity is the least that is wanted", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key, {.capacity = 1000, .owner = {}});
  tap::Equal(cells::MustOpen(key, {.capacity = 1000, .owner = {}}).geometry().capacity, 1000U, "the same");
  tap::Equal(cells::MustOpen(key, {.capacity = 10, .owner = {}}).geometry().capacity, 1000U, "less");
  tap::Equal(cells::MustOpen(key).geometry().capacity, 1000U, "any");
  const auto refused = cells::Open(Target::Key(key), {.capacity = 1001, .owner = {}});
  tap::Equal(refused.code(), Code::kCapacity, "more");
  tap::Equal(refused.error().number, 1000U, "the capacity there is");
});

const tap::Test kSlots("open: 2 to 16 slots, and an opener takes what there is", [] {
  for (uint32_t slots = 2; slots <= 16; slots++) {
    const key_t key = litter::UniqueKey();
    tap::Equal(cells::MustOpen(key, {.capacity = 1, .slots = slots, .owner = {}}).geometry().slot_count, slots, "made with");
    tap::Equal(cells::MustOpen(key).geometry().slot_count, slots, "opened with");
  }
});

const tap::Test kWrongSlots("open: slot counts outside 2 to 16 fail and leave nothing", [] {
  for (const uint32_t slots : {1U, 17U, UINT32_MAX}) {
    const key_t key = litter::UniqueKey();
    tap::Check(!cells::Open(Target::Key(key), {.slots = slots, .owner = {}}), "refused");
    tap::Check(litter::IsFree(key), tap::Text("the key is free after ", slots, " slots"));
  }
});

const tap::Test kWrongName("open: an invalid name fails and leaves nothing", [] {
  for (const std::string& name :
       {std::string("a/b"), std::string(64, 'x'), std::string("a\0b", 3), std::string("/"), std::string("/.."), std::string("/a/b")}) {
    if (!litter::IsFreeName(name)) continue;
    litter::RememberName(name);
    tap::Check(!cells::Open(Target::Name(name)), "refused");
    tap::Check(litter::IsFreeName(name), tap::Text("nothing is there after a name of ", name.size(), " bytes"));
  }
});

const tap::Test kTooLarge("open: impossible capacities fail with a code and leave nothing", [] {
  for (const uint64_t capacity : {UINT64_MAX, uint64_t{1} << 53U, shmnode::kMaxExact, uint64_t{1} << 50U}) {
    const key_t key = litter::UniqueKey();
    const Code code = cells::Open(Target::Key(key), {.capacity = capacity, .owner = {}}).code();
    tap::Check(code == Code::kLimit || code == Code::kNoSpace, tap::Text("limit or no space, not ", code));
    tap::Check(litter::IsFree(key), "the key is free");
  }
});

const tap::Test kPrivate("open: private segments are many, and reached by id", [] {
  const auto first = cells::MustOpenPrivate();
  const auto second = cells::MustOpenPrivate();
  tap::Check(first.segment().identity() != second.segment().identity(), "two segments");
  tap::Check(first.lock().set().id() != second.lock().set().id(), "two sets");
  const auto again = cells::MustOpen(cells::ById(first));
  tap::Equal(*cells::WriteText(first, "hello"), 1U, "write");
  tap::Equal(cells::ReadText(again), "hello", "read by id");
  tap::Equal(*cells::WriteText(again, "there"), 2U, "write by id");
});

const tap::Test kByIdAcross("open: by id in another process", [] {
  const auto cell = cells::MustOpenPrivate();
  Child child([&cell] {
    const auto other = cells::MustOpen(cells::ById(cell));
    return cells::WriteText(other, "from a child") ? 0 : 1;
  });
  tap::Check(child.Succeeds(), "child");
  tap::Equal(cells::ReadText(cell), "from a child", "text");
});

const tap::Test kUnknownId("open: by an id that is nobody's", [] {
  memory::SystemVOnly("ids");
  for (const int id : {-1, INT32_MAX, INT32_MIN}) {
    tap::Equal(cells::Open(Target::Id(id)).code(), Code::kNotFound, "code");
  }
});

const tap::Test kRemovedId("open: by the id of a removed segment that is still attached", [] {
  memory::SystemVOnly("ids");
  const auto cell = cells::MustOpenPrivate();
  shmctl(cell.segment().id(), IPC_RMID, nullptr);
  tap::Equal(cells::Open(cells::ById(cell)).code(), Code::kDestroyed, "code");
});

const tap::Test kChangesNothing("open: attaching changes no byte", [] {
  const key_t key = litter::UniqueKey();
  cells::WriteText(cells::MustOpen(key), "x").code();
  const auto raw = RawBytes::Under(key);
  const auto before = raw.Copy();
  for (const bool read_only : {false, true}) cells::MustOpen(key, {.read_only = read_only, .owner = {}});
  tap::Check(raw.Copy() == before, "the same bytes");
});

const tap::Test kDetached("open: a handle that is gone is detached", [] {
  const key_t key = litter::UniqueKey();
  const auto target = cells::ById(cells::MustOpen(key));
  for (int i = 0; i < 10; i++) cells::MustOpen(key);
  cells::MustDetach(target);
});

const tap::Test kRefusalsDetach("open: refusals leave no attach behind", [] {
  const key_t key = litter::UniqueKey();
  const auto target = cells::ById(cells::MustOpen(key));
  static_cast<void>(cells::Open(Target::Key(key), {.exclusive = true, .owner = {}}));
  static_cast<void>(cells::Open(Target::Key(key), {.capacity = 1 << 20, .owner = {}}));
  static_cast<void>(cells::Open(Target::Key(key), {.checksum = true, .owner = {}}));
  cells::MustDetach(target);
});

const tap::Test kRacingCreators("open: many creators at once make one segment", [] {
  constexpr int kProcesses = 6;
  constexpr int kRounds = 400;
  struct Board {
    std::atomic<int> round;
    std::atomic<int> arrived;
    std::atomic<uint64_t> incarnations[kRounds];
    key_t keys[kRounds];
  };
  const Shared<Board> board;
  for (key_t& key : board->keys) key = litter::UniqueKey();
  std::vector<Child> children;
  for (int i = 0; i < kProcesses; i++) {
    children.emplace_back([&board] {
      for (int round = 0; round < kRounds; round++) {
        board->arrived++;
        while (board->arrived < (round + 1) * kProcesses) sched_yield();
        const auto cell = cells::Open(Target::Key(board->keys[round]));
        tap::Equal(cell.code(), Code::kOk, "open");
        if (!cell) continue;
        uint64_t others = 0;
        const uint64_t own = cell->geometry().incarnation;
        if (!board->incarnations[round].compare_exchange_strong(others, own)) tap::Equal(own, others, "incarnation");
        tap::Check(static_cast<bool>(cells::WriteText(*cell, "x")), "write");
      }
      return 0;
    });
  }
  for (Child& child : children) tap::Check(child.Succeeds(), "a creator");
  for (const key_t key : board->keys) tap::Equal(cells::MustOpen(key).Version(), static_cast<uint64_t>(kProcesses), "writes");
});

const tap::Test kRacingExclusive("open: of many exclusive creators one wins", [] {
  constexpr int kProcesses = 4;
  constexpr int kRounds = 200;
  struct Board {
    std::atomic<int> arrived;
    std::atomic<int> winners[kRounds];
    key_t keys[kRounds];
  };
  const Shared<Board> board;
  for (key_t& key : board->keys) key = litter::UniqueKey();
  std::vector<Child> children;
  for (int i = 0; i < kProcesses; i++) {
    children.emplace_back([&board] {
      for (int round = 0; round < kRounds; round++) {
        board->arrived++;
        while (board->arrived < (round + 1) * kProcesses) sched_yield();
        const auto cell = cells::Open(Target::Key(board->keys[round]), {.exclusive = true, .owner = {}});
        if (cell) board->winners[round]++;
        tap::Check(cell || cell.code() == Code::kExists, tap::Text("opened or exists, not ", cell.code()));
      }
      return 0;
    });
  }
  for (Child& child : children) tap::Check(child.Succeeds(), "a creator");
  for (const auto& winners : board->winners) tap::Equal(winners.load(), 1, "winners");
});

const tap::Test kBusy("open: where a creator holds the lock, kBusy with its pid at the deadline", [] {
  const key_t key = litter::UniqueKey();
  const shmnode::TurnstileLock lock{shmnode::SemaphoreSet(litter::MakeSet(key))};
  tap::Require(static_cast<bool>(lock.TryAcquire(shmnode::LockMode::kExclusive)), "lock");
  const auto cell = shmnode::OpenCell(Target::Key(key), {}, shmnode::Deadline::After(std::chrono::milliseconds(20)));
  tap::Equal(cell.code(), Code::kBusy, "code");
  tap::Equal(cell.error().holder, getpid(), "holder");
});

const tap::Test kNoAddressSpace("open: where nothing can be attached, kNoSpace, and nothing is left", [] {
  const key_t key = litter::UniqueKey();
  Child child([key] {
    rlimit limit{};
    getrlimit(RLIMIT_AS, &limit);
    const rlimit none{.rlim_cur = 1, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_AS, &none);
    rlimit kept{};
    getrlimit(RLIMIT_AS, &kept);
    if (kept.rlim_cur != none.rlim_cur) tap::Skip("no limit on address space here");
    const Code code = shmnode::OpenCell(Target::Key(key), {}, shmnode::Deadline::Never()).code();
    setrlimit(RLIMIT_AS, &limit);
    return code == Code::kNoSpace ? 0 : 1;
  });
  tap::Check(child.Succeeds(), "kNoSpace");
  tap::Check(litter::IsFree(key), "the key is free");
});

// Each such open would make a segment that nobody finds again.
const tap::Test kNoKey("open: nothing is made under key 0, or without a name", [] {
  using shmnode::Target;
  for (const Target& target : {Target::Key(IPC_PRIVATE), Target::Name(""), Target::Name("a/b"), Target::Name(std::string_view("\0", 1)),
                               Target::Posix(""), Target::Posix("/"), Target::Posix("a"), Target::Posix("/a/b")}) {
    tap::Equal(cells::Open(target).code(), Code::kUnsupported, "open");
    tap::Equal(cells::Open(target, {.read_only = true}).code(), Code::kUnsupported, "read-only");
    tap::Equal(cells::Destroy(target).code(), Code::kNotFound, "destroy");
  }
  int left = 0;
  shmnode::Segment::ForEach([&left](int, const shmid_ds& facts) { left += facts.shm_cpid == getpid() ? 1 : 0; }).code();
  tap::Equal(left, 0, "segments made");
});

}  // namespace
