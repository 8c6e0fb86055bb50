// fail_calls: every system call that the core makes fails in turn, the first, the second and so on, with each errno that it
// may give, until a run comes to its end without meeting the fault. Whatever fails, the outcome is a typed error or a
// success, what was committed is what is read, and once calls work again, so does the cell, and nothing is left of it. With
// --posix the segments are in /dev/shm, and the calls those that reach them there.
#include <sys/mman.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <thread>

#include "cells.hpp"
#include "child.hpp"
#include "dev_shm.hpp"
#include "failing_calls.hpp"
#include "shmnode/destroy_raw.hpp"
#include "shmnode/inspect.hpp"
#include "shmnode/inspect_raw.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Result;
using cells::Target;
using failing::Call;

// What the shim is told.
class Fault {
 public:
  static Fault& The() {
    static Fault fault;
    return fault;
  }

  void Set(Call call, int nth, int error) {
    order_->nth = nth;
    order_->error = error;
    order_->seen = 0;
    order_->call = call;
  }
  void Clear() { order_->call = failing::kNone; }
  bool WasMet() const { return order_->seen >= order_->nth; }
  int error() const { return order_->error; }
  std::string what() const { return tap::Text(strerrorname_np(order_->error), " at call ", order_->nth.load()); }

 private:
  Fault() : order_(static_cast<failing::Order*>(mmap(nullptr, sizeof *order_, PROT_READ | PROT_WRITE, MAP_SHARED, File(), 0))) {}
  static int File() { return std::atoi(std::strrchr(std::getenv(failing::kVariable), '/') + 1); }

  failing::Order* order_;
};

// Only what waits for a lock that nobody will ever release comes to this.
shmnode::Deadline Patient() { return shmnode::Deadline::After(std::chrono::seconds(20)); }

template <class T>
bool Typed(const Result<T>& result, std::string_view step) {
  if (result) return true;
  const shmnode::Error& error = result.error();
  const std::string what = tap::Text(step, ", ", Fault::The().what(), ": ", error.code);
  tap::Check(error.code != Code::kOk && error.code != Code::kCorrupt && error.code != Code::kBusy, what);
  // The fault's own, or what follows from it: there is nothing there, or it is gone.
  const auto possible = {0, Fault::The().error(), ENOENT, EINVAL, EIDRM};
  const bool is_possible = std::find(possible.begin(), possible.end(), error.system_errno) != possible.end();
  tap::Check(is_possible, tap::Text(what, ", errno ", error.system_errno));
  return false;
}

// Another holder of the exclusive lock for a moment, by system calls that do not fail.
class OtherHolder {
 public:
  explicit OtherHolder(int set) : set_(set) {
    thread_ = std::thread([this] {
      is_there_ = Operate({{0, 0, SEM_UNDO}, {0, 1, SEM_UNDO}}) || true;
      usleep(1000);
      Operate({{0, -1, SEM_UNDO}});
    });
    while (!is_there_) std::this_thread::yield();
  }
  ~OtherHolder() { thread_.join(); }

 private:
  bool Operate(std::initializer_list<sembuf> operations) const {
    return syscall(SYS_semtimedop, set_, operations.begin(), operations.size(), nullptr) == 0;
  }

  int set_;
  std::atomic<bool> is_there_{false};
  std::thread thread_;
};

// The life of a cell, with whatever comes of each step.
class Life {
 public:
  explicit Life(key_t key) : key_(key) {}

  void Run() {
    if (const auto cell = shmnode::OpenCell(Target::Key(key_), {.checksum = true, .owner = {}}, Patient()); Typed(cell, "create"))
      Use(*cell);
    const auto again = shmnode::OpenCell(Target::Key(key_), {.create = false, .owner = {}}, Patient());
    if (Typed(again, "open")) Read(*again, "read again");
    const auto reader = shmnode::OpenCell(Target::Key(key_), {.read_only = true, .owner = {}}, Patient());
    if (Typed(reader, "open to read")) Read(*reader, "read without rights");
    Typed(shmnode::DestroyCell(Target::Key(key_), {}, Patient()), "destroy");
    if (!memory::is_posix) RunPrivate();
  }

  // Of the private cell too, whose id is all that is left where destroying it has failed.
  void CheckWorksAgain() {
    const auto left = cells::Open(Target::Key(key_));
    tap::Check(left || left.code() == Code::kDestroyed, tap::Text("opens again after ", Fault::The().what(), ", not ", left.code()));
    if (left && left->Version() != 0) Read(*left, "read after it");
    if (left) tap::Check(static_cast<bool>(cells::WriteText(*left, "after")), tap::Text("writes again after ", Fault::The().what()));
    tap::Equal(cells::Destroy(Target::Key(key_)).code(), Code::kOk, tap::Text("destroys again after ", Fault::The().what()));
    if (private_id_ >= 0) {
      const Code code = cells::Destroy(Target::Id(private_id_)).code();
      tap::Check(code == Code::kOk || code == Code::kNotFound, tap::Text("destroys by id after ", Fault::The().what(), ", not ", code));
    }
  }

 private:
  void Use(const Cell& cell) {
    Write(cell, "one", {});
    Read(cell, "read");
    Typed(cell.Facts(), "facts");
    Typed(shmnode::Inspect(cell), "stat");
    Typed(cell.CheckNotRemoved(), "still there");
    if (!last_.empty()) Write(cell, "two", 1);
    {
      const OtherHolder holder(cell.lock().set().id());
      Write(cell, "three", {});
    }
    List(cell);
  }

  // What cannot be attached for want of memory is there all the same.
  static void List(const Cell& cell) {
    const auto list = shmnode::ListCells();
    if (!Typed(list, "list") || Fault::The().error() != ENOMEM) return;
    const uint64_t incarnation = cell.geometry().incarnation;
    const auto is_it = [incarnation](const shmnode::CellInfo& info) { return info.geometry.incarnation == incarnation; };
    tap::Check(std::any_of(list->begin(), list->end(), is_it), tap::Text("listed, ", Fault::The().what()));
  }

  void Write(const Cell& cell, std::string_view text, std::optional<uint64_t> if_version) {
    const auto version = cell.Write({.data = text.data(), .length = text.size(), .media_type = {}, .if_version = if_version}, Patient());
    if (Typed(version, "write")) last_ = text;
  }

  // A write that has failed has committed nothing.
  void Read(const Cell& cell, std::string_view step) const {
    std::string text(2048, '\0');
    const auto facts = cell.Read({.target = reinterpret_cast<std::byte*>(text.data()), .room = text.size()}, Patient());
    if (!Typed(facts, step)) return;
    text.resize(facts->length);
    // Made anew by an opener that found it removed, it is empty.
    if (facts->version != 0) tap::Equal(text, last_, tap::Text(step, ", ", Fault::The().what()));
  }

  void RunPrivate() {
    const auto cell = shmnode::OpenCell(Target::Private(), {.owner = {}}, Patient());
    if (!Typed(cell, "create private")) return;
    private_id_ = cell->segment().id();
    Typed(cells::WriteText(*cell, "private"), "write private");
    Typed(cell->Destroy(Patient()), "destroy private");
  }

  key_t key_;
  std::string last_;
  int private_id_ = -1;
};

// The life of a raw segment, and of one that another program made.
class RawLife {
 public:
  explicit RawLife(key_t key) : key_(key) {}

  void Run() {
    if (const auto raw = shmnode::OpenRaw(Target::Key(key_), {}, Patient()); Typed(raw, "create raw")) Use(*raw);
    Open({.create = false}, "open raw");
    Open({.read_only = true}, "open raw to read");
    Typed(shmnode::DestroyRaw(Target::Key(key_), {}, Patient()), "destroy raw");
    MakeForeign(key_ + 1);
    if (const auto raw = shmnode::OpenRaw(Target::Key(key_ + 1), {}, Patient()); Typed(raw, "open a foreign one")) Write(*raw, "x");
    Typed(shmnode::DestroyRaw(Target::Key(key_ + 1), {}, Patient()), "destroy a foreign one");
  }

  void CheckWorksAgain() const {
    for (const key_t key : {key_, key_ + 1}) {
      const auto raw = shmnode::OpenRaw(Target::Key(key), {}, Patient());
      const std::string what = tap::Text("after ", Fault::The().what());
      if (!tap::Check(static_cast<bool>(raw), tap::Text("raw opens again ", what, ", not ", raw.code()))) continue;
      tap::Check(static_cast<bool>(raw->Write({.data = "again", .length = 5}, Patient())), tap::Text("raw writes again ", what));
      std::byte first{};
      const auto part = raw->Read({.target = &first, .room = 1, .whole = false}, Patient());
      tap::Check(part && first == std::byte{'a'}, tap::Text("raw reads again ", what));
      tap::Equal(shmnode::DestroyRaw(Target::Key(key), {}, Patient()).code(), Code::kOk, tap::Text("raw is destroyed again ", what));
    }
  }

 private:
  // By system calls that do not fail.
  static void MakeForeign(key_t key) {
    if (!memory::is_posix) {
      syscall(SYS_shmget, key, 100, IPC_CREAT | IPC_EXCL | 0600);
      return;
    }
    const auto file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, dev_shm::PathOf(key).c_str(), O_CREAT | O_EXCL | O_RDWR, 0600));
    syscall(SYS_ftruncate, file, 100L);
    close(file);
  }

  void Open(const shmnode::RawOptions& options, std::string_view step) const {
    const auto raw = shmnode::OpenRaw(Target::Key(key_), options, Patient());
    if (!Typed(raw, step)) return;
    Read(*raw);
    Typed(shmnode::Inspect(*raw), "stat raw");
  }

  void Use(const shmnode::Raw& raw) {
    Write(raw, "one");
    Read(raw);
    {
      const OtherHolder holder(raw.lock().set()->id());
      Write(raw, "two");
    }
    Typed(shmnode::ListRaw(), "list raw");
  }

  void Write(const shmnode::Raw& raw, std::string_view text) {
    const auto status = raw.Write({.data = text.data(), .length = text.size(), .nul_terminated = true}, Patient());
    if (Typed(status, "write raw")) last_ = text;
  }

  void Read(const shmnode::Raw& raw) const {
    std::string text(2048, '?');
    const auto part = raw.Read({.target = reinterpret_cast<std::byte*>(text.data()), .room = 2048, .nul_terminated = true}, Patient());
    if (!Typed(part, "read raw")) return;
    text.resize(part->copied);
    // Made anew by an opener that found it removed, it is empty.
    if (!text.empty()) tap::Equal(text, last_, tap::Text("read raw, ", Fault::The().what()));
  }

  key_t key_;
  std::string last_;
};

// The life of a raw segment whose lock is a POSIX semaphore.
class GuardedLife {
 public:
  explicit GuardedLife(key_t key) : key_(key) {}

  void Run() const {
    for (const std::string_view step : {"make guarded", "open guarded"}) {
      const auto raw = shmnode::OpenRaw(Target::Key(key_), Options(), Patient());
      if (!Typed(raw, step)) continue;
      Typed(raw->Write({.data = "x", .length = 1}, Patient()), "write guarded");
    }
  }

  // The semaphore is nobody's to remove but the test's.
  void CheckWorksAgain() const {
    {
      const auto raw = shmnode::OpenRaw(Target::Key(key_), Options(), Patient());
      tap::Check(raw && raw->Write({.data = "y", .length = 1}, Patient()), tap::Text("guarded works after ", Fault::The().what()));
    }
    tap::Equal(shmnode::DestroyRaw(Target::Key(key_), {}, Patient()).code(), Code::kOk, "guarded is destroyed");
    tap::Check(sem_unlink(kName) == 0, "its semaphore was there");
  }

 private:
  static shmnode::RawOptions Options() { return {.semaphore = kName}; }
  static constexpr const char* kName = "/shmnode-fail-calls";

  key_t key_;
};

// Files open, and segments or semaphores mapped, in this process.
struct Holdings {
  long descriptors = 0;
  long mappings = 0;

  static Holdings Count() {
    Holdings holdings;
    const std::filesystem::directory_iterator files("/proc/self/fd");
    holdings.descriptors = std::distance(begin(files), end(files));
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      const bool is_shared = line.find("/dev/shm/") != std::string::npos || line.find("/SYSV") != std::string::npos;
      holdings.mappings += is_shared ? 1 : 0;
    }
    return holdings;
  }
};

void CheckNothingIsHeld(const Holdings& before) {
  const Holdings now = Holdings::Count();
  tap::Equal(now.descriptors, before.descriptors, tap::Text("descriptors after ", Fault::The().what()));
  tap::Equal(now.mappings, before.mappings, tap::Text("mappings after ", Fault::The().what()));
}

void CheckNothingIsLeft() {
  shm_info segments{};
  shmctl(0, SHM_INFO, reinterpret_cast<shmid_ds*>(&segments));
  seminfo sets{};
  semctl(0, 0, SEM_INFO, &sets);
  tap::Equal(segments.used_ids, 0, tap::Text("segments after ", Fault::The().what()));
  tap::Equal(sets.semusz, 0, tap::Text("sets after ", Fault::The().what()));
  tap::Equal(dev_shm::Files(), 0, tap::Text("files after ", Fault::The().what()));
}

// True if the fault was met.
bool RunWith(Call call, int nth, int error) {
  Life life(77);
  RawLife raw_life(78);
  const GuardedLife guarded_life(80);
  const Holdings before = Holdings::Count();
  Fault::The().Set(call, nth, error);
  life.Run();
  raw_life.Run();
  guarded_life.Run();
  Fault::The().Clear();
  const bool was_met = Fault::The().WasMet();
  CheckNothingIsHeld(before);
  life.CheckWorksAgain();
  raw_life.CheckWorksAgain();
  guarded_life.CheckWorksAgain();
  CheckNothingIsLeft();
  return was_met;
}

void FailEvery(Call call, std::initializer_list<int> errors) {
  if (!litter::IsAlone()) tap::Skip("no IPC namespace and /dev/shm of our own");
  int runs = 0;
  for (const int error : errors) {
    int nth = 1;
    while (RunWith(call, nth, error)) nth++;
    tap::Check(nth > 1, "there are such calls");
    runs += nth;
  }
  tap::Diagnose(tap::Text(runs, " runs"));
}

const tap::Test kShmget("fail: shmget", [] {
  FailEvery(failing::kShmget, {EACCES, EEXIST, EINVAL, ENFILE, ENOENT, ENOMEM, ENOSPC, EPERM});
});
const tap::Test kShmat("fail: shmat", [] {
  memory::SystemVOnly("it");
  FailEvery(failing::kShmat, {EACCES, EIDRM, EINVAL, ENOMEM});
});
const tap::Test kShmctl("fail: shmctl", [] { FailEvery(failing::kShmctl, {EACCES, EIDRM, EINVAL, EPERM}); });
const tap::Test kSemget("fail: semget", [] { FailEvery(failing::kSemget, {EACCES, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC}); });
const tap::Test kSemtimedop("fail: semtimedop", [] {
  FailEvery(failing::kSemtimedop, {E2BIG, EACCES, EFBIG, EIDRM, EINTR, EINVAL, ENOMEM});
});
const tap::Test kSemctl("fail: semctl", [] { FailEvery(failing::kSemctl, {EACCES, EIDRM, EINVAL, EPERM}); });
const tap::Test kFutex("fail: futex", [] { FailEvery(failing::kFutex, {EAGAIN, EINTR, EINVAL, ENOMEM}); });
const tap::Test kGetrandom("fail: getrandom", [] { FailEvery(failing::kGetrandom, {EAGAIN, EINTR, ENOSYS}); });

// Where the core would call it for POSIX memory alone, or for semaphores.
void FailEveryOfFiles(Call call, std::initializer_list<int> errors) {
  if (!memory::is_posix) tap::Skip("of POSIX memory");
  FailEvery(call, errors);
}

const tap::Test kOpen("fail: open", [] { FailEveryOfFiles(failing::kOpen, {EACCES, EMFILE, ENFILE, ENOENT, ENOMEM, ENOSPC}); });
const tap::Test kFstat("fail: fstat", [] { FailEveryOfFiles(failing::kFstat, {ENOMEM, EOVERFLOW}); });
const tap::Test kLstat("fail: lstat", [] { FailEvery(failing::kLstat, {EACCES, ENOENT, ENOMEM}); });
const tap::Test kMmap("fail: mmap", [] { FailEveryOfFiles(failing::kMmap, {EACCES, EAGAIN, ENFILE, ENOMEM, EPERM}); });
// The page that the first attach of a process needs beside its own memory.
const tap::Test kGuard("fail: mmap of the guard", [] {
  if (!memory::is_posix || !litter::IsAlone()) tap::Skip("of POSIX memory, in a /dev/shm of our own");
  tap::Check(RunWith(failing::kMmap, 2, ENOMEM), "there is one");
});
const tap::Test kFtruncate("fail: ftruncate", [] { FailEveryOfFiles(failing::kFtruncate, {EFBIG, EINTR, ENOSPC, EPERM}); });
const tap::Test kFallocate("fail: posix_fallocate", [] { FailEveryOfFiles(failing::kFallocate, {EFBIG, EINTR, ENOSPC}); });
const tap::Test kFchmod("fail: fchmod", [] { FailEveryOfFiles(failing::kFchmod, {EPERM}); });
const tap::Test kLinkat("fail: linkat", [] {
  FailEveryOfFiles(failing::kLinkat, {EACCES, EDQUOT, EEXIST, EINVAL, ENOENT, ENOMEM, ENOSPC});
});
const tap::Test kUnlink("fail: unlink", [] { FailEveryOfFiles(failing::kUnlink, {EACCES, ENOENT, ENOMEM, EPERM, EROFS}); });
const tap::Test kSemOpen("fail: sem_open", [] { FailEvery(failing::kSemOpen, {EACCES, EEXIST, EMFILE, ENFILE, ENOENT, ENOMEM, ENOSPC}); });
const tap::Test kOpendir("fail: opendir", [] { FailEvery(failing::kOpendir, {EACCES, EMFILE, ENFILE, ENOMEM}); });

// Lists are what takes many calls of it.
const tap::Test kNew("fail: operator new", [] {
  for (int i = 0; i < 10; i++) cells::MustOpenPrivate();
  bool was_met = true;
  int nth = 0;
  while (was_met) {
    Fault::The().Set(failing::kNew, ++nth, ENOMEM);
    try {
      const auto list = shmnode::ListCells();
      Fault::The().Clear();
      tap::Check(list && list->size() >= 10, "a whole list");
    } catch (const std::bad_alloc&) {
      Fault::The().Clear();
    }
    was_met = Fault::The().WasMet();
  }
  if (nth == 1) tap::Skip("another library's operator new comes first");
  tap::Check(nth > 4, "there are several");
});

// A life in which nothing but the core allocates, and the C library for it: in lists, in what is told of a raw segment, for
// semaphores and directories. What it throws is std::bad_alloc, and from nowhere else.
class FrugalLife {
 public:
  void Run() {
    outcomes_ = {};
    count_ = 0;
    UseCell();
    UseRaw();
    UseGuarded();
    for (const auto& target : {cell_, raw_, guarded_}) Clean(target);
  }

  void Check() const {
    for (int i = 0; i < count_; i++) {
      const Code code = outcomes_.at(static_cast<size_t>(i));
      tap::Check(code == Code::kOk || code == Code::kNoSpace, tap::Text("step ", i, ", ", Fault::The().what(), ": ", code));
    }
    sem_unlink(kSemaphore);
  }

 private:
  template <class Step>
  void Note(Step step) {
    Code code = Code::kNoSpace;
    try {
      code = step();
    } catch (const std::bad_alloc&) {
    }
    outcomes_.at(static_cast<size_t>(count_++)) = code;
  }

  void UseCell() {
    const auto cell = shmnode::OpenCell(cell_, {.owner = {}}, Patient());
    Note([&cell] { return cell.code(); });
    if (!cell) return;
    Note([&cell] { return cell->Write({.data = "x", .length = 1, .media_type = {}, .if_version = {}}, Patient()).code(); });
    std::byte first{};
    Note([&cell, &first] { return cell->Read({.target = &first, .room = 1}, Patient()).code(); });
    Note([&cell] { return shmnode::Inspect(*cell).code(); });
    Note([] { return shmnode::ListCells().code(); });
  }

  void UseRaw() {
    const auto raw = shmnode::OpenRaw(raw_, {}, Patient());
    Note([&raw] { return raw.code(); });
    if (!raw) return;
    Note([&raw] { return raw->Write({.data = "x", .length = 1}, Patient()).code(); });
    Note([&raw] { return shmnode::Inspect(*raw).code(); });
    Note([] { return shmnode::ListRaw().code(); });
  }

  void UseGuarded() {
    for (int i = 0; i < 2; i++) {
      const auto raw = shmnode::OpenRaw(guarded_, {.semaphore = kSemaphore}, Patient());
      Note([&raw] { return raw.code(); });
      if (raw) Note([&raw] { return raw->Write({.data = "x", .length = 1}, Patient()).code(); });
    }
  }

  void Clean(const shmnode::Target& target) {
    const bool is_cell = target.key == cell_.key;
    const Code code = is_cell ? shmnode::DestroyCell(target, {}, Patient()).code() : shmnode::DestroyRaw(target, {}, Patient()).code();
    Note([code] { return code == Code::kNotFound ? Code::kOk : code; });
  }

  static constexpr const char* kSemaphore = "/shmnode-fail-calls";

  const shmnode::Target cell_ = Target::Key(77);
  const shmnode::Target raw_ = Target::Key(78);
  const shmnode::Target guarded_ = Target::Key(79);
  std::array<Code, 32> outcomes_{};
  int count_ = 0;
};

const tap::Test kMalloc("fail: malloc", [] {
  if (!litter::IsAlone()) tap::Skip("no IPC namespace and /dev/shm of our own");
  FrugalLife life;
  life.Run();
  bool was_met = true;
  int nth = 0;
  while (was_met) {
    const Holdings before = Holdings::Count();
    Fault::The().Set(failing::kMalloc, ++nth, ENOMEM);
    life.Run();
    Fault::The().Clear();
    was_met = Fault::The().WasMet();
    life.Check();
    CheckNothingIsHeld(before);
    CheckNothingIsLeft();
  }
  if (nth == 1) tap::Skip("another library's malloc comes first");
  tap::Diagnose(tap::Text(nth, " runs"));
  tap::Check(nth > 4, "there are several");
});

// Where there is no memory to hear of forks, the pid is not kept.
const tap::Test kAtFork("fail: malloc of pthread_atfork", [] {
  Fault::The().Set(failing::kMalloc, 1, ENOMEM);
  int handlers = 0;
  while (handlers < 1000 && pthread_atfork(nullptr, nullptr, [] {}) == 0) handlers++;
  if (handlers == 1000) tap::Skip("it takes none");
  Fault::The().Set(failing::kMalloc, 1, ENOMEM);
  const pid_t own = shmnode::ProcessId();
  Fault::The().Clear();
  tap::Equal(own, getpid(), "here");
  Child child([] { return shmnode::ProcessId() == getpid() ? 0 : 1; });
  tap::Check(child.Succeeds(), "in a child");
});

// The program again, with the shim before all other libraries but a sanitizer's.
int StartWithShim(char** argv) {
  const int file = memfd_create("order", 0);
  if (file < 0 || ftruncate(file, sizeof(failing::Order)) != 0) return 1;
  const std::string path = argv[0];
  const std::string shim = path.substr(0, path.rfind('/') + 1) + "failing_calls.node";
  const char* others = std::getenv("LD_PRELOAD");
  setenv("LD_PRELOAD", others == nullptr ? shim.c_str() : tap::Text(others, ":", shim).c_str(), 1);
  setenv(failing::kVariable, tap::Text("/proc/self/fd/", file).c_str(), 1);
  execv("/proc/self/exe", argv);
  return 1;
}

// Semaphores are files, too, whichever memory the tests are about.
void Isolate() {
  litter::Isolate();
  if (!memory::is_posix && !litter::HideFiles()) litter::TheLog().alone = false;
}

}  // namespace

// fail_calls [--posix] [PART OF A NAME]
int main(int argc, char** argv) {
  if (std::getenv(failing::kVariable) == nullptr) return StartWithShim(argv);
  memory::TakeOption(argc, argv);
  litter::TheLog();
  return tap::RunAll(argc > 1 ? argv[1] : "", Isolate, litter::RemoveAll);
}
