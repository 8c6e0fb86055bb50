// The reads of one raw segment that travel together, under one shared lock.
#pragma once

#include <napi.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "arguments.hpp"
#include "job.hpp"
#include "shmnode/raw.hpp"

namespace shmnode::addon {

// Fills a read's row, in the columns that cells' reads have; those that a raw segment knows nothing of become 0.
void StorePart(const Table& table, size_t row, const RawPart& part);

// callback(failure, failures): the first where nothing was read, for want of the lock or of the segment; else an array in the
// order of the reads, or undefined where all went well.
class RawReadBatch : public Job {
 public:
  RawReadBatch(std::shared_ptr<const Raw> raw, bool nul_terminated, const Napi::Array& targets, const Table& table,
               std::chrono::nanoseconds slice, const Napi::Function& callback);

 private:
  void Execute() override;
  void OnOK() override;
  Status ReadAll(Deadline deadline);

  std::shared_ptr<const Raw> raw_;
  Table table_;
  std::chrono::nanoseconds slice_;
  std::vector<RawRead> requests_;
  std::vector<Pin> pins_;  // of what the requests point to
  std::vector<Result<RawPart>> results_;
  std::optional<Error> failure_;
};

}  // namespace shmnode::addon
