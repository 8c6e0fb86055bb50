// Facts of the core as JavaScript objects. On the loop thread.
#pragma once

#include <napi.h>

#include <vector>

#include "shmnode/inspect.hpp"
#include "shmnode/inspect_raw.hpp"

namespace shmnode::addon {

// { name, capacity, slots, checksum, incarnation, layoutVersion, createdAt, creatorPid }; name is empty for a numeric key.
Napi::Object GeometryToJs(Napi::Env env, const Geometry& geometry);
// All that SegmentInfo in index.d.ts has, times as milliseconds, what is absent as 0 or '', an `id` or `attached` that is as -1.
Napi::Object InfoToJs(Napi::Env env, const CellInfo& info);
Napi::Array InfosToJs(Napi::Env env, const std::vector<CellInfo>& infos);
// All that RawSegmentInfo in index.d.ts has, what is absent as 0 or ''.
Napi::Object RawInfoToJs(Napi::Env env, const RawInfo& info);
Napi::Array RawInfosToJs(Napi::Env env, const std::vector<RawInfo>& infos);

}  // namespace shmnode::addon
