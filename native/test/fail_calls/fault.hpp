// What is to fail, and what may come of it.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "../cells.hpp"
#include "../failing_calls.hpp"
#include "../tap.hpp"

namespace fail {

using cells::Code;
using cells::Result;
using cells::Target;

// What the shim is told.
class Fault {
 public:
  static Fault& The() {
    static Fault fault;
    return fault;
  }

  void Set(failing::Call call, int nth, int error) {
    order_->nth = nth;
    order_->error = error;
    order_->seen = 0;
    order_->call = call;
  }
  void Clear() { order_->call = failing::kNone; }
  bool WasMet() const { return order_->seen >= order_->nth; }
  int error() const { return order_->error; }
  std::string what() const { return tap::Text(strerrorname_np(order_->error), " at call ", order_->nth.load()); }

 private:
  Fault() : order_(static_cast<failing::Order*>(mmap(nullptr, sizeof *order_, PROT_READ | PROT_WRITE, MAP_SHARED, File(), 0))) {}
  static int File() { return std::atoi(std::strrchr(std::getenv(failing::kVariable), '/') + 1); }

  failing::Order* order_;
};

// Only what waits for a lock that nobody will ever release comes to this.
inline shmnode::Deadline Patient() { return shmnode::Deadline::After(std::chrono::seconds(20)); }

template <class T>
bool Typed(const Result<T>& result, std::string_view step) {
  if (result) return true;
  const shmnode::Error& error = result.error();
  const std::string what = tap::Text(step, ", ", Fault::The().what(), ": ", error.code);
  tap::Check(error.code != Code::kOk && error.code != Code::kCorrupt && error.code != Code::kBusy, what);
  // The fault's own, or what follows from it: there is nothing there, or it is gone.
  const auto possible = {0, Fault::The().error(), ENOENT, EINVAL, EIDRM};
  const bool is_possible = std::find(possible.begin(), possible.end(), error.system_errno) != possible.end();
  tap::Check(is_possible, tap::Text(what, ", errno ", error.system_errno));
  return false;
}

}  // namespace fail
