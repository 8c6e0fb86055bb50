// Mistakes on purpose in threads, for self-check.js. The variable BROKEN names one.
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <thread>

#include "shmnode/racy_copy.hpp"

namespace {

// Second runs after First, by an order of which a sanitizer does not know: so it is found in every run.
template <class First, class Second>
void OneAfterTheOther(First first, Second second) {
  std::atomic<bool> done{false};
  std::thread other([&] {
    first();
    done.store(true, std::memory_order_relaxed);
  });
  while (!done.load(std::memory_order_relaxed)) std::this_thread::yield();
  second();
  other.join();
}

int value = 0;

void Race() {
  const auto add = [] { value = value + 1; };
  OneAfterTheOther(add, add);
}

// As a reader and a writer of one slot: by design, and in the list of what is not told.
void RaceByDesign() {
  int slot = 0;
  int read = 0;
  int written = 1;
  OneAfterTheOther([&] { shmnode::RacyCopy(&slot, &written, sizeof slot); }, [&] { shmnode::RacyCopy(&read, &slot, sizeof slot); });
}

void CrossedLocks() {
  std::mutex a;
  std::mutex b;
  OneAfterTheOther(
      [&] {
        const std::scoped_lock one(a);
        const std::lock_guard two(b);
      },
      [&] {
        const std::scoped_lock one(b);
        const std::lock_guard two(a);
      });
}

}  // namespace

int main() {
  const char* variable = std::getenv("BROKEN");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view mistake = variable == nullptr ? "" : variable;
  if (mistake == "race") Race();
  if (mistake == "race by design") RaceByDesign();
  if (mistake == "crossed locks") CrossedLocks();
  return 0;
}
