// interleavings [PART OF A NAME [--deep]]: opens and destroys of one key, in every order of their steps, with each other and with those who
// remove segments and semaphore sets behind their back. The core's own code on a simulated kernel: see interleavings/.
#include <sys/sem.h>
#include <sys/shm.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <set>
#include <vector>

#include "interleavings/explorer.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/open.hpp"
#include "tap.hpp"

namespace shmnode {

inline std::string Show(Code code) { return std::string(kCodeNames[static_cast<size_t>(code)]); }

}  // namespace shmnode

namespace {

using shmnode::Cell;
using shmnode::Code;
using shmnode::Deadline;
using shmnode::OpenOptions;
using shmnode::Target;
using simulated::Plan;

constexpr key_t kKey = 0x5e51;
constexpr size_t kBytes = shmnode::SegmentBytesFor(1, 2);
const OpenOptions kShape{.capacity = 1, .slots = 2, .owner = {}};

// What a process got, and does with it. Never destroyed: the process holds it to the end of the run.
struct Handle {
  alignas(Cell) std::array<std::byte, sizeof(Cell)> room;
  bool is_there;
  Code opened;
  Code wrote;
  uint64_t version;

  const Cell& cell() const { return *std::launder(reinterpret_cast<const Cell*>(room.data())); }
  bool IsCell() const { return ContentOf(cell().segment()) == shmnode::Content::kCell; }
  void Keep(Cell&& cell) { new (room.data()) Cell(std::move(cell)), is_there = true; }
};

constexpr size_t kOld = 5;  // of nobody's who takes part
std::array<Handle, 6> handles;

shmnode::Result<uint64_t> WriteTo(const Cell& cell, Deadline deadline) { return cell.Write({.data = "x", .length = 1}, deadline); }
Code ReadFrom(const Cell& cell) { return cell.TryRead({.target = nullptr, .room = 0, .whole = false}).code(); }

void OpenAs(size_t index, const OpenOptions& options) {
  Handle& handle = handles[index];
  auto cell = shmnode::OpenCell(Target::Key(kKey), options, Deadline::Never());
  handle.opened = cell.code();
  if (cell) handle.Keep(*std::move(cell));
}

void WriteAs(size_t index) {
  Handle& handle = handles[index];
  const auto version = WriteTo(handle.cell(), Deadline::Never());
  handle.wrote = version.code();
  handle.version = version ? *version : 0;
}

bool IsDead(size_t index) { return index != kOld && simulated::IsDead(static_cast<int>(index)); }

using Body = std::function<void()>;

Body Opener(size_t index, OpenOptions options = kShape) {
  return [index, options] {
    OpenAs(index, options);
    if (handles[index].is_there && !options.read_only) WriteAs(index);
  };
}

Body Destroyer(size_t index) {
  return [index] { handles[index].opened = shmnode::DestroyCell(Target::Key(kKey), {}, Deadline::Never()).code(); };
}

// Those who do not know us.
void RemoveSegment() {
  if (const int id = shmget(kKey, 0, 0); id >= 0) shmctl(id, IPC_RMID, nullptr);
}
void RemoveSet() {
  if (const int id = semget(kKey, 0, 0); id >= 0) semctl(id, 0, IPC_RMID);
}
void PutSegment() {
  const int id = shmget(kKey, kBytes, IPC_CREAT | IPC_EXCL | 0600);
  if (id < 0) return;
  void* data = shmat(id, nullptr, 0);
  if (data == reinterpret_cast<void*>(-1)) return;                   // NOLINT(performance-no-int-to-ptr)
  static_cast<std::atomic<uint64_t>*>(data)->store(0x736972656874);  // "theirs"
  shmdt(data);
}
void PutSet(int count) { semget(kKey, count, IPC_CREAT | IPC_EXCL | 0600); }

void PrepareNothing() {
  for (Handle& handle : handles) handle = {};
}
void PrepareCell() {
  PrepareNothing();
  OpenAs(kOld, kShape);
  WriteAs(kOld);
}

bool IsOpen(int segment) {
  for (size_t i = 0; i < handles.size(); i++) {
    if (handles[i].is_there && !IsDead(i) && handles[i].cell().segment().id() == segment) return true;
  }
  return false;
}

// The marks by which processes know each other.
void Become(int process) {
  static const uint64_t own = shmnode::WriterMark::Own().bits();
  const uint64_t other = (own & uint64_t{0xffff} << 24U) | static_cast<uint64_t>(simulated::PidOf(process) & 0xffffff) |
                         uint64_t{simulated::kStartOfProcesses} << 40U;
  shmnode::detail::known_mark = process < 0 ? own : other;
}

// One segment accepts writes: the one that the key leads to, if it does. And whoever has another one open is told.
std::string CheckOneSegment() {
  const auto segments = simulated::Segments();
  const auto current = std::find_if(segments.begin(), segments.end(), [](const auto& segment) { return !segment.is_removed; });
  if (current == segments.end() || !current->accepts_writes) return {};
  for (const auto& segment : segments) {
    if (segment.id == current->id) continue;
    if (segment.accepts_writes) return tap::Text("two accept writes: ", segment.id, " and ", current->id);
    const bool is_told = !segment.is_cell || segment.is_retired;
    if (!is_told && IsOpen(segment.id)) return tap::Text("not told that it is over: ", segment.id, ", now it is ", current->id);
  }
  return {};
}

bool IsFree() { return shmget(kKey, 0, 0) < 0 && semget(kKey, 0, 0) < 0; }

// Each acknowledged write has a version of its own in its segment.
std::string CheckNothingLost(const Cell& cell) {
  std::set<uint64_t> versions;
  size_t acknowledged = 0;
  for (const Handle& handle : handles) {
    if (!handle.is_there || handle.wrote != Code::kOk || handle.cell().segment().id() != cell.segment().id()) continue;
    acknowledged++;
    versions.insert(handle.version);
  }
  if (versions.size() != acknowledged) return "two writes have one version";
  if (!versions.empty() && *versions.rbegin() > cell.Version()) return "an acknowledged write is lost";
  return {};
}

std::string CheckHandle(size_t index, const Cell& fresh) {
  const Handle& handle = handles[index];
  if (!handle.is_there || IsDead(index)) return {};
  const bool is_same = handle.cell().segment().id() == fresh.segment().id();
  if (is_same && !(handle.cell().geometry().incarnation == fresh.geometry().incarnation))
    return tap::Text("handle ", index, " has another incarnation");
  if (!handle.IsCell()) return {};  // somebody has written over it
  const Code read = ReadFrom(handle.cell());
  if (read != (is_same ? Code::kOk : Code::kDestroyed)) return tap::Text("handle ", index, " reads: ", read);
  if (handle.cell().segment().read_only()) return {};
  const Code wrote = WriteTo(handle.cell(), Deadline::Now()).code();
  if (wrote != Code::kDestroyed && !(is_same && wrote == Code::kOk)) return tap::Text("handle ", index, " writes: ", wrote);
  return {};
}

struct Expected {
  std::set<Code> opened;
};

// What stands in the way in the end, and is not ours.
void Clear() {
  const auto cell = shmnode::OpenCell(Target::Key(kKey), kShape, Deadline::Now());
  if (cell.code() != Code::kLayout) return;
  if (semget(kKey, 0, 0) >= 0 && semget(kKey, 3, 0) < 0) return RemoveSet();
  RemoveSegment();
}

std::string CheckAtEnd(const Expected& expected) {
  for (size_t i = 0; i < kOld; i++) {
    const Handle& handle = handles[i];
    if (handle.opened != Code::kOk && !expected.opened.contains(handle.opened))
      return tap::Text("process ", i, " was told ", handle.opened);
    if (handle.wrote != Code::kOk && handle.wrote != Code::kDestroyed) return tap::Text("process ", i, " writes: ", handle.wrote);
  }
  Clear();
  Clear();
  const auto cell = shmnode::OpenCell(Target::Key(kKey), kShape, Deadline::Now());
  if (!cell) return tap::Text("open in the end: ", cell.code());
  if (std::string problem = CheckNothingLost(*cell); !problem.empty()) return problem;
  if (const auto version = WriteTo(*cell, Deadline::Now()); !version) return tap::Text("a write in the end: ", version.code());
  for (size_t i = 0; i < handles.size(); i++) {
    if (std::string problem = CheckHandle(i, *cell); !problem.empty()) return problem;
  }
  if (const auto status = cell->Destroy(Deadline::Now()); !status) return tap::Text("destroy in the end: ", status.code());
  if (!IsFree()) return "something is left in the end";
  return {};
}

struct Strike {
  const char* name;
  void (*steps)();
  std::set<Code> opened = {};  // what may be told besides
};

const Strike kStrikes[] = {
    {"nobody strikes", [] {}},
    {"segment removed", RemoveSegment},
    {"set removed", RemoveSet},
    {"segment removed, then the set", [] { RemoveSegment(), RemoveSet(); }},
    {"set removed, then the segment", [] { RemoveSet(), RemoveSegment(); }},
    {"set replaced by a blank one", [] { RemoveSet(), PutSet(4); }},
    {"set replaced by a foreign one", [] { RemoveSet(), PutSet(2); }, {Code::kLayout}},
    {"segment replaced by a foreign one", [] { RemoveSegment(), PutSegment(); }, {Code::kLayout}},
    {"segment replaced by a foreign one, and set removed", [] { RemoveSegment(), PutSegment(), RemoveSet(); }, {Code::kLayout}},
    {"set removed twice", [] { RemoveSet(), RemoveSet(); }},
};

void PrepareSet() {
  PrepareNothing();
  PutSet(4);
}
void PrepareBlank() {
  PrepareSet();
  shmget(kKey, kBytes, IPC_CREAT | 0600);
}
void PrepareRetired() {
  PrepareCell();
  RetireHeader(handles[kOld].cell().segment());
}
void PrepareWithoutSet() {
  PrepareCell();
  RemoveSet();
}
// The old one is still read and written, and its set is still the key's.
void PrepareRemoved() {
  PrepareCell();
  RemoveSegment();
}

struct Beginning {
  const char* name;
  void (*prepare)();
};

const Beginning kBeginnings[] = {{"nothing", PrepareNothing}, {"a cell", PrepareCell},     {"a set", PrepareSet},
                                 {"a blank", PrepareBlank},   {"retired", PrepareRetired}, {"without its set", PrepareWithoutSet},
                                 {"removed", PrepareRemoved}};

Body OldWriter() {
  return [] { WriteAs(kOld); };
}

const OpenOptions kReader{.capacity = 1, .read_only = true, .owner = {}};
const OpenOptions kMaker{.capacity = 1, .slots = 2, .exclusive = true, .owner = {}};

// Who is there when somebody strikes. Bounds: of what is searched by default, and of what a longer search makes of it.
struct Scene {
  const char* name;
  std::vector<Body> bodies;
  std::set<Code> opened = {};
  int preemptions = 2;
  int deep_preemptions = 3;
  int kills = 0;
  bool accesses = false;
};

const Scene kScenes[] = {
    {.name = "one opens", .bodies = {Opener(0)}, .preemptions = Plan::kUnbounded, .deep_preemptions = Plan::kUnbounded},
    {.name = "one opens and is killed", .bodies = {Opener(0)}, .preemptions = 2, .deep_preemptions = Plan::kUnbounded, .kills = 1},
    {.name = "one reads", .bodies = {Opener(0), Opener(1, kReader)}, .opened = {Code::kNotFound}, .preemptions = 1, .deep_preemptions = 3},
    {.name = "two open", .bodies = {Opener(0), Opener(1)}, .preemptions = 1, .deep_preemptions = 3},
    {.name = "two open, one is killed", .bodies = {Opener(0), Opener(1)}, .preemptions = 0, .deep_preemptions = 2, .kills = 1},
    {.name = "three open", .bodies = {Opener(0), Opener(1), Opener(2)}, .preemptions = 0, .deep_preemptions = 2},
    {.name = "two make it",
     .bodies = {Opener(0, kMaker), Opener(1, kMaker)},
     .opened = {Code::kExists},
     .preemptions = 1,
     .deep_preemptions = 3},
    {.name = "one opens, one destroys",
     .bodies = {Opener(0), Destroyer(1)},
     .opened = {Code::kNotFound},
     .preemptions = 1,
     .deep_preemptions = 4},
    {.name = "one opens, two destroy",
     .bodies = {Opener(0), Destroyer(1), Destroyer(2)},
     .opened = {Code::kNotFound},
     .preemptions = 0,
     .deep_preemptions = 2},
    {.name = "one opens, one writes", .bodies = {Opener(0), OldWriter()}, .preemptions = 2, .deep_preemptions = 4},
    {.name = "one opens, step by access", .bodies = {Opener(0)}, .preemptions = 1, .deep_preemptions = 3, .accesses = true},
    {.name = "two open, step by access", .bodies = {Opener(0), Opener(1)}, .preemptions = 1, .deep_preemptions = 2, .accesses = true},
    {.name = "one opens, one writes, step by access",
     .bodies = {Opener(0), OldWriter()},
     .preemptions = 1,
     .deep_preemptions = 2,
     .accesses = true},
};

simulated::Outcome Search(void (*prepare)(), const std::vector<Body>& bodies, const Expected& expected, Plan bounds) {
  bounds.become = Become;
  bounds.prepare = prepare;
  bounds.bodies = bodies;
  bounds.check = CheckOneSegment;
  bounds.check_at_end = [&expected] { return CheckAtEnd(expected); };
  return simulated::Explore(bounds);
}

void Play(const Scene& scene, const Strike& strike, bool deep) {
  if (deep) alarm(0);  // the test's watchdog
  uint64_t states = 0;
  uint64_t ends = 0;
  for (const Beginning& beginning : kBeginnings) {
    Expected expected{.opened = scene.opened};
    expected.opened.insert(strike.opened.begin(), strike.opened.end());
    // A dead creator's blank segment is nobody's of ours once its set is gone too.
    if (beginning.prepare == PrepareBlank || scene.kills > 0) expected.opened.insert(Code::kLayout);
    std::vector<Body> bodies = scene.bodies;
    bodies.emplace_back(strike.steps);
    Plan bounds;
    bounds.most_preemptions = deep ? scene.deep_preemptions : scene.preemptions;
    bounds.most_kills = scene.kills;
    bounds.stops_at_accesses = scene.accesses;
    const auto outcome = Search(beginning.prepare, bodies, expected, bounds);
    states += outcome.states;
    ends += outcome.ends;
    tap::Check(outcome.problem.empty(), tap::Text(beginning.name, ": ", outcome.problem));
  }
  tap::Diagnose(tap::Text(states, " states, ", ends, " ends"));
}

// Makes the segment with whatever set the key has, and looks at nothing else.
Body Careless(size_t index) {
  return [index] {
    auto set = shmnode::SemaphoreSet::Create(kKey, shmnode::kSemaphoreCount, 0600);
    if (!set) set = shmnode::SemaphoreSet::Find(kKey, shmnode::kSemaphoreCount);
    if (!set) return;
    const auto hold = shmnode::LockHold::Acquire(shmnode::TurnstileLock(*set), shmnode::LockMode::kExclusive, Deadline::Never());
    const auto id = shmnode::Segment::Create(kKey, kBytes, 0600);
    if (!id) return;
    auto segment = shmnode::Segment::Attach(*id, kBytes, shmnode::Access::kReadWrite);
    shmnode::BeginHeader(*segment);
    shmnode::InitialiseHeader(*segment, {.capacity = 1, .slot_count = 2, .flags = 0, .name = {}}, set->id());
    const auto geometry = shmnode::LoadGeometry(*segment);
    handles[index].Keep(Cell(*std::move(segment), *geometry));
  };
}

void MustFind(std::string_view what, void (*prepare)(), const std::vector<Body>& bodies) {
  Plan bounds;
  bounds.most_preemptions = 2;
  const auto outcome = Search(prepare, bodies, {.opened = {}}, bounds);
  tap::Check(outcome.problem.find(what) != std::string::npos, tap::Text("not found: ", what, ", but: ", outcome.problem));
}

const tap::Test kBroken("interleavings: what is broken on purpose is found", [] {
  MustFind("two accept writes", PrepareRemoved, {Careless(0)});
  MustFind("has another incarnation", PrepareNothing, {Careless(0), Opener(1), RemoveSet});
  MustFind("waits for ever", PrepareCell,
           {[] { static_cast<void>(handles[kOld].cell().lock().Acquire(shmnode::LockMode::kExclusive, Deadline::Never())); }, OldWriter()});
});

}  // namespace

int main(int argc, char** argv) {
  const bool deep = argc > 2 && std::string_view(argv[2]) == "--deep";
  std::vector<std::unique_ptr<tap::Test>> tests;
  for (const Scene& scene : kScenes) {
    for (const Strike& strike : kStrikes) {
      auto body = [&scene, &strike, deep] { Play(scene, strike, deep); };
      tests.push_back(std::make_unique<tap::Test>(tap::Text("interleavings: ", scene.name, ": ", strike.name), body));
    }
  }
  return tap::RunAll(
      argc > 1 ? argv[1] : "", [] {}, [] {});
}
