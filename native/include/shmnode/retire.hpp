#pragma once

#include <atomic>

#include "futex.hpp"
#include "layout.hpp"
#include "segment.hpp"

namespace shmnode {

// Tells every attached process that this segment has come to its end. Removal follows. Only of a cell.
inline void RetireHeader(const Segment& segment) noexcept {
  auto* header = reinterpret_cast<Header*>(segment.data());
  header->retired.store(1, std::memory_order_seq_cst);
  FutexWakeAll(header->notify);
}

}  // namespace shmnode
