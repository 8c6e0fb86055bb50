#include "machine.hpp"

#include <vector>

#include "arguments.hpp"
#include "open_job.hpp"
#include "reference.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/inspect.hpp"
#include "task.hpp"
#include "to_js.hpp"
#include "wait_permit.hpp"

namespace shmnode::addon {

namespace {

Status DestroyTarget(const Reference& reference, const OwnerPolicy& owner, std::chrono::nanoseconds slice) {
  const auto target = reference.Resolve();
  if (!target) return target.error();
  const WaitPermit permit;
  const Status status = DestroyCell(*target, owner, permit.Slice(slice));
  if (status) return status;
  Error error = status.error();
  error.key = target->key;
  return error;
}

}  // namespace

void Open(const Napi::CallbackInfo& info) {
  const Reference reference(info[0].As<Napi::Object>());
  const OpenOptions options = ToOpenOptions(info[1].As<Napi::Object>());
  (new OpenJob(reference, options, info[2], ToSlice(info[3]), info[4].As<Napi::Function>()))->Queue();
}

void Destroy(const Napi::CallbackInfo& info) {
  const Reference reference(info[0].As<Napi::Object>());
  const OwnerPolicy owner = ToOwnerPolicy(info[1].As<Napi::Object>());
  const auto slice = ToSlice(info[2]);
  StartTask<Nothing>(info[3].As<Napi::Function>(), "shmnode:destroy",
                     [reference, owner, slice] { return DestroyTarget(reference, owner, slice); });
}

void List(const Napi::CallbackInfo& info) {
  using Infos = std::vector<CellInfo>;
  StartTask<Infos>(
      info[0].As<Napi::Function>(), "shmnode:list", [] { return ListCells(); }, InfosToJs);
}

}  // namespace shmnode::addon
