// One attach for all handles of the process on the same segment.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "shmnode/cell.hpp"

namespace shmnode::addon {

using SharedCell = std::shared_ptr<const Cell>;

// The cells that some handle or job of some thread has. Who opens attaches first, and makes every check on what he attached;
// if it turns out to be what the process has already, his attach goes, and he shares the other one.
class AttachedCells {
 public:
  // Never destroyed: worker threads may open and close until the process has ended.
  static AttachedCells& OfProcess() {
    static auto* cells = new AttachedCells;
    return *cells;
  }

  // On a pool thread: what it detaches may be large.
  SharedCell Share(const SharedCell& cell) {
    const Key key{cell->segment().identity(), cell->geometry().incarnation, cell->segment().read_only()};
    const std::lock_guard guard(mutex_);
    std::erase_if(cells_, [](const auto& entry) { return entry.second.expired(); });
    auto& known = cells_[key];
    // The constant fields of a header change where somebody writes nonsense into it; then each keeps to what he checked.
    if (auto shared = known.lock(); shared && shared->geometry() == cell->geometry()) return shared;
    known = cell;
    return cell;
  }

 private:
  using Key = std::tuple<SegmentIdentity, uint64_t, bool>;

  std::mutex mutex_;
  std::map<Key, std::weak_ptr<const Cell>> cells_;
};

}  // namespace shmnode::addon
