// What one environment (the main thread, or one worker thread) of Node.js has of this addon. Nothing is global.
#pragma once

#include <napi.h>

#include <memory>

namespace shmnode::addon {

class WatchHub;

struct Instance {
  // The constructors.
  Napi::FunctionReference segment_handle;
  Napi::FunctionReference raw_handle;
  Napi::FunctionReference held_lock;
  Napi::FunctionReference watch;
  std::shared_ptr<WatchHub> watch_hub;  // null until something is watched
};

}  // namespace shmnode::addon
