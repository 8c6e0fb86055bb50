// peers_bench CASE SIDE BYTES [PROCESSOR PROCESSOR]: the sides of npm run bench:peers that are no JavaScript.
//   CASE  local, across, watch, killed
//   SIDE  cell: the C++ library; floor: memcpy and a bare futex, under no lock at all; polled (of across and watch): a cell whose
//         reader looks at the version again and again instead of sleeping
// Prints {"ready":true}; then reads lines with milliseconds, and answers each with what so long a round brought, as JSON.
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rounds.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/futex.hpp"
#include "shmnode/open.hpp"

namespace {

// What a thread does that looks again and again: the other one of its processor gets on.
inline void Pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

using shmnode::Cell;
using shmnode::Deadline;
using Bytes = std::vector<std::byte>;
using Clock = std::chrono::steady_clock;

constexpr size_t kAck = 64;              // bytes of the answer of `across`
constexpr size_t kMostSamples = 20'000;  // of one round

[[noreturn]] void GiveUp(const char* what) {
  std::perror(what);
  std::exit(1);
}

double Now() { return std::chrono::duration<double, std::nano>(Clock::now().time_since_epoch()).count(); }

void RunOn(int processor) {
  if (processor < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(processor), &set);
  sched_setaffinity(0, sizeof set, &set);
}

// One value that two processes have, which can be waited for.
class Place {
 public:
  virtual ~Place() = default;
  virtual void Write(const Bytes& bytes) = 0;
  // Where nobody waits.
  virtual void Store(const Bytes& bytes) { Write(bytes); }
  virtual void Read(Bytes& into) = 0;
  // Until there was a write that this object has not told of yet.
  virtual void Wait() = 0;
};

class CellPlace : public Place {
 public:
  CellPlace(size_t bytes, bool polled) : cell_(Make(bytes)), polled_(polled), owner_(getpid()) {}
  CellPlace(const CellPlace&) = delete;
  CellPlace& operator=(const CellPlace&) = delete;
  ~CellPlace() override {
    if (getpid() == owner_) static_cast<void>(cell_.Destroy(Deadline::Never()));
  }

  void Write(const Bytes& bytes) override {
    if (!cell_.Write({.data = bytes.data(), .length = bytes.size()}, Deadline::Never())) GiveUp("write");
  }

  void Read(Bytes& into) override {
    if (!cell_.Read({.target = into.data(), .room = into.size()}, Deadline::Never())) GiveUp("read");
  }

  void Wait() override {
    while (polled_ && cell_.Version() <= seen_) Pause();
    const auto newer = cell_.WaitNewer(seen_, Deadline::Never());
    if (!newer) GiveUp("wait");
    seen_ = *newer;
  }

  const Cell& cell() const { return cell_; }

 private:
  static Cell Make(size_t bytes) {
    auto cell = shmnode::OpenCell(shmnode::Target::Private(), {.capacity = bytes}, Deadline::Never());
    if (!cell) GiveUp("open");
    return *std::move(cell);
  }

  Cell cell_;
  bool polled_;
  pid_t owner_;
  uint64_t seen_ = 0;
};

// The least: bytes under a word, and a wake.
class FloorPlace : public Place {
 public:
  explicit FloorPlace(size_t bytes) {
    void* at = mmap(nullptr, bytes + kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) GiveUp("mmap");
    word_ = new (at) std::atomic<uint32_t>(0);
    data_ = static_cast<std::byte*>(at) + kPage;
  }

  void Write(const Bytes& bytes) override {
    std::memcpy(data_, bytes.data(), bytes.size());
    word_->fetch_add(1);
    shmnode::FutexWakeAll(*word_);
  }

  void Read(Bytes& into) override {
    std::memcpy(into.data(), data_, into.size());
    asm volatile("" ::"r"(into.data()) : "memory");
  }

  void Wait() override {
    while (word_->load() == seen_) shmnode::FutexWait(*word_, seen_, Deadline::Never());
    seen_ = word_->load();
  }

  void Store(const Bytes& bytes) override {
    std::memcpy(data_, bytes.data(), bytes.size());
    asm volatile("" ::"r"(data_) : "memory");
  }

 private:
  static constexpr size_t kPage = 4096;
  std::atomic<uint32_t>* word_;
  std::byte* data_;
  uint32_t seen_ = 0;
};

std::unique_ptr<Place> MakePlace(std::string_view side, size_t bytes) {
  if (side == "floor") return std::make_unique<FloorPlace>(bytes);
  return std::make_unique<CellPlace>(bytes, side == "polled");
}

// What a round brought: {"values":{...},"samples":{...}}, and the memory of this process.
using Round = std::function<std::string(double)>;

std::string Samples(const std::vector<double>& samples) {
  std::string text = "{\"samples\":{\"latency\":[";
  for (const double sample : samples) text.append(std::to_string(static_cast<int64_t>(sample))).append(",");
  text.back() = ']';  // in place of the last comma: there is a sample at least
  return text.append("}");
}

// Nanoseconds a call, of as many calls as fill the time.
double Timed(const std::function<void()>& call, double milliseconds) {
  const double began = Now();
  double calls = 0;
  for (size_t batch = 1;; batch *= 2) {
    for (size_t i = 0; i < batch; i++) call();
    calls += static_cast<double>(batch);
    const double took = Now() - began;
    if (took >= milliseconds * 1e6 / 2) return took / calls;
  }
}

Round Local(std::string_view side, size_t bytes) {
  const std::shared_ptr<Place> place = MakePlace(side, bytes);
  const auto source = std::make_shared<Bytes>(bytes, std::byte{1});
  const auto target = std::make_shared<Bytes>(bytes, std::byte{2});
  // The kernel zeroes memory at its first use.
  for (uint64_t slot = 0; slot < shmnode::kDefaultSlots; slot++) place->Store(*source);
  return [=](double milliseconds) {
    const double write_ns = Timed([&] { place->Store(*source); }, milliseconds);
    const double read_ns = Timed([&] { place->Read(*target); }, milliseconds);
    return std::string("{\"values\":{\"write\":")
        .append(std::to_string(write_ns))
        .append(",\"read\":")
        .append(std::to_string(read_ns))
        .append("}");
  };
}

std::vector<pid_t> children;

void EndChildren() {
  for (const pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
}

// A child that does the same again and again, and ends with this process.
template <class Body>
void ForkFor(int processor, const Body& body) {
  const pid_t child = fork();
  if (child != 0) return children.push_back(child);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  RunOn(processor);
  for (;;) body();
}

Round Across(std::string_view side, size_t bytes, int processor) {
  const std::shared_ptr<Place> there = MakePlace(side, bytes);
  const std::shared_ptr<Place> back = MakePlace(side, kAck);
  const auto source = std::make_shared<Bytes>(bytes, std::byte{1});
  const auto ack = std::make_shared<Bytes>(kAck, std::byte{1});
  Bytes target(bytes);
  ForkFor(processor, [&] {
    there->Wait();
    there->Read(target);
    back->Write(*ack);
  });
  return [=](double milliseconds) {
    std::vector<double> samples;
    for (const double end = Now() + milliseconds * 1e6; samples.size() < kMostSamples && (samples.size() < 3 || Now() < end);) {
      const double began = Now();
      there->Write(*source);
      back->Wait();
      back->Read(*ack);
      samples.push_back(Now() - began);
    }
    return Samples(samples);
  };
}

Round Watch(std::string_view side, size_t bytes, int processor) {
  const std::shared_ptr<Place> there = MakePlace(side, bytes);
  const std::shared_ptr<Place> back = MakePlace(side, sizeof(double));
  const auto source = std::make_shared<Bytes>(bytes, std::byte{1});
  const auto told = std::make_shared<Bytes>(sizeof(double));
  Bytes target(bytes);
  Bytes late(sizeof(double));
  ForkFor(processor, [&] {
    there->Wait();
    there->Read(target);
    double sent;
    std::memcpy(&sent, target.data(), sizeof sent);
    const double took = Now() - sent;
    std::memcpy(late.data(), &took, sizeof took);
    back->Write(late);
  });
  return [=](double milliseconds) {
    std::vector<double> samples;
    for (const double end = Now() + milliseconds * 1e6; samples.size() < kMostSamples && (samples.size() < 3 || Now() < end);) {
      usleep(1000);
      const double now = Now();
      std::memcpy(source->data(), &now, sizeof now);
      there->Write(*source);
      back->Wait();
      back->Read(*told);
      double took;
      std::memcpy(&took, told->data(), sizeof took);
      samples.push_back(took);
    }
    return Samples(samples);
  };
}

// From the kill of who holds the lock of applications to its being had here.
Round Killed() {
  const auto place = std::make_shared<CellPlace>(kAck, false);
  return [=](double milliseconds) {
    std::vector<double> samples;
    for (const double end = Now() + milliseconds * 1e6; samples.size() < 3 || Now() < end;) {
      int ends[2];
      if (pipe(ends) != 0) GiveUp("pipe");
      const shmnode::UserLock lock = place->cell().user_lock();
      const pid_t child = fork();
      if (child == 0) {
        if (!lock.Acquire(Deadline::Never()) || write(ends[1], "x", 1) != 1) _exit(1);
        for (;;) pause();
      }
      char held;
      if (read(ends[0], &held, 1) != 1) GiveUp("holder");
      const double began = Now();
      kill(child, SIGKILL);
      if (!lock.Acquire(Deadline::Never())) GiveUp("lock");
      samples.push_back(Now() - began);
      lock.Release();
      waitpid(child, nullptr, 0);
      close(ends[0]);
      close(ends[1]);
    }
    return Samples(samples);
  };
}

Round MakeRound(std::string_view name, std::string_view side, size_t bytes, int processor) {
  if (name == "local") return Local(side, bytes);
  if (name == "across") return Across(side, bytes, processor);
  if (name == "watch") return Watch(side, bytes, processor);
  if (name == "killed") return Killed();
  std::fprintf(stderr, "no case %s\n", std::string(name).c_str());
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 && argc != 6) return 2;
  std::signal(SIGPIPE, SIG_IGN);     // who asked may be gone: the end of the input comes next, and cells are destroyed
  prctl(PR_SET_PDEATHSIG, SIGCONT);  // it stops who polls between the rounds, and may die meanwhile
  const bool pinned = argc == 6;
  if (pinned) RunOn(std::atoi(argv[4]));
  const Round round = MakeRound(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10), pinned ? std::atoi(argv[5]) : -1);
  std::puts("{\"ready\":true}");
  std::fflush(stdout);
  for (double milliseconds; std::scanf("%lf", &milliseconds) == 1;) {
    const std::string brought = round(milliseconds);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%s,\"rss\":%ld}\n", brought.c_str(), usage.ru_maxrss * 1024);
    std::fflush(stdout);
  }
  EndChildren();
  return 0;
}
