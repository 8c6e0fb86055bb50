// peer COMMAND ...: another process at the same segments, for tests that run several. A segment is a name, or a number:
// decimal or 0x, as a key. With SHMNODE_TEST_MEMORY=posix they stand for names in /dev/shm; what begins with a slash is one. Fails with
// exit code 1 and the code's name on standard error.
#include <sched.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel.hpp"
#include "memory.hpp"
#include "pattern.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/open.hpp"
#include "shmnode/open_raw.hpp"

namespace {

using shmnode::Cell;
using shmnode::Deadline;
using shmnode::Error;
using shmnode::OpenOptions;
using shmnode::Raw;
using shmnode::Result;
using shmnode::Target;
using Arguments = std::vector<std::string>;

constexpr const char* kUsage =
    "usage: peer write SEGMENT TEXT [MEDIA-TYPE]\n"
    "       peer read SEGMENT                         prints the bytes\n"
    "       peer hold SEGMENT shared|exclusive|gate|user MILLISECONDS   prints 'holding'; 0: until killed\n"
    "       peer hold-all SEGMENT...                  exclusively, until killed; a number on standard input lets the n-th go\n"
    "       peer destroy SEGMENT\n"
    "       peer storm-write SEGMENT BYTES COUNT [--print]   every 8-byte word of a value is its writer's pid << 32 | count\n"
    "       peer die-after-commit SEGMENT TEXT        SIGKILL before anybody is told: notify as it was, no wake, the lock held\n"
    "       peer disturb SEGMENT                      changes notify and wakes for nothing, without end\n"
    "       peer follow SEGMENT COUNT                 prints so many values as they come, each with its version\n"
    "       peer without-waitv COMMAND...             runs it where there is no futex_waitv\n"
    "       peer foreign KEY BYTES TEXT               makes a raw segment that is not ours\n"
    "       peer raw-write KEY TEXT | raw-read KEY     under the lock of a raw segment\n"
    "       peer raw-hold KEY shared|exclusive|gate|user MILLISECONDS     as hold\n"
    "       peer raw-die KEY TEXT                     SIGKILL in the middle of the write, the lock held\n"
    "       peer pester PID MILLISECONDS              sends a SIGUSR2 each millisecond, to each thread in turn\n"
    "       peer forget KEY                           removes segment and set under the key, whatever they are\n";

Deadline Soon() { return Deadline::After(std::chrono::seconds(60)); }

int Fail(const Error& error) {
  std::fprintf(stderr, "%s\n", shmnode::kCodeNames[static_cast<size_t>(error.code)].data());
  return 1;
}

std::optional<uint64_t> NumberOf(const std::string& text) {
  char* end = nullptr;
  const auto number = static_cast<uint64_t>(std::strtoll(text.c_str(), &end, 0));
  return text.empty() || *end != '\0' ? std::nullopt : std::optional(number);
}

Target TargetOf(const std::string& text) {
  if (text.front() == '/') return Target::Posix(text);
  const auto number = NumberOf(text);
  if (number) return memory::TargetOf(static_cast<key_t>(*number));
  return memory::is_posix ? Target::Posix(memory::Kept("/" + text)) : Target::Name(text);
}

Result<Cell> Open(const std::string& segment, uint64_t capacity, bool create) {
  const OpenOptions options{.capacity = capacity, .create = create, .owner = {}};
  return shmnode::OpenCell(TargetOf(segment), options, Soon());
}

int Write(const Arguments& arguments) {
  const auto cell = Open(arguments[0], 0, true);
  if (!cell) return Fail(cell.error());
  const std::string& text = arguments[1];
  const std::string media_type = arguments.size() > 2 ? arguments[2] : "";
  const auto version = cell->Write({.data = text.data(), .length = text.size(), .media_type = media_type, .if_version = {}}, Soon());
  return version ? 0 : Fail(version.error());
}

int Read(const Arguments& arguments) {
  const auto cell = shmnode::OpenCell(TargetOf(arguments[0]), {.read_only = true, .owner = {}}, Soon());
  if (!cell) return Fail(cell.error());
  std::vector<std::byte> room(cell->geometry().capacity);
  const auto facts = cell->Read({.target = room.data(), .room = room.size()}, Soon());
  if (!facts) return Fail(facts.error());
  return std::fwrite(room.data(), 1, facts->length, stdout) == facts->length ? 0 : 1;
}

// Released by the kernel when this process ends, however it does.
shmnode::Status Take(const shmnode::TurnstileLock& lock, std::string_view what) {
  if (what == "shared") return lock.Acquire(shmnode::LockMode::kShared, Soon());
  if (what == "exclusive") return lock.Acquire(shmnode::LockMode::kExclusive, Soon());
  const auto semaphore = what == "gate" ? shmnode::kGate : shmnode::kUser;
  const sembuf take[] = {{semaphore, 0, SEM_UNDO}, {semaphore, 1, SEM_UNDO}};
  return lock.set().Operate(take, Soon());
}

int KeepHolding(const std::string& how_long) {
  std::puts("holding");
  std::fflush(stdout);
  const auto milliseconds = NumberOf(how_long).value_or(0);
  if (milliseconds != 0) return usleep(static_cast<useconds_t>(milliseconds * 1000));
  for (;;) pause();
}

int Hold(const Arguments& arguments) {
  const auto cell = Open(arguments[0], 0, false);
  if (!cell) return Fail(cell.error());
  const auto taken = Take(cell->lock(), arguments[1]);
  return taken ? KeepHolding(arguments[2]) : Fail(taken.error());
}

Result<Raw> OpenRaw(const std::string& segment) { return shmnode::OpenRaw(TargetOf(segment), {.create = false}, Soon()); }

int RawWrite(const Arguments& arguments) {
  const auto raw = OpenRaw(arguments[0]);
  if (!raw) return Fail(raw.error());
  const std::string& text = arguments[1];
  const auto written = raw->Write({.data = text.data(), .length = text.size(), .nul_terminated = true}, Soon());
  return written ? 0 : Fail(written.error());
}

int RawRead(const Arguments& arguments) {
  const auto raw = OpenRaw(arguments[0]);
  if (!raw) return Fail(raw.error());
  std::vector<std::byte> room(raw->capacity());
  const auto part = raw->Read({.target = room.data(), .room = room.size(), .nul_terminated = true}, Soon());
  if (!part) return Fail(part.error());
  return std::fwrite(room.data(), 1, part->copied, stdout) == part->copied ? 0 : 1;
}

int RawHold(const Arguments& arguments) {
  const auto raw = OpenRaw(arguments[0]);
  if (!raw) return Fail(raw.error());
  const auto taken = Take(shmnode::TurnstileLock(*raw->lock().set()), arguments[1]);
  return taken ? KeepHolding(arguments[2]) : Fail(taken.error());
}

int RawDie(const Arguments& arguments) {
  const auto raw = OpenRaw(arguments[0]);
  if (!raw) return Fail(raw.error());
  const auto hold = raw->Lock(shmnode::LockMode::kExclusive, Soon());
  if (!hold) return Fail(hold.error());
  std::memcpy(raw->segment().data(), arguments[1].data(), std::min(raw->capacity(), arguments[1].size()) / 2);
  raise(SIGKILL);
  return 1;
}

int HoldAll(const Arguments& arguments) {
  std::vector<shmnode::TurnstileLock> locks;
  for (const std::string& segment : arguments) {
    const auto cell = Open(segment, 0, false);
    if (!cell) return Fail(cell.error());
    const auto taken = cell->lock().Acquire(shmnode::LockMode::kExclusive, Soon());
    if (!taken) return Fail(taken.error());
    locks.push_back(cell->lock());
  }
  std::puts("holding");
  std::fflush(stdout);
  for (size_t index = 0; std::scanf("%zu", &index) == 1;) locks.at(index).Release(shmnode::LockMode::kExclusive);
  return 0;
}

int Destroy(const Arguments& arguments) {
  const auto status = shmnode::DestroyCell(TargetOf(arguments[0]), {}, Soon());
  return status ? 0 : Fail(status.error());
}

int StormWrite(const Arguments& arguments) {
  std::vector<std::byte> value(NumberOf(arguments[1]).value_or(8));
  const auto cell = Open(arguments[0], value.size(), true);
  if (!cell) return Fail(cell.error());
  const bool print = arguments.size() > 3 && arguments[3] == "--print";
  const uint64_t count = NumberOf(arguments[2]).value_or(1);
  for (uint64_t i = 1; i <= count; i++) {
    FillPattern(value, static_cast<uint64_t>(getpid()) << 32U | i);
    const auto version = cell->Write({.data = value.data(), .length = value.size(), .media_type = {}, .if_version = {}}, Soon());
    if (!version) return Fail(version.error());
    if (print) std::printf("%llu\n", static_cast<unsigned long long>(*version));
    if (print) std::fflush(stdout);
  }
  return 0;
}

int DieAfterCommit(const Arguments& arguments) {
  const auto cell = Open(arguments[0], 0, false);
  if (!cell) return Fail(cell.error());
  const auto hold = cell->LockForWrite(Soon());
  if (!hold) return Fail(hold.error());
  auto& notify = reinterpret_cast<shmnode::Header*>(cell->segment().data())->notify;
  const uint32_t before = notify;
  const std::string& text = arguments[1];
  const auto version = cell->Commit(*hold, {.data = text.data(), .length = text.size(), .media_type = {}, .if_version = {}});
  notify = before;
  if (!version) return Fail(version.error());
  raise(SIGKILL);
  return 1;
}

int Disturb(const Arguments& arguments) {
  const auto cell = Open(arguments[0], 0, false);
  if (!cell) return Fail(cell.error());
  auto& notify = reinterpret_cast<shmnode::Header*>(cell->segment().data())->notify;
  for (;; sched_yield()) {
    notify++;
    cell->Wake();
  }
}

int Follow(const Arguments& arguments) {
  const auto cell = shmnode::OpenCell(TargetOf(arguments[0]), {.read_only = true, .owner = {}}, Soon());
  if (!cell) return Fail(cell.error());
  uint64_t version = cell->Version();
  std::puts("following");
  std::fflush(stdout);
  std::string value(cell->geometry().capacity, '\0');
  for (uint64_t left = NumberOf(arguments[1]).value_or(1); left > 0; left--) {
    const auto newer = cell->WaitNewer(version, Soon());
    if (!newer) return Fail(newer.error());
    const auto facts = cell->Read({.target = reinterpret_cast<std::byte*>(value.data()), .room = value.size()}, Soon());
    if (!facts) return Fail(facts.error());
    version = facts->version;
    std::printf("%llu %.*s\n", static_cast<unsigned long long>(version), static_cast<int>(facts->length), value.data());
    std::fflush(stdout);
  }
  return 0;
}

int WithoutWaitv(const Arguments& arguments) {
  if (!kernel::ForbidFutexWaitv()) return 1;
  std::vector<char*> words;
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  return 1;
}

int Foreign(const Arguments& arguments) {
  const size_t bytes = NumberOf(arguments[1]).value_or(0);
  const Target target = TargetOf(arguments[0]);
  const bool is_posix = target.kind == Target::Kind::kPosix;
  const auto segment =
      is_posix ? shmnode::detail::PosixPlace(target).Make(bytes, 0600) : shmnode::detail::SystemVPlace(target).Make(bytes, 0600);
  if (!segment) return Fail(segment.error());
  std::memcpy(segment->data(), arguments[2].data(), std::min(bytes, arguments[2].size()));
  const auto named = is_posix ? segment->file().Link() : shmnode::Status(shmnode::Nothing{});
  return named ? 0 : Fail(named.error());
}

int Forget(const Arguments& arguments) {
  const Target target = TargetOf(arguments[0]);
  if (target.key == IPC_PRIVATE) return 1;
  if (target.kind == Target::Kind::kPosix) {
    shm_unlink(std::string(target.name).c_str());
  } else if (const int id = shmget(target.key, 0, 0); id >= 0) {
    shmctl(id, IPC_RMID, nullptr);
  }
  if (const int id = semget(target.key, 0, 0); id >= 0) semctl(id, 0, IPC_RMID);
  return 0;
}

// Thread by thread: the kernel would give nearly all of them to the first, and none to those that wait in the pool.
int Pester(const Arguments& arguments) {
  const auto pid = static_cast<pid_t>(NumberOf(arguments[0]).value_or(0));
  const auto end = Deadline::After(std::chrono::milliseconds(NumberOf(arguments[1]).value_or(0)));
  const std::filesystem::path tasks = "/proc/" + arguments[0] + "/task";
  while (!end.Expired()) {
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
      tgkill(pid, std::stoi(task.path().filename()), SIGUSR2);
      usleep(1000);
    }
  }
  return 0;
}

struct Command {
  std::string_view name;
  size_t arguments;  // at least
  int (*run)(const Arguments&);
};
constexpr Command kCommands[] = {{"write", 2, Write},
                                 {"read", 1, Read},
                                 {"hold", 3, Hold},
                                 {"hold-all", 1, HoldAll},
                                 {"destroy", 1, Destroy},
                                 {"storm-write", 3, StormWrite},
                                 {"die-after-commit", 2, DieAfterCommit},
                                 {"disturb", 1, Disturb},
                                 {"follow", 2, Follow},
                                 {"without-waitv", 1, WithoutWaitv},
                                 {"foreign", 3, Foreign},
                                 {"forget", 1, Forget},
                                 {"raw-write", 2, RawWrite},
                                 {"raw-read", 1, RawRead},
                                 {"raw-hold", 3, RawHold},
                                 {"raw-die", 2, RawDie},
                                 {"pester", 2, Pester}};

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argv + std::min(argc, 2), argv + argc);
  for (const Command& command : kCommands) {
    if (argc > 1 && command.name == argv[1] && arguments.size() >= command.arguments) return command.run(arguments);
  }
  std::fputs(kUsage, stderr);
  return 2;
}
