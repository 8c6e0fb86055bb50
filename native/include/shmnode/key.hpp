// From what a person calls a segment to the number that the kernel knows it by.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "layout.hpp"
#include "result.hpp"

namespace shmnode {

// 1 to 63 bytes of A-Z a-z 0-9 . _ -
constexpr bool IsValidName(std::string_view name) noexcept {
  if (name.empty() || name.size() >= kNameRoom) return false;
  for (const char c : name) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

// Of POSIX shared memory: a slash and then such a name of up to 62 bytes, which is no name of a directory.
constexpr bool IsValidPosixName(std::string_view name) noexcept {
  if (name.size() >= kNameRoom || !name.starts_with('/')) return false;
  return IsValidName(name.substr(1)) && name != "/." && name != "/..";
}

// The 32-bit FNV-1a hash of the name's bytes as a signed int, 1 in place of 0 (which is IPC_PRIVATE).
// http://www.isthe.com/chongo/tech/comp/fnv/
constexpr key_t KeyOfName(std::string_view name) noexcept {
  uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619U;
  return hash == 0 ? 1 : static_cast<key_t>(hash);
}

static_assert(KeyOfName("a") == static_cast<key_t>(0xE40C292CU));
static_assert(KeyOfName("foobar") == static_cast<key_t>(0xBF9CF968U));

// The classic derivation, as glibc's ftok(3): low bits of the inode, of the device, and of the project id (1 to 255).
constexpr key_t KeyOfFile(uint64_t inode, uint64_t device, int project_id) noexcept {
  return static_cast<key_t>((inode & 0xffffU) | (device & 0xffU) << 16U | (static_cast<uint64_t>(project_id) & 0xffU) << 24U);
}

// Instead of ftok, which reports every failure as -1, which is also a key it can derive.
inline Result<key_t> KeyOfPath(const char* path, int project_id) noexcept {
  struct stat facts {};
  if (stat(path, &facts) != 0) return FromErrno("stat", errno);
  return KeyOfFile(facts.st_ino, facts.st_dev, project_id);
}

}  // namespace shmnode
