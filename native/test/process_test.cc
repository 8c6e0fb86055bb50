// Facts about the running process.
#include "shmnode/process.hpp"

#include <set>

#include "child.hpp"
#include "tap.hpp"

namespace {

const tap::Test kPid("process: the pid, also in a fork of a fork", [] {
  tap::Equal(shmnode::ProcessId(), getpid(), "here");
  Child child([] {
    tap::Equal(shmnode::ProcessId(), getpid(), "in a child");
    Child grandchild([] { return shmnode::ProcessId() == getpid() ? 0 : 1; });
    tap::Check(grandchild.Succeeds(), "in a grandchild");
    return 0;
  });
  child.Wait();
  tap::Equal(shmnode::ProcessId(), getpid(), "here again");
});

const tap::Test kRandomNumbers("process: random numbers differ and are not 0", [] {
  std::set<uint64_t> numbers;
  for (int i = 0; i < 1000; i++) numbers.insert(shmnode::RandomNonZero());
  tap::Equal(numbers.size(), 1000U, "different ones");
  tap::Check(!numbers.contains(0), "no 0");
});

}  // namespace
