// core_steps: the C++ library's read and write, again and again, for bench/instructions, which counts their instructions under
// callgrind. Prints the subjects as JSON in the order of their marks: before the first call and after the last.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "mark.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/open.hpp"

namespace {

using shmnode::Cell;
using shmnode::Code;
using shmnode::Deadline;

constexpr int kWarmUp = 100;
constexpr int kCalls = 5000;

void Check(bool well, const char* what) {
  if (well) return;
  std::perror(what);
  std::exit(1);
}

template <class Call>
void Count(const Call& call) {
  for (int i = 0; i < kWarmUp; i++) call();
  BenchInstructionsMark();
  for (int i = 0; i < kCalls; i++) call();
  BenchInstructionsMark();
}

}  // namespace

int main() {
  auto opened = shmnode::OpenCell(shmnode::Target::Private(), {.capacity = 4096}, Deadline::Never());
  Check(bool(opened), "open");
  const Cell cell = *std::move(opened);
  std::array<std::byte, 64> bytes{std::byte{1}};
  const auto write = [&] {
    Check(cell.Write({.data = bytes.data(), .length = bytes.size()}, Deadline::Never()).code() == Code::kOk, "write");
  };
  const auto read = [&] {
    Check(cell.Read({.target = bytes.data(), .room = bytes.size()}, Deadline::Never()).code() == Code::kOk, "read");
  };
  Count(write);
  Count(read);
  Check(cell.Destroy(Deadline::Never()).code() == Code::kOk, "destroy");
  std::printf("[{\"name\":\"Cell::Write\",\"calls\":%d},{\"name\":\"Cell::Read\",\"calls\":%d}]\n", kCalls, kCalls);
  return 0;
}
