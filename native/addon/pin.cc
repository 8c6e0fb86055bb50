#include "pin.hpp"

#include "v8_function.hpp"

namespace shmnode::addon {

namespace {

// std::shared_ptr<v8::BackingStore> v8::ArrayBuffer::GetBackingStore()
using GetBackingStore = Pin (*)(napi_value self);

}  // namespace

Pin PinMemory(Napi::Env env, napi_value array_buffer) {
  static const auto get_backing_store = V8Function<GetBackingStore>(env, "_ZN2v811ArrayBuffer15GetBackingStoreEv");
  bool is_array_buffer = false;  // and no SharedArrayBuffer, whose memory nobody can take away
  if (get_backing_store == nullptr || napi_is_arraybuffer(env, array_buffer, &is_array_buffer) != napi_ok || !is_array_buffer)
    return nullptr;
  return get_backing_store(array_buffer);
}

}  // namespace shmnode::addon
