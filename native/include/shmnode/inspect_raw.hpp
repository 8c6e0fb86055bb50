// What the kernel knows of a raw segment, and of all that may be one.
#pragma once

#include <optional>
#include <vector>

#include "open_raw.hpp"

namespace shmnode {

// Facts of one segment, as of one moment.
struct RawInfo {
  int id;           // the kernel's shmid
  key_t key;        // 0 for a private segment
  shmid_ds kernel;  // owner, mode, size, creator's pid, number of attaches
};

// kDestroyed where it was removed. One system call.
inline Result<RawInfo> Inspect(const Raw& raw) noexcept {
  const auto kernel = Segment::Stat(raw.segment().id());
  if (!kernel) return kernel.error();
  if ((kernel->shm_perm.mode & SHM_DEST) != 0) return Fail(Code::kDestroyed);
  return RawInfo{.id = raw.segment().id(), .key = kernel->shm_perm.__key, .kernel = *kernel};
}

namespace detail {

inline Result<RawInfo> InspectRawById(int id, const shmid_ds& kernel) noexcept {
  if ((kernel.shm_perm.mode & SHM_DEST) != 0) return Fail(Code::kDestroyed);
  const auto segment = Segment::Attach(id, kernel.shm_segsz, Access::kReadOnly);
  if (!segment) return segment.error();
  if (IsCell(*segment, kernel.shm_perm.__key)) return Fail(Code::kLayout);
  return RawInfo{.id = id, .key = kernel.shm_perm.__key, .kernel = kernel};  // as it was before this attach
}

}  // namespace detail

// Every segment that this process may read and that is no cell. Errors as of ListCells. May throw std::bad_alloc.
inline Result<std::vector<RawInfo>> ListRaw() {
  std::vector<RawInfo> all;
  std::optional<Error> failure;
  const Status told = Segment::ForEach([&all, &failure](int id, const shmid_ds& kernel) {
    const auto info = detail::InspectRawById(id, kernel);
    if (info) all.push_back(*info);
    if (info.code() == Code::kNoSpace || info.code() == Code::kSystem) failure = info.error();
  });
  if (!told) return told.error();
  if (failure) return *failure;
  return all;
}

}  // namespace shmnode
