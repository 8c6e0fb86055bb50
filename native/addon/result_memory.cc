#include "result_memory.hpp"

#include <memory>
#include <new>
#include <utility>

#include "block_pool.hpp"
#include "task.hpp"
#include "v8_function.hpp"

namespace shmnode::addon {

namespace {

// V8's owner of the memory behind an ArrayBuffer.
struct BackingStore;

struct DeleteBackingStore {
  void (*destroy)(BackingStore* self);
  void operator()(BackingStore* self) const {
    destroy(self);
    ::operator delete(self);
  }
};

using Deleter = void (*)(void* data, size_t length, void* hint);

// ArrayBuffers over our memory, by V8 itself. Those that Node-API makes cannot be transferred to another thread, and their
// finalizers wait for the event loop: a loop of readSync() would never get a block back. V8's deleter runs as soon as the
// ArrayBuffer is collected, on any thread. (The addon is linked to stay in memory, since that may be after the environment's end.)
class ArrayBufferMaker {
 public:
  explicit ArrayBufferMaker(Napi::Env env)
      : new_backing_store_(V8Function<NewBackingStore>(env, "_ZN2v811ArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_")),
        destroy_(V8Function<decltype(destroy_)>(env, "_ZN2v812BackingStoreD1Ev")),
        new_(V8Function<New>(env, "_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE")),
        current_isolate_(V8Function<GetCurrent>(env, "_ZN2v87Isolate10GetCurrentEv")),
        usable_(new_backing_store_ != nullptr && destroy_ != nullptr && new_ != nullptr && current_isolate_ != nullptr &&
                MayBeExternal(env)) {}

  bool usable() const noexcept { return usable_; }

  Napi::Value Make(Napi::Env env, void* data, size_t length, Deleter deleter) const {
    std::shared_ptr<BackingStore> owner(new_backing_store_(data, length, deleter, nullptr).release(), DeleteBackingStore{destroy_});
    return {env, new_(current_isolate_(), std::move(owner))};
  }

 private:
  // std::unique_ptr<v8::BackingStore> and this are returned alike.
  struct DeleteNothing {
    void operator()(BackingStore*) const {}
  };
  using NewBackingStore = std::unique_ptr<BackingStore, DeleteNothing> (*)(void* data, size_t length, Deleter deleter, void* hint);
  using New = napi_value (*)(void* isolate, std::shared_ptr<BackingStore> owner);
  using GetCurrent = void* (*)();

  // Electron, and V8 with a sandbox, want all memory inside of it; Node-API tells.
  static bool MayBeExternal(Napi::Env env) {
    auto byte = std::make_unique<char>();
    const auto finalize = [](napi_env, void* data, void*) { delete static_cast<char*>(data); };
    napi_value buffer = nullptr;
    const napi_status status = napi_create_external_arraybuffer(env, byte.get(), 1, finalize, nullptr, &buffer);
    if (status == napi_ok) static_cast<void>(byte.release());
    return status != napi_no_external_buffers_allowed;
  }

  NewBackingStore new_backing_store_;
  void (*destroy_)(BackingStore*);
  New new_;
  GetCurrent current_isolate_;
  bool usable_;
};

void GiveBack(void* data, size_t length, void*) { BlockPool::OfProcess().Give(data, length); }

}  // namespace

Napi::Value Allocate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  static const ArrayBufferMaker maker(env);
  const auto length = static_cast<size_t>(info[0].As<Napi::Number>().DoubleValue());
  if (!maker.usable() || length < BlockPool::kSmallest || length > BlockPool::kLargest) return env.Undefined();
  // Where V8 allocates by itself, it looks how much memory young ArrayBuffers have, and scavenges from 32 MiB on. Without that
  // look it lets 64 MiB come together, and marks the whole heap.
  Napi::ArrayBuffer::New(env, 1);
  void* memory = BlockPool::OfProcess().Take(length);
  if (memory == nullptr) return env.Undefined();
  return maker.Make(env, memory, length, GiveBack);
}

void DropRested(const Napi::CallbackInfo& info) {
  StartTask<bool>(
      info[0].As<Napi::Function>(), "shmnode:dropRested", [] { return Result<bool>(BlockPool::OfProcess().DropRested()); },
      [](Napi::Env env, bool&& more) -> Napi::Value { return Napi::Boolean::New(env, more); });
}

}  // namespace shmnode::addon
