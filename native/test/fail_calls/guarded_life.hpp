// What one does with a raw segment that has the lock of other programs.
#pragma once

#include <semaphore.h>

#include <string_view>

#include "fault.hpp"
#include "shmnode/destroy_raw.hpp"
#include "shmnode/open_raw.hpp"

namespace fail {

// The life of a raw segment whose lock is a POSIX semaphore.
class GuardedLife {
 public:
  explicit GuardedLife(key_t key) : key_(key) {}

  void Run() const {
    for (const std::string_view step : {"make guarded", "open guarded"}) {
      const auto raw = shmnode::OpenRaw(Target::Key(key_), Options(), Patient());
      if (!Typed(raw, step)) continue;
      Typed(raw->Write({.data = "x", .length = 1}, Patient()), "write guarded");
    }
  }

  // The semaphore is nobody's to remove but the test's.
  void CheckWorksAgain() const {
    {
      const auto raw = shmnode::OpenRaw(Target::Key(key_), Options(), Patient());
      tap::Check(raw && raw->Write({.data = "y", .length = 1}, Patient()), tap::Text("guarded works after ", Fault::The().what()));
    }
    tap::Equal(shmnode::DestroyRaw(Target::Key(key_), {}, Patient()).code(), Code::kOk, "guarded is destroyed");
    tap::Check(sem_unlink(kName) == 0, "its semaphore was there");
  }

 private:
  static shmnode::RawOptions Options() { return {.semaphore = kName}; }
  static constexpr const char* kName = "/shmnode-fail-calls";

  key_t key_;
};

}  // namespace fail
