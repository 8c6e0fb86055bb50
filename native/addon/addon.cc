// Table of contents of the addon: what js/binding.js gets. No protocol logic below this line, only in shmnode/.
#include <napi.h>

#include "instance.hpp"
#include "machine.hpp"
#include "segment_handle.hpp"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto* instance = new shmnode::addon::Instance;  // owned by the environment from the next line on
  env.SetInstanceData(instance);
  instance->segment_handle = Napi::Persistent(shmnode::addon::SegmentHandle::Define(env));
  exports.Set("open", Napi::Function::New<shmnode::addon::Open>(env, "open"));
  exports.Set("destroy", Napi::Function::New<shmnode::addon::Destroy>(env, "destroy"));
  exports.Set("list", Napi::Function::New<shmnode::addon::List>(env, "list"));
  return exports;
}

}  // namespace

NODE_API_MODULE(shmnode, Init)
