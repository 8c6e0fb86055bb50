// core_test [PART OF A NAME]: the tests of the Node-free core.
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
  litter::TheLog();
  std::signal(SIGINT, CleanUpAndLeave);
  std::signal(SIGTERM, CleanUpAndLeave);
  std::signal(SIGPIPE, CleanUpAndLeave);
  return tap::RunAll(argc > 1 ? argv[1] : "", litter::Isolate, litter::RemoveAll);
}
