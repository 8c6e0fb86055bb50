// What keeps the tests apart from the rest of the machine: an IPC namespace for each where the system permits, and
// otherwise keys that nobody else uses, with the removal of whatever is left under them. Nothing else is ever removed.
#pragma once

#include <sched.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

#include "memory.hpp"
#include "shared.hpp"
#include "shmnode/key.hpp"
#include "shmnode/process.hpp"
#include "tap.hpp"

namespace litter {

struct Log {
  std::atomic<bool> alone;  // in a namespace that ends with the test: there is nothing to clean up
  static constexpr uint32_t kRoom = 1U << 16U;
  std::atomic<uint32_t> count;
  key_t keys[kRoom];
  std::atomic<uint32_t> segment_count;
  int segments[kRoom];
  std::atomic<uint32_t> set_count;
  int sets[kRoom];
  static constexpr uint32_t kNames = 1U << 10U;
  std::atomic<uint32_t> name_count;
  char names[kNames][shmnode::kNameRoom];
};

// Forked children write into the same log. The first call must be made before the first fork.
inline Log& TheLog() {
  static Shared<Log> log;
  return *log;
}

// An empty /dev/shm for this process and its children.
inline bool HideFiles() {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return mount("tmpfs", shmnode::kPosixDirectory, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=1g") == 0;
}

// At the beginning of a test, in its process. An id in one namespace is somebody else's in another, hence the flag.
inline void Isolate() { TheLog().alone = (!memory::is_posix || HideFiles()) && unshare(CLONE_NEWIPC) == 0; }
inline bool IsAlone() { return TheLog().alone; }

inline void Remember(key_t key) {
  if (!IsAlone()) TheLog().keys[TheLog().count++ % Log::kRoom] = key;
}
inline int RememberSegment(int id) {
  if (!IsAlone()) TheLog().segments[TheLog().segment_count++ % Log::kRoom] = id;
  return id;
}
inline int RememberSet(int id) {
  if (!IsAlone()) TheLog().sets[TheLog().set_count++ % Log::kRoom] = id;
  return id;
}

// Of a name that stands for no key.
inline void RememberName(std::string_view name) {
  if (!memory::is_posix) return Remember(shmnode::KeyOfName(name));
  if (IsAlone()) return;
  char* room = TheLog().names[TheLog().name_count++ % Log::kNames];
  room[name.copy(room, shmnode::kNameRoom - 1)] = '\0';
}

inline int SetOf(key_t key) { return semget(memory::SetKeyOf(key), 0, 0); }
// A new one, of so many semaphores, whatever the key's segment is.
inline int MakeSet(key_t key, int count = 4, int mode = 0600) { return semget(memory::SetKeyOf(key), count, IPC_CREAT | IPC_EXCL | mode); }
inline int SegmentOf(key_t key) { return shmget(key, 0, 0); }

inline bool HasSegment(key_t key) { return memory::is_posix ? shmnode::PosixFile::HasName(memory::Name(key).text) : SegmentOf(key) >= 0; }
inline bool HasSet(key_t key) { return SetOf(key) >= 0; }
inline bool IsFree(key_t key) { return !HasSegment(key) && !HasSet(key); }

inline bool IsFreeName(const std::string& name) {
  if (!memory::is_posix) return IsFree(shmnode::KeyOfName(name));
  return !shmnode::PosixFile::HasName(name) && semget(shmnode::KeyOfName(name), 0, 0) < 0;
}

inline void RemoveSegment(key_t key) {
  if (memory::is_posix) {
    shm_unlink(memory::Name(key).text);
  } else if (const int id = SegmentOf(key); id >= 0) {
    shmctl(id, IPC_RMID, nullptr);
  }
}

inline void RemoveSet(key_t key) {
  if (const int id = SetOf(key); id >= 0) semctl(id, 0, IPC_RMID);
}

inline void RemoveName(const char* name) {
  shm_unlink(name);
  if (const int id = semget(shmnode::KeyOfName(name), 0, 0); id >= 0) semctl(id, 0, IPC_RMID);
}

inline key_t UniqueKey() {
  for (;;) {
    const auto key = static_cast<key_t>(shmnode::RandomNonZero() & 0x7fffffffU);
    if (key == 0 || !IsFree(key)) continue;
    Remember(key);
    return key;
  }
}

inline std::string UniqueName(std::string_view stem) {
  if (memory::is_posix) return memory::Name(UniqueKey()).text;
  static std::atomic<unsigned> count{0};
  const std::string name = tap::Text(stem, ".", getpid(), ".", count++);
  RememberName(name);
  return name;
}

// Of the whole program and its children so far. System calls only: a signal handler may call it.
inline void RemoveAll() {
  Log& log = TheLog();
  for (uint32_t i = log.count.exchange(0); i > 0; i--) {
    RemoveSegment(log.keys[i - 1]);
    RemoveSet(log.keys[i - 1]);
  }
  for (uint32_t i = log.segment_count.exchange(0); i > 0; i--) shmctl(log.segments[i - 1], IPC_RMID, nullptr);
  for (uint32_t i = log.set_count.exchange(0); i > 0; i--) semctl(log.sets[i - 1], 0, IPC_RMID);
  for (uint32_t i = log.name_count.exchange(0); i > 0; i--) RemoveName(log.names[i - 1]);
}

}  // namespace litter
