// The lock for applications, as JavaScript holds it.
#pragma once

#include <napi.h>

#include <cstdint>
#include <optional>

#include "shmnode/user_lock.hpp"

namespace shmnode::addon {

// What js/lock.js calls. Methods run on the loop thread of the environment that took the lock; when that environment ends,
// so does this object, and the lock is released.
class HeldLock : public Napi::ObjectWrap<HeldLock> {
 public:
  static Napi::Function Define(Napi::Env env);
  static Napi::Object New(Napi::Env env, UserLockHold&& hold);

  explicit HeldLock(const Napi::CallbackInfo& info);
  ~HeldLock() override;

 private:
  // (): gives the lock back, without ever waiting; fine when it was released or lost before
  void Release(const Napi::CallbackInfo& info);
  // () -> false once it was released or lost
  Napi::Value IsHeld(const Napi::CallbackInfo& info);

  void Drop();

  std::optional<UserLockHold> hold_;
  uint64_t ticket_ = 0;
};

}  // namespace shmnode::addon
