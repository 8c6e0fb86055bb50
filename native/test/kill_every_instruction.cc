// kill_every_instruction [--posix] [--payload BYTES]... [--operation NAME] [--samples N] [--stretch N] [--broken]: SIGKILLs a process at
// every single instruction of each operation in turn, and looks from another process at what that leaves; of a loop or a copy that takes
// more than N instructions, at samples. --broken does so to operations that are wrong on purpose: then it is an error to find no harm.
#include <dlfcn.h>
#include <getopt.h>
#include <sched.h>

#include <cstdlib>
#include <list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operations.hpp"
#include "progress.hpp"
#include "stage.hpp"
#include "stepped.hpp"
#include "tap.hpp"
#include "trace.hpp"

namespace {

// Of one operation, as long as it takes: the full run is more than other tests.
constexpr unsigned kSecondsOfOperation = 1800;
constexpr int kMostTold = 5;
constexpr int kMostAttempts = 10;
constexpr size_t kRecordings = 5;
constexpr size_t kRecordedSteps = 50'000;

struct Options {
  std::vector<size_t> payloads;
  std::string_view operation;
  Sampling sampling;
  bool broken = false;
};

// "libc.so.6+0x1234", as addr2line(1) takes it; the process that is killed has the same layout as this one.
std::string PlaceOf(uintptr_t address) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(address), &info) == 0) return "elsewhere";  // NOLINT(performance-no-int-to-ptr)
  const std::string_view file = info.dli_fname;
  char offset[32];
  std::snprintf(offset, sizeof offset, "+0x%zx", address - reinterpret_cast<uintptr_t>(info.dli_fbase));
  return tap::Text(file.substr(file.rfind('/') + 1), offset);
}

// The kernel's page of code that tells the time. It changes nothing, and takes another way from time to time.
bool IsClock(uintptr_t address) { return PlaceOf(address).starts_with("linux-vdso"); }

// What was found over all kill points of one operation.
class Findings {
 public:
  explicit Findings(const Operation& operation) : operation_(operation) {}

  void Add(const Found& found, const std::string& place) {
    kills_++;
    states_[found.state]++;
    Follow(found.state, place);
    if (found.harm) Tell(*found.harm, place);
  }

  void Print() const {
    std::string line = tap::Text(kills_, " kills");
    for (const auto& [state, count] : states_) line += tap::Text(", ", kStateNames[static_cast<size_t>(state)], " ", count);
    for (size_t i = 0; i < kHarmNames.size(); i++) line += tap::Text(i == 0 ? "; " : ", ", kHarmNames[i], " ", harm_[i]);
    tap::Diagnose(line);
  }

  void Judge() const {
    if (operation_.harm) {
      tap::Check(harm_[static_cast<size_t>(*operation_.harm)] > 0,
                 tap::Text("is found out: ", kHarmNames[static_cast<size_t>(*operation_.harm)]));
      return;
    }
    for (size_t i = 0; i < kHarmNames.size(); i++) tap::Equal(harm_[i], 0, kHarmNames[i]);
    tap::Equal(reached_, operation_.states.size() - 1, "every state was seen, and none that is not told of");
  }

 private:
  // States come in the order in which the operation makes them: what was new once is never old again.
  void Follow(State state, const std::string& place) {
    size_t at = reached_;
    while (at < operation_.states.size() && operation_.states[at] != state) at++;
    if (at == operation_.states.size()) return Tell(Harm::kLost, tap::Text(place, ", back at ", kStateNames[static_cast<size_t>(state)]));
    reached_ = at;
  }

  void Tell(Harm harm, const std::string& place) {
    const auto index = static_cast<size_t>(harm);
    if (harm_[index]++ < kMostTold && !operation_.harm) tap::Diagnose(tap::Text(kHarmNames[index], " at ", place));
  }

  const Operation& operation_;
  int kills_ = 0;
  size_t reached_ = 0;
  std::map<State, int> states_;
  std::array<int, kHarmNames.size()> harm_{};
};

class KillEveryInstruction {
 public:
  KillEveryInstruction(const Operation& operation, size_t payload, const Sampling& sampling)
      : operation_(operation), stage_(payload, operation.step), sampling_(sampling), findings_(operation) {}

  void Run() {
    alarm(kSecondsOfOperation);
    // Once in this process, so that in its children no function is called for the first time.
    (stage_.*operation_.prepare)();
    operation_.run(stage_);
    const Trace trace = Record();
    KillAll(trace, trace.KillPoints(sampling_));
  }

 private:
  // Not inlined: all processes must run the same instructions.
  [[gnu::noinline]] void Start() {
    (stage_.*operation_.prepare)();
    victim_.emplace([this] { operation_.run(stage_); });
  }

  // The shortest of several: the clock's code starts anew when its data changes meanwhile, which steps make likely.
  Trace Record() {
    std::optional<Trace> shortest;
    for (size_t steps = 0, recorded = 0; recorded < kRecordings && steps < kRecordedSteps; recorded++) {
      Start();
      Trace trace(*victim_);
      tap::Require(victim_->stopped(), "the operation comes to its end");
      steps += trace.size();
      if (!shortest || trace.size() < shortest->size()) shortest.emplace(std::move(trace));
    }
    return *std::move(shortest);
  }

  void KillAll(const Trace& trace, const std::vector<size_t>& points) {
    Progress progress(operation_.name, points.size());
    for (const size_t point : points) {
      KillAt(trace, point);
      if (operation_.waits() && trace.IsCall(point)) KillAsleepIn(trace, point);
      progress.Advance();
    }
    tap::Diagnose(tap::Text(trace.size(), " instructions, ", points.size(), " kill points, ", strayed_, " not led to; ", held_,
                            " kills with the lock held, ", asleep_, " asleep"));
    findings_.Print();
    findings_.Judge();
    tap::Equal(asleep_, operation_.waits() ? 2 : 0, "killed asleep before the gate and behind it");
    for (const size_t point : points) {
      const auto address = trace.address(point);
      tap::Check(killed_at_.count(address) != 0 || IsClock(address), tap::Text("killed at ", PlaceOf(address)));
    }
  }

  // A process that has come to the instruction; false where each of many took another way. That is so where the clock's
  // code started anew while it was recorded; the same instructions are reached before that.
  bool Lead(const Trace& trace, size_t index) {
    for (int attempt = 0; attempt < kMostAttempts; attempt++) {
      Start();
      if (trace.Lead(*victim_, index)) return true;
    }
    strayed_++;
    return false;
  }

  void KillAt(const Trace& trace, size_t index) {
    if (!Lead(trace, index)) return;
    killed_at_.insert(trace.address(index));
    held_ += stage_.IsHeldBy(victim_->pid()) ? 1 : 0;
    Look(tap::Text("instruction ", index, ", ", PlaceOf(trace.address(index))));
  }

  // In the system call, if it waits for somebody.
  void KillAsleepIn(const Trace& trace, size_t index) {
    if (!Lead(trace, index)) return;
    stage_.StopHolder();
    victim_->BeginStep();
    while (!stage_.SomebodyWaits() && !victim_->HasStepped()) sched_yield();
    if (!stage_.SomebodyWaits()) return;
    asleep_++;
    Look(tap::Text("asleep in instruction ", index));
  }

  void Look(const std::string& place) {
    victim_->Kill();
    findings_.Add(operation_.concerns_value() ? stage_.LookAtValue() : stage_.LookUnderKey(), place);
  }

  const Operation& operation_;
  Stage stage_;
  const Sampling sampling_;
  Findings findings_;
  std::optional<Stepped> victim_;
  std::set<uintptr_t> killed_at_;
  int held_ = 0;
  int asleep_ = 0;
  int strayed_ = 0;
};

const std::vector<Operation>& Operations(const Options& options) { return options.broken ? operations::Broken() : operations::Sound(); }

bool ParseInto(Options& options, int argc, char** argv) {
  constexpr option kOptions[] = {{"payload", required_argument, nullptr, 'p'}, {"operation", required_argument, nullptr, 'o'},
                                 {"samples", required_argument, nullptr, 's'}, {"stretch", required_argument, nullptr, 'l'},
                                 {"broken", no_argument, nullptr, 'b'},        {nullptr, 0, nullptr, 0}};
  for (int letter = 0; (letter = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (letter) {
      case 'p': options.payloads.push_back(std::strtoull(optarg, nullptr, 0)); break;
      case 'o': options.operation = optarg; break;
      case 's': options.sampling.samples = std::strtoull(optarg, nullptr, 0); break;
      case 'l': options.sampling.stretch = std::strtoull(optarg, nullptr, 0); break;
      case 'b': options.broken = true; break;
      default: return false;
    }
  }
  if (options.payloads.empty()) options.payloads = {64};
  const bool big_enough = std::all_of(options.payloads.begin(), options.payloads.end(), [](size_t n) { return n >= sizeof(uint64_t); });
  const auto& known = Operations(options);
  const bool is_known = options.operation.empty() ||
                        std::any_of(known.begin(), known.end(), [&](const Operation& one) { return one.name == options.operation; });
  return optind == argc && options.sampling.samples > 0 && big_enough && is_known;
}

void CleanUpAndLeave(int number) {
  tap::StopRunning();
  litter::RemoveAll();
  _exit(128 + number);
}

// Of an operation that does not copy the payload, one size tells it all.
std::list<tap::Test> TestsFor(const Options& options) {
  std::list<tap::Test> tests;  // each stays where it is
  for (const Operation& operation : Operations(options)) {
    if (!options.operation.empty() && operation.name != options.operation) continue;
    for (const size_t payload : options.payloads) {
      tests.emplace_back(tap::Text("every instruction: ", operation.name, operation.copies() ? tap::Text(", ", payload, " bytes") : ""),
                         [&operation, payload, sampling = options.sampling] { KillEveryInstruction(operation, payload, sampling).Run(); });
      if (!operation.copies()) break;
    }
  }
  return tests;
}

}  // namespace

int main(int argc, char** argv) {
  memory::TakeOption(argc, argv);
  Options options;
  if (!ParseInto(options, argc, argv)) {
    std::fputs(
        "usage: kill_every_instruction [--posix] [--payload BYTES]... [--operation NAME] [--samples N] [--stretch N] "
        "[--broken]\noperations:",
        stderr);
    for (const Operation& operation : Operations(options)) std::fprintf(stderr, " %s", operation.name.data());
    std::fputc('\n', stderr);
    return 2;
  }
  // Where that is allowed, alone: creators look at whatever segments there are, and others' come and go.
  static_cast<void>(unshare(CLONE_NEWIPC));
  litter::TheLog();
  std::signal(SIGINT, CleanUpAndLeave);
  std::signal(SIGTERM, CleanUpAndLeave);
  std::signal(SIGPIPE, CleanUpAndLeave);
  const auto tests = TestsFor(options);
  return tap::RunAll("", litter::Isolate, litter::RemoveAll);
}
