#include "mapped_buffer.hpp"

#include <sys/mman.h>

#include <utility>

namespace shmnode::addon {

namespace {

// The mapping for whoever uses its bytes: the last one lets go of the segment, unless nobody keeps the addresses anyway.
std::shared_ptr<const Mapping> LettingGo(std::shared_ptr<Mapping> mapping) {
  Mapping* bytes = mapping.get();
  return {bytes, [mapping = std::move(mapping)](const Mapping*) {
            if (mapping.use_count() > 1) mapping->LetGo();
          }};
}

// A finalizer of Node-API that drops a share.
template <class T>
void Drop(napi_env, void*, void* share) {
  delete static_cast<std::shared_ptr<T>*>(share);
}

}  // namespace

Mapping::~Mapping() {
  if (!attach_) munmap(data_, size_);
}

void Mapping::LetGo() noexcept {
  constexpr int kFlags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  // An attach ends with its last page.
  if (mmap(data_, size_, PROT_READ | PROT_WRITE, kFlags, -1, 0) == MAP_FAILED) return;
  attach_->Abandon();
  attach_.reset();
}

Result<Napi::ArrayBuffer> MappedBuffer::Get(Napi::Env env, const Segment& segment) {
  if (!buffer_.IsEmpty() && !buffer_.Value().IsDetached()) return buffer_.Value();
  auto attach = segment.AttachAgain(Access::kReadWrite);
  if (!attach) return attach.error();
  const auto mapping = std::make_shared<Mapping>(*std::move(attach));
  attach_ = LettingGo(mapping);
  auto buffer = Make(env, mapping);
  if (buffer) buffer_ = Napi::Persistent(*buffer);
  return buffer;
}

Result<Napi::ArrayBuffer> MappedBuffer::Make(Napi::Env env, const std::shared_ptr<Mapping>& mapping) {
  auto share = std::make_unique<std::shared_ptr<const Mapping>>(attach_);
  napi_value buffer = nullptr;
  const napi_status status =
      napi_create_external_arraybuffer(env, mapping->data(), mapping->size(), Drop<const Mapping>, share.get(), &buffer);
  if (status == napi_ok) {
    static_cast<void>(share.release());
    auto addresses = std::make_unique<std::shared_ptr<Mapping>>(mapping);
    if (napi_add_finalizer(env, buffer, nullptr, Drop<Mapping>, addresses.get(), nullptr) == napi_ok)
      static_cast<void>(addresses.release());
    return Napi::ArrayBuffer(env, buffer);
  }
  // Thrown for one of more bytes than it may have here.
  if (env.IsExceptionPending()) static_cast<void>(env.GetAndClearPendingException());
  return Fail(Code::kUnsupported, "no external buffers");
}

std::shared_ptr<const Mapping> MappedBuffer::Detach(Napi::Env env) {
  if (!buffer_.IsEmpty()) {
    const Napi::ArrayBuffer buffer = buffer_.Value();
    if (!buffer.IsDetached()) napi_detach_arraybuffer(env, buffer);
    buffer_.Reset();
  }
  return std::move(attach_);
}

}  // namespace shmnode::addon
