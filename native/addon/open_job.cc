#include "open_job.hpp"

#include <utility>

#include "attached_cells.hpp"
#include "segment_handle.hpp"
#include "wait_permit.hpp"

namespace shmnode::addon {

OpenJob::OpenJob(Reference reference, const OpenOptions& options, const Napi::Value& facts, std::chrono::nanoseconds slice,
                 const Napi::Function& callback)
    : Job(callback, "shmnode:open"), reference_(std::move(reference)), options_(options), facts_(Napi::Persistent(facts)), slice_(slice) {}

OpenJob::~OpenJob() {
  if (cell_ && reference_.IsPrivate()) static_cast<void>(cell_->Destroy(Deadline::Now()));
}

void OpenJob::Execute() {
  const auto target = reference_.Resolve();
  if (!target) {
    failure_ = target.error();
    return;
  }
  // Before the segment is made: a private one that then found no memory for its handle would be lost.
  auto room = std::make_shared<std::optional<Cell>>();
  const WaitPermit permit;
  auto cell = OpenCell(*target, options_, permit.Slice(slice_));
  if (cell) {
    room->emplace(*std::move(cell));
    cell_ = SharedCell(room, &**room);
    cell_ = AttachedCells::OfProcess().Share(cell_);
  } else {
    failure_ = cell.error();
    failure_->key = target->kind == Target::Kind::kPosix ? 0 : target->key;
  }
}

void OpenJob::OnOK() {
  if (failure_) return Fail(*failure_);
  Callback().Call({Env().Undefined(), SegmentHandle::New(Env(), cell_, facts_.Value())});
  cell_.reset();
}

}  // namespace shmnode::addon
