#include "watch_hub.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "instance.hpp"
#include "watch.hpp"

namespace shmnode::addon {

std::shared_ptr<WatchHub> WatchHub::Of(Napi::Env env) {
  auto& hub = env.GetInstanceData<Instance>()->watch_hub;
  if (!hub) hub = std::make_shared<WatchHub>(env);
  return hub;
}

// Clean-up hooks run in the reverse order of their making: ours, made after that of `wake_`, comes before it.
WatchHub::WatchHub(Napi::Env env) : env_(env), wake_(Wake::New(env, "shmnode:watch", 0, 1, this)) {
  wake_.Unref(env);
  napi_add_env_cleanup_hook(
      env, [](void* hub) { static_cast<WatchHub*>(hub)->Stop(); }, this);
}

void WatchHub::Stop() {
  threads_.clear();
  wake_.Release();
}

Status WatchHub::Follow(const std::shared_ptr<WatchedCell>& cell, Watch* receiver) {
  try {
    WatchThread& thread = ThreadWithRoom();
    receivers_[cell.get()] = receiver;
    cell->thread = &thread;
    thread.Add(cell);
    return Nothing{};
  } catch (const std::system_error& error) {
    return Error{.code = Code::kSystem, .system_errno = error.code().value(), .syscall = "pthread_create"};
  }
}

WatchThread& WatchHub::ThreadWithRoom() {
  const auto found = std::find_if(threads_.begin(), threads_.end(), [](const auto& thread) { return thread->HasRoom(); });
  if (found != threads_.end()) return **found;
  threads_.push_back(std::make_unique<WatchThread>([this](News news) { Push(std::move(news)); }));
  return *threads_.back();
}

void WatchHub::GiveUp(const std::shared_ptr<WatchedCell>& cell) { cell->thread->Remove(cell); }

void WatchHub::KeepAlive(bool keep) {
  awaited_ += keep ? 1 : -1;
  if (keep && awaited_ == 1) wake_.Ref(env_);
  if (!keep && awaited_ == 0) wake_.Unref(env_);
}

// On a watcher thread. One wake of the loop, however many news there are.
void WatchHub::Push(News news) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = news_.empty();
    news_.push_back(std::move(news));
  }
  if (first) wake_.NonBlockingCall();
}

// Without an environment: what was left in the queue at its end.
void WatchHub::Deliver(Napi::Env env, Napi::Function, WatchHub* hub, void*) {
  if (env != nullptr) hub->DeliverAll(env);
}

void WatchHub::DeliverAll(Napi::Env env) {
  std::vector<News> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(news_);
  }
  for (News& news : all) {
    const Napi::HandleScope scope(env);
    if (news.kind == NewsKind::kReleased) Forget(news.cell->thread);
    const auto receiver = receivers_.find(news.cell.get());
    if (receiver != receivers_.end()) receiver->second->Receive(news);
  }
}

// A thread without cells ends, but for the last one: the next watch would only make it anew.
void WatchHub::Forget(WatchThread* thread) {
  thread->Forget();
  if (!thread->IsIdle() || threads_.size() == 1) return;
  std::erase_if(threads_, [thread](const auto& one) { return one.get() == thread; });
}

}  // namespace shmnode::addon
