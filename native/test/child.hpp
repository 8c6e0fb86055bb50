// A forked process of a test, killed when the test is through with it.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

class Child {
 public:
  // `body` runs in the child; what it returns is the exit code.
  template <class Body>
  explicit Child(Body body) {
    std::fflush(nullptr);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that dies takes its children along
    if (getppid() != parent) _exit(1);
    const int code = body();
    std::fflush(nullptr);
    _exit(code);  // what the program does at its end is the parent's; a leak check fails where the user was changed
  }
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), status_(other.status_), ended_(other.ended_) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ == 0 || ended_) return;
    Signal(SIGKILL);
    Wait();
  }

  pid_t pid() const { return pid_; }
  void Signal(int number) const { kill(pid_, number); }

  int Wait() {
    while (!ended_ && waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    ended_ = true;
    return status_;
  }

  void Kill() {
    Signal(SIGKILL);
    Wait();
  }

  // Somebody else has waited for its end.
  void Forget() { pid_ = 0; }

  bool Succeeds() { return Wait() == 0; }

 private:
  pid_t pid_ = 0;
  int status_ = 0;
  bool ended_ = false;
};

// Bounded by the watchdog of the test alone.
template <class Condition>
void WaitUntil(Condition condition) {
  while (!condition()) usleep(200);
}
