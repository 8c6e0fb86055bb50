#include "sweep.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include "known_semaphores.hpp"
#include "shmnode/turnstile_lock.hpp"
#include "shmnode/user_lock.hpp"
#include "task.hpp"

namespace shmnode::addon {

namespace {

struct WantedLock {
  int id;
  LockKind kind;
};

bool LooksFree(const WantedLock& wanted) {
  if (wanted.kind == kPosixLock) return KnownSemaphores::OfProcess().LooksFree(wanted.id);
  const SemaphoreSet set(wanted.id);
  if (wanted.kind == kUserLock) return UserLock(set).LooksFree();
  return TurnstileLock(set).LooksFree(wanted.kind == kSharedLock ? LockMode::kShared : LockMode::kExclusive);
}

std::vector<WantedLock> ToWantedLocks(const Napi::Int32Array& pairs) {
  std::vector<WantedLock> wanted;
  for (size_t i = 0; i + 1 < pairs.ElementLength(); i += 2) {
    wanted.push_back({.id = pairs[i], .kind = static_cast<LockKind>(pairs[i + 1])});
  }
  return wanted;
}

Napi::Value IndexesToJs(Napi::Env env, std::vector<uint32_t>&& indexes) {
  auto array = Napi::Array::New(env, indexes.size());
  for (uint32_t i = 0; i < indexes.size(); i++) array.Set(i, indexes[i]);
  return array;
}

}  // namespace

void Sweep(const Napi::CallbackInfo& info) {
  using Indexes = std::vector<uint32_t>;
  auto look = [wanted = ToWantedLocks(info[0].As<Napi::Int32Array>())]() -> Result<Indexes> {
    Indexes free;
    for (uint32_t i = 0; i < wanted.size(); i++) {
      if (LooksFree(wanted[i])) free.push_back(i);
    }
    return free;
  };
  StartTask<Indexes>(info[1].As<Napi::Function>(), "shmnode:sweep", std::move(look), IndexesToJs);
}

}  // namespace shmnode::addon
