#include "machine.hpp"

#include <vector>

#include "arguments.hpp"
#include "open_job.hpp"
#include "open_raw_job.hpp"
#include "reference.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/destroy_raw.hpp"
#include "shmnode/inspect.hpp"
#include "shmnode/inspect_raw.hpp"
#include "task.hpp"
#include "to_js.hpp"
#include "wait_permit.hpp"

namespace shmnode::addon {

namespace {

using DestroyIt = Status (*)(const Target& target, const OwnerPolicy& owner, Deadline deadline) noexcept;

Status DestroyTarget(DestroyIt destroy, const Reference& reference, const OwnerPolicy& owner, std::chrono::nanoseconds slice) {
  const auto target = reference.Resolve();
  if (!target) return target.error();
  const WaitPermit permit;
  const Status status = destroy(*target, owner, permit.Slice(slice));
  if (status) return status;
  Error error = status.error();
  error.key = target->kind == Target::Kind::kPosix ? 0 : target->key;
  return error;
}

void StartDestroying(DestroyIt destroy, const Napi::CallbackInfo& info) {
  const Reference reference(info[0].As<Napi::Object>());
  const OwnerPolicy owner = ToOwnerPolicy(info[1].As<Napi::Object>());
  const auto slice = ToSlice(info[2]);
  StartTask<Nothing>(info[3].As<Napi::Function>(), "shmnode:destroy",
                     [destroy, reference, owner, slice] { return DestroyTarget(destroy, reference, owner, slice); });
}

}  // namespace

void Open(const Napi::CallbackInfo& info) {
  const Reference reference(info[0].As<Napi::Object>());
  const OpenOptions options = ToOpenOptions(info[1].As<Napi::Object>());
  (new OpenJob(reference, options, info[2], ToSlice(info[3]), info[4].As<Napi::Function>()))->Queue();
}

void Destroy(const Napi::CallbackInfo& info) { StartDestroying(DestroyCell, info); }

void List(const Napi::CallbackInfo& info) {
  using Infos = std::vector<CellInfo>;
  StartTask<Infos>(
      info[0].As<Napi::Function>(), "shmnode:list", [] { return ListCells(); }, InfosToJs);
}

void OpenRawSegment(const Napi::CallbackInfo& info) {
  const Reference reference(info[0].As<Napi::Object>());
  const RawSettings settings(info[1].As<Napi::Object>());
  (new OpenRawJob(reference, settings, info[2], ToSlice(info[3]), info[4].As<Napi::Function>()))->Queue();
}

void DestroyRawSegment(const Napi::CallbackInfo& info) { StartDestroying(DestroyRaw, info); }

void ListRawSegments(const Napi::CallbackInfo& info) {
  using Infos = std::vector<RawInfo>;
  StartTask<Infos>(
      info[0].As<Napi::Function>(), "shmnode:list", [] { return ListRaw(); }, RawInfosToJs);
}

}  // namespace shmnode::addon
