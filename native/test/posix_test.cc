// What POSIX shared memory has and System V's has not: files with names, which anybody may make or move, and semaphores apart from
// them. Those made shorter are in posix_truncation_test.cc, the room for them in posix_limit_test.cc.
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <map>

#include "as_user.hpp"
#include "cells.hpp"
#include "child.hpp"
#include "dev_shm.hpp"
#include "raw_bytes.hpp"
#include "raws.hpp"
#include "stepper.hpp"

namespace {

using cells::Code;
using cells::Deadline;
using cells::Target;
using dev_shm::Alone;
using dev_shm::Files;
using dev_shm::PathOf;

constexpr size_t kDefaultBytes = 4096 * 4;
#ifdef SYS_unlink
constexpr uint64_t kUnlink = SYS_unlink;
#else
constexpr uint64_t kUnlink = SYS_unlinkat;
#endif

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
const tap::Test kBlank("posix: an empty or blank file is somebody else's, also beside a set like ours; destroyed as raw", [] {
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
      tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kLayout, tap::Text(bytes, " bytes, destroy"));
      tap::Check(litter::HasSegment(key) && litter::HasSet(key) == with_set, "is there");
    }
    tap::Equal(raws::Destroy(Target::Key(key)).code(), Code::kOk, tap::Text(bytes, " bytes, destroy as raw"));
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

const tap::Test kNoSuccessorBeside("posix: who removes a raw segment beside a POSIX semaphore has the lock of the name", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  const raws::SemaphoreName name;
  const auto raw = raws::MustOpen(key, {.semaphore = name.get()});
  Stepper destroyer([&raw] { return &raw; }, [](const shmnode::Raw* one) { return one->Destroy(cells::Soon()) ? 0 : 1; });
  tap::Require(destroyer.RunToSystemCall(kUnlink), "is about to remove the name");
  tap::Equal(shmnode::DestroyRaw(Target::Key(key), {}, Deadline::After(std::chrono::milliseconds(20))).code(), Code::kBusy,
             "for another one");
  tap::Equal(destroyer.Finish(), 0, "removed");
  tap::Check(litter::IsFree(key), "nothing is left");
});

const tap::Test kUntrustedSet("posix: a set of another user is not waited for, and stays", [] {
  Alone();
  if (geteuid() != 0) tap::Skip("not root");
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  litter::RemoveSet(key);
  int set = 0;
  AsNobody([key] { litter::MakeSet(key, 4, 0666); });
  set = litter::SetOf(key);
  const auto hold =
      shmnode::LockHold::Acquire(shmnode::TurnstileLock(shmnode::SemaphoreSet(set)), shmnode::LockMode::kExclusive, cells::Soon());
  tap::Equal(cell.Destroy(Deadline::After(std::chrono::milliseconds(20))).code(), Code::kOk, "destroy");
  tap::Check(!litter::HasSegment(key) && litter::SetOf(key) == set, "the segment is gone, the set is not");
  litter::RemoveSet(key);
});

const tap::Test kRenamed("posix: destroy of a file that was given another name leaves its value alone", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  const auto cell = cells::MustOpen(key);
  litter::RemoveSet(key);
  const std::string other = PathOf(litter::UniqueKey());
  tap::Require(rename(PathOf(key).c_str(), other.c_str()) == 0, "renamed");
  tap::Equal(cell.Destroy(cells::Soon()).code(), Code::kDestroyed, "destroy");
  tap::Check(!cell.IsRetired(), "goes on under its other name");
  tap::Check(!litter::HasSet(key), "no set is left");
  unlink(other.c_str());
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

// `destroy` is of what was opened before the key had a System V segment.
template <class Destroy>
void KeepsTheirLock(std::string_view what, key_t key, Destroy destroy) {
  const int set = litter::SetOf(key);
  const int segment = shmget(memory::SetKeyOf(key), 100, IPC_CREAT | IPC_EXCL | 0600);
  tap::Equal(destroy().code(), Code::kOk, what);
  tap::Check(!litter::HasSegment(key) && litter::SetOf(key) == set, tap::Text(what, ": the set stays"));
  shmctl(segment, IPC_RMID, nullptr);
  litter::RemoveSet(key);
}

const tap::Test kKeepsTheirLock("posix: destroy leaves a set that may be a System V segment's lock", [] {
  Alone();
  const key_t key = litter::UniqueKey();
  const auto target = Target::Key(key);
  {
    const auto cell = cells::MustOpen(key);
    KeepsTheirLock("a cell by its handle", key, [&cell] { return cell.Destroy(cells::Soon()); });
  }
  cells::MustOpen(key);
  KeepsTheirLock("a cell by its name", key, [&target] { return cells::Destroy(target); });
  {
    const auto raw = raws::MustOpen(key);
    KeepsTheirLock("raw by its handle", key, [&raw] { return raw.Destroy(cells::Soon()); });
  }
  raws::MustOpen(key);
  KeepsTheirLock("raw by its name", key, [&target] { return raws::Destroy(target); });
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

}  // namespace
