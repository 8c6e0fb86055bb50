// Which kind of shared memory the tests are about: System V's, or with --posix that in /dev/shm. They call segments by keys all
// the same; of POSIX memory, a key stands for a name. test/helpers/memory.js has the same names.
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "shmnode/target.hpp"
#include "tap.hpp"

namespace memory {

inline bool is_posix = std::getenv("SHMNODE_TEST_MEMORY") != nullptr;

// Once, before the first test.
inline void TakeOption(int& argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "--posix") return;
  is_posix = true;
  argc--;
  for (int i = 1; i <= argc; i++) argv[i] = argv[i + 1];
}

// For what the other kind of memory does not have.
inline void SystemVOnly(std::string_view what) {
  if (is_posix) tap::Skip(tap::Text("System V memory alone has ", what));
}

// One whose semaphore set has a key in the range by which the suite's litter is known. For signal handlers, too.
struct Name {
  explicit Name(key_t key) {
    for (unsigned i = 0; i == 0 || (static_cast<unsigned>(shmnode::KeyOfName(text)) >> 24U & 0x7fU) != 0x5e; i++) {
      std::snprintf(text, sizeof text, "/shmnode-test.%08x.%x", static_cast<unsigned>(key), i);
    }
  }
  char text[40];
};

// The same text for as long as the process lives.
inline std::string_view Kept(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string, bool, std::less<>> names;
  const std::lock_guard guard(mutex);
  return names.emplace(name, true).first->first;
}

inline shmnode::Target TargetOf(key_t key) { return is_posix ? shmnode::Target::Posix(Kept(Name(key).text)) : shmnode::Target::Key(key); }

inline shmnode::Target ByName(std::string_view name) { return is_posix ? shmnode::Target::Posix(name) : shmnode::Target::Name(name); }

// By what the kernel knows it by: POSIX memory has nothing but its name.
inline shmnode::Target ById(const shmnode::Segment& segment) {
  return is_posix ? shmnode::Target::Posix(Kept(segment.file().name())) : shmnode::Target::Id(segment.id());
}

// The other way round; of System V memory, a name's key.
inline key_t KeyOf(std::string_view name) {
  if (!is_posix) return shmnode::KeyOfName(name);
  return static_cast<key_t>(std::stoul(std::string(name.substr(name.find('.') + 1)), nullptr, 16));
}

// Of the semaphore set.
inline key_t SetKeyOf(key_t key) { return is_posix ? shmnode::KeyOfName(Name(key).text) : key; }

// How often a process has the file mapped or open, whichever is more.
inline uint64_t AttachesOf(const struct stat& file, pid_t pid) {
  const std::string inode = tap::Text(" ", file.st_ino, " ");
  uint64_t mapped = 0;
  std::ifstream maps(tap::Text("/proc/", pid, "/maps"));
  for (std::string line; std::getline(maps, line);) {
    mapped += line.find(inode) != std::string::npos && line.find(shmnode::kPosixDirectory) != std::string::npos ? 1U : 0U;
  }
  uint64_t open = 0;
  for (const auto& entry : std::filesystem::directory_iterator(tap::Text("/proc/", pid, "/fd"))) {
    struct stat facts {};
    const bool known = stat(entry.path().c_str(), &facts) == 0;
    open += known && facts.st_ino == file.st_ino && facts.st_dev == file.st_dev ? 1U : 0U;
  }
  return std::max(mapped, open);
}

// In that process; of System V memory, in all processes.
inline uint64_t Attaches(const shmnode::Target& target, pid_t pid = getpid()) {
  if (target.kind == shmnode::Target::Kind::kId) return shmnode::Segment::Stat(target.id)->shm_nattch;
  struct stat file {};
  tap::Require(stat(tap::Text(shmnode::kPosixDirectory, target.name).c_str(), &file) == 0, "the file");
  return AttachesOf(file, pid);
}

}  // namespace memory

namespace shmnode {

inline std::string Show(const SegmentIdentity& identity) { return tap::Text(identity.device, ":", identity.number); }

}  // namespace shmnode
