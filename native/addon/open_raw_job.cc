#include "open_raw_job.hpp"

#include <utility>

#include "raw_handle.hpp"
#include "wait_permit.hpp"

namespace shmnode::addon {

namespace {

bool Flag(const Napi::Object& object, const char* name) { return object.Get(name).As<Napi::Boolean>(); }
double Number(const Napi::Object& object, const char* name) { return object.Get(name).As<Napi::Number>().DoubleValue(); }

}  // namespace

RawSettings::RawSettings(const Napi::Object& object)
    : options_{.capacity = static_cast<uint64_t>(Number(object, "capacity")),
               .mode = static_cast<unsigned>(Number(object, "mode")),
               .create = Flag(object, "create"),
               .exclusive = Flag(object, "exclusive"),
               .read_only = Flag(object, "readOnly"),
               .owner = ToOwnerPolicy(object)},
      semaphore_(object.Get("semaphore").As<Napi::String>().Utf8Value()),
      nul_terminated_(Flag(object, "nulTerminated")) {}

RawOptions RawSettings::Options() const {
  RawOptions options = options_;
  if (!semaphore_.empty()) options.semaphore = semaphore_.c_str();
  return options;
}

OpenRawJob::OpenRawJob(Reference reference, RawSettings settings, const Napi::Value& facts, std::chrono::nanoseconds slice,
                       const Napi::Function& callback)
    : Job(callback, "shmnode:open"),
      reference_(std::move(reference)),
      settings_(std::move(settings)),
      facts_(Napi::Persistent(facts)),
      slice_(slice) {}

OpenRawJob::~OpenRawJob() {
  if (raw_ && reference_.IsPrivate()) static_cast<void>(Segment::Remove(raw_->segment().id()));
}

void OpenRawJob::Execute() {
  const auto target = reference_.Resolve();
  if (!target) {
    failure_ = target.error();
    return;
  }
  // Before the segment is made, as for cells.
  auto room = std::make_shared<std::optional<Raw>>();
  const WaitPermit permit;
  auto raw = OpenRaw(*target, settings_.Options(), permit.Slice(slice_));
  if (raw) {
    room->emplace(*std::move(raw));
    raw_ = std::shared_ptr<const Raw>(room, &**room);
  } else {
    failure_ = raw.error();
    failure_->key = target->kind == Target::Kind::kPosix ? 0 : target->key;
  }
}

void OpenRawJob::OnOK() {
  if (failure_) return Fail(*failure_);
  Callback().Call({Env().Undefined(), RawHandle::New(Env(), raw_, settings_.nul_terminated(), facts_.Value())});
  raw_.reset();
}

}  // namespace shmnode::addon
