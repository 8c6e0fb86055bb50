// Tests that print TAP (testanything.org). A test is a function under a name; each runs in a process of its own, so a
// crash or a hang is one `not ok` and the rest goes on.
#pragma once

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tap {

// The only bound on time: of a whole test, for machines under load.
inline constexpr unsigned kWatchdogSeconds = 120;
inline constexpr int kMostDiagnostics = 10;

// What the processes of a test tell the runner. Shared memory, so that checks count in forked children too.
struct Verdict {
  std::atomic<int> failures;
  std::atomic<bool> skipped;
  char reason[256];
};

// Of the test that runs; its processes are its process group. For the runner's signal handlers.
inline std::atomic<pid_t> running{0};

// SIGKILL to all processes of the test that runs.
inline void StopRunning() {
  const pid_t group = running.exchange(0);
  if (group <= 0) return;
  kill(-group, SIGKILL);
  waitpid(group, nullptr, 0);
  usleep(100'000);  // its children have no parent left that could tell when they are gone
}

inline Verdict& CurrentVerdict() {
  static auto* verdict = new (mmap(nullptr, sizeof(Verdict), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Verdict{};
  return *verdict;
}

template <class T>
std::string Show(const T& value) {
  if constexpr (std::is_convertible_v<T, std::string_view>) {
    return std::string(std::string_view(value));
  } else {
    return std::to_string(value);
  }
}

// The parts in one text. Other types than texts and numbers bring a Show of their own.
template <class... Parts>
std::string Text(const Parts&... parts) {
  std::string text;
  (text.append(Show(parts)), ...);
  return text;
}

// One write, so that lines of several processes do not mix.
inline void Diagnose(const std::string& text) {
  const std::string line = Text("# ", text, "\n");
  std::fflush(stdout);
  [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, line.data(), line.size());
}

inline std::string Place(const std::source_location& at) {
  const std::string_view path = at.file_name();
  return Text(path.substr(path.rfind('/') + 1), ":", at.line());
}

inline bool Check(bool ok, std::string_view text, const std::source_location& at = std::source_location::current()) {
  if (!ok && CurrentVerdict().failures++ < kMostDiagnostics) Diagnose(Text(Place(at), ": ", text));
  return ok;
}

// Leaves the process where going on makes no sense.
inline void Require(bool ok, std::string_view text, const std::source_location& at = std::source_location::current()) {
  if (!Check(ok, text, at)) std::exit(1);
}

// Texts by their characters, whatever holds them.
template <class T>
bool IsSame(const T& a, const T& b) {
  if constexpr (std::is_convertible_v<T, std::string_view>) {
    return std::string_view(a) == std::string_view(b);
  } else {
    return a == b;
  }
}

template <class T>
bool Equal(const T& actual, const std::type_identity_t<T>& expected, std::string_view text,
           const std::source_location& at = std::source_location::current()) {
  if (IsSame<T>(actual, expected)) return true;
  return Check(false, Text(text, ": ", actual, ", not ", expected), at);
}

// Ends the test without a verdict: this machine or user cannot run it.
[[noreturn]] inline void Skip(std::string_view reason) {
  Verdict& verdict = CurrentVerdict();
  std::memcpy(verdict.reason, reason.data(), std::min(reason.size(), sizeof verdict.reason - 1));
  verdict.skipped = true;
  std::exit(0);
}

class Test {
 public:
  using Body = std::function<void()>;

  Test(std::string name, Body body) : name_(std::move(name)), body_(std::move(body)) { Registry().push_back(this); }
  Test(const Test&) = delete;
  Test& operator=(const Test&) = delete;

  static std::vector<const Test*>& Registry() {
    static std::vector<const Test*> tests;
    return tests;
  }

  std::string_view name() const { return name_; }

  bool Passes(int number, void (*before_each)()) const {
    CurrentVerdict().failures = 0;
    CurrentVerdict().skipped = false;
    std::memset(CurrentVerdict().reason, 0, sizeof CurrentVerdict().reason);
    const int status = RunInChild(before_each);
    const bool ok = status == 0 && CurrentVerdict().failures == 0;
    if (WIFSIGNALED(status)) Diagnose(std::string("killed by ") + strsignal(WTERMSIG(status)));
    std::printf("%s %d - %s", ok ? "ok" : "not ok", number, name_.c_str());
    std::printf("%s%s\n", ok && CurrentVerdict().skipped ? " # SKIP " : "", CurrentVerdict().reason);
    std::fflush(stdout);
    return ok;
  }

 private:
  int RunInChild(void (*before_each)()) const {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      setpgid(0, 0);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      alarm(kWatchdogSeconds);
      before_each();
      body_();
      std::exit(0);
    }
    setpgid(child, child);  // whichever of the two comes first
    running = child;
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    running = 0;
    return status;
  }

  std::string name_;
  Body body_;
};

// The tests whose name contains `pattern`, in order of name; the exit code of main. `before_each` is called in the
// test's process, `after_each` in the runner's.
inline int RunAll(std::string_view pattern, void (*before_each)(), void (*after_each)()) {
  CurrentVerdict();
  auto tests = Test::Registry();
  std::erase_if(tests, [pattern](const Test* test) { return test->name().find(pattern) == std::string_view::npos; });
  std::sort(tests.begin(), tests.end(), [](const Test* a, const Test* b) { return a->name() < b->name(); });
  std::printf("TAP version 13\n1..%zu\n", tests.size());
  int failed = 0;
  for (size_t i = 0; i < tests.size(); i++) {
    failed += tests[i]->Passes(static_cast<int>(i) + 1, before_each) ? 0 : 1;
    after_each();
  }
  std::printf("# %zu tests, %d failed\n", tests.size(), failed);
  return failed == 0 && !tests.empty() ? 0 : 1;
}

}  // namespace tap
