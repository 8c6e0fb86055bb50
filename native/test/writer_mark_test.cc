// Who is alive, and who is dead for certain.
#include "shmnode/writer_mark.hpp"

#include <sched.h>
#include <sys/wait.h>

#include "child.hpp"
#include "shared.hpp"
#include "tap.hpp"

namespace {

using shmnode::Liveness;
using shmnode::WriterMark;

std::string Show(Liveness liveness) { return liveness == Liveness::kAlive ? "alive" : liveness == Liveness::kDead ? "dead" : "unknown"; }
void CheckIs(WriterMark mark, Liveness expected, std::string_view text) {
  tap::Check(mark.Look() == expected, tap::Text(text, ": ", Show(mark.Look()), ", not ", Show(expected)));
}

// A child that has told its mark, and waits to be killed.
class Marked {
 public:
  Marked()
      : child_([this] {
          *mark_ = WriterMark::Own().bits();
          for (;;) pause();
          return 0;
        }) {
    WaitUntil([this] { return *mark_ != 0; });
  }

  Child& child() { return child_; }
  WriterMark mark() const { return WriterMark(*mark_); }

 private:
  Shared<std::atomic<uint64_t>> mark_;
  Child child_;
};

const tap::Test kSelf("writer mark: of this process", [] {
  const WriterMark own = WriterMark::Own();
  tap::Equal(own.pid(), getpid(), "pid");
  tap::Check(own.bits() >> 40U != 0 && (own.bits() >> 24U & 0xffffU) != 0, "with a start and a namespace");
  CheckIs(own, Liveness::kAlive, "this process");
});

const tap::Test kOther("writer mark: of a process that lives, is stopped, is a zombie, is gone", [] {
  Marked other;
  tap::Check(other.mark().bits() != WriterMark::Own().bits(), "a fork has a mark of its own");
  CheckIs(other.mark(), Liveness::kAlive, "a living process");
  other.child().Signal(SIGSTOP);
  WaitUntil([&other] { return waitpid(other.child().pid(), nullptr, WUNTRACED | WNOHANG) != 0; });
  CheckIs(other.mark(), Liveness::kAlive, "a stopped process");
  other.child().Signal(SIGKILL);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(other.child().pid()), &info, WEXITED | WNOWAIT);
  CheckIs(other.mark(), Liveness::kDead, "a zombie");
  other.child().Wait();
  CheckIs(other.mark(), Liveness::kDead, "a process that is gone");
});

const tap::Test kReused("writer mark: a pid that another process has by now is a dead one's",
                        [] { CheckIs(WriterMark(WriterMark::Own().bits() ^ (uint64_t{1} << 45U)), Liveness::kDead, "another start"); });

const tap::Test kForeign("writer mark: of another PID namespace, or of a process that could not tell, nothing is known", [] {
  CheckIs(WriterMark(WriterMark::Own().bits() ^ (uint64_t{1} << 30U)), Liveness::kUnknown, "another namespace");
  CheckIs(WriterMark(static_cast<uint64_t>(getpid())), Liveness::kUnknown, "a pid alone");
  const uint64_t own = WriterMark::Own().bits();
  Child child([own] {
    if (unshare(CLONE_NEWPID) != 0) return 0;
    const pid_t inner = fork();
    if (inner == 0) _exit(WriterMark(own).Look() == Liveness::kUnknown ? 0 : 1);
    int status = 0;
    return waitpid(inner, &status, 0) == inner && status == 0 ? 0 : 1;
  });
  tap::Check(child.Succeeds(), "seen from another namespace");
});

const tap::Test kParse("writer mark: what /proc says", [] {
  const auto state = shmnode::detail::ParseState("7 (a) b) R 1 1 1 0 -1 4194308 1 2 3 4 5 6 7 8 20 0 3 0 16777217 9 9");
  tap::Require(state.has_value(), "parsed");
  tap::Check(state->is_exiting && state->threads == 3 && state->start == 1, "exiting, threads, start");
  for (const char* text : {"", ")", "7 (a)", "7 (a) R", "7 (a) R 1 1 1 0 -1 4194308 x"}) {
    tap::Check(!shmnode::detail::ParseState(text), tap::Text("refused: ", text));
  }
});

}  // namespace
