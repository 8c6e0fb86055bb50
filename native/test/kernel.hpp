// Kernels other than the one that the tests run on.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "shmnode/futex.hpp"

namespace kernel {

// From here on, in this process and all that it becomes or forks, futex_waitv is what it is before Linux 5.16.
inline bool ForbidFutexWaitv() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, shmnode::kFutexWaitvCall, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{.len = 4, .filter = program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Not before Linux 5.16, nor in emulators.
inline bool HasFutexWaitv() { return syscall(shmnode::kFutexWaitvCall, nullptr, 0, 0, nullptr, 0) < 0 && errno == EINVAL; }

}  // namespace kernel
