// shared_counter NAME ROUNDS: adds 1 to a number in a segment, so many times, as others do at the same time: shared-counter.js in
// Node.js. Reading and writing are two steps, so each turn takes the lock that segments have for applications. Whoever is killed
// while it has the lock gives it up to the next one.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <shmnode/shmnode.hpp>
#include <string>

namespace {

shmnode::Deadline Soon() { return shmnode::Deadline::After(std::chrono::seconds(5)); }

int Explain(const shmnode::Error& error) {
  std::fprintf(stderr, "%s\n", shmnode::ErrorText(error).c_str());
  return 1;
}

// What is there, as decimal digits; a number that was never written is 0.
shmnode::Result<uint64_t> Load(const shmnode::Cell& cell) {
  std::string digits(20, '\0');
  const auto facts = cell.Read({.target = reinterpret_cast<std::byte*>(digits.data()), .room = digits.size()}, Soon());
  if (!facts) return facts.error();
  return std::strtoull(digits.c_str(), nullptr, 10);
}

// The number after one more. The lock ends with this function, whatever happens in it.
shmnode::Result<uint64_t> AddOne(const shmnode::Cell& cell) {
  const auto lock = shmnode::UserLockHold::Acquire(cell.user_lock(), Soon());
  if (!lock) return lock.error();
  const auto number = Load(cell);
  if (!number) return number.error();
  const std::string digits = std::to_string(*number + 1);
  const auto version = cell.Write({.data = digits.data(), .length = digits.size(), .media_type = "text/plain"}, Soon());
  if (!version) return version.error();
  return *number + 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("usage: shared_counter NAME ROUNDS\n", stderr), 2;
  const auto cell = shmnode::OpenCell(shmnode::Target::Name(argv[1]), {}, Soon());
  if (!cell) return Explain(cell.error());
  uint64_t number = 0;
  for (int left = std::atoi(argv[2]); left > 0; left--) {
    const auto after = AddOne(*cell);
    if (!after) return Explain(after.error());
    number = *after;
  }
  std::printf("%llu\n", static_cast<unsigned long long>(number));
}
