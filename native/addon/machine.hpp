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

// The same for raw segments; the first one's callback gets a RawHandle.
void OpenRawSegment(const Napi::CallbackInfo& info);
void DestroyRawSegment(const Napi::CallbackInfo& info);
void ListRawSegments(const Napi::CallbackInfo& info);

}  // namespace shmnode::addon
