#include "machine.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "arguments.hpp"
#include "attached_cells.hpp"
#include "reference.hpp"
#include "segment_handle.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/inspect.hpp"
#include "task.hpp"
#include "to_js.hpp"
#include "wait_permit.hpp"

namespace shmnode::addon {

namespace {

Result<SharedCell> OpenShared(const Reference& reference, const OpenOptions& options, std::chrono::nanoseconds slice) {
  const auto target = reference.Resolve();
  if (!target) return target.error();
  const WaitPermit permit;
  auto cell = OpenCell(*target, options, permit.Slice(slice));
  if (!cell) return cell.error();
  return AttachedCells::OfProcess().Share(*std::move(cell));
}

Status DestroyTarget(const Reference& reference, const OwnerPolicy& owner, std::chrono::nanoseconds slice) {
  const auto target = reference.Resolve();
  if (!target) return target.error();
  const WaitPermit permit;
  return DestroyCell(*target, owner, permit.Slice(slice));
}

}  // namespace

void Open(const Napi::CallbackInfo& info) {
  const Reference reference(info[0].As<Napi::Object>());
  const OpenOptions options = ToOpenOptions(info[1].As<Napi::Object>());
  auto facts = std::make_shared<Napi::Reference<Napi::Value>>(Napi::Persistent(info[2]));
  const auto slice = ToSlice(info[3]);
  StartTask<SharedCell>(
      info[4].As<Napi::Function>(), "shmnode:open", [reference, options, slice] { return OpenShared(reference, options, slice); },
      [facts](Napi::Env env, SharedCell&& cell) -> Napi::Value { return SegmentHandle::New(env, std::move(cell), facts->Value()); });
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
      info[0].As<Napi::Function>(), "shmnode:list", [] { return Result<Infos>(ListCells()); }, InfosToJs);
}

}  // namespace shmnode::addon
