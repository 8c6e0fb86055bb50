#include "watch.hpp"

#include <utility>

#include "failure.hpp"
#include "instance.hpp"

namespace shmnode::addon {

Napi::Function Watch::Define(Napi::Env env) {
  return DefineClass(env, "Watch",
                     {
                         InstanceMethod<&Watch::Ask>("ask"),
                         InstanceMethod<&Watch::Withdraw>("withdraw"),
                         InstanceMethod<&Watch::Stop>("stop"),
                     });
}

Napi::Value Watch::Start(Napi::Env env, std::shared_ptr<const Cell> cell, const Napi::Function& callback) {
  const auto object = env.GetInstanceData<Instance>()->watch.New({});
  Watch* watch = Unwrap(object);
  auto hub = WatchHub::Of(env);
  auto watched = std::make_shared<WatchedCell>(std::move(cell));
  const Status followed = hub->Follow(watched, watch);
  if (!followed) return ToFailure(env, followed.error());
  watch->hub_ = std::move(hub);
  watch->cell_ = std::move(watched);
  watch->callback_ = Napi::Persistent(callback);
  return object;
}

Watch::Watch(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Watch>(info) {}

Watch::~Watch() {
  if (hub_) hub_->Leave(*cell_);
}

void Watch::Ask(const Napi::CallbackInfo& info) {
  KeepAlive(true);
  if (cell_->Ask(static_cast<uint64_t>(info[0].As<Napi::Number>().DoubleValue()))) cell_->thread->Nudge();
}

void Watch::Withdraw(const Napi::CallbackInfo&) {
  KeepAlive(false);
  cell_->Withdraw();
}

void Watch::Stop(const Napi::CallbackInfo& info) {
  callback_ = Napi::Persistent(info[0].As<Napi::Function>());
  stopping_ = true;
  Ref();  // JavaScript has no use for this object any more, but what is to come must find it
  KeepAlive(true);
  WatchHub::GiveUp(cell_);
}

void Watch::KeepAlive(bool keep) {
  if (std::exchange(keeps_alive_, keep) != keep) hub_->KeepAlive(keep);
}

void Watch::Receive(const News& news) {
  if (news.kind == NewsKind::kAnswer) {
    cell_->Close();
    if (!stopping_) Answer();
    return;
  }
  KeepAlive(false);
  hub_->Leave(*cell_);
  hub_.reset();
  Unref();
  std::exchange(callback_, {}).Call({});
}

void Watch::Answer() {
  KeepAlive(false);
  const auto env = Env();
  const Finding& finding = cell_->finding();
  if (!finding.facts) {
    callback_.Call({ToFailure(env, finding.facts.error())});
    return;
  }
  const ValueFacts& facts = *finding.facts;
  Napi::Value data = env.Undefined();
  Napi::Value media_type = env.Undefined();
  if (finding.has_bytes) data = Napi::Buffer<std::byte>::Copy(env, cell_->bytes(), facts.length);
  if (facts.media_type.front() != '\0') media_type = Napi::String::New(env, facts.media_type.data());
  const auto number = [env](double value) { return Napi::Number::New(env, value); };
  callback_.Call({env.Undefined(), data, number(static_cast<double>(facts.version)), number(static_cast<double>(facts.committed_ns) / 1e6),
                  number(facts.writer_pid), media_type});
}

}  // namespace shmnode::addon
