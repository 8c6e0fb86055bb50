// An attached cell, as JavaScript holds it.
#pragma once

#include <napi.h>

#include <memory>

#include "arguments.hpp"
#include "cancel_flags.hpp"
#include "quick_calls.hpp"
#include "shmnode/cell.hpp"

namespace shmnode::addon {

// What js/segment.js calls, beside the calls of quick_calls.hpp, which the object has too. Methods run on the loop thread of the
// environment that opened it. Jobs under way share the cell, so that closing, or collecting this handle, detaches only after the
// last of them.
class SegmentHandle : public Napi::ObjectWrap<SegmentHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  // A handle on the cell. `facts` is a Float64Array with room for one row, for the results of the calls that do not wait.
  static Napi::Object New(Napi::Env env, std::shared_ptr<const Cell> cell, const Napi::Value& facts);

  explicit SegmentHandle(const Napi::CallbackInfo& info);

 private:
  // () -> what GeometryToJs gives, and { posix, id, key, readOnly, semaphoreId }; of POSIX memory id -1, key 0
  Napi::Value Describe(const Napi::CallbackInfo& info);
  // (targets, table, sliceMs, callback): see ReadBatch
  void Read(const Napi::CallbackInfo& info);
  // (buffers, mediaTypes, table, sliceMs, callback): see WriteBatch
  void Write(const Napi::CallbackInfo& info);
  // (row): of the batch of writes that is under way, not to be committed if there is time
  void CancelWrite(const Napi::CallbackInfo& info);
  // (sliceMs, callback(failure, HeldLock)): the lock for applications
  void Lock(const Napi::CallbackInfo& info);
  // () -> media type of the last readSync, or undefined
  Napi::Value MediaType(const Napi::CallbackInfo& info);
  // (callback) -> what Watch::Start gives
  Napi::Value Watch(const Napi::CallbackInfo& info);
  // (callback(failure, info))
  void Stat(const Napi::CallbackInfo& info);
  // (sliceMs, callback(failure))
  void Destroy(const Napi::CallbackInfo& info);
  // (callback(failure)): no other method after it
  void Close(const Napi::CallbackInfo& info);

  const std::shared_ptr<const Cell>& Opened(Napi::Env env) const;

  std::shared_ptr<Opening> opening_ = std::make_shared<Opening>();
  std::shared_ptr<CancelFlags> cancelled_;  // of the last batch of writes
};

}  // namespace shmnode::addon
