// Opening and destroying raw segments: whose they are, what is found, what is left.
#include "shmnode/open_raw.hpp"

#include "as_user.hpp"
#include "child.hpp"
#include "raw_bytes.hpp"
#include "raws.hpp"
#include "stepper.hpp"

namespace {

using raws::Code;
using raws::RawOptions;
using raws::Soon;
using raws::Target;
using shmnode::Deadline;
using shmnode::kSemaphoreCount;
using shmnode::LockMode;
using shmnode::Raw;
using shmnode::SemaphoreSet;

// What a creator of cells makes by default.
constexpr size_t kCellBytes = 4096 * 4;

SemaphoreSet MustCreateSet(key_t key, int count) {
  const auto set = SemaphoreSet::Create(memory::SetKeyOf(key), count, 0600);
  tap::Require(static_cast<bool>(set), "a set");
  return *set;
}

const tap::Test kForeign("open raw: another program's segment, not a byte of which changes", [] {
  for (const size_t bytes : {size_t{1}, size_t{2048}, size_t{4096}, kCellBytes}) {
    const key_t key = litter::UniqueKey();
    const auto theirs = RawBytes::Create(key, bytes);
    theirs.StoreText(0, "t");
    const auto before = theirs.Copy();
    {
      const Raw raw = raws::MustOpen(key);
      tap::Equal(raw.capacity(), bytes, "its size is the capacity");
      tap::Equal(raw.segment().identity(), theirs.identity(), "the same one");
    }
    const Raw again = raws::MustOpen(key, {.create = false});
    tap::Check(theirs.Copy() == before && litter::HasSet(key), "the same bytes, and a set beside them");
    tap::Equal(raws::ReadBytes(again, 0, 1), "t", "text");
  }
});

const tap::Test kCapacity("open raw: as large as asked, or larger", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, 100);
  tap::Equal(raws::MustOpen(key, {.capacity = 100}).capacity(), 100U, "as large");
  const auto refused = raws::Open(Target::Key(key), {.capacity = 101});
  tap::Equal(refused.code(), Code::kCapacity, "smaller");
  tap::Equal(refused.error().number, 100U, "what it has");
  const key_t other = litter::UniqueKey();
  tap::Equal(raws::MustOpen(other).capacity(), 2048U, "unless told");
  tap::Equal(raws::MustOpen(other, {.capacity = 2048}).capacity(), 2048U, "no page more");
});

const tap::Test kExistence("open raw: what is there, and what is not", [] {
  const key_t key = litter::UniqueKey();
  tap::Equal(raws::Open(Target::Key(key), {.create = false}).code(), Code::kNotFound, "without create");
  tap::Equal(raws::Open(Target::Key(key), {.read_only = true}).code(), Code::kNotFound, "read-only");
  tap::Check(litter::IsFree(key), "nothing was made");
  raws::MustOpen(key, {.exclusive = true});
  tap::Equal(raws::Open(Target::Key(key), {.exclusive = true}).code(), Code::kExists, "exclusive");
  tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
  tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kNotFound, "again");
});

const tap::Test kById("open raw: by id, with the set of its key", [] {
  memory::SystemVOnly("ids");
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key);
  const auto by_id = raws::Open(shmnode::Target::Id(raw.segment().id()));
  tap::Require(static_cast<bool>(by_id), "opens");
  tap::Equal(by_id->lock().set()->id(), raw.lock().set()->id(), "the same lock");
  litter::RemoveSegment(key);
  tap::Equal(raws::Open(shmnode::Target::Id(raw.segment().id())).code(), Code::kDestroyed, "removed, but attached here");
  tap::Equal(raws::Destroy(shmnode::Target::Id(raw.segment().id())).code(), Code::kDestroyed, "destroy it");
  const int gone = RawBytes::Create(key, 10).id();
  litter::RemoveSegment(key);
  tap::Equal(raws::Open(shmnode::Target::Id(gone)).code(), Code::kNotFound, "nobody's any more");
});

const tap::Test kByName("open raw: by name, which is its key and no more", [] {
  const std::string name = litter::UniqueName("raw");
  const auto raw = raws::Open(Target::Name(name));
  tap::Require(static_cast<bool>(raw), "opens");
  tap::Equal(raws::MustOpen(memory::KeyOf(name)).segment().identity(), raw->segment().identity(), "by key");
  tap::Equal(raws::Open(Target::Name("no/name")).code(), Code::kUnsupported, "no name");
});

const tap::Test kPrivate("open raw: a segment without a key needs a POSIX semaphore", [] {
  memory::SystemVOnly("private segments");
  const auto id = litter::RememberSegment(shmget(IPC_PRIVATE, 100, 0600));
  tap::Equal(raws::Open(Target::Private()).code(), Code::kUnsupported, "a new one");
  tap::Equal(raws::Open(shmnode::Target::Id(id)).code(), Code::kUnsupported, "an existing one");
  const raws::SemaphoreName name;
  const auto raw = raws::Open(shmnode::Target::Id(id), {.semaphore = name.get()});
  tap::Require(static_cast<bool>(raw), "opens");
  tap::Check(static_cast<bool>(raws::WriteText(*raw, "by id")), "written");
  tap::Check(!raw->user_lock() && !raw->lock().set(), "no set");
  const auto made = raws::Open(Target::Private(), {.capacity = 10, .semaphore = name.get()});
  tap::Require(static_cast<bool>(made), "a new one");
  tap::Equal(made->capacity(), 10U, "capacity");
  tap::Equal(made->Destroy(Soon()).code(), Code::kOk, "destroy");
  tap::Equal(raws::Destroy(shmnode::Target::Id(id)).code(), Code::kOk, "destroy by id");
});

void CheckRefusesCell(key_t key) {
  const auto before = RawBytes::Under(key).Copy();
  const raws::SemaphoreName name;
  for (const RawOptions& options : {RawOptions{}, RawOptions{.read_only = true}, RawOptions{.semaphore = name.get()}}) {
    const auto refused = raws::Open(Target::Key(key), options);
    tap::Equal(refused.code(), Code::kLayout, "open");
    if (!refused) tap::Equal(refused.error().reason, "a cell", "reason");
  }
  tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kLayout, "destroy");
  tap::Check(RawBytes::Under(key).Copy() == before, "the same bytes");
}

const tap::Test kCell("open raw: a cell is none", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  tap::Check(static_cast<bool>(cells::WriteText(cell, "a value")), "written");
  CheckRefusesCell(key);
  litter::RemoveSet(key);
  CheckRefusesCell(key);
  tap::Check(!litter::HasSet(key), "no set was made");
  tap::Equal(cells::ReadText(cells::MustOpen(key)), "a value", "the value");
});

const tap::Test kCellBeingMade("open raw: waits for who is making a cell", [] {
  const key_t key = litter::UniqueKey();
  const SemaphoreSet set = MustCreateSet(key, kSemaphoreCount);
  const auto bytes = RawBytes::Create(key, kCellBytes);
  auto hold = shmnode::LockHold::Acquire(shmnode::TurnstileLock(set), LockMode::kExclusive, Soon());
  tap::Equal(shmnode::OpenRaw(Target::Key(key), {}, Deadline::Now()).code(), Code::kBusy, "held");
  Child opener([key] { return raws::Open(Target::Key(key)).code() == Code::kLayout ? 0 : 1; });
  WaitUntil([&set] { return set.Value(shmnode::kGate) > 0; });
  bytes.StoreText(0, "SHMNODE1");
  { const auto dropped = *std::move(hold); }
  tap::Check(opener.Succeeds(), "it has become a cell");
});

// Without a mark of its own, its zeros and set would look like what a creator of a cell died over.
const tap::Test kBlank("open raw: zeros of a raw segment are no blank cell", [] {
  const key_t key = litter::UniqueKey();
  raws::MustOpen(key, {.capacity = kCellBytes});
  const auto before = RawBytes::Under(key).Copy();
  for (const bool read_only : {false, true}) {
    tap::Equal(cells::Open(Target::Key(key), {.read_only = read_only, .owner = {}}).code(), Code::kLayout, "open as a cell");
  }
  tap::Equal(cells::Open(Target::Key(key)).error().reason, "raw", "reason");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kLayout, "destroy as a cell");
  tap::Check(RawBytes::Under(key).Copy() == before && litter::HasSet(key), "left as it was");
  const key_t foreign = litter::UniqueKey();
  RawBytes::Create(foreign, kCellBytes);
  raws::MustOpen(foreign);
  tap::Equal(cells::Open(Target::Key(foreign)).code(), Code::kLayout, "open another program's as a cell");
});

const tap::Test kLikeCell("open raw: bytes that begin like a cell are raw beside the set of a raw segment", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key, {.capacity = kCellBytes});
  tap::Check(static_cast<bool>(raws::WriteText(raw, "SHMNODE1")), "written");
  tap::Equal(raws::ReadText(raws::MustOpen(key)), "SHMNODE1", "text");
  tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
});

const tap::Test kContractSet("open raw: a set of four that another program made by the contract", [] {
  const key_t key = litter::UniqueKey();
  const SemaphoreSet set = MustCreateSet(key, kSemaphoreCount);
  RawBytes::Create(key, 2048).StoreText(0, "theirs");
  const Raw raw = raws::MustOpen(key);
  tap::Equal(raw.lock().set()->id(), set.id(), "is the lock");
  tap::Equal(raws::ReadText(raw), "theirs", "text");
});

const tap::Test kOtherSets("open raw: a set of another kind stays, and is no lock", [] {
  for (const int count : {1, 2, 3, 6}) {
    for (const bool with_segment : {true, false}) {
      const key_t key = litter::UniqueKey();
      const SemaphoreSet set = MustCreateSet(key, count);
      if (with_segment) RawBytes::Create(key, 2048);
      const auto refused = raws::Open(Target::Key(key));
      tap::Equal(refused.code(), Code::kLayout, "open");
      tap::Equal(refused.error().reason, "semaphore set", "reason");
      tap::Equal(litter::HasSegment(key), with_segment, "a segment");
      const raws::SemaphoreName name;
      tap::Check(static_cast<bool>(raws::WriteText(raws::MustOpen(key, {.semaphore = name.get()}), "x")), "with a POSIX semaphore");
      tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
      tap::Check(static_cast<bool>(set.Stat()), "the set is still there");
    }
  }
});

const tap::Test kLeftover("open raw: a set whose segment is gone is used again", [] {
  const key_t key = litter::UniqueKey();
  const int set = raws::MustOpen(key).lock().set()->id();
  litter::RemoveSegment(key);
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kLayout, "but not for a cell");
  tap::Equal(raws::MustOpen(key).lock().set()->id(), set, "the same");
  litter::RemoveSegment(key);
  tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
  tap::Check(litter::IsFree(key), "nothing is left");
});

const tap::Test kCellLeftover("open raw: a cell's set whose segment is gone is replaced", [] {
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  litter::RemoveSegment(key);
  tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kNotFound, "is not for us to destroy");
  const Raw raw = raws::MustOpen(key);
  tap::Check(raw.lock().set()->id() != cell.lock().set().id(), "another one");
  tap::Equal(cells::WriteText(cell, "x").code(), Code::kDestroyed, "who is attached finds out");
});

// Dies where it stands.
template <class Body>
void Killed(Body body) {
  Child child([&body] {
    body();
    raise(SIGKILL);
    return 0;
  });
  tap::Check(WIFSIGNALED(child.Wait()), "killed");
}

const tap::Test kDeadCreator("open raw: a creator that dies half way leaves what the next one uses", [] {
  const key_t key = litter::UniqueKey();
  Killed([key] {
    const SemaphoreSet set = MustCreateSet(key, shmnode::kRawSemaphoreCount);
    const shmnode::TurnstileLock lock(set);
    tap::Check(static_cast<bool>(lock.Acquire(LockMode::kExclusive, Soon())), "locked");
  });
  tap::Check(static_cast<bool>(raws::WriteText(raws::MustOpen(key), "x")), "after the set");
  const key_t other = litter::UniqueKey();
  Killed([other] { RawBytes::Create(other, 2048); });
  tap::Check(static_cast<bool>(raws::WriteText(raws::MustOpen(other), "x")), "after the segment");
});

// Whoever comes next can do everything, and leaves nothing.
void CheckGoesOn(key_t key, std::string_view what) {
  {
    const auto raw = raws::Open(Target::Key(key));
    if (!tap::Check(static_cast<bool>(raw), tap::Text(what, ": opens, not ", raw.code()))) return;
    tap::Check(static_cast<bool>(raw->Lock(LockMode::kExclusive, Deadline::Now())), tap::Text(what, ": the lock is free"));
    tap::Check(raws::WriteText(*raw, "x") && raws::ReadText(*raw) == "x", tap::Text(what, ": written"));
  }
  tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kOk, tap::Text(what, ": destroy"));
  tap::Check(litter::IsFree(key), tap::Text(what, ": nothing is left"));
}

// Kills `body` after one instruction, after some more, and so on until it comes to its end by itself.
template <class Prepare, class Body>
void KilledEverywhere(std::string_view what, Prepare prepare, Body body) {
  const int stride = memory::is_posix ? 83 : 7;  // there is much more to be done
  int deaths = 0;
  for (bool died = true; died; deaths++) {
    const key_t key = litter::UniqueKey();
    Stepper victim([&prepare, key] { return prepare(key); }, [&body, key](auto& prepared) { return body(key, prepared); });
    died = victim.Step(1 + deaths * stride);
    victim.Kill();
    CheckGoesOn(key, tap::Text(what, ", killed after ", 1 + deaths * stride));
  }
  tap::Check(deaths > 10, tap::Text(deaths, " deaths"));
}

const tap::Test kEveryDeath("open raw: killed everywhere", [] {
  alarm(600);  // single steps take their time on a machine under load
  const auto nothing = [](key_t) { return 0; };
  const auto open = [](key_t key, auto&) { return raws::Open(Target::Key(key)) ? 0 : 1; };
  const auto foreign = [](key_t key) { return RawBytes::Create(key, 2048).id(); };
  const auto opened = [](key_t key) { return std::optional<Raw>(raws::MustOpen(key)); };
  KilledEverywhere("created", nothing, open);
  KilledEverywhere("opened for the first time", foreign, open);
  KilledEverywhere("opened", opened, open);
  KilledEverywhere("written", opened, [](key_t, auto& raw) { return raws::WriteText(*raw, "a text") ? 0 : 1; });
  KilledEverywhere("destroyed", opened, [](key_t, auto& raw) { return raw->Destroy(Soon()) ? 0 : 1; });
  KilledEverywhere("destroyed by key", opened, [](key_t key, auto&) { return raws::Destroy(Target::Key(key)) ? 0 : 1; });
});

const tap::Test kRace("open raw: eight processes create, use and destroy it in a loop", [] {
  const key_t key = litter::UniqueKey();
  std::vector<Child> children;
  for (int i = 0; i < 8; i++) {
    children.emplace_back([key] {
      for (int round = 0; round < 200; round++) {
        const auto raw = raws::Open(Target::Key(key));
        if (!tap::Check(static_cast<bool>(raw), tap::Text("opens, not ", raw.code()))) return 1;
        const auto written = raws::WriteText(*raw, "x");
        tap::Check(written || written.code() == Code::kDestroyed, tap::Text("write: ", written.code()));
        const auto destroyed = round % 2 == 0 ? raw->Destroy(Soon()) : raws::Destroy(Target::Key(key));
        const Code code = destroyed.code();
        tap::Check(code == Code::kOk || code == Code::kDestroyed || code == Code::kNotFound, tap::Text("destroy: ", code));
      }
      return 0;
    });
  }
  for (Child& child : children) tap::Check(child.Succeeds(), "a process");
  static_cast<void>(raws::Destroy(Target::Key(key)));
  tap::Check(litter::IsFree(key), "nothing is left");
});

const tap::Test kSquatted("open raw: another user's segment is refused by default", [] {
  const key_t key = litter::UniqueKey();
  AsNobody([key] { RawBytes::Create(key, 2048, 0666); });
  tap::Equal(raws::Open(Target::Key(key)).code(), Code::kOwner, "open");
  tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kOwner, "destroy");
  tap::Check(!litter::HasSet(key), "no set was made");
  const Raw raw = raws::MustOpen(key, {.owner = {.user = kNobody, .widest_mode = {}}});
  tap::Check(static_cast<bool>(raws::WriteText(raw, "from root")), "allowed");
  AsNobody([key] {
    const Raw theirs = raws::MustOpen(key);
    tap::Equal(raws::ReadText(theirs), "from root", "what root made is its owner's to use");
    tap::Equal(theirs.Destroy(Soon()).code(), Code::kOk, "and to destroy");
  });
});

const tap::Test kSquattedSet("open raw: another user's set is refused, and nothing is made beside it", [] {
  const key_t key = litter::UniqueKey();
  AsNobody([key] { tap::Check(litter::MakeSet(key, 5, 0666) >= 0, "a set"); });
  tap::Equal(raws::Open(Target::Key(key)).code(), Code::kOwner, "open");
  tap::Check(!litter::HasSegment(key), "no segment");
  RawBytes::Create(key, 2048);
  tap::Equal(raws::Open(Target::Key(key)).code(), Code::kOwner, "open beside it");
  tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kOwner, "destroy");
});

const tap::Test kReaders("open raw: who may not lock is refused at once", [] {
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key, {.mode = 0644});
  tap::Check(static_cast<bool>(raws::WriteText(raw, "for all to see")), "written");
  AsNobody([key] {
    for (const bool read_only : {false, true}) {
      tap::Equal(raws::Open(Target::Key(key), {.read_only = read_only}).code(), Code::kAccess, "mode 0644");
    }
    tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kAccess, "destroy");
  });
  const key_t open = litter::UniqueKey();
  const Raw writable = raws::MustOpen(open, {.mode = 0666});
  AsNobody([open] { tap::Check(static_cast<bool>(raws::WriteText(raws::MustOpen(open), "x")), "mode 0666"); });
});

const tap::Test kNoLockYet("open raw: who is not the owner makes no lock", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, 2048, 0666);
  AsNobody([key] {
    const auto refused = raws::Open(Target::Key(key), {.read_only = true});
    tap::Equal(refused.code(), Code::kAccess, "code");
    tap::Equal(refused.error().reason, "no lock yet", "reason");
    const raws::SemaphoreName name;
    tap::Check(static_cast<bool>(raws::Open(Target::Key(key), {.semaphore = name.get()})), "but may bring one");
  });
  tap::Check(!litter::HasSet(key), "none was made");
});

const tap::Test kWidestMode("open raw: a mode that is wider than the policy allows", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, 2048, 0644);
  tap::Equal(raws::Open(Target::Key(key), {.owner = {.user = {}, .widest_mode = 0600}}).code(), Code::kOwner,
             "0644 where 0600 is the most");
  tap::Equal(raws::Open(Target::Key(key), {.owner = {.user = {}, .widest_mode = 0644}}).code(), Code::kOk, "0644 where that is the most");
});

const tap::Test kList("open raw: listings have what is no cell", [] {
  const key_t key = litter::UniqueKey();
  const auto theirs = RawBytes::Create(key, 1234);
  const Raw raw = raws::MustOpen(litter::UniqueKey(), {.mode = 0640});
  const auto cell = cells::MustOpenPrivate();
  const auto list = shmnode::ListRaw();
  tap::Require(static_cast<bool>(list), "a list");
  const auto find = [&list](const shmnode::Target& target) {
    const auto is_it = [&target](const auto& info) { return info.is_posix ? info.name == target.name : info.id == target.id; };
    return std::find_if(list->begin(), list->end(), is_it);
  };
  const auto foreign = find(cells::ById(key));
  tap::Check(foreign != list->end() && foreign->kernel.bytes == 1234, "another program's");
  tap::Check(find(memory::ById(raw.segment())) != list->end(), "ours");
  tap::Check(find(cells::ById(cell)) == list->end(), "not a cell");
  const auto info = shmnode::Inspect(raw);
  tap::Require(static_cast<bool>(info), "inspect");
  tap::Check(info->kernel.mode == 0640 && info->kernel.attached.value_or(1) == 1 && info->id == raw.segment().id(), "facts");
  tap::Equal(info->is_posix, memory::is_posix, "the kind of memory");
});

}  // namespace
