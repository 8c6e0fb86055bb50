#include "write_batch.hpp"

#include <string_view>
#include <utility>

#include "wait_permit.hpp"

namespace shmnode::addon {

namespace {

std::vector<std::string> AllStrings(const Napi::Array& strings) {
  std::vector<std::string> all(strings.Length());
  for (uint32_t i = 0; i < all.size(); i++) all[i] = strings.Get(i).As<Napi::String>().Utf8Value();
  return all;
}

}  // namespace

WriteBatch::WriteBatch(std::shared_ptr<const Cell> cell, const Napi::Array& buffers, const Napi::Array& media_types, const Table& table,
                       std::shared_ptr<const CancelFlags> cancelled, std::chrono::nanoseconds slice, const Napi::Function& callback)
    : Job(callback, "shmnode:write"),
      cell_(std::move(cell)),
      table_(table),
      cancelled_(std::move(cancelled)),
      slice_(slice),
      media_types_(AllStrings(media_types)) {
  const uint32_t count = buffers.Length();
  requests_.reserve(count);
  for (uint32_t row = 0; row < count; row++) {
    auto [bytes, pin] = ToPinnedBytes(buffers.Get(row));
    pins_.push_back(std::move(pin));
    const double type = table_.At(row, kWriteMediaType);
    requests_.push_back({.data = bytes.data,
                         .length = bytes.length,
                         .media_type = type < 0 ? std::string_view() : media_types_.at(static_cast<size_t>(type)),
                         .if_version = ToOptionalCount(table_.At(row, kWriteIfVersion))});
  }
}

void WriteBatch::Execute() {
  Status status = CommitAll(Deadline::Now());
  if (status.code() == Code::kBusy && slice_.count() > 0) {
    const WaitPermit permit;
    if (permit.granted()) status = CommitAll(permit.Slice(slice_));
  }
  if (!status) {
    failure_ = status.error();
  } else {
    cell_->Wake();
  }
}

// Whose commit fails leaves the others' alone.
Status WriteBatch::CommitAll(Deadline deadline) {
  const auto hold = cell_->LockForWrite(deadline);
  if (!hold) return hold.error();
  // As for reads: what is committed to a removed segment, nobody would find.
  if (const Status removed = cell_->CheckNotRemoved(); !removed) return removed;
  results_.reserve(requests_.size());
  for (size_t row = 0; row < requests_.size(); row++) results_.push_back(CommitOne(*hold, row));
  return Nothing{};
}

Result<uint64_t> WriteBatch::CommitOne(const WriteHold& hold, size_t row) const {
  if (cancelled_->IsCancelled(row)) return shmnode::Fail(Code::kBusy, "cancelled");
  return cell_->Commit(hold, requests_[row]);
}

void WriteBatch::OnOK() {
  if (failure_) return Fail(*failure_);
  Napi::Value failures = Env().Undefined();
  for (uint32_t row = 0; row < results_.size(); row++) {
    if (results_[row]) {
      table_.At(row, kWriteVersion) = static_cast<double>(*results_[row]);
      continue;
    }
    if (failures.IsUndefined()) failures = Napi::Array::New(Env(), results_.size());
    failures.As<Napi::Array>().Set(row, ToFailure(Env(), results_[row].error()));
  }
  Callback().Call({Env().Undefined(), failures});
}

}  // namespace shmnode::addon
