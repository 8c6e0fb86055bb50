#include "raw_handle.hpp"

#include <chrono>
#include <utility>

#include "held_lock.hpp"
#include "instance.hpp"
#include "known_semaphores.hpp"
#include "patience.hpp"
#include "raw_read_batch.hpp"
#include "raw_write_batch.hpp"
#include "shmnode/inspect_raw.hpp"
#include "task.hpp"
#include "to_js.hpp"

namespace shmnode::addon {

namespace {

// The NUL of a text is looked for so far, and no further, on the loop thread.
constexpr uint64_t kHintReach = uint64_t{64} * 1024;

Result<UserLockHold> AcquireUserLock(const Raw& raw, std::chrono::nanoseconds slice) {
  const auto lock = raw.user_lock();
  if (!lock) return shmnode::Fail(Code::kUnsupported, "a POSIX semaphore");
  auto hold = WithPatience([&lock](Deadline deadline) { return UserLockHold::Acquire(*lock, deadline); }, slice);
  if (!hold) return hold;
  // The lock of a removed segment, nobody else would want.
  if (const Status removed = raw.CheckNotRemoved(); !removed) return removed.error();
  return hold;
}

}  // namespace

Napi::Function RawHandle::Define(Napi::Env env) {
  return DefineClass(env, "RawHandle",
                     {
                         InstanceMethod<&RawHandle::Describe>("describe"),
                         InstanceMethod<&RawHandle::LengthHint>("lengthHint"),
                         InstanceMethod<&RawHandle::Read>("read"),
                         InstanceMethod<&RawHandle::Write>("write"),
                         InstanceMethod<&RawHandle::CancelWrite>("cancelWrite"),
                         InstanceMethod<&RawHandle::Lock>("lock"),
                         InstanceMethod<&RawHandle::ReadSync>("readSync"),
                         InstanceMethod<&RawHandle::WriteSync>("writeSync"),
                         InstanceMethod<&RawHandle::Buffer>("buffer"),
                         InstanceMethod<&RawHandle::Stat>("stat"),
                         InstanceMethod<&RawHandle::Destroy>("destroy"),
                         InstanceMethod<&RawHandle::Close>("close"),
                     });
}

Napi::Object RawHandle::New(Napi::Env env, std::shared_ptr<const Raw> raw, bool nul_terminated, const Napi::Value& facts) {
  auto object = env.GetInstanceData<Instance>()->raw_handle.New({});
  RawHandle* handle = Unwrap(object);
  if (!raw->lock().set()) handle->semaphore_number_ = KnownSemaphores::OfProcess().Enter(raw);
  handle->raw_ = std::move(raw);
  handle->nul_terminated_ = nul_terminated;
  handle->facts_ = Napi::Persistent(facts);
  handle->fact_table_ = Table(facts, 1);
  return object;
}

RawHandle::RawHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RawHandle>(info) {}

const std::shared_ptr<const Raw>& RawHandle::Opened(Napi::Env env) const {
  if (!raw_) throw Napi::Error::New(env, "the handle is closed");
  return raw_;
}

Napi::Value RawHandle::Describe(const Napi::CallbackInfo& info) {
  const auto& raw = Opened(info.Env());
  const auto& segment = raw->segment();
  const auto kernel = segment.Facts();
  const auto set = raw->lock().set();
  auto facts = Napi::Object::New(info.Env());
  facts.Set("posix", segment.is_posix());
  facts.Set("id", segment.id());
  facts.Set("key", kernel && !segment.is_posix() ? kernel->key : IPC_PRIVATE);
  facts.Set("capacity", static_cast<double>(raw->capacity()));
  facts.Set("readOnly", segment.read_only());
  facts.Set("isPosix", !set);
  facts.Set("semaphoreId", set ? set->id() : semaphore_number_);
  return facts;
}

Napi::Value RawHandle::LengthHint(const Napi::CallbackInfo& info) {
  const auto& raw = Opened(info.Env());
  return Napi::Number::New(info.Env(), static_cast<double>(nul_terminated_ ? raw->TextLengthHint(kHintReach) : raw->capacity()));
}

void RawHandle::Read(const Napi::CallbackInfo& info) {
  const auto targets = info[0].As<Napi::Array>();
  const Table table(info[1], targets.Length());
  (new RawReadBatch(Opened(info.Env()), nul_terminated_, targets, table, ToSlice(info[2]), info[3].As<Napi::Function>()))->Queue();
}

void RawHandle::Write(const Napi::CallbackInfo& info) {
  const auto buffers = info[0].As<Napi::Array>();
  const Table table(info[2], buffers.Length());
  const auto& raw = Opened(info.Env());
  cancelled_ = std::make_shared<CancelFlags>(buffers.Length());
  (new RawWriteBatch(raw, nul_terminated_, buffers, table, cancelled_, ToSlice(info[3]), info[4].As<Napi::Function>()))->Queue();
}

void RawHandle::CancelWrite(const Napi::CallbackInfo& info) { cancelled_->Cancel(info[0].As<Napi::Number>().Uint32Value()); }

void RawHandle::Lock(const Napi::CallbackInfo& info) {
  const auto raw = Opened(info.Env());
  const auto slice = ToSlice(info[0]);
  StartTask<UserLockHold>(
      info[1].As<Napi::Function>(), "shmnode:lock", [raw, slice] { return AcquireUserLock(*raw, slice); }, HeldLock::New);
}

Napi::Value RawHandle::ReadSync(const Napi::CallbackInfo& info) {
  const Bytes target = ToBytes(info[0]);
  const RawRead request{.target = target.data,
                        .room = target.length,
                        .offset = static_cast<uint64_t>(info[1].As<Napi::Number>().DoubleValue()),
                        .whole = info[2].As<Napi::Boolean>(),
                        .nul_terminated = nul_terminated_};
  const Raw& raw = *Opened(info.Env());
  const auto part = WithoutWait([&raw, &request] { return raw.Read(request, Deadline::Now()); });
  if (!part) return ToFailure(info.Env(), part.error());
  StorePart(fact_table_, 0, *part);
  return info.Env().Undefined();
}

Napi::Value RawHandle::WriteSync(const Napi::CallbackInfo& info) {
  const Bytes bytes = ToBytes(info[0]);
  const RawWrite request{.data = bytes.data,
                         .length = bytes.length,
                         .offset = static_cast<uint64_t>(info[1].As<Napi::Number>().DoubleValue()),
                         .nul_terminated = nul_terminated_};
  const Raw& raw = *Opened(info.Env());
  const Status status = WithoutWait([&raw, &request] { return raw.Write(request, Deadline::Now()); });
  return status ? info.Env().Undefined() : ToFailure(info.Env(), status.error());
}

Napi::Value RawHandle::Buffer(const Napi::CallbackInfo& info) {
  const auto buffer = buffer_.Get(info.Env(), Opened(info.Env())->segment());
  if (!buffer) return ToFailure(info.Env(), buffer.error());
  return *buffer;
}

void RawHandle::Stat(const Napi::CallbackInfo& info) {
  const auto raw = Opened(info.Env());
  StartTask<RawInfo>(
      info[0].As<Napi::Function>(), "shmnode:stat", [raw] { return Inspect(*raw); }, RawInfoToJs);
}

void RawHandle::Destroy(const Napi::CallbackInfo& info) {
  const auto raw = Opened(info.Env());
  const auto slice = ToSlice(info[0]);
  StartTask<Nothing>(info[1].As<Napi::Function>(), "shmnode:destroy",
                     [raw, slice] { return WithPatience([&raw](Deadline deadline) { return raw->Destroy(deadline); }, slice); });
}

// As of cells: not on the loop thread.
void RawHandle::Close(const Napi::CallbackInfo& info) {
  auto raw = std::exchange(raw_, nullptr);
  auto attach = buffer_.Detach(info.Env());
  StartTask<Nothing>(info[0].As<Napi::Function>(), "shmnode:close", [raw = std::move(raw), attach = std::move(attach)]() mutable -> Status {
    raw.reset();
    attach.reset();
    return Nothing{};
  });
}

}  // namespace shmnode::addon
