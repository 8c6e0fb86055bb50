// What there is to know of a cell, and of all cells on the machine.
#pragma once

#include <sys/shm.h>

#include <optional>
#include <vector>

#include "cell.hpp"

namespace shmnode {

// What is told of one cell.
struct CellInfo {
  int id;             // the kernel's shmid
  key_t key;          // 0 for a private segment, and for one that is removed but still attached
  Geometry geometry;  // what its header says
  ValueFacts value;   // of the current value, without its bytes
  shmid_ds kernel;    // owner, mode, size, number of attaches
};

// `kernel` as Segment::Stat tells it of the cell's segment.
inline Result<CellInfo> Describe(const Cell& cell, const shmid_ds& kernel) noexcept {
  const auto value = cell.Facts();
  if (!value) return value.error();
  return CellInfo{.id = cell.segment().id(), .key = kernel.shm_perm.__key, .geometry = cell.geometry(), .value = *value, .kernel = kernel};
}

// The same of an open cell, as it is now. From any thread. kDestroyed, kCorrupt, kBusy as of a read.
inline Result<CellInfo> Inspect(const Cell& cell) noexcept {
  const auto kernel = Segment::Stat(cell.segment().id());
  if (!kernel) return kernel.error();
  if ((kernel->shm_perm.mode & SHM_DEST) != 0) return Fail(Code::kDestroyed);
  return Describe(cell, *kernel);
}

namespace detail {

inline Result<CellInfo> InspectById(int id, const shmid_ds& kernel) noexcept {
  const auto removed = (kernel.shm_perm.mode & SHM_DEST) != 0;
  if (removed || kernel.shm_segsz < kHeaderBytes + kMinSlots * kStrideUnit) return Fail(Code::kLayout);
  auto segment = Segment::Attach(id, kernel.shm_segsz, Access::kReadOnly);
  if (!segment) return segment.error();
  if (ContentOf(*segment) != Content::kCell) return Fail(Code::kLayout);
  const auto geometry = LoadGeometry(*segment);
  if (!geometry) return geometry.error();
  return Describe(Cell(*std::move(segment), *geometry), kernel);  // as it was before this attach
}

}  // namespace detail

// Every cell segment that this process may read and whose header and value make sense, by read-only attach. An error
// where the kernel does not tell, since a list that lacks some of them would say that they are not there. May throw
// std::bad_alloc.
inline Result<std::vector<CellInfo>> ListCells() {
  std::vector<CellInfo> cells;
  std::optional<Error> failure;
  const Status told = Segment::ForEach([&cells, &failure](int id, const shmid_ds& kernel) {
    const auto info = detail::InspectById(id, kernel);
    if (info) cells.push_back(*info);
    if (info.code() == Code::kNoSpace || info.code() == Code::kSystem) failure = info.error();
  });
  if (!told) return told.error();
  if (failure) return *failure;
  return cells;
}

}  // namespace shmnode
