// What keeps the tests apart from the rest of the machine: an IPC namespace for each where the system permits, and
// otherwise keys that nobody else uses, with the removal of whatever is left under them. Nothing else is ever removed.
#pragma once

#include <sched.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <string_view>

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
};

// Forked children write into the same log. The first call must be made before the first fork.
inline Log& TheLog() {
  static Shared<Log> log;
  return *log;
}

// At the beginning of a test, in its process. An id in one namespace is somebody else's in another, hence the flag.
inline void Isolate() { TheLog().alone = unshare(CLONE_NEWIPC) == 0; }
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

inline bool HasSegment(key_t key) { return shmget(key, 0, 0) >= 0; }
inline bool HasSet(key_t key) { return semget(key, 0, 0) >= 0; }
inline bool IsFree(key_t key) { return !HasSegment(key) && !HasSet(key); }

inline void RemoveSegment(key_t key) {
  if (const int id = shmget(key, 0, 0); id >= 0) shmctl(id, IPC_RMID, nullptr);
}

inline void RemoveSet(key_t key) {
  if (const int id = semget(key, 0, 0); id >= 0) semctl(id, 0, IPC_RMID);
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
  static std::atomic<unsigned> count{0};
  const std::string name = tap::Text(stem, ".", getpid(), ".", count++);
  Remember(shmnode::KeyOfName(name));
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
}

}  // namespace litter
