// All that an application needs: open a cell, read, write and lock it, wait for changes, list and destroy.
//
//   #include <shmnode/shmnode.hpp>
//
// The other headers are parts of these, and may be included by themselves as well. No call throws, unless its comment says so;
// each comment tells which threads may call. Processes in Node.js use the same segments: see the package's README.
#pragma once

#include "change_waiter.hpp"  // IWYU pragma: export
#include "destroy.hpp"        // IWYU pragma: export
#include "error_text.hpp"     // IWYU pragma: export
#include "inspect.hpp"        // IWYU pragma: export
#include "open.hpp"           // IWYU pragma: export
