// POSIX named semaphores as the lock of raw segments.
#include "shmnode/posix_semaphore.hpp"

#include <sys/time.h>

#include <csignal>

#include "as_user.hpp"
#include "child.hpp"
#include "raws.hpp"
#include "threads.hpp"

namespace {

using raws::Code;
using raws::SemaphoreName;
using raws::Soon;
using shmnode::Deadline;
using shmnode::LockMode;
using shmnode::PosixSemaphore;
using shmnode::Raw;
using shmnode::Result;
using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)

Result<PosixSemaphore> Open(const SemaphoreName& name, bool create = true) {
  return PosixSemaphore::Open({.name = name.get(), .create = create});
}

const tap::Test kNames("semaphore: names", [] {
  for (const std::string& name : {std::string("/a"), std::string("/sem.name with spaces"), tap::Text("/", std::string(250, 'x'))}) {
    tap::Check(PosixSemaphore::IsValidName(name), name);
  }
  for (const std::string& name : {std::string(), std::string("/"), std::string("a"), std::string("/a/b"), std::string("//a"),
                                  std::string("/a\0b", 4), tap::Text("/", std::string(251, 'x'))}) {
    tap::Check(!PosixSemaphore::IsValidName(name), tap::Text("not ", name));
  }
  tap::Equal(PosixSemaphore::Open({.name = "no-slash"}).code(), Code::kUnsupported, "open");
  const std::string longest = tap::Text("/shmnode-t-", getpid(), "-", std::string(230, 'x')).substr(0, 251);
  tap::Equal(PosixSemaphore::Open({.name = longest.c_str()}).code(), Code::kOk, "the longest");
  tap::Equal(PosixSemaphore::Open({.name = longest.c_str(), .create = false}).code(), Code::kOk, "the longest, again");
  sem_unlink(longest.c_str());
});

const tap::Test kCreated("semaphore: made free where there is none, with its mode, and shared with other programs", [] {
  const SemaphoreName name;
  tap::Equal(Open(name, false).code(), Code::kNotFound, "without create");
  umask(077);
  const auto semaphore = PosixSemaphore::Open({.name = name.get(), .mode = 0666});
  tap::Require(static_cast<bool>(semaphore), "made");
  struct stat facts {};
  tap::Check(stat(name.path().c_str(), &facts) == 0 && (facts.st_mode & 0777U) == 0666, "mode");
  sem_t* theirs = sem_open(name.get(), 0);
  tap::Check(sem_trywait(theirs) == 0, "free for others");
  tap::Check(!semaphore->LooksFree(), "looks");
  tap::Equal(semaphore->Acquire(Deadline::Now()).code(), Code::kBusy, "held by others");
  sem_post(theirs);
  tap::Check(semaphore->LooksFree() && semaphore->Acquire(Soon()), "had");
  tap::Check(sem_trywait(theirs) != 0, "others are kept out");
  semaphore->Release();
  sem_close(theirs);
});

const tap::Test kValues("semaphore: a value above 1 is no lock", [] {
  for (const unsigned value : {0U, 1U, 2U, 1000U}) {
    const SemaphoreName name;
    sem_close(name.Create(value));
    const auto semaphore = Open(name);
    tap::Equal(semaphore.code(), value > 1 ? Code::kUnsupported : Code::kOk, tap::Text("value ", value));
    if (!semaphore) tap::Equal(semaphore.error().number, value, "what it is");
  }
});

const tap::Test kOverposted("semaphore: one that was released twice lets nobody in", [] {
  const SemaphoreName name;
  const auto semaphore = Open(name);
  sem_t* theirs = sem_open(name.get(), 0);
  sem_post(theirs);
  tap::Equal(semaphore->Acquire(Soon()).code(), Code::kUnsupported, "code");
  tap::Equal(Open(name).code(), Code::kUnsupported, "open");
  sem_wait(theirs);
  tap::Check(static_cast<bool>(semaphore->Acquire(Soon())), "set right");
  semaphore->Release();
  sem_close(theirs);
});

const tap::Test kDeadHolder("semaphore: a killed holder has it for ever", [] {
  const SemaphoreName name;
  const auto semaphore = Open(name);
  Child holder([&semaphore] {
    tap::Check(static_cast<bool>(semaphore->Acquire(Soon())), "had");
    raise(SIGKILL);
    return 0;
  });
  holder.Wait();
  const auto deadline = Deadline::After(50ms);
  tap::Equal(semaphore->Acquire(deadline).code(), Code::kBusy, "code");
  tap::Check(deadline.Expired(), "not before the deadline");
});

const tap::Test kSignals("semaphore: a wait goes on after signals", [] {
  const SemaphoreName name;
  const auto semaphore = Open(name);
  sem_t* theirs = sem_open(name.get(), 0);
  sem_wait(theirs);
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, nullptr);
  const itimerval storm{.it_interval = {.tv_sec = 0, .tv_usec = 1000}, .it_value = {.tv_sec = 0, .tv_usec = 1000}};
  setitimer(ITIMER_REAL, &storm, nullptr);
  const auto deadline = Deadline::After(100ms);
  tap::Equal(semaphore->Acquire(deadline).code(), Code::kBusy, "code");
  tap::Check(deadline.Expired(), "not before the deadline");
  sem_close(theirs);
});

const tap::Test kWoken("semaphore: a waiter is woken by a release, also without a deadline", [] {
  const SemaphoreName name;
  const auto semaphore = Open(name);
  tap::Check(static_cast<bool>(semaphore->Acquire(Soon())), "had");
  const Shared<std::atomic<bool>> waits;
  Child waiter([&semaphore, &waits] {
    *waits = true;
    return semaphore->Acquire(Deadline::Never()) ? 0 : 1;
  });
  WaitUntil([&waits] { return waits->load(); });
  usleep(20'000);
  semaphore->Release();
  tap::Check(waiter.Succeeds(), "woken");
});

const tap::Test kExclusive("semaphore: as a raw segment's lock, exclusive in both modes", [] {
  const SemaphoreName name;
  const key_t key = litter::UniqueKey();
  const Raw raw = raws::MustOpen(key, {.semaphore = name.get()});
  tap::Check(!litter::HasSet(key), "no set was made");
  const auto hold = raw.Lock(LockMode::kShared, Soon());
  tap::Equal(raw.Lock(LockMode::kShared, Deadline::Now()).code(), Code::kBusy, "a second reader");
  tap::Equal(raw.Lock(LockMode::kExclusive, Deadline::After(10ms)).code(), Code::kBusy, "a writer");
  tap::Check(!raw.lock().LooksFree(LockMode::kShared), "looks");
});

const tap::Test kCounts("semaphore: four processes increment every word, and none sees a mix", [] {
  constexpr uint64_t kRounds = 2000;
  const SemaphoreName name;
  const Raw raw = raws::MustOpen(litter::UniqueKey(), {.capacity = 8192, .semaphore = name.get()});
  const auto increment = [&raw] {
    std::vector<std::byte> bytes(8192);
    for (uint64_t i = 0; i < kRounds; i++) {
      const auto hold = raw.Lock(LockMode::kExclusive, Soon());
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
  for (Child& writer : writers) tap::Check(writer.Succeeds(), "a writer");
  std::vector<std::byte> bytes(8192);
  tap::Check(static_cast<bool>(raw.Read({.target = bytes.data(), .room = bytes.size()}, Soon())), "read");
  tap::Equal(CounterOf(bytes).value_or(0), 4 * kRounds, "count");
});

const tap::Test kStays("semaphore: stays when the segment is destroyed", [] {
  const SemaphoreName name;
  const Raw raw = raws::MustOpen(litter::UniqueKey(), {.semaphore = name.get()});
  tap::Equal(raw.Destroy(Soon()).code(), Code::kOk, "destroy");
  const auto semaphore = Open(name, false);
  tap::Check(semaphore && semaphore->LooksFree(), "free");
});

const tap::Test kSquatted("semaphore: another user's is refused by default", [] {
  const SemaphoreName name;
  AsNobody([&name] {
    umask(0);
    sem_close(name.Create(1, 0666));
  });
  tap::Equal(Open(name).code(), Code::kOwner, "open");
  const auto with = [&name](const shmnode::OwnerPolicy& owner) {
    return PosixSemaphore::Open({.name = name.get(), .owner = owner}).code();
  };
  tap::Equal(with({.user = 12345, .widest_mode = {}}), Code::kOwner, "somebody else's");
  tap::Equal(with({.user = kNobody, .widest_mode = {}}), Code::kOk, "that user's");
  tap::Equal(with({.user = kNobody, .widest_mode = 0600}), Code::kOwner, "open to too many");
  const SemaphoreName ours;
  sem_close(ours.Create(1, 0600));
  AsNobody([&ours] { tap::Equal(Open(ours).code(), Code::kAccess, "root's, for root alone"); });
});

const tap::Test kHostileFiles("semaphore: what is no semaphore", [] {
  const SemaphoreName name;
  for (const off_t bytes : {off_t{0}, off_t{1}, off_t{sizeof(sem_t) - 1}}) {
    const int file = open(name.path().c_str(), O_CREAT | O_RDWR, 0600);
    tap::Check(ftruncate(file, bytes) == 0, "a file");
    close(file);
    tap::Equal(Open(name).code(), Code::kCorrupt, tap::Text(bytes, " bytes"));
    unlink(name.path().c_str());
  }
  tap::Check(symlink("/dev/zero", name.path().c_str()) == 0, "a link");
  tap::Equal(Open(name).code(), Code::kCorrupt, "a symbolic link");
  unlink(name.path().c_str());
});

const tap::Test kThreads("semaphore: eight threads on one", [] {
  const SemaphoreName name;
  const auto semaphore = Open(name);
  std::atomic<int> count{0};  // no step of its own: without the semaphore, some would be lost
  InThreads(8, [&semaphore, &count](int) {
    for (int i = 0; i < 5000; i++) {
      if (!tap::Check(static_cast<bool>(semaphore->Acquire(Soon())), "had")) return;
      count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      semaphore->Release();
    }
  });
  tap::Equal(count.load(), 40'000, "count");
});

}  // namespace
