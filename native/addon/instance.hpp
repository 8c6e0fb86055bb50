// What one environment (the main thread, or one worker thread) of Node.js has of this addon. Nothing is global.
#pragma once

#include <napi.h>

namespace shmnode::addon {

struct Instance {
  Napi::FunctionReference segment_handle;  // the constructor
};

}  // namespace shmnode::addon
