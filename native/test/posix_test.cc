// What POSIX shared memory has and System V's has not: files, which have names, may be shortened, and need room in /dev/shm.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <thread>

#include "as_user.hpp"
#include "cells.hpp"
#include "child.hpp"
#include "raw_bytes.hpp"
#include "raws.hpp"
#include "stepper.hpp"
#include "threads.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Deadline;
using cells::Target;

constexpr size_t kDefaultBytes = 4096 * 4;
#ifdef SYS_unlink
constexpr uint64_t kUnlink = SYS_unlink;
#else
constexpr uint64_t kUnlink = SYS_unlinkat;
#endif

void Alone() {
  if (!memory::is_posix) tap::Skip("of POSIX memory");
  if (!litter::IsAlone()) tap::Skip("no /dev/shm of our own");
}

std::string PathOf(key_t key) { return tap::Text(shmnode::kPosixDirectory, memory::Name(key).text); }

int Files() {
  const std::filesystem::directory_iterator files(shmnode::kPosixDirectory);
  return static_cast<int>(std::distance(begin(files), end(files)));
}

// --- Names and files ---

const tap::Test kNames("posix: names", [] {
  using shmnode::IsValidPosixName;
  for (const std::string& name : {std::string("/a"), std::string("/.a"), tap::Text("/", std::string(62, 'x')), std::string("/A-Z_0.9")}) {
    tap::Check(IsValidPosixName(name), name);
  }
  for (const std::string& name :
       {std::string(), std::string("a"), std::string("/"), std::string("/."), std::string("/.."), std::string("//a"), std::string("/a/b"),
        tap::Text("/", std::string(63, 'x')), std::string("/a\0b", 4), std::string("/a b")}) {
    tap::Check(!IsValidPosixName(name), name);
  }
});

const tap::Test kHeader("posix: the header has the name with its slash, and the namespace of the semaphores", [] {
  Alone();
  const std::string name = litter::UniqueName("posix");
  const auto cell = cells::MustOpen(Target::Name(name));
  tap::Equal(cell.geometry().name_view(), std::string_view(name), "name");
  tap::Equal(cell.geometry().ipc_namespace, shmnode::IpcNamespace(), "IPC namespace");
  tap::Equal(cell.lock().set().Stat()->sem_perm.__key, shmnode::KeyOfName(name), "key of the set");
  tap::Equal(cell.segment().id(), -1, "no id");
});

const tap::Test kUmask("posix: the mode is what was asked for, whatever the umask", [] {
  Alone();
  umask(0077);
  const auto cell = cells::MustOpen(litter::UniqueKey(), {.mode = 0666, .owner = {}});
  tap::Equal(cell.segment().Facts()->mode, 0666U, "of the file");
  tap::Equal(cell.lock().set().Stat()->sem_perm.mode & 0777U, 0666U, "of the set");
});

const tap::Test kMoved("posix: a cell under another name is kNameCollision, and stays as it is", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  const key_t other = litter::UniqueKey();
  cells::WriteText(cells::MustOpen(key), "kept").code();
  tap::Require(rename(PathOf(key).c_str(), PathOf(other).c_str()) == 0, "renamed");
  tap::Equal(cells::Open(Target::Key(other)).code(), Code::kNameCollision, "open");
  tap::Equal(cells::Open(Target::Key(other), {.read_only = true, .owner = {}}).code(), Code::kNameCollision, "read-only");
  tap::Equal(cells::Destroy(Target::Key(other)).code(), Code::kNameCollision, "destroy");
  tap::Check(shmnode::ListCells()->empty(), "not listed");
  tap::Require(rename(PathOf(other).c_str(), PathOf(key).c_str()) == 0, "renamed back");
  tap::Equal(cells::ReadText(cells::MustOpen(key)), "kept", "the value");
});

const tap::Test kFilesOfOthers("posix: links, pipes, sockets and directories are refused at once, and left alone", [] {
  Alone();
  const auto check = [](key_t key, std::string_view what) {
    for (const bool read_only : {false, true}) {
      const Code code = cells::Open(Target::Key(key), {.read_only = read_only, .owner = {}}).code();
      tap::Equal(code, Code::kLayout, tap::Text(what, ", open"));
    }
    tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kLayout, tap::Text(what, ", destroy"));
    tap::Check(litter::HasSegment(key) && !litter::HasSet(key), tap::Text(what, " is there, and nothing else"));
  };
  const key_t link = litter::UniqueKey();
  const key_t target = litter::UniqueKey();
  cells::MustOpen(target);
  tap::Require(symlink(PathOf(target).c_str(), PathOf(link).c_str()) == 0, "symlink");
  check(link, "a link");
  const key_t pipe = litter::UniqueKey();
  tap::Require(mkfifo(PathOf(pipe).c_str(), 0600) == 0, "mkfifo");
  check(pipe, "a pipe");
  const key_t socket = litter::UniqueKey();
  tap::Require(mknod(PathOf(socket).c_str(), S_IFSOCK | 0600, 0) == 0, "mknod");
  check(socket, "a socket");
  const key_t directory = litter::UniqueKey();
  tap::Require(mkdir(PathOf(directory).c_str(), 0700) == 0, "mkdir");
  check(directory, "a directory");
  tap::Equal(shmnode::ListCells()->size(), 1U, "listed is the cell alone");
});

// A file of ours has its name only when the cell is in it.
const tap::Test kBlank("posix: an empty or blank file is somebody else's; with a set like ours it can be destroyed", [] {
  Alone();
  for (const size_t bytes : {size_t{0}, kDefaultBytes}) {
    const key_t key = litter::UniqueKey();
    const auto raw = RawBytes::Create(key, bytes);
    for (const bool with_set : {false, true}) {
      if (with_set) litter::MakeSet(key);
      for (const cells::OpenOptions& options : {cells::OpenOptions{}, {.create = false, .owner = {}}, {.read_only = true, .owner = {}}}) {
        tap::Equal(cells::Open(Target::Key(key), options).code(), Code::kLayout, tap::Text(bytes, " bytes, open"));
      }
      const auto now = raw.Copy();
      tap::Check(std::all_of(now.begin(), now.end(), [](std::byte b) { return b == std::byte{0}; }), "as it was");
      const Code destroyed = cells::Destroy(Target::Key(key)).code();
      tap::Equal(destroyed, with_set ? Code::kOk : Code::kLayout, tap::Text(bytes, " bytes, destroy"));
    }
    tap::Check(litter::IsFree(key), "nothing is left");
  }
});

const tap::Test kNoSuccessor("posix: who removes a raw segment without a lock has that of the name", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  const auto target = Target::Key(key);
  RawBytes::Create(key, 2048);
  Stepper destroyer([&target] { return &target; }, [](const shmnode::Target* raw) { return raws::Destroy(*raw) ? 0 : 1; });
  tap::Require(destroyer.RunToSystemCall(kUnlink), "is about to remove the name");
  tap::Equal(shmnode::DestroyRaw(target, {}, Deadline::After(std::chrono::milliseconds(20))).code(), Code::kBusy, "for another one");
  tap::Equal(destroyer.Finish(), 0, "removed");
  tap::Check(litter::IsFree(key), "nothing is left");
});

const tap::Test kReadOnlyFile("posix: a raw segment that its owner may only read can be destroyed by him", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  AsNobody([key] {
    RawBytes::Create(key, 2048, 0400);
    tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kOk, "destroyed");
  });
  tap::Check(litter::IsFree(key), "nothing is left");
});

const tap::Test kZeroPage("posix: destroy of a file whose first page is blank, and no more", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  const auto raw = RawBytes::Create(key, kDefaultBytes);
  raw.StoreText(9000, "somebody's data");
  litter::MakeSet(key);
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kLayout, "destroy");
  tap::Equal(raw.Text(9000, 15), "somebody's data", "data");
});

// --- Semaphores ---

const tap::Test kContested("posix: where a System V segment has the key of the lock, kNameCollision", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  const int segment = shmget(memory::SetKeyOf(key), 100, IPC_CREAT | IPC_EXCL | 0600);
  const int set = litter::MakeSet(key);
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kNameCollision, "create");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kNotFound, "destroy");
  tap::Check(!litter::HasSegment(key) && litter::SetOf(key) == set, "the set is left alone");
  litter::RemoveSet(key);
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kNameCollision, "create where there is no set");
  shmctl(segment, IPC_RMID, nullptr);
  const auto cell = cells::MustOpen(key);
  shmget(memory::SetKeyOf(key), 100, IPC_CREAT | IPC_EXCL | 0600);
  tap::Equal(cells::WriteText(cells::MustOpen(key), "x").code(), Code::kOk, "whose lock is there goes on");
  litter::RemoveSet(key);
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kNameCollision, "and gets no other");
  tap::Equal(cells::ReadText(cells::MustOpen(key, {.read_only = true, .owner = {}})), "x", "the value");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kOk, "destroy");
});

// Two names of which the keys are one, and that are not in the way of others.
std::pair<std::string, std::string> CollidingNames() {
  std::map<key_t, std::string> names;
  for (int i = 0;; i++) {
    const std::string name = tap::Text("/shmnode-test.collide.", i);
    const auto [found, is_new] = names.emplace(shmnode::KeyOfName(name), name);
    if (!is_new) return {found->second, name};
  }
}

const tap::Test kCollision("posix: two names whose sets have one key are two cells, and no write to either is lost", [] {
  Alone();
  const auto [first, second] = CollidingNames();
  const auto write = [](const std::string& name, std::string_view text) {
    for (;;) {
      const auto version = cells::WriteText(cells::MustOpen(Target::Name(name)), text);
      if (version || !tap::Equal(version.code(), Code::kDestroyed, "a write")) return *version;
    }
  };
  for (uint64_t version = 1; version <= 3; version++) {
    tap::Equal(write(first, "one"), version, "version of the first");
    tap::Equal(write(second, "two"), version, "version of the second");
  }
  tap::Equal(cells::Destroy(Target::Name(first)).code(), Code::kOk, "destroy of the first");
  tap::Equal(write(second, "still"), 4U, "the second goes on");
  tap::Equal(cells::ReadText(cells::MustOpen(Target::Name(second))), "still", "its value");
  tap::Equal(cells::Destroy(Target::Name(second)).code(), Code::kOk, "destroy of the second");
  tap::Equal(Files(), 0, "files");
});

const tap::Test kNamespace("posix: whose semaphores are of another IPC namespace can be read and destroyed, and not written", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  cells::WriteText(cell, "from here").code();
  Child elsewhere([key] {
    if (unshare(CLONE_NEWIPC) != 0) tap::Skip("no IPC namespace");
    // Ids begin anew: without the namespace, it would be taken for the cell's.
    tap::Require(litter::MakeSet(key) >= 0, "a set");
    const auto refused = cells::Open(Target::Key(key));
    tap::Equal(refused.code(), Code::kUnsupported, "open");
    tap::Equal(cells::ReadText(cells::MustOpen(key, {.read_only = true, .owner = {}})), "from here", "read-only");
    return 0;
  });
  tap::Check(elsewhere.Succeeds(), "elsewhere");
  tap::Equal(cells::WriteText(cell, "still").code(), Code::kOk, "a write here");
  Child destroyer([key] { return unshare(CLONE_NEWIPC) == 0 && cells::Destroy(Target::Key(key)) ? 0 : 1; });
  tap::Check(destroyer.Succeeds(), "destroyed from elsewhere");
  tap::Equal(cells::WriteText(cell, "x").code(), Code::kDestroyed, "a write afterwards");
  tap::Equal(cells::WriteText(cells::MustOpen(key), "new").code(), Code::kOk, "made anew");
});

// --- Shortened files ---

// A cell with a value in each slot, and the file behind it.
struct Shortened {
  key_t key = litter::UniqueKey();
  Cell cell = cells::MustOpen(key, {.capacity = 16 * 4096, .owner = {}});
  RawBytes raw = RawBytes::Under(key);

  Shortened() {
    for (uint64_t version = 1; version <= 4; version++) cells::Write(cell, Pattern(16 * 4096, version)).code();
  }
};

const tap::Test kTruncated("posix: a file made shorter by somebody is kDestroyed, whatever is done with it, and no crash", [] {
  Alone();
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{4096}, size_t{4096 * 3}, size_t{4096 + 3 * 16 * 4096 - 1}}) {
    const Shortened its;
    const auto reader = cells::MustOpen(its.key, {.read_only = true, .owner = {}});
    const std::string what = tap::Text("at ", bytes, " bytes, ");
    its.raw.Truncate(bytes);
    for (const Cell* cell : {&its.cell, &reader}) tap::Equal(cell->CheckNotRemoved().code(), Code::kDestroyed, what + "CheckNotRemoved");
    tap::Equal(cells::WriteText(its.cell, "x").code(), Code::kDestroyed, what + "a write");
    const Code read = cells::Read(reader).code;
    tap::Check(read == Code::kOk || read == Code::kDestroyed, what + "a read");
    if (bytes <= 4096) tap::Equal(read, Code::kDestroyed, what + "a read of what is gone");
    static_cast<void>(reader.Version());
    static_cast<void>(reader.LengthHint());
    tap::Check(!shmnode::Inspect(its.cell) || bytes > 4096, what + "inspect");
    const auto opened = cells::Open(Target::Key(its.key));
    tap::Check(opened.code() == Code::kLayout || opened.code() == Code::kCorrupt, what + "open");
    const Code destroyed = cells::Destroy(Target::Key(its.key)).code();
    tap::Equal(destroyed, bytes == 1 ? Code::kLayout : Code::kOk, what + "destroy");
    if (destroyed != Code::kOk) continue;
    tap::Equal(cells::WriteText(cells::MustOpen(its.key), "new").code(), Code::kOk, what + "made anew");
  }
});

const tap::Test kEachCall("posix: a file made shorter, and then one call", [] {
  Alone();
  const auto check = [](std::string_view what, auto call) {
    const Shortened its;
    its.raw.Truncate(0);
    const Code code = call(its.cell);
    tap::Check(code == Code::kDestroyed || code == Code::kBusy, tap::Text(what, ": ", code));
    tap::Check(its.cell.IsRetired(), tap::Text(what, ": retired"));
    tap::Equal(cells::Read(its.cell).code, Code::kDestroyed, tap::Text(what, ": a read afterwards"));
  };
  check("read", [](const Cell& cell) { return cells::Read(cell).code; });
  check("write", [](const Cell& cell) { return cells::WriteText(cell, "x").code(); });
  check("lock", [](const Cell& cell) { return cell.LockForWrite(cells::Soon()).code(); });
  check("facts", [](const Cell& cell) { return cell.Facts().code(); });
  check("look for newer", [](const Cell& cell) { return cell.LookForNewer(0)->code(); });
  check("wait for newer", [](const Cell& cell) { return cell.WaitNewer(100, cells::Soon()).code(); });
  check("version", [](const Cell& cell) { return cell.Version() == 0 ? Code::kDestroyed : Code::kOk; });
  check("wake", [](const Cell& cell) {
    cell.Wake();
    return cell.IsRetired() ? Code::kDestroyed : Code::kOk;
  });
});

// Whole values or kDestroyed: what came from behind the end is never taken for the value.
void ReadUntilDestroyed(const Cell& cell, std::atomic<int>& reading) {
  for (bool first = true;; first = false) {
    const auto value = cells::Read(cell);
    if (first) reading++;
    if (value.code == Code::kDestroyed) return;
    if (!tap::Equal(value.code, Code::kOk, "a read") || !tap::Check(CounterOf(value.bytes).has_value(), "whole")) return;
  }
}

void WriteUntilDestroyed(const Cell& cell, std::atomic<int>& writing) {
  for (uint64_t count = 10;; count++) {
    const auto version = cells::Write(cell, Pattern(cell.geometry().capacity, count));
    if (count == 10) writing++;
    if (version.code() == Code::kDestroyed) return;
    if (version.code() != Code::kBusy && !tap::Equal(version.code(), Code::kOk, "a write")) return;
  }
}

const tap::Test kTruncatedUnderway("posix: a file made shorter under readers and writers at work", [] {
  Alone();
  for (int round = 0; round < 40; round++) {
    const key_t key = litter::UniqueKey();
    const auto cell = cells::MustOpen(key, {.capacity = 1 << 20, .owner = {}});
    const auto reader = cells::MustOpen(key, {.read_only = true, .owner = {}});
    cells::Write(cell, Pattern(1 << 20, 1)).code();
    const Shared<std::atomic<int>> at_work;
    Child peer([key, &at_work] {
      const auto raw = RawBytes::Under(key);
      WaitUntil([&at_work] { return *at_work == 4; });
      usleep(static_cast<useconds_t>(raw.Load<uint64_t>(40) % 2000));
      raw.Truncate(raw.Load<uint64_t>(40) % 3 * 4096);
      return 0;
    });
    InThreads(4, [&](int thread) {
      if (thread == 0) return WriteUntilDestroyed(cell, *at_work);
      ReadUntilDestroyed(thread == 1 ? cell : reader, *at_work);
    });
    tap::Check(peer.Succeeds(), "the peer");
  }
});

// To 0 and back again, all the time: what is read is whole, empty, the one byte that was written meanwhile, or an error.
const tap::Test kFlapping("posix: a file that is made shorter and longer all the time", [] {
  Alone();
  for (int round = 0; round < 20; round++) {
    const key_t key = litter::UniqueKey();
    const auto cell = cells::MustOpen(key, {.capacity = 1 << 18, .owner = {}});
    cells::Write(cell, Pattern(1 << 18, 1)).code();
    const Child peer([key] {
      for (const auto raw = RawBytes::Under(key);;) {
        raw.Truncate(0);
        raw.Truncate(raw.size());
      }
      return 0;
    });
    for (int i = 0; i < 200 && !cell.IsRetired(); i++) {
      const auto value = cells::Read(cell);
      const bool typed = value.code == Code::kDestroyed || value.code == Code::kCorrupt || value.code == Code::kBusy;
      tap::Check(typed || value.bytes.size() <= 1 || CounterOf(value.bytes).has_value(), tap::Text("a read: ", value.code));
      const auto version = cell.Write({.data = "x", .length = 1}, Deadline::Now());
      if (version) continue;
      const Code code = version.code();
      tap::Check(code == Code::kDestroyed || code == Code::kCorrupt || code == Code::kBusy, tap::Text("a write: ", code));
    }
  }
});

const tap::Test kManyGuards("posix: many attaches, each with its guard, in several threads", [] {
  Alone();
  InThreads(4, [](int) {
    std::vector<Cell> cells_open;
    std::vector<key_t> keys;
    for (int i = 0; i < 60; i++) {
      keys.push_back(litter::UniqueKey());
      cells_open.push_back(cells::MustOpen(keys.back()));
    }
    for (size_t i = 0; i < keys.size(); i += 2) RawBytes::Under(keys[i]).Truncate(0);
    for (size_t i = 0; i < keys.size(); i++) {
      const Code code = cells::Read(cells_open[i]).code;
      tap::Equal(code, i % 2 == 0 ? Code::kDestroyed : Code::kOk, "a read");
    }
    cells_open.erase(cells_open.begin(), cells_open.begin() + 30);
    for (size_t i = 30; i < keys.size(); i++) tap::Equal(cells_open[i - 30].IsRetired(), i % 2 == 0, "what is left");
  });
});

// How a process ends that breaks a mapping of its own.
int EndOf(void (*prepare)(), bool with_guard) {
  Child child([prepare, with_guard] {
    const rlimit no_core{};
    setrlimit(RLIMIT_CORE, &no_core);
    prepare();
    if (with_guard) cells::MustOpen(litter::UniqueKey());
    const int file = memfd_create("broken", 0);
    tap::Require(ftruncate(file, 4096) == 0, "ftruncate");
    auto* bytes = static_cast<volatile char*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0));
    tap::Require(ftruncate(file, 0) == 0, "ftruncate");
    return bytes[0];
  });
  return child.Wait();
}

const tap::Test kOthersFaults("posix: faults that are not ours do what they did before", [] {
  Alone();
  const auto nothing = [] {};
  const auto handler = [] { std::signal(SIGBUS, [](int) { _exit(42); }); };
  const auto detailed = [] {
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = [](int, siginfo_t* info, void*) { _exit(info->si_code == BUS_ADRERR ? 43 : 1); };
    sigaction(SIGBUS, &action, nullptr);
  };
  const auto ignored = [] { std::signal(SIGBUS, SIG_IGN); };
  for (const auto prepare : std::initializer_list<void (*)()>{nothing, handler, detailed, ignored}) {
    tap::Equal(EndOf(prepare, true), EndOf(prepare, false), "end");
  }
  Child sent([] {
    cells::MustOpen(litter::UniqueKey());
    raise(SIGBUS);
    return 0;
  });
  tap::Check(WIFSIGNALED(sent.Wait()) && WTERMSIG(sent.Wait()) == SIGBUS, "one that somebody sends");
  Child deaf([] {
    std::signal(SIGBUS, SIG_IGN);
    cells::MustOpen(litter::UniqueKey());
    raise(SIGBUS);
    return 0;
  });
  tap::Check(deaf.Succeeds(), "one that was to be ignored");
});

// --- Room ---

// For the rest of this test, in the /dev/shm of our own.
void Remount(const char* options) {
  if (mount("tmpfs", shmnode::kPosixDirectory, "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, options) != 0) tap::Skip("cannot remount");
}

void CheckNoRoom(key_t key, const cells::OpenOptions& options, Code code, const char* syscall) {
  const auto refused = cells::Open(Target::Key(key), options);
  if (!tap::Equal(refused.code(), code, "code")) return;
  tap::Equal(refused.error().syscall, syscall, "system call");
  tap::Check(refused.error().system_errno != 0, "errno");
  tap::Check(litter::IsFree(key), "nothing is left");
}

const tap::Test kFull("posix: where /dev/shm has no room, kNoSpace; and what was opened can be written to the last byte", [] {
  Alone();
  Remount("mode=1777,size=1m");
  const key_t key = litter::UniqueKey();
  CheckNoRoom(litter::UniqueKey(), {.capacity = 1 << 20, .owner = {}}, Code::kNoSpace, "posix_fallocate");
  CheckNoRoom(litter::UniqueKey(), {.capacity = uint64_t{1} << 50U, .owner = {}}, Code::kNoSpace, "posix_fallocate");
  const auto cell = cells::MustOpen(key, {.capacity = 200'000, .owner = {}});
  const int rest = open((std::string(shmnode::kPosixDirectory) + "/rest").c_str(), O_CREAT | O_RDWR, 0600);
  const std::string page(4096, 'x');
  while (write(rest, page.data(), page.size()) > 0) continue;
  tap::Equal(errno, ENOSPC, "no room any more");
  for (uint64_t version = 1; version <= 6; version++) tap::Equal(*cells::Write(cell, Pattern(200'000, version)), version, "a write");
  CheckNoRoom(litter::UniqueKey(), {}, Code::kNoSpace, "posix_fallocate");
});

const tap::Test kInodes("posix: where /dev/shm has as many files as it may, kLimit", [] {
  Alone();
  Remount("mode=1777,size=1m,nr_inodes=3");
  while (open((std::string(shmnode::kPosixDirectory) + tap::Text("/", Files())).c_str(), O_CREAT | O_RDWR, 0600) >= 0) continue;
  tap::Equal(errno, ENOSPC, "no more files");
  CheckNoRoom(litter::UniqueKey(), {}, Code::kLimit, "open");
});

const tap::Test kFileSize("posix: over RLIMIT_FSIZE, kLimit and no SIGXFSZ", [] {
  Alone();
  const rlimit limit{.rlim_cur = 8192, .rlim_max = 8192};
  tap::Require(setrlimit(RLIMIT_FSIZE, &limit) == 0, "setrlimit");
  CheckNoRoom(litter::UniqueKey(), {}, Code::kLimit, "ftruncate");
});

const tap::Test kDescriptors("posix: without descriptors, kLimit", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &limit);
  const auto refused = cells::Open(Target::Key(key));
  limit.rlim_cur = before;
  setrlimit(RLIMIT_NOFILE, &limit);
  tap::Equal(refused.code(), Code::kLimit, "code");
  tap::Check(litter::IsFree(key), "nothing is left");
});

const tap::Test kNoDirectory("posix: where there is no /dev/shm, kUnsupported to make one, and nothing is found", [] {
  Alone();
  tap::Require(mount("tmpfs", "/dev", "tmpfs", 0, "mode=755") == 0, "an empty /dev");
  const key_t key = litter::UniqueKey();
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kUnsupported, "open");
  tap::Equal(cells::Open(Target::Key(key), {.create = false, .owner = {}}).code(), Code::kNotFound, "without create");
  tap::Check(!litter::HasSet(key), "no set is left");
  tap::Equal(shmnode::ListCells().code(), Code::kOk, "list");
});

// Signals make the kernel give up an allocation that takes long.
const tap::Test kSignals("posix: a large one can be made while signals come", [] {
  Alone();
  std::signal(SIGALRM, [](int) {});
  const itimerval often{.it_interval = {.tv_sec = 0, .tv_usec = 500}, .it_value = {.tv_sec = 0, .tv_usec = 500}};
  setitimer(ITIMER_REAL, &often, nullptr);
  const auto cell = cells::Open(Target::Key(litter::UniqueKey()), {.capacity = 100 << 20, .owner = {}});
  const itimerval never{};
  setitimer(ITIMER_REAL, &never, nullptr);
  tap::Equal(cell.code(), Code::kOk, "open");
});

}  // namespace
