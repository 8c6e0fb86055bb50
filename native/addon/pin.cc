#include "pin.hpp"

#include <dlfcn.h>

namespace shmnode::addon {

namespace {

// std::shared_ptr<v8::BackingStore> v8::ArrayBuffer::GetBackingStore(), called as the platform's C++ ABI calls a member
// function: `self` is what a napi_value is, the address of a handle.
using GetBackingStore = Pin (*)(void* self);

GetBackingStore FindGetBackingStore(Napi::Env env) {
  constexpr uint32_t kFirstKnown = 20;
  constexpr uint32_t kLastKnown = 26;
  const napi_node_version* version = Napi::VersionManagement::GetNodeVersion(env);
  if (version->major < kFirstKnown || version->major > kLastKnown) return nullptr;
  return reinterpret_cast<GetBackingStore>(dlsym(RTLD_DEFAULT, "_ZN2v811ArrayBuffer15GetBackingStoreEv"));
}

}  // namespace

Pin PinMemory(Napi::Env env, napi_value array_buffer) {
  static const GetBackingStore get_backing_store = FindGetBackingStore(env);
  bool is_array_buffer = false;  // and no SharedArrayBuffer, whose memory nobody can take away
  if (get_backing_store == nullptr || napi_is_arraybuffer(env, array_buffer, &is_array_buffer) != napi_ok || !is_array_buffer)
    return nullptr;
  return get_backing_store(array_buffer);
}

}  // namespace shmnode::addon
