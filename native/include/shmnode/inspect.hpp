// What there is to know of a cell, and of all cells on the machine.
#pragma once

#include <dirent.h>
#include <sys/shm.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cell.hpp"
#include "posix_place.hpp"
#include "system_v_place.hpp"

namespace shmnode {

// What is told of one cell.
struct CellInfo {
  bool is_posix;        // else System V's
  int id;               // the kernel's shmid; -1 of POSIX memory
  key_t key;            // 0 for a private segment, for one that is removed but still attached, and for POSIX memory
  Geometry geometry;    // what its header says
  ValueFacts value;     // of the current value, without its bytes
  SegmentFacts kernel;  // owner, mode, size, number of attaches
};

// `kernel` as Segment::Facts tells it of the cell's segment.
inline Result<CellInfo> Describe(const Cell& cell, const SegmentFacts& kernel) noexcept {
  const auto value = cell.Facts();
  if (!value) return value.error();
  const bool is_posix = cell.segment().is_posix();
  return CellInfo{.is_posix = is_posix,
                  .id = cell.segment().id(),
                  .key = is_posix ? 0 : kernel.key,
                  .geometry = cell.geometry(),
                  .value = *value,
                  .kernel = kernel};
}

// The same of an open cell, as it is now. From any thread. kDestroyed, kCorrupt, kBusy as of a read.
inline Result<CellInfo> Inspect(const Cell& cell) noexcept {
  const auto kernel = cell.segment().Facts();
  if (!kernel) return kernel.error();
  if (kernel->removed) return Fail(Code::kDestroyed);
  return Describe(cell, *kernel);
}

namespace detail {

// Of what was found at a place, and as it was before this attach.
template <class Place>
Result<CellInfo> InspectFound(const Target& target, typename Place::Found found) noexcept {
  const SegmentFacts kernel = found.facts;
  if (kernel.removed || kernel.bytes < kHeaderBytes + kMinSlots * kStrideUnit) return Fail(Code::kLayout);
  auto segment = Place::Attach(std::move(found), Access::kReadOnly);
  if (!segment) return segment.error();
  if (ContentOf(*segment) != Content::kCell) return Fail(Code::kLayout);
  const auto geometry = LoadGeometry(*segment);
  if (!geometry) return geometry.error();
  if (!target.Accepts(*geometry)) return Fail(Code::kNameCollision);
  return Describe(Cell(*std::move(segment), *geometry), kernel);
}

// Not attached where the first bytes say that it is no cell: others' files may be many, and large.
inline Result<CellInfo> InspectByName(std::string_view name) noexcept {
  const Target target = Target::Posix(name);
  auto found = PosixPlace(target).Find(Access::kReadOnly);
  if (!found) return found.error();
  uint64_t magic = 0;
  if (pread(found->file.descriptor(), &magic, sizeof magic, 0) != sizeof magic || magic != kMagic) return Fail(Code::kLayout);
  return InspectFound<PosixPlace>(target, *std::move(found));
}

// Takes what makes sense, and keeps what else may go wrong.
template <class Info>
class InfoList {
 public:
  void Add(const Result<Info>& info) {
    if (info) infos_.push_back(*info);
    if (info.code() == Code::kNoSpace || info.code() == Code::kLimit || info.code() == Code::kSystem) failure_ = info.error();
  }
  Result<std::vector<Info>> Take() && {
    if (failure_) return *failure_;
    return std::move(infos_);
  }

 private:
  std::vector<Info> infos_;
  std::optional<Error> failure_;
};

// Calls `visit(name)` for every file in /dev/shm that has a name as ours have them.
template <class Visit>
Status ForEachPosixName(Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(kPosixDirectory), closedir);
  if (!directory) return errno == ENOENT ? Status(Nothing{}) : FromFileErrno("opendir", errno);
  while (const dirent* entry = (errno = 0, readdir(directory.get()))) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    // To open another kind of file might wake somebody up.
    if (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN) continue;
    const std::string name = std::string("/") + entry->d_name;
    if (IsValidPosixName(name)) visit(name);
  }
  return errno == 0 ? Status(Nothing{}) : FromFileErrno("readdir", errno);
}

}  // namespace detail

// Every cell that this process may read and whose header and value make sense, by read-only attach: System V's, then those in
// /dev/shm. An error where the kernel does not tell, since a list that lacks some of them would say that they are not there.
// May throw std::bad_alloc.
inline Result<std::vector<CellInfo>> ListCells() {
  detail::InfoList<CellInfo> list;
  const Status told = Segment::ForEach([&list](int id, const shmid_ds& kernel) {
    list.Add(detail::InspectFound<detail::SystemVPlace>(Target::Id(id), {.id = id, .facts = FactsOf(kernel)}));
  });
  if (!told) return told.error();
  const Status read = detail::ForEachPosixName([&list](const std::string& name) { list.Add(detail::InspectByName(name)); });
  if (!read) return read.error();
  return std::move(list).Take();
}

}  // namespace shmnode
