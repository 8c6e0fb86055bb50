// Mistakes on purpose in an addon, which self-check.js loads into Node.js as ours is loaded. The variable BROKEN names one.
#include <cstdlib>
#include <limits>
#include <string_view>
#include <vector>

#include "shmnode/racy_copy.hpp"

namespace {

volatile size_t one = 1;

void Leak() {
  [[maybe_unused]] static int* volatile lost;
  for (int i = 0; i < 10; i++) lost = new int[25];  // several: the last one may be in a register still
  lost = nullptr;
}

// Within the core's own copy.
void ReadBeyond() {
  const std::vector<char> value(64);
  char target[65];
  shmnode::RacyCopy(target, value.data(), value.size() + one);
}

void ReadFreed() {
  const auto* value = new volatile int(7);
  delete value;
  if (*value == 0) std::abort();
}

void Overflow() {
  const volatile int most = std::numeric_limits<int>::max();
  const volatile int more = most + static_cast<int>(one);
  static_cast<void>(more);
}

}  // namespace

// By its name alone, which is what Node.js looks for: a module without a function of Node-API needs none of its headers.
extern "C" [[gnu::visibility("default")]] void* napi_register_module_v1(void* /* env */, void* exports) {
  const char* variable = std::getenv("BROKEN");  // NOLINT(concurrency-mt-unsafe)
  const std::string_view mistake = variable == nullptr ? "" : variable;
  if (mistake == "leak") Leak();
  if (mistake == "read beyond the end") ReadBeyond();
  if (mistake == "read after free") ReadFreed();
  if (mistake == "overflow") Overflow();
  return exports;
}
