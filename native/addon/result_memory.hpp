// Memory of large results: blocks of the pool as ArrayBuffers.
#pragma once

#include <napi.h>

namespace shmnode::addon {

// (length) -> an ArrayBuffer of any content, for lengths that the pool has; undefined where it cannot be had
Napi::Value Allocate(const Napi::CallbackInfo& info);
// (callback(failure, whether to call again later)): unmaps what was idle for long
void DropRested(const Napi::CallbackInfo& info);

}  // namespace shmnode::addon
