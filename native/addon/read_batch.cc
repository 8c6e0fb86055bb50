#include "read_batch.hpp"

#include <algorithm>
#include <utility>

#include "wait_permit.hpp"

namespace shmnode::addon {

void StoreFacts(const Table& table, size_t row, const ValueFacts& facts, const ReadRequest& request) {
  const uint64_t offset = std::min(request.offset, facts.length);
  table.At(row, kReadVersion) = static_cast<double>(facts.version);
  table.At(row, kReadLength) = static_cast<double>(facts.length);
  table.At(row, kReadCopied) = static_cast<double>(std::min(request.room, facts.length - offset));
  table.At(row, kReadCommittedAt) = static_cast<double>(facts.committed_ns) / 1e6;
  table.At(row, kReadWriterPid) = facts.writer_pid;
}

ReadBatch::ReadBatch(std::shared_ptr<const Cell> cell, const Napi::Array& targets, const Table& table, std::chrono::nanoseconds slice,
                     const Napi::Function& callback)
    : Job(callback, "shmnode:read"), cell_(std::move(cell)), table_(table), slice_(slice) {
  const uint32_t count = targets.Length();
  requests_.reserve(count);
  retries_.resize(count);
  for (uint32_t row = 0; row < count; row++) {
    auto [target, pin] = ToPinnedBytes(targets.Get(row));
    pins_.push_back(std::move(pin));
    requests_.push_back({.target = target.data,
                         .room = target.length,
                         .offset = static_cast<uint64_t>(table_.At(row, kReadOffset)),
                         .whole = table_.At(row, kReadWhole) != 0,
                         .retries = &retries_[row]});
  }
}

void ReadBatch::Execute() {
  // Once for the batch: somebody may have removed the segment behind our back, and others may use a new one by now.
  if (const Status removed = cell_->CheckNotRemoved(); !removed) {
    failure_ = removed.error();
    return;
  }
  std::optional<WaitPermit> permit;
  Deadline slice = Deadline::Now();
  results_.reserve(requests_.size());
  for (const ReadRequest& request : requests_) {
    auto facts = cell_->TryRead(request);
    if (facts.code() == Code::kBusy) {
      // One slice for all of the batch: however many have to wait, the thread is back within it.
      if (!permit) slice = permit.emplace().Slice(slice_);
      facts = cell_->Read(request, slice);
    }
    results_.push_back(std::move(facts));
  }
}

void ReadBatch::OnOK() {
  if (failure_) return Fail(*failure_);
  for (size_t row = 0; row < results_.size(); row++) {
    if (!results_[row]) continue;
    StoreFacts(table_, row, *results_[row], requests_[row]);
    table_.At(row, kReadRetries) = retries_[row];
  }
  Callback().Call({Env().Undefined(), Failures(), MediaTypes()});
}

Napi::Value ReadBatch::Failures() {
  Napi::Value failures = Env().Undefined();
  for (uint32_t row = 0; row < results_.size(); row++) {
    if (results_[row]) continue;
    if (failures.IsUndefined()) failures = Napi::Array::New(Env(), results_.size());
    failures.As<Napi::Array>().Set(row, ToFailure(Env(), results_[row].error()));
  }
  return failures;
}

Napi::Value ReadBatch::MediaTypes() {
  Napi::Value types = Env().Undefined();
  for (uint32_t row = 0; row < results_.size(); row++) {
    if (!results_[row] || results_[row]->media_type.front() == '\0') continue;
    if (types.IsUndefined()) types = Napi::Array::New(Env(), results_.size());
    types.As<Napi::Array>().Set(row, Napi::String::New(Env(), results_[row]->media_type.data()));
  }
  return types;
}

}  // namespace shmnode::addon
