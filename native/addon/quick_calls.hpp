// The calls that are over in less time than a method of a wrapped object takes to find its object.
#pragma once

#include <napi.h>

#include <memory>

#include "arguments.hpp"
#include "shmnode/cell.hpp"

namespace shmnode::addon {

// What a handle and its quick calls share, on the loop thread of their environment.
struct Opening {
  std::shared_ptr<const Cell> cell;               // null once closed
  Napi::Reference<Napi::Value> facts;             // keeps alive what fact_table points to
  Table fact_table;                               // one row: what the last read found
  decltype(ValueFacts::media_type) media_type{};  // of what the last read found
};

// Gives the object functions that know their opening by themselves: napi_unwrap, which methods need for that, costs three times
// what a read of 64 bytes does. Their results are plain values where nothing goes wrong, and a failure where something does.
//
//   version()                      the current version
//   lengthHint()                   the current value's length, as a hint
//   spinUntilNewer(version, microseconds)   whether a newer one has come, looking for so long at most
//   readSync(target, offset, whole), readWholeSync(target)   undefined and the facts, or a failure
//   writeSync(bytes, mediaType, ifVersion), writeBytesSync(bytes)   the version, or a failure
//
// They throw where the opening is closed. Each keeps it in memory, however long somebody keeps the function.
void AddQuickCalls(Napi::Object object, const std::shared_ptr<Opening>& opening);

}  // namespace shmnode::addon
