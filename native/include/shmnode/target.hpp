#pragma once

#include <sys/ipc.h>

#include <string_view>

#include "geometry.hpp"
#include "key.hpp"

namespace shmnode {

// Which segment is meant.
struct Target {
  // By what it is found.
  enum class Kind {
    kKey,      // a key, or a name's
    kPrivate,  // nothing: a new segment without a key, IPC_PRIVATE
    kId,       // the kernel's shmid
    kPosix,    // a name of POSIX shared memory
  };
  Kind kind = Kind::kKey;  // which of those below counts
  key_t key = 0;           // of kKey, 0 is no key; of kPosix, whose semaphore set has it
  int id = 0;              // of kId
  std::string_view name;   // empty for a numeric key; not owned

  // Whatever cell has this key, a named one too. Not 0.
  static Target Key(key_t key) noexcept { return {.kind = Kind::kKey, .key = key, .name = {}}; }
  // The cell with this name. Of what IsValidName is false of, nothing is opened: kUnsupported.
  static Target Name(std::string_view name) noexcept {
    return {.kind = Kind::kKey, .key = IsValidName(name) ? KeyOfName(name) : IPC_PRIVATE, .name = name};
  }
  // A new cell without a key, found by others by its segment's id only. It stays until it is destroyed.
  static Target Private() noexcept { return {.kind = Kind::kPrivate, .name = {}}; }
  // The cell in the segment with this shmid; never makes one.
  static Target Id(int id) noexcept { return {.kind = Kind::kId, .id = id, .name = {}}; }

  // The cell, or raw segment, in POSIX shared memory, by its name as shm_open(3) takes it: see IsValidPosixName.
  static Target Posix(std::string_view name) noexcept { return {.kind = Kind::kPosix, .key = KeyOfName(name), .name = name}; }

  // Whether there can be such a cell. Key 0 would make another private segment with each open, which nobody could find.
  bool IsValid() const noexcept {
    if (kind == Kind::kPosix) return IsValidPosixName(name);
    return (kind != Kind::kKey || key != IPC_PRIVATE) && (name.empty() || IsValidName(name));
  }

  // A number fits every segment under it; a name only the one that it was given to.
  bool Accepts(const Geometry& geometry) const noexcept { return name.empty() || geometry.name_view() == name; }
};

}  // namespace shmnode
