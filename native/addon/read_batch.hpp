// The reads of one segment that travel together.
#pragma once

#include <napi.h>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "arguments.hpp"
#include "job.hpp"
#include "shmnode/cell.hpp"

namespace shmnode::addon {

// Columns of a read's row in the table, as in js/table.js: what is asked, then what came of it.
enum ReadColumn : size_t {
  kReadOffset,
  kReadWhole,
  kReadVersion,
  kReadLength,
  kReadCopied,
  kReadCommittedAt,
  kReadWriterPid,
  kReadRetries
};

// Fills the columns from kReadVersion on. Times are milliseconds since the Unix epoch.
void StoreFacts(const Table& table, size_t row, const ValueFacts& facts, const ReadRequest& request);

// callback(failure, failures, mediaTypes): the first where all failed alike, else arrays in the order of the reads, or
// undefined where there is nothing to say.
class ReadBatch : public Job {
 public:
  ReadBatch(std::shared_ptr<const Cell> cell, const Napi::Array& targets, const Table& table, std::chrono::nanoseconds slice,
            const Napi::Function& callback);

 private:
  void Execute() override;
  void OnOK() override;
  Napi::Value Failures();
  Napi::Value MediaTypes();

  std::shared_ptr<const Cell> cell_;
  Table table_;
  std::chrono::nanoseconds slice_;
  std::vector<ReadRequest> requests_;
  std::vector<Pin> pins_;  // of what the requests point to
  std::vector<uint32_t> retries_;
  std::vector<Result<ValueFacts>> results_;
  std::optional<Error> failure_;
};

}  // namespace shmnode::addon
