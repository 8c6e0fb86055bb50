// The lock for applications, as JavaScript holds it.
#pragma once

#include <napi.h>

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

 private:
  // (): gives the lock back, without ever waiting; fine when it was released or lost before
  void Release(const Napi::CallbackInfo& info);
  // () -> false once it was released or lost
  Napi::Value IsHeld(const Napi::CallbackInfo& info);

  std::optional<UserLockHold> hold_;
};

}  // namespace shmnode::addon
