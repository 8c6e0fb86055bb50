#include "held_lock.hpp"

#include <map>
#include <mutex>
#include <utility>

#include "instance.hpp"

namespace shmnode::addon {

namespace {

// Who of this process took each lock last. The kernel knows processes only: where somebody resets a lock and another handle
// takes it, the one that has lost it would find that its process has it, and give it back from under the other.
class LatestHolders {
 public:
  // Never destroyed: worker threads may release until the process has ended.
  static LatestHolders& OfProcess() {
    static auto* holders = new LatestHolders;
    return *holders;
  }

  uint64_t Enter(SemaphoreSet set) {
    const std::lock_guard guard(mutex_);
    return tickets_[set.id()] = ++last_ticket_;
  }

  bool IsLatest(SemaphoreSet set, uint64_t ticket) {
    const std::lock_guard guard(mutex_);
    const auto found = tickets_.find(set.id());
    return found != tickets_.end() && found->second == ticket;
  }

  // False where it was not the latest.
  bool Leave(SemaphoreSet set, uint64_t ticket) {
    const std::lock_guard guard(mutex_);
    const auto found = tickets_.find(set.id());
    if (found == tickets_.end() || found->second != ticket) return false;
    tickets_.erase(found);
    return true;
  }

 private:
  std::mutex mutex_;
  std::map<int, uint64_t> tickets_;
  uint64_t last_ticket_ = 0;
};

}  // namespace

Napi::Function HeldLock::Define(Napi::Env env) {
  return DefineClass(env, "HeldLock", {InstanceMethod<&HeldLock::Release>("release"), InstanceMethod<&HeldLock::IsHeld>("isHeld")});
}

Napi::Object HeldLock::New(Napi::Env env, UserLockHold&& hold) {
  auto object = env.GetInstanceData<Instance>()->held_lock.New({});
  HeldLock* lock = Unwrap(object);
  lock->hold_.emplace(std::move(hold));
  lock->ticket_ = LatestHolders::OfProcess().Enter(lock->hold_->set());
  return object;
}

HeldLock::HeldLock(const Napi::CallbackInfo& info) : Napi::ObjectWrap<HeldLock>(info) {}

HeldLock::~HeldLock() { Drop(); }

void HeldLock::Release(const Napi::CallbackInfo&) { Drop(); }

void HeldLock::Drop() {
  if (!hold_) return;
  if (!LatestHolders::OfProcess().Leave(hold_->set(), ticket_)) hold_->Abandon();
  hold_.reset();
}

Napi::Value HeldLock::IsHeld(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), hold_ && hold_->IsHeld() && LatestHolders::OfProcess().IsLatest(hold_->set(), ticket_));
}

}  // namespace shmnode::addon
