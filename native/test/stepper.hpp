// A child that runs one instruction at a time, so that something can be done to it, or to the world, at each of them.
#pragma once

#include <sys/ptrace.h>

#include <cstdint>
#include <optional>

#include "child.hpp"
#include "tap.hpp"

class Stepper {
 public:
  // `prepare` runs freely, `body` step by step. What the body returns is the exit code.
  template <class Prepare, class Body>
  Stepper(Prepare prepare, Body body)
      : child_((RefuseSanitizers(), [&] {
          if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return 99;
          auto prepared = prepare();
          raise(SIGSTOP);
          const int code = body(prepared);
          raise(SIGSTOP);
          return code;
        })) {
    waitpid(child_.pid(), &status_, WUNTRACED);
    if (!WIFSTOPPED(status_)) tap::Skip("no ptrace");
  }

  // So many instructions further; false where the body came to its end before.
  bool Step(int count) {
    for (int i = 0; i < count; i++) {
      if (ptrace(PTRACE_SINGLESTEP, child_.pid(), nullptr, nullptr) != 0) tap::Skip("no single steps");
      waitpid(child_.pid(), &status_, 0);
      if (!WIFSTOPPED(status_) || WSTOPSIG(status_) != SIGTRAP) return false;
    }
    return true;
  }

  // At full speed, until it is about to make this system call; false where the body came to its end before.
  bool RunToSystemCall(uint64_t number) {
    // Without it the kernel tells of no system call what it is.
    if (ptrace(PTRACE_SETOPTIONS, child_.pid(), nullptr, PTRACE_O_TRACESYSGOOD) != 0) tap::Skip("no ptrace");
    for (;;) {
      if (ptrace(PTRACE_SYSCALL, child_.pid(), nullptr, nullptr) != 0) tap::Skip("no ptrace");
      waitpid(child_.pid(), &status_, 0);
      if (!WIFSTOPPED(status_) || WSTOPSIG(status_) != (SIGTRAP | 0x80)) return false;
      __ptrace_syscall_info info{};
      if (ptrace(PTRACE_GET_SYSCALL_INFO, child_.pid(), sizeof info, &info) < 0) tap::Skip("no news of system calls");
      if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == number) return true;
    }
  }

  void Kill() { child_.Kill(); }

  // Runs it to its end; the exit code.
  int Finish() {
    ptrace(PTRACE_DETACH, child_.pid(), nullptr, nullptr);
    child_.Signal(SIGCONT);
    for (;;) {
      waitpid(child_.pid(), &status_, WUNTRACED);
      if (!WIFSTOPPED(status_)) break;
      child_.Signal(SIGCONT);  // at the end of the body
    }
    child_.Forget();
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
  }

  pid_t pid() const { return child_.pid(); }

 private:
  // Before there is a child, which would stay behind, stopped.
  static void RefuseSanitizers() {
#ifdef __SANITIZE_ADDRESS__
    tap::Skip("a sanitizer's own instructions are too many");
#endif
  }

  Child child_;
  int status_ = 0;
};
