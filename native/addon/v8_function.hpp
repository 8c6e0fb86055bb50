// Functions of V8 that Node-API has no counterpart of.
#pragma once

#include <dlfcn.h>
#include <napi.h>

#include <cstdint>

namespace shmnode::addon {

// A function under its C++ name, called as the platform's C++ ABI calls it: a Local is what a napi_value is, the address of a
// handle. Null where it is not there, and in releases of Node.js where it was not tried.
template <class Function>
Function V8Function(Napi::Env env, const char* name) {
  constexpr uint32_t kFirstKnown = 20;
  constexpr uint32_t kLastKnown = 26;
  const uint32_t major = Napi::VersionManagement::GetNodeVersion(env)->major;
  if (major < kFirstKnown || major > kLastKnown) return nullptr;
  return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

}  // namespace shmnode::addon
