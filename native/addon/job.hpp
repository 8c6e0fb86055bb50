// One trip to the libuv pool. The constructor and Settle run on the loop thread; Execute runs on a pool thread and
// touches plain members only.
#pragma once

#include <napi.h>

#include <cerrno>

#include "failure.hpp"

namespace shmnode::addon {

// Calls back exactly once, with a failure as first argument or undefined. Frees itself. While the environment is torn
// down no JavaScript runs any more: the call back is then dropped, and what Execute held is released all the same.
class Job : public Napi::AsyncWorker {
 protected:
  Job(const Napi::Function& callback, const char* name) : Napi::AsyncWorker(callback, name) {}

  // Execute threw: it ran out of memory.
  void OnError(const Napi::Error&) override { Fail({.code = Code::kNoSpace, .system_errno = ENOMEM}); }

  void Fail(const Error& error) { Callback().Call({ToFailure(Env(), error)}); }
};

}  // namespace shmnode::addon
