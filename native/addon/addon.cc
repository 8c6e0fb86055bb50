// Table of contents of the addon: what js/binding.js gets. No protocol logic below this line, only in shmnode/.
#include <napi.h>

#include "held_lock.hpp"
#include "instance.hpp"
#include "machine.hpp"
#include "raw_handle.hpp"
#include "result_memory.hpp"
#include "segment_handle.hpp"
#include "sweep.hpp"
#include "wait_permit.hpp"
#include "watch.hpp"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto* instance = new shmnode::addon::Instance;  // owned by the environment from the next line on
  env.SetInstanceData(instance);
  instance->segment_handle = Napi::Persistent(shmnode::addon::SegmentHandle::Define(env));
  instance->raw_handle = Napi::Persistent(shmnode::addon::RawHandle::Define(env));
  instance->held_lock = Napi::Persistent(shmnode::addon::HeldLock::Define(env));
  instance->watch = Napi::Persistent(shmnode::addon::Watch::Define(env));
  exports.Set("open", Napi::Function::New<shmnode::addon::Open>(env, "open"));
  exports.Set("destroy", Napi::Function::New<shmnode::addon::Destroy>(env, "destroy"));
  exports.Set("list", Napi::Function::New<shmnode::addon::List>(env, "list"));
  exports.Set("openRaw", Napi::Function::New<shmnode::addon::OpenRawSegment>(env, "openRaw"));
  exports.Set("destroyRaw", Napi::Function::New<shmnode::addon::DestroyRawSegment>(env, "destroyRaw"));
  exports.Set("listRaw", Napi::Function::New<shmnode::addon::ListRawSegments>(env, "listRaw"));
  exports.Set("sweep", Napi::Function::New<shmnode::addon::Sweep>(env, "sweep"));
  // How many pool threads may be in a wait at a time.
  exports.Set("waitPlaces", shmnode::addon::WaitPermit::Places());
  exports.Set("allocate", Napi::Function::New<shmnode::addon::Allocate>(env, "allocate"));
  exports.Set("dropRested", Napi::Function::New<shmnode::addon::DropRested>(env, "dropRested"));
  return exports;
}

}  // namespace

NODE_API_MODULE(shmnode, Init)
