// Which segment JavaScript means, and how it wants it opened: copied into plain members before a job starts.
#pragma once

#include <napi.h>

#include <string>

#include "shmnode/open.hpp"

namespace shmnode::addon {

// A Target that owns its strings, so that it can travel to another thread.
class Reference {
 public:
  // One of { key }, { name }, { posixName }, { path, projectId }, { id }, or {} for a private segment.
  explicit Reference(const Napi::Object& object);

  // Points into this object. On a pool thread: a path has to be looked up in the file system.
  Result<Target> Resolve() const;

  bool IsPrivate() const { return kind_ == Kind::kPrivate; }

 private:
  enum class Kind { kKey, kPath, kId, kPosix, kPrivate };
  Kind kind_ = Kind::kPrivate;
  int number_ = 0;    // key, project id, or id
  std::string text_;  // name or path
};

// { ownerAny, ownerUid, widestMode }, negative numbers for what is not given.
OwnerPolicy ToOwnerPolicy(const Napi::Object& options);
// { capacity, slots, mode, create, exclusive, readOnly, checksum } and the above.
OpenOptions ToOpenOptions(const Napi::Object& options);

}  // namespace shmnode::addon
