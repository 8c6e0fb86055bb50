#include "mapped_buffer.hpp"

#include <utility>

namespace shmnode::addon {

Result<Napi::ArrayBuffer> MappedBuffer::Get(Napi::Env env, const Segment& segment) {
  if (!buffer_.IsEmpty()) return buffer_.Value();
  auto attach = segment.AttachAgain(Access::kReadWrite);
  if (!attach) return attach.error();
  attach_ = std::make_shared<const Segment>(*std::move(attach));
  auto buffer = Make(env);
  if (buffer) buffer_ = Napi::Persistent(*buffer);
  return buffer;
}

Result<Napi::ArrayBuffer> MappedBuffer::Make(Napi::Env env) {
  auto share = std::make_unique<std::shared_ptr<const Segment>>(attach_);
  const auto drop = [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<const Segment>*>(hint); };
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(env, attach_->data(), attach_->size(), drop, share.get(), &buffer);
  if (status == napi_ok) {
    static_cast<void>(share.release());
    return Napi::ArrayBuffer(env, buffer);
  }
  // Thrown for one of more bytes than it may have here.
  if (env.IsExceptionPending()) static_cast<void>(env.GetAndClearPendingException());
  return Fail(Code::kUnsupported, "no external buffers");
}

std::shared_ptr<const Segment> MappedBuffer::Detach(Napi::Env env) {
  if (!buffer_.IsEmpty()) {
    const Napi::ArrayBuffer buffer = buffer_.Value();
    if (!buffer.IsDetached()) napi_detach_arraybuffer(env, buffer);
    buffer_.Reset();
  }
  return std::move(attach_);
}

}  // namespace shmnode::addon
