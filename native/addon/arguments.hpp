// Arguments from our own JavaScript layer, which has validated them for people. Here they are asserted: what does not fit
// is a bug of ours, and throws a TypeError.
#pragma once

#include <napi.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "pin.hpp"

namespace shmnode::addon {

// The memory of a Uint8Array, for a call that is over when it returns.
struct Bytes {
  std::byte* data;
  size_t length;
};

Bytes ToBytes(const Napi::Value& value);

// The same for another thread: the memory stays as long as `pin` does.
struct PinnedBytes {
  Bytes bytes;
  Pin pin;
};

PinnedBytes ToPinnedBytes(const Napi::Value& value);

// A non-negative integer of JavaScript; negative numbers mean that there is none.
std::optional<uint64_t> ToOptionalCount(double number);

// A wait in milliseconds, as a duration.
std::chrono::nanoseconds ToSlice(const Napi::Value& milliseconds);

// A Float64Array that both sides read and write, as rows of kColumns numbers. JavaScript keeps it reachable while it is used.
class Table {
 public:
  static constexpr size_t kColumns = 8;

  Table() = default;
  Table(const Napi::Value& value, size_t rows);
  double& At(size_t row, size_t column) const { return numbers_[row * kColumns + column]; }

 private:
  double* numbers_ = nullptr;
};

}  // namespace shmnode::addon
