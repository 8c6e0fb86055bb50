// A lock that is not to be had at once.
#pragma once

#include <sys/sem.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <initializer_list>
#include <thread>

namespace fail {

// Another holder of the exclusive lock for a moment, by system calls that do not fail.
class OtherHolder {
 public:
  explicit OtherHolder(int set) : set_(set) {
    thread_ = std::thread([this] {
      is_there_ = Operate({{0, 0, SEM_UNDO}, {0, 1, SEM_UNDO}}) || true;
      usleep(1000);
      Operate({{0, -1, SEM_UNDO}});
    });
    while (!is_there_) std::this_thread::yield();
  }
  ~OtherHolder() { thread_.join(); }

 private:
  bool Operate(std::initializer_list<sembuf> operations) const {
    return syscall(SYS_semtimedop, set_, operations.begin(), operations.size(), nullptr) == 0;
  }

  int set_;
  std::atomic<bool> is_there_{false};
  std::thread thread_;
};

}  // namespace fail
