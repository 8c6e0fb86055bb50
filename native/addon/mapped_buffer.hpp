// The bytes of a raw segment as an ArrayBuffer, without a copy.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "shmnode/segment.hpp"

namespace shmnode::addon {

// An attach whose addresses stay taken after it.
class Mapping {
 public:
  explicit Mapping(Segment attach) noexcept : data_(attach.data()), size_(attach.size()), attach_(std::move(attach)) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  std::byte* data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }

  // Puts memory of nobody's in the segment's place, in one step. Where the kernel has none, the attach stays as long as this.
  void LetGo() noexcept;

 private:
  std::byte* data_;
  size_t size_;
  std::optional<Segment> attach_;  // nothing once it was let go of
};

// One ArrayBuffer over an attach of its own: V8 aborts the process where two of them have one address. All methods on the loop
// thread.
//
// The attach stays until the ArrayBuffer has let go of it, and whoever has pinned its memory: so neither a view that is still
// there nor a copy under way on the pool can meet unmapped memory. Others pin nothing: crypto.randomFill and zlib know an
// address and keep the view. Hence the addresses stay taken until the ArrayBuffer is collected, which the view keeps alive.
class MappedBuffer {
 public:
  // The ArrayBuffer, the same one each time unless somebody has transferred it away, or an error: kUnsupported where the platform
  // wants all memory inside of its own.
  Result<Napi::ArrayBuffer> Get(Napi::Env env, const Segment& segment);

  // Takes the memory away from all views, which have no bytes from then on. Gives the attach, to be dropped on a pool thread:
  // that unmaps every page.
  std::shared_ptr<const Mapping> Detach(Napi::Env env);

 private:
  Result<Napi::ArrayBuffer> Make(Napi::Env env, const std::shared_ptr<Mapping>& mapping);

  std::shared_ptr<const Mapping> attach_;  // the last one of its copies lets go
  Napi::Reference<Napi::ArrayBuffer> buffer_;
};

}  // namespace shmnode::addon
