// Where POSIX segments are found and made: under a name in /dev/shm. Their semaphore set has the key of the name, slash and all.
#pragma once

#include "owner_policy.hpp"
#include "posix_file.hpp"
#include "process.hpp"
#include "segment.hpp"
#include "semaphore_set.hpp"
#include "target.hpp"
#include "turnstile_lock.hpp"

namespace shmnode::detail {

// As SystemVPlace.
class PosixPlace {
 public:
  struct Found {
    PosixFile file;
    SegmentFacts facts;
  };

  // A file gets its name with the cell in it; a blank one is never a dead creator's. Who removes a name removes whatever
  // it leads to by then, so it takes the lock of the name.
  static constexpr bool kShowsBlank = false;
  static constexpr bool kRemovesByName = true;

  explicit PosixPlace(const Target& target) noexcept : target_(target) {}

  key_t set_key() const noexcept { return target_.key; }
  // Files may be shared where semaphores are not.
  static uint32_t ipc_namespace() noexcept { return IpcNamespace(); }

  Result<Found> Find(Access access) const noexcept {
    auto file = PosixFile::Open(target_.name, access == Access::kReadOnly);
    if (!file) return file.error();
    const auto facts = file->Stat();
    if (!facts) return facts.error();
    return Found{.file = *std::move(file), .facts = FactsOf(*facts, target_.key)};
  }

  static Result<Segment> Attach(Found found, Access access) noexcept {
    return Segment::Map(std::move(found.file), found.facts.bytes, access);
  }

  static bool LeadsTo(const Segment& segment) noexcept { return segment.file().IsNamed(); }
  // Nothing has the name.
  bool IsFree() const noexcept { return !PosixFile::HasName(target_.name); }

  // Blank, and nobody else's until it is published.
  Result<Segment> Make(uint64_t bytes, unsigned mode) const noexcept {
    auto file = PosixFile::Create(target_.name, bytes, mode);
    if (!file) return file.error();
    return Segment::Map(*std::move(file), bytes, Access::kReadWrite);
  }
  // kExists where something has the name by now.
  static Status Publish(const Segment& segment) noexcept { return segment.file().Link(); }

  Result<SemaphoreSet> FindSet() const noexcept { return SemaphoreSet::Find(target_.key, kSemaphoreCount); }
  // A System V segment has the key: the set may be its lock.
  bool IsContested() const noexcept { return Segment::Find(target_.key).code() != Code::kNotFound; }

  // Writers of a removed file look whether it is before they say that they have written.
  static void RetireRemoved(SemaphoreSet, const OwnerPolicy&) noexcept {}

 private:
  const Target& target_;
};

}  // namespace shmnode::detail
