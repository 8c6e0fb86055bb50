// An attached raw segment, as JavaScript holds it.
#pragma once

#include <napi.h>

#include <memory>

#include "arguments.hpp"
#include "cancel_flags.hpp"
#include "mapped_buffer.hpp"
#include "shmnode/raw.hpp"

namespace shmnode::addon {

// What js/raw-segment.js calls. Methods run on the loop thread of the environment that opened it. Jobs under way share the
// segment, so that closing, or collecting this handle, detaches only after the last of them.
class RawHandle : public Napi::ObjectWrap<RawHandle> {
 public:
  static Napi::Function Define(Napi::Env env);
  // A handle on the segment. `facts` is a Float64Array with room for one row, for the results of the calls that do not wait.
  static Napi::Object New(Napi::Env env, std::shared_ptr<const Raw> raw, bool nul_terminated, const Napi::Value& facts);

  explicit RawHandle(const Napi::CallbackInfo& info);

 private:
  // () -> { id, key, capacity, readOnly, isPosix, semaphoreId }; the last one as Sweep takes it
  Napi::Value Describe(const Napi::CallbackInfo& info);
  // () -> the value's length, as a hint
  Napi::Value LengthHint(const Napi::CallbackInfo& info);
  // (targets, table, sliceMs, callback): see RawReadBatch
  void Read(const Napi::CallbackInfo& info);
  // (buffers, undefined, table, sliceMs, callback): see RawWriteBatch
  void Write(const Napi::CallbackInfo& info);
  // (row): of the batch of writes that is under way, not to be written if there is time
  void CancelWrite(const Napi::CallbackInfo& info);
  // (sliceMs, callback(failure, HeldLock)): the lock for applications
  void Lock(const Napi::CallbackInfo& info);
  // (target, offset, whole) -> undefined and the facts, or a failure
  Napi::Value ReadSync(const Napi::CallbackInfo& info);
  // (bytes, offset) -> undefined, or a failure
  Napi::Value WriteSync(const Napi::CallbackInfo& info);
  // () -> an ArrayBuffer, or a failure
  Napi::Value Buffer(const Napi::CallbackInfo& info);
  // (callback(failure, info))
  void Stat(const Napi::CallbackInfo& info);
  // (sliceMs, callback(failure))
  void Destroy(const Napi::CallbackInfo& info);
  // (callback(failure)): no other method after it
  void Close(const Napi::CallbackInfo& info);

  const std::shared_ptr<const Raw>& Opened(Napi::Env env) const;

  std::shared_ptr<const Raw> raw_;
  bool nul_terminated_ = false;
  Napi::Reference<Napi::Value> facts_;  // keeps alive what fact_table_ points to
  Table fact_table_;
  int semaphore_number_ = 0;
  std::shared_ptr<CancelFlags> cancelled_;  // of the last batch of writes
  MappedBuffer buffer_;
};

}  // namespace shmnode::addon
