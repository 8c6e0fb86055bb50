// fail_calls: every system call that the core makes fails in turn, the first, the second and so on, with each errno that it
// may give, until a run comes to its end without meeting the fault. Whatever fails, the outcome is a typed error or a
// success, what was committed is what is read, and once calls work again, so does the cell, and nothing is left of it. With
// --posix the segments are in /dev/shm, and the calls those that reach them there.
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <string>

#include "cells.hpp"
#include "child.hpp"
#include "fail_calls/cell_life.hpp"
#include "fail_calls/fault.hpp"
#include "fail_calls/frugal_life.hpp"
#include "fail_calls/guarded_life.hpp"
#include "fail_calls/holdings.hpp"
#include "fail_calls/raw_life.hpp"
#include "failing_calls.hpp"
#include "litter.hpp"
#include "memory.hpp"
#include "tap.hpp"

namespace {

using fail::Fault;
using fail::Holdings;
using failing::Call;

// True if the fault was met.
bool RunWith(Call call, int nth, int error) {
  fail::CellLife cell_life(77);
  fail::RawLife raw_life(78);
  const fail::GuardedLife guarded_life(80);
  const Holdings before = Holdings::Count();
  Fault::The().Set(call, nth, error);
  cell_life.Run();
  raw_life.Run();
  guarded_life.Run();
  Fault::The().Clear();
  const bool was_met = Fault::The().WasMet();
  fail::CheckNothingIsHeld(before);
  cell_life.CheckWorksAgain();
  raw_life.CheckWorksAgain();
  guarded_life.CheckWorksAgain();
  fail::CheckNothingIsLeft();
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

const tap::Test kMalloc("fail: malloc", [] {
  if (!litter::IsAlone()) tap::Skip("no IPC namespace and /dev/shm of our own");
  fail::FrugalLife life;
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
    fail::CheckNothingIsHeld(before);
    fail::CheckNothingIsLeft();
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
