// What the kernel knows of a raw segment, and of all that may be one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "inspect.hpp"
#include "open_raw.hpp"

namespace shmnode {

// Facts of one segment, as of one moment.
struct RawInfo {
  bool is_posix;        // else System V's
  int id;               // the kernel's shmid; -1 of POSIX memory
  key_t key;            // 0 for a private segment, and for POSIX memory
  std::string name;     // of POSIX memory, with its slash
  SegmentFacts kernel;  // owner, mode, size, creator's pid, number of attaches
};

namespace detail {

inline RawInfo DescribeRaw(const Segment& segment, const SegmentFacts& kernel) {
  const bool is_posix = segment.is_posix();
  return {.is_posix = is_posix,
          .id = segment.id(),
          .key = is_posix ? 0 : kernel.key,
          .name = is_posix ? std::string(segment.file().name()) : std::string(),
          .kernel = kernel};
}

template <class Place>
Result<RawInfo> InspectFoundRaw(typename Place::Found found) {
  const SegmentFacts kernel = found.facts;
  if (kernel.removed) return Fail(Code::kDestroyed);
  const auto segment = Place::Attach(std::move(found), Access::kReadOnly);
  if (!segment) return segment.error();
  if (IsCell(*segment, kernel.key)) return Fail(Code::kLayout);
  return DescribeRaw(*segment, kernel);  // as it was before this attach
}

}  // namespace detail

// kDestroyed where it was removed. One system call. May throw std::bad_alloc.
inline Result<RawInfo> Inspect(const Raw& raw) {
  const auto kernel = raw.segment().Facts();
  if (!kernel) return kernel.error();
  if (kernel->removed) return Fail(Code::kDestroyed);
  return detail::DescribeRaw(raw.segment(), *kernel);
}

// Every segment that this process may read and that is no cell: System V's, then those in /dev/shm whose names IsValidPosixName
// accepts, but for POSIX semaphores, which live there too. Errors as of ListCells. May throw std::bad_alloc.
inline Result<std::vector<RawInfo>> ListRaw() {
  detail::InfoList<RawInfo> list;
  const Status told = Segment::ForEach([&list](int id, const shmid_ds& kernel) {
    list.Add(detail::InspectFoundRaw<detail::SystemVPlace>({.id = id, .facts = FactsOf(kernel)}));
  });
  if (!told) return told.error();
  const Status read = detail::ForEachPosixName([&list](const std::string& name) {
    if (name.starts_with("/sem.")) return;
    auto found = detail::PosixPlace(Target::Posix(name)).Find(Access::kReadOnly);
    list.Add(found ? detail::InspectFoundRaw<detail::PosixPlace>(*std::move(found)) : found.error());
  });
  if (!read) return read.error();
  return std::move(list).Take();
}

}  // namespace shmnode
