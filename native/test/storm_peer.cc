// storm_peer ROLE KEY CAPACITY SEED: one process of a kill storm (test/storm), which works until it is killed. It prints
//   ready                                begun
//   wrote INCARNATION VERSION STAMP      a write has resolved
//   saw INCARNATION VERSION STAMP        a value was read, now and then
//   reads COUNT                          so many more values were read and found whole
//   holding, free                        the lock was had, and given back
// and leaves with an exit code of its own where it has found something.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <unistd.h>

#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "memory.hpp"
#include "pattern.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/open.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using shmnode::Cell;
using shmnode::Code;
using shmnode::Deadline;
using shmnode::LockHold;
using shmnode::LockMode;
using shmnode::OpenOptions;
using shmnode::Result;
using shmnode::Target;
using shmnode::ValueFacts;

// As in test/storm/findings.js.
enum Finding : int { kCrashed = 1, kUsage = 2, kStuck = 3, kTorn = 4, kLost = 5 };

// Longer than anything but a lock that is never released.
Deadline Soon() { return Deadline::After(20s); }

[[noreturn]] void Leave(Finding finding, std::string_view call, std::string_view what) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(call.size()), call.data(), static_cast<int>(what.size()), what.data());
  std::exit(finding);
}

// A value says what it is: every word of it is its stamp.
struct Stamp {
  uint64_t length;  // below 2^20
  uint64_t pid;     // below 2^22
  uint64_t count;

  uint64_t word() const { return length << 44U | pid << 22U | (count & 0x3fffffU); }
  static Stamp Of(uint64_t word) { return {.length = word >> 44U, .pid = word >> 22U & 0x3fffffU, .count = word & 0x3fffffU}; }
  std::string media_type() const { return "storm/" + std::to_string(length); }
};

// What all roles work with. In a segment that comes and goes, others may destroy it at any time.
class Work {
 public:
  Work(key_t key, uint64_t capacity, uint64_t seed, bool passing)
      : key_(key), passing_(passing), capacity_(capacity), random_(seed), count_(random_()), room_(capacity) {}

  uint64_t Below(uint64_t bound) { return random_() % bound; }
  void Sleep(uint64_t most_us) { usleep(static_cast<useconds_t>(Below(most_us))); }
  Target target() const { return memory::TargetOf(key_); }

  // What a call gave; nothing where it came too late for a segment that goes. Every other error is a finding.
  template <class T>
  std::optional<T> Take(Result<T> result, std::string_view call) const {
    if (result) return *std::move(result);
    const Code code = result.code();
    if (passing_ && (code == Code::kDestroyed || code == Code::kNotFound || code == Code::kExists)) return std::nullopt;
    Leave(code == Code::kBusy ? kStuck : code == Code::kCorrupt ? kTorn : kCrashed, call, shmnode::kCodeNames[static_cast<size_t>(code)]);
  }

  std::optional<Cell> Open(bool create) {
    const bool exclusive = create && Below(8) == 0;
    const OpenOptions options{.capacity = capacity_, .create = create, .exclusive = exclusive, .owner = {}};
    return Take(shmnode::OpenCell(target(), options, Soon()), "open");
  }

  // Commits a value of any length, short ones as often as long ones, and says so; its version, or nothing.
  std::optional<uint64_t> Write(const Cell& cell, std::optional<uint64_t> if_version = {}) {
    const Stamp stamp = NextStamp();
    const auto value = Pattern(stamp.length, stamp.word());
    const std::string media_type = stamp.media_type();
    auto version = cell.Write({.data = value.data(), .length = value.size(), .media_type = media_type, .if_version = if_version}, Soon());
    if (if_version && version.code() == Code::kVersionConflict) return std::nullopt;
    const auto committed = Take(std::move(version), "write");
    if (committed) Say("wrote", cell, *committed, stamp.word());
    return committed;
  }

  // Reads a value and looks at it: it must be whole, and not older than `least`.
  std::optional<uint64_t> Read(const Cell& cell, uint64_t least) {
    const auto facts = Take(cell.Read({.target = room_.data(), .room = room_.size()}, Soon()), "read");
    if (!facts) return std::nullopt;
    if (facts->version < least) Leave(kLost, "read", std::to_string(facts->version) + " after " + std::to_string(least));
    if (facts->version != 0) CheckWhole(cell, *facts);
    if (++reads_ % 64 == 0) dprintf(STDOUT_FILENO, "reads 64\n");
    return facts->version;
  }

  Stamp NextStamp() {
    const uint64_t most = uint64_t{8} << Below(18);
    return {.length = std::min(capacity_, 8 + Below(most)), .pid = static_cast<uint64_t>(getpid()), .count = count_++};
  }

  static void Say(const char* what, const Cell& cell, uint64_t version, uint64_t word) {
    dprintf(STDOUT_FILENO, "%s %016" PRIx64 " %" PRIu64 " %" PRIx64 "\n", what, cell.geometry().incarnation, version, word);
  }

 private:
  // Bytes, length, pid and media type of one value, not of two.
  void CheckWhole(const Cell& cell, const ValueFacts& facts) const {
    const auto word = CounterOf(std::span(room_).first(facts.length));
    if (!word) Leave(kTorn, "read", "mixed bytes");
    const Stamp stamp = Stamp::Of(*word);
    if (stamp.length != facts.length || stamp.pid != facts.writer_pid || stamp.media_type() != facts.media_type.data()) {
      Leave(kTorn, "read", "facts of another value");
    }
    if (reads_ % 64 == 0) Say("saw", cell, facts.version, *word);
  }

  key_t key_;
  bool passing_;
  uint64_t capacity_;
  std::mt19937_64 random_;
  uint64_t count_;
  uint64_t reads_ = 0;
  std::vector<std::byte> room_;
};

// Each is one turn; main repeats it.
void WriteTurn(Work& work, const Cell& cell) {
  const uint64_t version = work.Write(cell).value_or(0);
  work.Read(cell, version);
  if (work.Below(4) == 0) work.Sleep(1000);
}

void UpdateTurn(Work& work, const Cell& cell) {
  const uint64_t before = work.Read(cell, 0).value_or(0);
  const auto version = work.Write(cell, before);
  if (version && *version != before + 1) Leave(kLost, "update", "a version between");
}

void ReadTurn(Work& work, const Cell& cell) {
  uint64_t last = 0;
  for (int i = 0; i < 32; i++) last = work.Read(cell, last).value_or(0);
  work.Sleep(2000);
}

// Also gives up, before the gate and behind it. Nobody may write while it holds.
void LockTurn(Work& work, const Cell& cell, LockMode mode) {
  const bool gives_up = work.Below(4) == 0;
  auto hold = LockHold::Acquire(cell.lock(), mode, gives_up ? Deadline::After(1ms) : Soon());
  if (gives_up && hold.code() == Code::kBusy) return;
  {
    const auto held = work.Take(std::move(hold), "lock");
    dprintf(STDOUT_FILENO, "holding\n");
    const uint64_t version = cell.Version();
    work.Sleep(3000);
    if (cell.Version() != version) Leave(kLost, "lock", "somebody wrote meanwhile");
  }
  dprintf(STDOUT_FILENO, "free\n");
}

void ExclusiveTurn(Work& work, const Cell& cell) { LockTurn(work, cell, LockMode::kExclusive); }
void SharedTurn(Work& work, const Cell& cell) { LockTurn(work, cell, LockMode::kShared); }

// Longer than a program of ours has it, so that several of them outlast a slice of a waiting Node.js process.
void SlowTurn(Work& work, const Cell& cell) {
  const auto held = work.Take(LockHold::Acquire(cell.lock(), LockMode::kExclusive, Soon()), "lock");
  dprintf(STDOUT_FILENO, "holding\n");
  usleep(20'000);
}

void CreateTurn(Work& work) {
  const auto cell = work.Open(true);
  if (!cell) return;
  uint64_t last = 0;
  for (uint64_t i = work.Below(8); i > 0; i--) {
    last = std::max(last, work.Write(*cell).value_or(0));
    if (!work.Read(*cell, last)) return;
  }
}

// Several at once, and then a while in which others can get something done.
void DestroyTurn(Work& work) {
  for (uint64_t i = work.Below(16); i > 0; i--) {
    if (work.Below(2) == 0) {
      work.Take(shmnode::DestroyCell(work.target(), {}, Soon()), "destroy by key");
    } else if (const auto cell = work.Open(false)) {
      work.Take(cell->Destroy(Soon()), "destroy by handle");
    }
  }
  work.Sleep(30'000);
}

// How programs without slots write, to show that the storm finds torn values.
void InPlaceTurn(Work& work, const Cell& cell) {
  const auto hold = cell.LockForWrite(Soon());
  if (!hold) return;
  auto* header = reinterpret_cast<shmnode::Header*>(cell.segment().data());
  const uint64_t version = cell.Version();
  auto& slot = header->slots[version % cell.geometry().slot_count];
  const auto value = Pattern(slot.length, work.NextStamp().word());
  std::memcpy(cell.segment().data() + shmnode::kHeaderBytes + version % cell.geometry().slot_count * cell.geometry().stride, value.data(),
              value.size());
}

// How programs without SEM_UNDO lock, to show that the storm finds locks that stay.
void NoUndoTurn(Work& work, const Cell& cell) {
  const sembuf take[] = {{shmnode::kWriter, 0, 0}, {shmnode::kReaders, 0, 0}, {shmnode::kWriter, 1, 0}};
  const sembuf give[] = {{shmnode::kWriter, -1, 0}};
  if (!cell.lock().set().Operate(take, Soon())) return;
  work.Sleep(3000);
  static_cast<void>(cell.lock().set().Operate(give));
}

// A committed value is lost: the one before it becomes current again.
void TakeBackTurn(Work& work, const Cell& cell) {
  work.Sleep(20'000);
  const auto hold = cell.LockForWrite(Soon());
  if (!hold) return;
  auto* header = reinterpret_cast<shmnode::Header*>(cell.segment().data());
  const uint64_t before = cell.Version() - 1;
  if (header->slots[before % cell.geometry().slot_count].version == before) header->commit = before;
}

// Dies as a program with a mistake does. Without a core dump.
void AbortTurn(Work& work, const Cell&) {
  work.Sleep(20'000);
  constexpr rlimit kNone{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &kNone);
  std::abort();
}

struct Role {
  std::string_view name;
  void (*with_cell)(Work&, const Cell&);  // in a segment that stays
  void (*alone)(Work&);                   // in one that comes and goes
};
constexpr Role kRoles[] = {{"writer", WriteTurn, nullptr},        {"updater", UpdateTurn, nullptr},   {"reader", ReadTurn, nullptr},
                           {"exclusive", ExclusiveTurn, nullptr}, {"shared", SharedTurn, nullptr},    {"creator", nullptr, CreateTurn},
                           {"destroyer", nullptr, DestroyTurn},   {"in-place", InPlaceTurn, nullptr}, {"no-undo", NoUndoTurn, nullptr},
                           {"take-back", TakeBackTurn, nullptr},  {"abort", AbortTurn, nullptr},      {"slow", SlowTurn, nullptr}};

[[noreturn]] void Run(const Role& role, key_t key, uint64_t capacity, uint64_t seed) {
  Work work(key, capacity, seed, role.alone != nullptr);
  const auto cell = role.with_cell != nullptr ? work.Open(false) : std::nullopt;
  dprintf(STDOUT_FILENO, "ready\n");
  for (;;) role.with_cell != nullptr ? role.with_cell(work, *cell) : role.alone(work);
}

}  // namespace

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a driver that dies takes its peers along
  for (const Role& role : kRoles) {
    if (argc != 5 || role.name != argv[1]) continue;
    Run(role, static_cast<key_t>(std::strtoll(argv[2], nullptr, 0)), std::strtoull(argv[3], nullptr, 0),
        std::strtoull(argv[4], nullptr, 0));
  }
  std::fputs("usage: storm_peer ROLE KEY CAPACITY SEED\n", stderr);
  return kUsage;
}
