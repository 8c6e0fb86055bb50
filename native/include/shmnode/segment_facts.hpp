// What the kernel says of a segment, whichever kind of shared memory it is.
#pragma once

#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>

#include "result.hpp"

namespace shmnode {

// As of the moment in which it was asked.
struct SegmentFacts {
  uid_t uid;              // its owner now
  uid_t creator;          // of POSIX memory, which does not tell, the owner
  gid_t gid;              // its group
  unsigned mode;          // the permission bits
  uint64_t bytes;         // of all of it, header and payload
  key_t key;              // of the segment and of its semaphore set, of POSIX memory of the set alone; 0: private, or removed
  bool removed;           // nobody can find it any more; who is attached keeps the bytes
  pid_t creator_pid = 0;  // 0 where it is not known: of POSIX memory
  std::optional<uint64_t> attached = {};  // how many attaches there are in all processes; not known of POSIX memory
};

// Of System V memory.
inline SegmentFacts FactsOf(const shmid_ds& kernel) noexcept {
  const ipc_perm& rights = kernel.shm_perm;
  return {.uid = rights.uid,
          .creator = rights.cuid,
          .gid = rights.gid,
          .mode = rights.mode & 0777U,
          .bytes = kernel.shm_segsz,
          .key = rights.__key,
          .removed = (rights.mode & SHM_DEST) != 0,
          .creator_pid = kernel.shm_cpid,
          .attached = kernel.shm_nattch};
}

// Of POSIX memory; `key` of the semaphore set.
inline SegmentFacts FactsOf(const struct stat& file, key_t key) noexcept {
  return {.uid = file.st_uid,
          .creator = file.st_uid,
          .gid = file.st_gid,
          .mode = file.st_mode & 0777U,
          .bytes = static_cast<uint64_t>(file.st_size),
          .key = key,
          .removed = file.st_nlink == 0,
          .creator_pid = 0,
          .attached = {}};
}

// Told before anything is retired: a segment that is retired and then cannot be removed would be lost for everybody.
inline Status CheckMayRemove(const SegmentFacts& facts) noexcept {
  const uid_t user = geteuid();
  if (user != 0 && user != facts.uid && user != facts.creator) return FromErrno("shmctl", EPERM);
  return Nothing{};
}

}  // namespace shmnode
