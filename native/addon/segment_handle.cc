#include "segment_handle.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "held_lock.hpp"
#include "instance.hpp"
#include "patience.hpp"
#include "read_batch.hpp"
#include "task.hpp"
#include "to_js.hpp"
#include "wait_permit.hpp"
#include "watch.hpp"
#include "write_batch.hpp"

namespace shmnode::addon {

namespace {

Result<UserLockHold> AcquireUserLock(const Cell& cell, std::chrono::nanoseconds slice) {
  auto hold = WithPatience([&cell](Deadline deadline) { return UserLockHold::Acquire(cell.user_lock(), deadline); }, slice);
  if (!hold) return hold;
  if (cell.IsRetired()) return shmnode::Fail(Code::kDestroyed);
  // As for reads and writes: the lock of a removed segment, nobody else would want.
  if (const Status removed = cell.CheckNotRemoved(); !removed) return removed.error();
  return hold;
}

}  // namespace

Napi::Function SegmentHandle::Define(Napi::Env env) {
  return DefineClass(env, "SegmentHandle",
                     {
                         InstanceMethod<&SegmentHandle::Describe>("describe"),
                         InstanceMethod<&SegmentHandle::Read>("read"),
                         InstanceMethod<&SegmentHandle::Write>("write"),
                         InstanceMethod<&SegmentHandle::CancelWrite>("cancelWrite"),
                         InstanceMethod<&SegmentHandle::Lock>("lock"),
                         InstanceMethod<&SegmentHandle::MediaType>("mediaType"),
                         InstanceMethod<&SegmentHandle::Watch>("watch"),
                         InstanceMethod<&SegmentHandle::Stat>("stat"),
                         InstanceMethod<&SegmentHandle::Destroy>("destroy"),
                         InstanceMethod<&SegmentHandle::Close>("close"),
                     });
}

Napi::Object SegmentHandle::New(Napi::Env env, std::shared_ptr<const Cell> cell, const Napi::Value& facts) {
  auto object = env.GetInstanceData<Instance>()->segment_handle.New({});
  SegmentHandle* handle = Unwrap(object);
  *handle->opening_ = {.cell = std::move(cell), .facts = Napi::Persistent(facts), .fact_table = Table(facts, 1)};
  AddQuickCalls(object, handle->opening_);
  return object;
}

SegmentHandle::SegmentHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SegmentHandle>(info) {}

const std::shared_ptr<const Cell>& SegmentHandle::Opened(Napi::Env env) const {
  if (!opening_->cell) throw Napi::Error::New(env, "the handle is closed");
  return opening_->cell;
}

Napi::Value SegmentHandle::Describe(const Napi::CallbackInfo& info) {
  const auto& cell = Opened(info.Env());
  auto facts = GeometryToJs(info.Env(), cell->geometry());
  const auto& segment = cell->segment();
  const auto kernel = segment.Facts();
  facts.Set("posix", segment.is_posix());
  facts.Set("id", segment.id());
  facts.Set("key", kernel && !segment.is_posix() ? kernel->key : IPC_PRIVATE);
  facts.Set("readOnly", segment.read_only());
  facts.Set("semaphoreId", cell->lock().set().id());
  return facts;
}

void SegmentHandle::Read(const Napi::CallbackInfo& info) {
  const auto targets = info[0].As<Napi::Array>();
  const Table table(info[1], targets.Length());
  (new ReadBatch(Opened(info.Env()), targets, table, ToSlice(info[2]), info[3].As<Napi::Function>()))->Queue();
}

void SegmentHandle::Write(const Napi::CallbackInfo& info) {
  const auto buffers = info[0].As<Napi::Array>();
  const Table table(info[2], buffers.Length());
  const auto& cell = Opened(info.Env());
  cancelled_ = std::make_shared<CancelFlags>(buffers.Length());
  (new WriteBatch(cell, buffers, info[1].As<Napi::Array>(), table, cancelled_, ToSlice(info[3]), info[4].As<Napi::Function>()))->Queue();
}

void SegmentHandle::CancelWrite(const Napi::CallbackInfo& info) { cancelled_->Cancel(info[0].As<Napi::Number>().Uint32Value()); }

void SegmentHandle::Lock(const Napi::CallbackInfo& info) {
  const auto cell = Opened(info.Env());
  const auto slice = ToSlice(info[0]);
  StartTask<UserLockHold>(
      info[1].As<Napi::Function>(), "shmnode:lock", [cell, slice] { return AcquireUserLock(*cell, slice); }, HeldLock::New);
}

Napi::Value SegmentHandle::MediaType(const Napi::CallbackInfo& info) {
  const auto& media_type = opening_->media_type;
  if (media_type.front() == '\0') return info.Env().Undefined();
  return Napi::String::New(info.Env(), media_type.data());
}

Napi::Value SegmentHandle::Watch(const Napi::CallbackInfo& info) {
  return addon::Watch::Start(info.Env(), Opened(info.Env()), info[0].As<Napi::Function>());
}

void SegmentHandle::Stat(const Napi::CallbackInfo& info) {
  const auto cell = Opened(info.Env());
  StartTask<CellInfo>(
      info[0].As<Napi::Function>(), "shmnode:stat", [cell] { return Inspect(*cell); }, InfoToJs);
}

void SegmentHandle::Destroy(const Napi::CallbackInfo& info) {
  const auto cell = Opened(info.Env());
  const auto slice = ToSlice(info[0]);
  const auto if_version = ToOptionalCount(info[2].As<Napi::Number>().DoubleValue());
  StartTask<Nothing>(info[1].As<Napi::Function>(), "shmnode:destroy", [cell, slice, if_version] {
    const WaitPermit permit;
    return cell->Destroy(permit.Slice(slice), if_version);
  });
}

// Detaching unmaps every page of the segment, which takes time for large ones: not on the loop thread.
void SegmentHandle::Close(const Napi::CallbackInfo& info) {
  auto cell = std::exchange(opening_->cell, nullptr);
  StartTask<Nothing>(info[0].As<Napi::Function>(), "shmnode:close", [cell = std::move(cell)]() mutable -> Status {
    cell.reset();
    return Nothing{};
  });
}

}  // namespace shmnode::addon
