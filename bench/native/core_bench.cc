// core_bench [--rounds 41]: what the C++ library costs, without Node.js, as ratios to a floor of the same run: the same bytes
// copied by memcpy into or out of a System V segment, between one bare semop lock and unlock. npm run bench:core.
#include <sys/sem.h>
#include <sys/shm.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rounds.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/open.hpp"

namespace {

using shmnode::Cell;
using shmnode::Deadline;

[[noreturn]] void GiveUp(const char* what) {
  std::perror(what);
  std::exit(1);
}

// What a program without this library has: one buffer in a segment, and one semaphore.
class Floor {
 public:
  explicit Floor(size_t bytes)
      : segment_(shmget(IPC_PRIVATE, bytes, 0600)), set_(semget(IPC_PRIVATE, 1, 0600)), data_(shmat(segment_, nullptr, 0)) {
    shmctl(segment_, IPC_RMID, nullptr);                                    // once nobody is attached
    if (set_ < 0 || data_ == reinterpret_cast<void*>(-1)) GiveUp("floor");  // NOLINT(performance-no-int-to-ptr)
    std::memset(data_, 1, bytes);
  }
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;
  ~Floor() {
    shmdt(data_);
    semctl(set_, 0, IPC_RMID);
  }

  void* data() const { return data_; }

  template <class Copy>
  void Locked(const Copy& copy) const {
    sembuf take[] = {{0, 0, SEM_UNDO}, {0, 1, SEM_UNDO}};
    sembuf give = {0, -1, SEM_UNDO};
    semop(set_, take, 2);
    copy();
    semop(set_, &give, 1);
  }

 private:
  int segment_;
  int set_;
  void* data_;
};

// A cell of our own, which ends with it.
class OwnCell {
 public:
  explicit OwnCell(uint64_t capacity) : cell_(Make(capacity)) {}
  OwnCell(const OwnCell&) = delete;
  OwnCell& operator=(const OwnCell&) = delete;
  ~OwnCell() { cell_.Destroy(Deadline::Never()).code(); }

  void Write(const std::vector<std::byte>& bytes) const {
    const auto version = cell_.Write({.data = bytes.data(), .length = bytes.size()}, Deadline::Never());
    if (!version) GiveUp("write");
  }

  void Read(std::vector<std::byte>& into) const {
    const auto facts = cell_.Read({.target = into.data(), .room = into.size()}, Deadline::Never());
    if (!facts) GiveUp("read");
  }

 private:
  static Cell Make(uint64_t capacity) {
    auto cell = shmnode::OpenCell(shmnode::Target::Private(), {.capacity = capacity}, Deadline::Never());
    if (!cell) GiveUp("open");
    return *std::move(cell);
  }

  Cell cell_;
};

// A copy that nobody looks at afterwards would not be made.
void Memcpy(void* to, const void* from, size_t bytes) {
  std::memcpy(to, from, bytes);
  asm volatile("" ::"r"(to) : "memory");
}

// Who tells the bar in nanoseconds is meant by its least, on a machine of which others have a part.
struct Bar {
  std::optional<double> ratio = {};
  std::optional<double> nanoseconds = {};
};

std::string Verdict(const bench::Comparison& told, const Bar& bar) {
  const auto say = [](double number, double most, const char* unit) {
    return "<= " + std::to_string(most).substr(0, 4) + unit + (number <= most ? " reached" : " short");
  };
  if (bar.ratio) return say(bench::Quantile(told.ratios, 0.5), *bar.ratio, "");
  return bar.nanoseconds ? say(bench::Quantile(told.ours, 0), *bar.nanoseconds, " ns") : "";
}

void Print(const std::string& title, const bench::Comparison& told, const Bar& bar) {
  const auto of = [](const std::vector<double>& numbers, double q) { return bench::Quantile(numbers, q); };
  std::printf("%-42s %9.0f %9.0f  %9.0f %9.0f  %5.2f (%.2f-%.2f) %6.2f  %s\n", title.c_str(), of(told.ours, 0.5), of(told.floor, 0.5),
              of(told.ours, 0), of(told.floor, 0), of(told.ratios, 0.5), of(told.ratios, 0.25), of(told.ratios, 0.75),
              of(told.ours, 0) / of(told.floor, 0), Verdict(told, bar).c_str());
  std::fflush(stdout);
}

void CompareSize(size_t bytes, size_t calls, int rounds, const Bar& write_bar, const Bar& read_bar) {
  const OwnCell cell(bytes);
  const Floor floor(bytes);
  const std::vector<std::byte> source(bytes, std::byte{1});
  std::vector<std::byte> target(bytes, std::byte{2});
  const std::string size = bytes < 1024 * 1024 ? std::to_string(bytes) + " B" : std::to_string(bytes / 1024) + " KiB";
  Print("write of " + size + " / lock, memcpy, unlock",
        bench::Compare([&] { cell.Write(source); }, [&] { floor.Locked([&] { Memcpy(floor.data(), source.data(), bytes); }); }, calls,
                       rounds),
        write_bar);
  Print(
      "read of " + size + " / lock, memcpy, unlock",
      bench::Compare([&] { cell.Read(target); }, [&] { floor.Locked([&] { Memcpy(target.data(), floor.data(), bytes); }); }, calls, rounds),
      read_bar);
}

}  // namespace

int main(int argc, char** argv) {
  const bool told = argc == 3 && std::string_view(argv[1]) == "--rounds";
  const int rounds = told ? std::max(1, std::atoi(argv[2])) : 41;
  std::printf("%-42s %19s  %19s  %19s %6s\n", "nanoseconds a call, ours and the floor's:", "median", "least", "ratio (quartiles)", "least");
  CompareSize(64, 2000, rounds, {}, {.nanoseconds = 50});
  CompareSize(2048, 2000, rounds, {}, {});
  for (const size_t kib : {64U, 256U, 1024U, 6075U, 16384U}) {
    CompareSize(kib * 1024, std::max<size_t>(60'000 / kib, 4), rounds, {.ratio = 1.2}, {.ratio = 1.2});
  }
  return 0;
}
