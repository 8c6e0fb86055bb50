// All that an application needs: open a cell, read, write and lock it, wait for changes, list and destroy; the same of raw segments.
//
//   #include <shmnode/shmnode.hpp>
//
// The other headers are parts of these, and may be included by themselves as well. No call throws, unless its comment says so.
//
// Threads: functions and static members may be called from any, at any time, and so may const members of Cell, Raw, RawLock, Segment,
// SemaphoreSet, PosixSemaphore, TurnstileLock and UserLock on one object by several at once. Other objects are for one thread at a time.
#pragma once

#include "change_waiter.hpp"  // IWYU pragma: export
#include "destroy.hpp"        // IWYU pragma: export
#include "destroy_raw.hpp"    // IWYU pragma: export
#include "error_text.hpp"     // IWYU pragma: export
#include "inspect.hpp"        // IWYU pragma: export
#include "inspect_raw.hpp"    // IWYU pragma: export
#include "open.hpp"           // IWYU pragma: export
#include "open_raw.hpp"       // IWYU pragma: export
