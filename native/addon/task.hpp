// A job of one step: compute a Result on the pool, turn its value into JavaScript on the loop thread.
#pragma once

#include <napi.h>

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "job.hpp"

namespace shmnode::addon {

// callback(failure, value).
template <class T>
class Task : public Job {
 public:
  using Compute = std::function<Result<T>()>;                  // on a pool thread: no JavaScript
  using Convert = std::function<Napi::Value(Napi::Env, T&&)>;  // on the loop thread

  Task(const Napi::Function& callback, const char* name, Compute compute, Convert convert)
      : Job(callback, name), compute_(std::move(compute)), convert_(std::move(convert)) {}

 private:
  void Execute() override { result_.emplace(compute_()); }

  void OnOK() override {
    if (!*result_) return Fail(result_->error());
    Callback().Call({Env().Undefined(), convert_(Env(), *std::move(*result_))});
  }

  Compute compute_;
  Convert convert_;
  std::optional<Result<T>> result_;
};

template <class T>
void StartTask(const Napi::Function& callback, const char* name, typename Task<T>::Compute compute, typename Task<T>::Convert convert) {
  (new Task<T>(callback, name, std::move(compute), std::move(convert)))->Queue();
}

template <class T>
void StartTask(const Napi::Function& callback, const char* name, typename Task<T>::Compute compute) {
  StartTask<T>(callback, name, std::move(compute), [](Napi::Env env, T&&) -> Napi::Value { return env.Undefined(); });
}

}  // namespace shmnode::addon
