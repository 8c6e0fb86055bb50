// The trip of `open` to the libuv pool, for a raw segment.
#pragma once

#include <napi.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "job.hpp"
#include "reference.hpp"
#include "shmnode/open_raw.hpp"

namespace shmnode::addon {

// How JavaScript wants a raw segment opened: RawOptions that own their string.
class RawSettings {
 public:
  // { capacity, mode, create, exclusive, readOnly, nulTerminated, semaphore } and what ToOwnerPolicy takes. `semaphore` is
  // '' where there is none.
  explicit RawSettings(const Napi::Object& object);

  // Points into this object.
  RawOptions Options() const;
  bool nul_terminated() const { return nul_terminated_; }

 private:
  RawOptions options_;
  std::string semaphore_;
  bool nul_terminated_;
};

// callback(failure, RawHandle).
class OpenRawJob : public Job {
 public:
  // `facts` as RawHandle::New takes it.
  OpenRawJob(Reference reference, RawSettings settings, const Napi::Value& facts, std::chrono::nanoseconds slice,
             const Napi::Function& callback);
  // As of cells: a private segment whose id nobody was told goes with the job.
  ~OpenRawJob() override;

 private:
  void Execute() override;
  void OnOK() override;

  Reference reference_;
  RawSettings settings_;
  Napi::Reference<Napi::Value> facts_;
  std::chrono::nanoseconds slice_;
  std::optional<Error> failure_;
  std::shared_ptr<const Raw> raw_;  // until JavaScript has it
};

}  // namespace shmnode::addon
