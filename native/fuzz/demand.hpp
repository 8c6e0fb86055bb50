// What must hold while the fuzzer does as it likes. Where it does not, the program aborts, and libFuzzer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "shmnode/result.hpp"

// `line` is the caller's: Clang 14 has the built-in function, but not yet std::source_location.
inline void Demand(bool holds, std::string_view what, int line = __builtin_LINE()) {
  if (holds) return;
  std::fprintf(stderr, "DOES NOT HOLD, line %d: %.*s\n", line, static_cast<int>(what.size()), what.data());
  std::abort();
}

inline void DemandCode(shmnode::Code actual, shmnode::Code expected, std::string_view what, int line = __builtin_LINE()) {
  if (actual == expected) return;
  std::fprintf(stderr, "%s, not %s: ", shmnode::kCodeNames[static_cast<size_t>(actual)].data(),
               shmnode::kCodeNames[static_cast<size_t>(expected)].data());
  Demand(false, what, line);
}
