// How an error of the core reaches JavaScript: as plain facts. js/errors.js makes the one kind of error out of them.
#pragma once

#include <napi.h>

#include "shmnode/result.hpp"

namespace shmnode::addon {

// { code, errno, syscall, holder, number, reason, key }, all but the code only where they apply. On the loop thread.
Napi::Object ToFailure(Napi::Env env, const Error& error);

}  // namespace shmnode::addon
