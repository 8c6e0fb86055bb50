// The writes of one raw segment that travel together, under one exclusive lock.
#pragma once

#include <napi.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "arguments.hpp"
#include "cancel_flags.hpp"
#include "job.hpp"
#include "shmnode/raw.hpp"

namespace shmnode::addon {

// The column of a write's row in the table, as in js/table.js.
enum RawWriteColumn : size_t { kRawWriteOffset };

// callback(failure, failures): the first where nothing was written, for want of the lock or of the segment; else an array in the
// order of the writes, or undefined where all went well.
class RawWriteBatch : public Job {
 public:
  // A row of the table for each of `buffers`. What is cancelled before its turn is not written: kBusy.
  RawWriteBatch(std::shared_ptr<const Raw> raw, bool nul_terminated, const Napi::Array& buffers, const Table& table,
                std::shared_ptr<const CancelFlags> cancelled, std::chrono::nanoseconds slice, const Napi::Function& callback);

 private:
  void Execute() override;
  void OnOK() override;
  Status WriteAll(Deadline deadline);
  Status WriteOne(const RawHold& hold, size_t row) const;

  std::shared_ptr<const Raw> raw_;
  std::shared_ptr<const CancelFlags> cancelled_;
  std::chrono::nanoseconds slice_;
  std::vector<RawWrite> requests_;
  std::vector<Pin> pins_;  // of what the requests point to
  std::vector<Status> results_;
  std::optional<Error> failure_;
};

}  // namespace shmnode::addon
