#include "raw_read_batch.hpp"

#include <utility>

#include "patience.hpp"
#include "read_batch.hpp"

namespace shmnode::addon {

void StorePart(const Table& table, size_t row, const RawPart& part) {
  table.At(row, kReadVersion) = 0;
  table.At(row, kReadLength) = static_cast<double>(part.length);
  table.At(row, kReadCopied) = static_cast<double>(part.copied);
  table.At(row, kReadCommittedAt) = 0;
  table.At(row, kReadWriterPid) = 0;
  table.At(row, kReadRetries) = 0;
}

RawReadBatch::RawReadBatch(std::shared_ptr<const Raw> raw, bool nul_terminated, const Napi::Array& targets, const Table& table,
                           std::chrono::nanoseconds slice, const Napi::Function& callback)
    : Job(callback, "shmnode:read"), raw_(std::move(raw)), table_(table), slice_(slice) {
  const uint32_t count = targets.Length();
  requests_.reserve(count);
  for (uint32_t row = 0; row < count; row++) {
    auto [target, pin] = ToPinnedBytes(targets.Get(row));
    pins_.push_back(std::move(pin));
    requests_.push_back({.target = target.data,
                         .room = target.length,
                         .offset = static_cast<uint64_t>(table_.At(row, kReadOffset)),
                         .whole = table_.At(row, kReadWhole) != 0,
                         .nul_terminated = nul_terminated});
  }
}

void RawReadBatch::Execute() {
  const Status status = WithPatience([this](Deadline deadline) { return ReadAll(deadline); }, slice_);
  if (!status) failure_ = status.error();
}

Status RawReadBatch::ReadAll(Deadline deadline) {
  const auto hold = raw_->Lock(LockMode::kShared, deadline);
  if (!hold) return hold.error();
  results_.reserve(requests_.size());
  for (const RawRead& request : requests_) results_.push_back(raw_->Read(*hold, request));
  return Nothing{};
}

void RawReadBatch::OnOK() {
  if (failure_) return Fail(*failure_);
  Napi::Value failures = Env().Undefined();
  for (uint32_t row = 0; row < results_.size(); row++) {
    if (results_[row]) {
      StorePart(table_, row, *results_[row]);
      continue;
    }
    if (failures.IsUndefined()) failures = Napi::Array::New(Env(), results_.size());
    failures.As<Napi::Array>().Set(row, ToFailure(Env(), results_[row].error()));
  }
  Callback().Call({Env().Undefined(), failures});
}

}  // namespace shmnode::addon
