#include "held_lock.hpp"

#include <utility>

#include "instance.hpp"

namespace shmnode::addon {

Napi::Function HeldLock::Define(Napi::Env env) {
  return DefineClass(env, "HeldLock", {InstanceMethod<&HeldLock::Release>("release"), InstanceMethod<&HeldLock::IsHeld>("isHeld")});
}

Napi::Object HeldLock::New(Napi::Env env, UserLockHold&& hold) {
  auto object = env.GetInstanceData<Instance>()->held_lock.New({});
  Unwrap(object)->hold_.emplace(std::move(hold));
  return object;
}

HeldLock::HeldLock(const Napi::CallbackInfo& info) : Napi::ObjectWrap<HeldLock>(info) {}

void HeldLock::Release(const Napi::CallbackInfo&) {
  if (hold_) hold_->Release();
}

Napi::Value HeldLock::IsHeld(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), hold_ && hold_->IsHeld()); }

}  // namespace shmnode::addon
