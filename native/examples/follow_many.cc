// follow_many NAME...: one thread follows many segments, and prints a line for each change, until standard input ends. Up to
// ChangeWaiter::kRoom segments; of one that changes faster than this looks, the newest version.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <shmnode/shmnode.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Followed {
  std::string name;
  shmnode::Cell cell;
  uint64_t version;  // that was told of
};

int Explain(const std::string& name, const shmnode::Error& error) {
  std::fprintf(stderr, "%s: %s\n", name.c_str(), shmnode::ErrorText(error).c_str());
  return 1;
}

// Ends the wait of the other thread.
void StopAtEndOfInput(std::atomic<uint32_t>& stop) {
  while (std::getchar() != EOF) {
  }
  stop.store(1);
  shmnode::FutexWakeAll(stop);
}

// Announced before the look: a commit after the look has changed the word, and the wait does not begin. False once there will be no
// more versions.
bool LookAndAdd(Followed& followed, shmnode::ChangeWaiter& waiter) {
  const uint32_t seen = followed.cell.AnnounceWait();
  const auto newer = followed.cell.LookForNewer(followed.version);
  waiter.Add(followed.cell.NotifyWord(), seen);
  if (!newer) return true;
  if (!*newer) return Explain(followed.name, newer->error()) == 0;
  waiter.WasOfUse();
  followed.version = **newer;
  std::printf("%s is at version %llu\n", followed.name.c_str(), static_cast<unsigned long long>(followed.version));
  std::fflush(stdout);
  return true;
}

// Who removes a segment by ipcrm tells nobody: hence a look at times, which is a system call for each.
bool AreThere(const std::vector<Followed>& all) {
  for (const Followed& followed : all) {
    const auto there = followed.cell.CheckNotRemoved();
    if (!there) return Explain(followed.name, there.error()) == 0;
  }
  return true;
}

bool Follow(std::vector<Followed>& all, const std::atomic<uint32_t>& stop) {
  shmnode::ChangeWaiter waiter(stop);
  while (stop.load() == 0) {
    waiter.Begin(0);
    for (Followed& followed : all) {
      if (!LookAndAdd(followed, waiter)) return false;
    }
    const auto end = waiter.Wait(shmnode::Deadline::After(shmnode::kLongestBlindWait));
    if (end == shmnode::FutexEnd::kTimedOut && !AreThere(all)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fputs("usage: follow_many NAME...\n", stderr), 2;
  const auto soon = shmnode::Deadline::After(std::chrono::seconds(5));
  std::vector<Followed> all;
  for (int i = 1; i < argc && all.size() < shmnode::ChangeWaiter::kRoom; i++) {
    auto cell = shmnode::OpenCell(shmnode::Target::Name(argv[i]), {.read_only = true}, soon);
    if (!cell) return Explain(argv[i], cell.error());
    cell->BeginToWatch();
    const uint64_t version = cell->Version();
    all.push_back({argv[i], *std::move(cell), version});
  }
  std::printf("following %zu segments\n", all.size());
  std::fflush(stdout);
  static std::atomic<uint32_t> stop{0};  // outlives the thread below, which may be at its read to the end
  std::thread(StopAtEndOfInput, std::ref(stop)).detach();
  return Follow(all, stop) ? 0 : 1;
}
