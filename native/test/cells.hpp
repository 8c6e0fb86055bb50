// What tests do with cells all the time, in one line each.
#pragma once

#include <chrono>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "litter.hpp"
#include "pattern.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/inspect.hpp"
#include "shmnode/open.hpp"
#include "tap.hpp"

namespace shmnode {

inline std::string Show(Code code) { return std::string(kCodeNames[static_cast<size_t>(code)]); }

}  // namespace shmnode

namespace cells {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using shmnode::Cell;
using shmnode::Code;
using shmnode::Deadline;
using shmnode::OpenOptions;
using shmnode::Result;
using shmnode::Status;
using shmnode::ValueFacts;

// As the kind of memory has it that the tests are about.
struct Target : shmnode::Target {
  static shmnode::Target Key(key_t key) { return memory::TargetOf(key); }
  static shmnode::Target Name(std::string_view name) { return memory::ByName(name); }
};
using memory::ById;
inline shmnode::Target ById(const Cell& cell) { return ById(cell.segment()); }
inline shmnode::Target ById(key_t key) { return memory::is_posix ? memory::TargetOf(key) : shmnode::Target::Id(litter::SegmentOf(key)); }
inline void MustDetach(const shmnode::Target& target, uint64_t attaches = 0) { tap::Equal(memory::Attaches(target), attaches, "attaches"); }

// For what must succeed at some time: only the watchdog is shorter.
inline Deadline Soon() { return Deadline::After(100s); }

inline Result<Cell> Open(const shmnode::Target& target, const OpenOptions& options = {}) {
  return shmnode::OpenCell(target, options, Soon());
}
inline Status Destroy(const shmnode::Target& target) { return shmnode::DestroyCell(target, {}, Soon()); }

inline Cell MustOpen(const shmnode::Target& target, const OpenOptions& options = {},
                     const std::source_location& at = std::source_location::current()) {
  auto cell = Open(target, options);
  tap::Require(static_cast<bool>(cell), tap::Text("opens, not ", cell.code()), at);
  return *std::move(cell);
}

inline Cell MustOpen(key_t key, const OpenOptions& options = {}, const std::source_location& at = std::source_location::current()) {
  return MustOpen(Target::Key(key), options, at);
}

// A private cell, or one that nobody else knows the name of, removed with the test.
inline Cell MustOpenPrivate(const OpenOptions& options = {}) {
  if (memory::is_posix) return MustOpen(litter::UniqueKey(), options);
  Cell cell = MustOpen(Target::Private(), options);
  litter::RememberSegment(cell.segment().id());
  litter::RememberSet(cell.lock().set().id());
  return cell;
}

inline Result<uint64_t> Write(const Cell& cell, std::span<const std::byte> bytes) {
  return cell.Write({.data = bytes.data(), .length = bytes.size(), .media_type = {}, .if_version = {}}, Soon());
}

inline Result<uint64_t> WriteText(const Cell& cell, std::string_view text) { return Write(cell, std::as_bytes(std::span(text))); }

// A whole value, as long as the cell's capacity at most.
struct Value {
  Code code;
  ValueFacts facts;
  std::vector<std::byte> bytes;

  std::string text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

inline Value ReadInto(const Cell& cell, std::vector<std::byte> room, Deadline deadline) {
  const auto facts = cell.Read({.target = room.data(), .room = room.size()}, deadline);
  room.resize(facts ? facts->length : 0);
  return {facts.code(), facts ? *facts : ValueFacts{}, std::move(room)};
}

inline Value Read(const Cell& cell) { return ReadInto(cell, std::vector<std::byte>(cell.geometry().capacity), Soon()); }
inline std::string ReadText(const Cell& cell) { return Read(cell).text(); }

}  // namespace cells
