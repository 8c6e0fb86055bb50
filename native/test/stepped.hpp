// A forked process whose every instruction is run on demand: ptrace(2), x86-64 alone. (On arm64 an exclusive load and
// store that is stepped through never succeeds.)
#pragma once

#include <sys/ptrace.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>

#include "child.hpp"
#include "tap.hpp"

class Stepped {
 public:
  // Stopped before the first instruction of `body`; what comes after its last one is a breakpoint, see IsAtEnd.
  template <class Body>
  explicit Stepped(Body body)
      : child_([&body] {
          if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return 2;
          Break();
          body();
          Break();
          return 0;
        }) {
    if (!Wait()) tap::Skip("no ptrace");
  }

  pid_t pid() const { return child_.pid(); }

  // False once it has come to its end by itself, or was killed.
  bool stopped() const { return stopped_; }

  // The instruction that comes next.
  uintptr_t pc() const { return static_cast<uintptr_t>(ptrace(PTRACE_PEEKUSER, pid(), kPc, nullptr)); }
  bool IsAtEnd() const { return (WordAt(pc()) & 0xff) == kBreakpoint; }
  bool IsAtSystemCall() const { return (WordAt(pc()) & 0xffff) == kSystemCall; }

  // One instruction; of one that repeats itself (rep movsb), one repetition.
  void Step() {
    BeginStep();
    if (stopped_) stopped_ = Wait();
  }

  // Into a system call that may sleep; only Kill may follow.
  void BeginStep() const {
    if (stopped_) ptrace(PTRACE_SINGLESTEP, pid(), nullptr, nullptr);
  }
  bool HasStepped() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid()), &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
  }

  // At full speed, until the instruction at `address` comes next. False where that did not happen before the end.
  bool RunTo(uintptr_t address) {
    const long word = WordAt(address);
    SetWordAt(address, (word & ~0xffL) | kBreakpoint);
    ptrace(PTRACE_CONT, pid(), nullptr, nullptr);
    stopped_ = Wait();
    if (!stopped_ || pc() != address + 1) return false;
    SetWordAt(address, word);
    return ptrace(PTRACE_POKEUSER, pid(), kPc, address) == 0;
  }

  void Kill() {
    child_.Kill();
    stopped_ = false;
  }

 private:
  static constexpr size_t kPc = offsetof(user, regs.rip);
  static constexpr long kBreakpoint = 0xcc;
  static constexpr long kSystemCall = 0x050f;

  [[gnu::noinline]] static void Break() { asm volatile("int3" ::: "memory"); }

  bool Wait() const {
    int status = 0;
    return waitpid(pid(), &status, 0) == pid() && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
  }
  long WordAt(uintptr_t address) const { return ptrace(PTRACE_PEEKTEXT, pid(), address, nullptr); }
  void SetWordAt(uintptr_t address, long word) const { ptrace(PTRACE_POKETEXT, pid(), address, word); }

  Child child_;
  bool stopped_ = true;
};
