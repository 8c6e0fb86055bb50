// What JavaScript holds of one watched segment.
#pragma once

#include <napi.h>

#include <memory>

#include "watch_hub.hpp"

namespace shmnode::addon {

// What js/feed.js calls, on the loop thread. It follows from its making to `stop`; or until it is collected, which is when
// the environment ends, as its callback is held until then.
class Watch : public Napi::ObjectWrap<Watch> {
 public:
  static Napi::Function Define(Napi::Env env);
  // A Watch, or a failure. `callback`: see Receive.
  static Napi::Value Start(Napi::Env env, std::shared_ptr<const Cell> cell, const Napi::Function& callback);

  explicit Watch(const Napi::CallbackInfo& info);
  ~Watch() override;

  // callback(failure), or callback(undefined, data, version, committedAt, writerPid, mediaType): once for each `ask`. `data`
  // is undefined where the value has to be read by other means; of the rest only the version counts then.
  void Receive(const News& news);

 private:
  // (after): wants to hear of a version above it. While that is open, the lowest of them counts
  void Ask(const Napi::CallbackInfo& info);
  // (): nobody wants to hear any more
  void Withdraw(const Napi::CallbackInfo& info);
  // (callback()): no other method after it. Called back when no thread touches the segment any more
  void Stop(const Napi::CallbackInfo& info);

  void Answer();
  void KeepAlive(bool keep);

  std::shared_ptr<WatchHub> hub_;  // null once stopped
  std::shared_ptr<WatchedCell> cell_;
  Napi::FunctionReference callback_;
  bool keeps_alive_ = false;
  bool stopping_ = false;
};

}  // namespace shmnode::addon
