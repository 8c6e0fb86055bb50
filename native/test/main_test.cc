// core_test [--posix] [PART OF A NAME]: the tests of the Node-free core, over System V's shared memory or POSIX's.
#include <unistd.h>

#include <csignal>

#include "litter.hpp"
#include "tap.hpp"

namespace {

void CleanUpAndLeave(int number) {
  tap::StopRunning();
  litter::RemoveAll();
  _exit(128 + number);
}

}  // namespace

int main(int argc, char** argv) {
  memory::TakeOption(argc, argv);
  litter::TheLog();
  std::signal(SIGINT, CleanUpAndLeave);
  std::signal(SIGTERM, CleanUpAndLeave);
  std::signal(SIGPIPE, CleanUpAndLeave);
  return tap::RunAll(argc > 1 ? argv[1] : "", litter::Isolate, litter::RemoveAll);
}
