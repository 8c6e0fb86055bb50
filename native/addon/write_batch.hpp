// The writes of one segment that travel together, under one lock acquisition.
#pragma once

#include <napi.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "cancel_flags.hpp"
#include "job.hpp"
#include "shmnode/cell.hpp"

namespace shmnode::addon {

// Columns of a write's row in the table, as in js/table.js: what is asked, then what came of it. Negative: none.
enum WriteColumn : size_t { kWriteIfVersion, kWriteMediaType, kWriteVersion };

// callback(failure, failures): the first where nothing was written, for want of the lock or of the segment; else an array
// in the order of the writes, or undefined where all were committed.
class WriteBatch : public Job {
 public:
  // A row of the table for each of `buffers`; kWriteMediaType is an index of `media_types`. What is cancelled before its
  // commit is not committed: kBusy.
  WriteBatch(std::shared_ptr<const Cell> cell, const Napi::Array& buffers, const Napi::Array& media_types, const Table& table,
             std::shared_ptr<const CancelFlags> cancelled, std::chrono::nanoseconds slice, const Napi::Function& callback);

 private:
  void Execute() override;
  void OnOK() override;
  Result<uint64_t> CommitOne(const WriteHold& hold, size_t row) const;
  Status CommitAll(Deadline deadline);

  std::shared_ptr<const Cell> cell_;
  Table table_;
  std::shared_ptr<const CancelFlags> cancelled_;
  std::chrono::nanoseconds slice_;
  std::vector<std::string> media_types_;
  std::vector<WriteRequest> requests_;
  std::vector<Pin> pins_;  // of what the requests point to
  std::vector<Result<uint64_t>> results_;
  std::optional<Error> failure_;
};

}  // namespace shmnode::addon
