// What a process, and the machine, have of segments and semaphores.
#pragma once

#include <sys/sem.h>
#include <sys/shm.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "../dev_shm.hpp"
#include "fault.hpp"

namespace fail {

// Files open, and segments or semaphores mapped, in this process.
struct Holdings {
  long descriptors = 0;
  long mappings = 0;

  static Holdings Count() {
    Holdings holdings;
    const std::filesystem::directory_iterator files("/proc/self/fd");
    holdings.descriptors = std::distance(begin(files), end(files));
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      const bool is_shared = line.find("/dev/shm/") != std::string::npos || line.find("/SYSV") != std::string::npos;
      holdings.mappings += is_shared ? 1 : 0;
    }
    return holdings;
  }
};

inline void CheckNothingIsHeld(const Holdings& before) {
  const Holdings now = Holdings::Count();
  tap::Equal(now.descriptors, before.descriptors, tap::Text("descriptors after ", Fault::The().what()));
  tap::Equal(now.mappings, before.mappings, tap::Text("mappings after ", Fault::The().what()));
}

inline void CheckNothingIsLeft() {
  shm_info segments{};
  shmctl(0, SHM_INFO, reinterpret_cast<shmid_ds*>(&segments));
  seminfo sets{};
  semctl(0, 0, SEM_INFO, &sets);
  tap::Equal(segments.used_ids, 0, tap::Text("segments after ", Fault::The().what()));
  tap::Equal(sets.semusz, 0, tap::Text("sets after ", Fault::The().what()));
  tap::Equal(dev_shm::Files(), 0, tap::Text("files after ", Fault::The().what()));
}

}  // namespace fail
