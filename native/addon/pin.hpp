// Keeps the memory of an ArrayBuffer alive while a pool thread works on it.
#pragma once

#include <napi.h>

#include <memory>

namespace shmnode::addon {

// A share in the memory behind an ArrayBuffer; empty where there is nothing to hold. May be dropped on any thread.
using Pin = std::shared_ptr<void>;

// A reference keeps the ArrayBuffer, but not its memory: that goes along when somebody transfers it away, and is freed with
// the new owner, under the hands of the pool thread. Node-API has no call for a share in it; V8 has one,
// ArrayBuffer::GetBackingStore, under the same symbol in every Node.js from 20 to 26. Where it is not known to be right,
// nothing is pinned, and the caller had better do as the documentation says. On the loop thread.
Pin PinMemory(Napi::Env env, napi_value array_buffer);

}  // namespace shmnode::addon
