// The calls that no open segment is needed for.
#pragma once

#include <napi.h>

namespace shmnode::addon {

// (reference, options, facts, sliceMs, callback(failure, SegmentHandle)); `facts` as SegmentHandle::New takes it
void Open(const Napi::CallbackInfo& info);
// (reference, options, sliceMs, callback(failure))
void Destroy(const Napi::CallbackInfo& info);
// (callback(failure, infos))
void List(const Napi::CallbackInfo& info);

}  // namespace shmnode::addon
