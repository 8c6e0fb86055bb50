#include "raw_write_batch.hpp"

#include <utility>

#include "patience.hpp"

namespace shmnode::addon {

RawWriteBatch::RawWriteBatch(std::shared_ptr<const Raw> raw, bool nul_terminated, const Napi::Array& buffers, const Table& table,
                             std::shared_ptr<const CancelFlags> cancelled, std::chrono::nanoseconds slice, const Napi::Function& callback)
    : Job(callback, "shmnode:write"), raw_(std::move(raw)), cancelled_(std::move(cancelled)), slice_(slice) {
  const uint32_t count = buffers.Length();
  requests_.reserve(count);
  for (uint32_t row = 0; row < count; row++) {
    auto [bytes, pin] = ToPinnedBytes(buffers.Get(row));
    pins_.push_back(std::move(pin));
    requests_.push_back({.data = bytes.data,
                         .length = bytes.length,
                         .offset = static_cast<uint64_t>(table.At(row, kRawWriteOffset)),
                         .nul_terminated = nul_terminated});
  }
}

void RawWriteBatch::Execute() {
  const Status status = WithPatience([this](Deadline deadline) { return WriteAll(deadline); }, slice_);
  if (!status) failure_ = status.error();
}

// Whose write fails leaves the others' alone.
Status RawWriteBatch::WriteAll(Deadline deadline) {
  const auto hold = raw_->Lock(LockMode::kExclusive, deadline);
  if (!hold) return hold.error();
  results_.reserve(requests_.size());
  for (size_t row = 0; row < requests_.size(); row++) results_.push_back(WriteOne(*hold, row));
  return Nothing{};
}

Status RawWriteBatch::WriteOne(const RawHold& hold, size_t row) const {
  if (cancelled_->IsCancelled(row)) return shmnode::Fail(Code::kBusy, "cancelled");
  return raw_->Write(hold, requests_[row]);
}

void RawWriteBatch::OnOK() {
  if (failure_) return Fail(*failure_);
  Napi::Value failures = Env().Undefined();
  for (uint32_t row = 0; row < results_.size(); row++) {
    if (results_[row]) continue;
    if (failures.IsUndefined()) failures = Napi::Array::New(Env(), results_.size());
    failures.As<Napi::Array>().Set(row, ToFailure(Env(), results_[row].error()));
  }
  Callback().Call({Env().Undefined(), failures});
}

}  // namespace shmnode::addon
