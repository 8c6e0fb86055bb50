// What tests do with raw segments all the time, in one line each.
#pragma once

#include <semaphore.h>

#include <string>
#include <string_view>

#include "cells.hpp"
#include "shmnode/destroy_raw.hpp"
#include "shmnode/inspect_raw.hpp"
#include "shmnode/open_raw.hpp"

namespace raws {

using cells::Code;
using cells::Deadline;
using cells::Result;
using cells::Soon;
using cells::Status;
using cells::Target;
using shmnode::Raw;
using shmnode::RawOptions;
using shmnode::RawPart;

inline Result<Raw> Open(const shmnode::Target& target, const RawOptions& options = {}) { return shmnode::OpenRaw(target, options, Soon()); }
inline Status Destroy(const shmnode::Target& target) { return shmnode::DestroyRaw(target, {}, Soon()); }

inline Raw MustOpen(key_t key, const RawOptions& options = {}, const std::source_location& at = std::source_location::current()) {
  auto raw = Open(Target::Key(key), options);
  tap::Require(static_cast<bool>(raw), tap::Text("opens, not ", raw.code()), at);
  return *std::move(raw);
}

inline Status WriteText(const Raw& raw, std::string_view text, uint64_t offset = 0) {
  return raw.Write({.data = text.data(), .length = text.size(), .offset = offset, .nul_terminated = true}, Soon());
}

inline Status WriteBytes(const Raw& raw, std::string_view bytes, uint64_t offset = 0) {
  return raw.Write({.data = bytes.data(), .length = bytes.size(), .offset = offset}, Soon());
}

inline std::string Read(const Raw& raw, uint64_t offset, uint64_t length, bool text) {
  std::string room(length, '?');
  auto* target = reinterpret_cast<std::byte*>(room.data());
  const auto part = raw.Read({.target = target, .room = length, .offset = offset, .whole = false, .nul_terminated = text}, Soon());
  if (!part) return Show(part.code());
  return room.substr(0, part->copied);
}

inline std::string ReadText(const Raw& raw) { return Read(raw, 0, raw.capacity(), true); }
inline std::string ReadBytes(const Raw& raw, uint64_t offset, uint64_t length) { return Read(raw, offset, length, false); }

// The name of a POSIX semaphore that nobody else has, unlinked at the end.
class SemaphoreName {
 public:
  SemaphoreName() : name_(tap::Text("/shmnode-t-", getpid(), "-", count_++)) {}
  SemaphoreName(const SemaphoreName&) = delete;
  SemaphoreName& operator=(const SemaphoreName&) = delete;
  ~SemaphoreName() { sem_unlink(name_.c_str()); }

  const char* get() const { return name_.c_str(); }
  std::string path() const { return "/dev/shm/sem." + name_.substr(1); }

  // As another program makes it.
  sem_t* Create(unsigned value, mode_t mode = 0600) const { return sem_open(name_.c_str(), O_CREAT | O_EXCL, mode, value); }

 private:
  static inline int count_ = 0;
  std::string name_;
};

}  // namespace raws
