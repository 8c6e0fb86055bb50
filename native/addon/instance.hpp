// What one environment (the main thread, or one worker thread) of Node.js has of this addon. Nothing is global.
#pragma once

#include <napi.h>

namespace shmnode::addon {

struct Instance {
  // The constructors.
  Napi::FunctionReference segment_handle;
  Napi::FunctionReference held_lock;
};

}  // namespace shmnode::addon
