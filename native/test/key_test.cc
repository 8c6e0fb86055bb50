// Names, and what keys come of them.
#include "shmnode/key.hpp"

#include <sys/ipc.h>

#include <string>

#include "cells.hpp"

namespace {

using shmnode::IsValidName;
using shmnode::KeyOfName;
using shmnode::KeyOfPath;

const tap::Test kVectors("key: FNV-1a test vectors", [] {
  tap::Equal(KeyOfName(""), static_cast<key_t>(0x811C9DC5U), "of nothing");
  tap::Equal(KeyOfName("a"), static_cast<key_t>(0xE40C292CU), "of a");
  tap::Equal(KeyOfName("b"), static_cast<key_t>(0xE70C2DE5U), "of b");
  tap::Equal(KeyOfName("fo"), static_cast<key_t>(0x6222E842U), "of fo");
  tap::Equal(KeyOfName("foobar"), static_cast<key_t>(0xBF9CF968U), "of foobar");
  tap::Equal(KeyOfName("chongo was here!\n"), static_cast<key_t>(0xD49930D5U), "of a sentence");
});

const tap::Test kZero("key: names that hash to 0 get 1", [] {
  tap::Equal(KeyOfName("eSN.1"), 1, "of eSN.1");
  tap::Equal(KeyOfName("IwPSdT"), 1, "of IwPSdT");
});

const tap::Test kBytesAbove127("key: bytes above 127 count as unsigned", [] {
  uint32_t hash = 2166136261U;
  for (const uint32_t byte : {0xC3U, 0xBCU}) hash = (hash ^ byte) * 16777619U;
  tap::Equal(KeyOfName("\xC3\xBC"), static_cast<key_t>(hash), "of two bytes of UTF-8");
});

const tap::Test kAccepted("key: names of 1 to 63 allowed bytes are valid", [] {
  for (const char* name : {"a", "prices", "A-Z.a_z-09", ".", "..", "-", "__proto__", "0"}) tap::Check(IsValidName(name), name);
  tap::Check(IsValidName(std::string(63, 'x')), "63 bytes");
});

const tap::Test kRefused("key: other names are not", [] {
  for (const char* name : {"", "a/b", "../x", "/", "a b", "a\n", "a:b", "a@b", "a[b", "a`b", "a{b", "\xC3\xBC", "\xFF", "a+b", "a,b"}) {
    tap::Check(!IsValidName(name), name);
  }
  tap::Check(!IsValidName(std::string_view("a\0b", 3)), "a NUL inside");
  tap::Check(!IsValidName(std::string_view("a\0", 2)), "a NUL at the end");
  tap::Check(!IsValidName(std::string(64, 'x')), "64 bytes");
  tap::Check(!IsValidName(std::string(10240, 'x')), "10 KiB");
});

const tap::Test kEveryByte("key: exactly 65 bytes are allowed", [] {
  int allowed = 0;
  for (int byte = 0; byte < 256; byte++) allowed += IsValidName(std::string(1, static_cast<char>(byte))) ? 1 : 0;
  tap::Equal(allowed, 26 + 26 + 10 + 3, "allowed bytes");
});

const tap::Test kPath("key: of a path, the same as ftok of the C library", [] {
  for (const char* path : {"/", "/tmp", "/etc/passwd", "/proc/self/exe", "."}) {
    for (int project = 1; project < 256; project++) {
      const auto key = KeyOfPath(path, project);
      tap::Require(static_cast<bool>(key), path);
      tap::Equal(*key, ftok(path, project), path);
    }
  }
});

const tap::Test kMissingPath("key: of a path that does not exist", [] {
  const auto key = KeyOfPath("/no/such/path", 1);
  tap::Equal(key.code(), shmnode::Code::kNotFound, "code");
  tap::Equal(key.error().syscall, "stat", "system call");
});

}  // namespace
