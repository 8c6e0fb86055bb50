// The C library's calls, for a program that runs on a simulated kernel: a definition here takes the place of the library's. And
// what GCC and Clang call around each access to memory under -fsanitize=thread, in place of ThreadSanitizer.
//
// This file is not instrumented, nor may it share inline functions with what is: those of the other would come back here.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "exploration.hpp"

namespace {

using simulated::Explorer;
using simulated::Kernel;
using simulated::Step;

Explorer& World() { return Explorer::The(); }
Kernel& TheKernel() { return World().kernel(); }
// What is done in preparation belongs to the last process, which never runs.
int Process() { return World().running() < 0 ? simulated::kMostProcesses - 1 : World().running(); }

void Stop(const char* name, int id = 0) { World().Stop({.kind = Step::Kind::kCall, .name = name, .id = id, .operations = {}, .seen = 0}); }

constexpr int kStateFile = 1 << 20;  // a descriptor that no file has

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

template <class T>
T Told(T result) {
  World().Saw(static_cast<uint64_t>(result));
  return result;
}

// Of what a process is told, as far as the core looks.
void Told(const shmid_ds& facts) {
  World().Saw(static_cast<uint64_t>(facts.shm_perm.__key) << 16U | facts.shm_perm.mode);
  World().Saw(facts.shm_nattch == 1 ? 1 : 0);
}

void Access(const volatile void* address) {
  if (World().stops_at_accesses() && TheKernel().Holds(address)) {
    World().Stop({.kind = Step::Kind::kAccess, .name = "memory", .id = 0, .operations = {}, .seen = 0});
  }
}

__extension__ using WideWord = unsigned __int128;

template <class T>
void Read(const volatile void* address) {
  if (World().running() < 0 || !TheKernel().Holds(address)) return;
  T value{};
  std::memcpy(&value, const_cast<const void*>(address), sizeof value);
  if (value != 0) World().Saw(static_cast<uint64_t>(value) + reinterpret_cast<uintptr_t>(address));
}

}  // namespace

extern "C" {

int shmget(key_t key, size_t bytes, int flags) noexcept {
  Stop((flags & IPC_CREAT) != 0 ? "shmget create" : "shmget");
  return Told(TheKernel().Shmget(key, bytes, flags));
}

void* shmat(int id, const void* /*address*/, int /*flags*/) noexcept {
  Stop("shmat", id);
  void* data = TheKernel().Shmat(Process(), id);
  World().Saw(reinterpret_cast<uintptr_t>(data));
  return data;
}

int shmdt(const void* data) noexcept {
  Stop("shmdt");
  return TheKernel().Shmdt(Process(), data);
}

int shmctl(int id, int command, shmid_ds* facts) noexcept {
  Stop(command == IPC_RMID ? "shmctl remove" : "shmctl", id);
  const int result = Told(TheKernel().Shmctl(id, command, facts));
  if (result >= 0 && (command == IPC_STAT || command == SHM_STAT)) Told(*facts);
  return result;
}

int semget(key_t key, int count, int flags) noexcept {
  Stop((flags & IPC_CREAT) != 0 ? "semget create" : "semget");
  return Told(TheKernel().Semget(key, count, flags));
}

int semctl(int id, int index, int command, ...) noexcept {
  va_list arguments;
  va_start(arguments, command);
  auto* facts = va_arg(arguments, semid_ds*);
  va_end(arguments);
  Stop(command == IPC_RMID ? "semctl remove" : "semctl", id);
  return Told(TheKernel().Semctl(id, index, command, facts));
}

int semtimedop(int id, sembuf* operations, size_t count, const timespec* /*timeout*/) noexcept {
  World().Stop({.kind = Step::Kind::kOperate, .name = "semtimedop", .id = id, .operations = {operations, count}, .seen = 0});
  return Told(TheKernel().Semop(Process(), id, {operations, count}));
}

// Until something has changed.
int usleep(useconds_t /*time*/) {
  World().Stop({.kind = Step::Kind::kSleep, .name = "sleep", .id = 0, .operations = {}, .seen = TheKernel().Hash()});
  return 0;
}

ssize_t getrandom(void* buffer, size_t length, unsigned /*flags*/) {
  // The same in each run, and another one in each creation.
  const uint64_t number = TheKernel().segments().size() * 16 + static_cast<uint64_t>(Process()) + 1;
  std::memcpy(buffer, &number, std::min(length, sizeof number));
  return static_cast<ssize_t>(length);
}

int clock_gettime(clockid_t /*clock*/, timespec* time) noexcept {
  *time = {.tv_sec = World().time(), .tv_nsec = 0};
  World().Saw(static_cast<uint64_t>(time->tv_sec));
  return 0;
}

// Of a process that is explored; what /proc tells of it follows.
int kill(pid_t pid, int number) noexcept {
  if (pid < simulated::kFirstPid) return Real<int(pid_t, int)>("kill")(pid, number);
  const bool is_dead = Told(World().is_dead(pid - simulated::kFirstPid));
  errno = ESRCH;
  return is_dead ? -1 : 0;
}

int open(const char* path, int flags, ...) {
  const std::string_view text = path;
  constexpr std::string_view kFolder = "/proc/";
  if (text.starts_with(kFolder) && std::atoi(path + kFolder.size()) >= simulated::kFirstPid) return kStateFile;
  return Real<int(const char*, int, ...)>("open")(path, flags, 0600);
}

ssize_t read(int file, void* to, size_t room) {
  if (file != kStateFile) return Real<ssize_t(int, void*, size_t)>("read")(file, to, room);
  return std::snprintf(static_cast<char*>(to), room, "1 (x) S 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 0 %d ", simulated::kStartOfProcesses);
}

int close(int file) { return file == kStateFile ? 0 : Real<int(int)>("close")(file); }

long syscall(long /*number*/, ...) noexcept { return 0; }  // a wake: nobody sleeps

void __tsan_init() {}
void __tsan_func_entry(void* /*caller*/) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void** /*at*/, void* /*value*/) {}
void __tsan_vptr_read(void** /*at*/) {}
void __tsan_atomic_thread_fence(int /*order*/) {}
void __tsan_atomic_signal_fence(int /*order*/) {}

// What is read by plain loads is compared as a whole (is all of it zero?): not a step for each byte.
#define PLAIN(bytes, type)                                                   \
  void __tsan_read##bytes(void* at) { Read<type>(at); }                      \
  void __tsan_unaligned_read##bytes(void* at) { Read<type>(at); }            \
  void __tsan_volatile_read##bytes(void* at) { Access(at), Read<type>(at); } \
  void __tsan_write##bytes(void* at) { Access(at); }                         \
  void __tsan_unaligned_write##bytes(void* at) { Access(at); }               \
  void __tsan_volatile_write##bytes(void* at) { Access(at); }
PLAIN(1, uint8_t)
PLAIN(2, uint16_t)
PLAIN(4, uint32_t)
PLAIN(8, uint64_t)
PLAIN(16, WideWord)
void __tsan_read_range(void* /*at*/, size_t /*bytes*/) {}
void __tsan_write_range(void* at, size_t /*bytes*/) { Access(at); }

#define ATOMIC(bits, type)                                                                                     \
  type __tsan_atomic##bits##_load(const volatile type* at, int) {                                              \
    Access(at);                                                                                                \
    const type value = *at;                                                                                    \
    if (TheKernel().Holds(at)) Told(value);                                                                    \
    return value;                                                                                              \
  }                                                                                                            \
  void __tsan_atomic##bits##_store(volatile type* at, type value, int) {                                       \
    Access(at);                                                                                                \
    *at = value;                                                                                               \
  }                                                                                                            \
  type __tsan_atomic##bits##_exchange(volatile type* at, type value, int) {                                    \
    Access(at);                                                                                                \
    const type before = *at;                                                                                   \
    *at = value;                                                                                               \
    return before;                                                                                             \
  }                                                                                                            \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type* at, type* expected, type value, int, int) { \
    Access(at);                                                                                                \
    const type before = *at;                                                                                   \
    if (TheKernel().Holds(at)) Told(before);                                                                   \
    if (before == *expected) {                                                                                 \
      *at = value;                                                                                             \
      return 1;                                                                                                \
    }                                                                                                          \
    *expected = before;                                                                                        \
    return 0;                                                                                                  \
  }                                                                                                            \
  type __tsan_atomic##bits##_fetch_add(volatile type* at, type value, int) {                                   \
    const type before = *at;                                                                                   \
    *at = static_cast<type>(before + value);                                                                   \
    return before;                                                                                             \
  }
ATOMIC(8, uint8_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

}  // extern "C"

namespace simulated {

Outcome Explore(const Plan& plan) { return World().Explore(plan); }

std::vector<SegmentFacts> Segments() {
  std::vector<SegmentFacts> all;
  for (const Segment& segment : TheKernel().segments()) {
    if (segment.is_gone) continue;
    const bool is_cell = TheKernel().IsCell(segment);
    all.push_back({.id = segment.id,
                   .attaches = segment.AllAttaches(),
                   .is_removed = segment.is_removed,
                   .is_cell = is_cell,
                   .is_retired = is_cell && TheKernel().IsRetired(segment),
                   .accepts_writes = TheKernel().AcceptsWrites(segment)});
  }
  return all;
}

bool IsDead(int process) { return World().is_dead(process); }

}  // namespace simulated
