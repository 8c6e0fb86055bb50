// The bytes of a raw segment as an ArrayBuffer, without a copy.
#pragma once

#include <napi.h>

#include <memory>

#include "shmnode/segment.hpp"

namespace shmnode::addon {

// One ArrayBuffer over an attach of its own: V8 aborts the process where two of them have one address. All methods on the loop
// thread.
//
// The attach stays until the ArrayBuffer has let go of it, and whoever has pinned its memory: so neither a view that is still
// there nor a copy under way on the pool can meet unmapped memory.
class MappedBuffer {
 public:
  // The ArrayBuffer, the same one each time, or an error: kUnsupported where the platform wants all memory inside of its own.
  Result<Napi::ArrayBuffer> Get(Napi::Env env, const Segment& segment);

  // Takes the memory away from all views, which have no bytes from then on. Gives the attach, to be dropped on a pool thread:
  // that unmaps every page.
  std::shared_ptr<const Segment> Detach(Napi::Env env);

 private:
  Result<Napi::ArrayBuffer> Make(Napi::Env env);

  std::shared_ptr<const Segment> attach_;
  Napi::Reference<Napi::ArrayBuffer> buffer_;
};

}  // namespace shmnode::addon
