// The trip of `open` to the libuv pool.
#pragma once

#include <napi.h>

#include <chrono>
#include <memory>
#include <optional>

#include "job.hpp"
#include "reference.hpp"
#include "shmnode/cell.hpp"

namespace shmnode::addon {

// callback(failure, SegmentHandle).
class OpenJob : public Job {
 public:
  // `facts` as SegmentHandle::New takes it.
  OpenJob(Reference reference, const OpenOptions& options, const Napi::Value& facts, std::chrono::nanoseconds slice,
          const Napi::Function& callback);
  // A private segment whose id nobody was told could never be found again: it goes with the job. So it is where a worker
  // thread is terminated meanwhile.
  ~OpenJob() override;

 private:
  void Execute() override;
  void OnOK() override;

  Reference reference_;
  OpenOptions options_;
  Napi::Reference<Napi::Value> facts_;
  std::chrono::nanoseconds slice_;
  std::optional<Error> failure_;
  std::shared_ptr<const Cell> cell_;  // until JavaScript has it
};

}  // namespace shmnode::addon
