// A look at many locks in one trip to the pool.
#pragma once

#include <napi.h>

namespace shmnode::addon {

// What is waited for, as in js/waiting-room.js.
enum LockKind : int { kExclusiveLock, kSharedLock, kUserLock, kPosixLock };

// (locks, callback(undefined, indexes)): which of them look free. `locks` is an Int32Array of pairs: the id of a semaphore
// set, or the number of a POSIX semaphore, and a LockKind.
void Sweep(const Napi::CallbackInfo& info);

}  // namespace shmnode::addon
