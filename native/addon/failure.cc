#include "failure.hpp"

#include <string>

namespace shmnode::addon {

Napi::Object ToFailure(Napi::Env env, const Error& error) {
  auto failure = Napi::Object::New(env);
  failure.Set("code", std::string(kCodeNames.at(static_cast<size_t>(error.code))));
  if (error.system_errno != 0) failure.Set("errno", error.system_errno);
  if (error.syscall != nullptr) failure.Set("syscall", error.syscall);
  if (error.holder != 0) failure.Set("holder", error.holder);
  failure.Set("number", static_cast<double>(error.number));
  if (error.reason != nullptr) failure.Set("reason", error.reason);
  if (error.key != 0) failure.Set("key", error.key);
  return failure;
}

}  // namespace shmnode::addon
