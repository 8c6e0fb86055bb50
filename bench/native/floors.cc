// The floors that the bench compares with: the least that a trip into native code, a trip to the pool, a copy or a lock can
// cost, and what shmnode would cost without batches. For measuring only.
#include <napi.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "mark.hpp"
#include "shmnode/open.hpp"

namespace {

// () -> undefined
void EmptyCall(const Napi::CallbackInfo&) {}

// () -> undefined: see mark.hpp
void Mark(const Napi::CallbackInfo&) { BenchInstructionsMark(); }

// A trip to the pool that does nothing there.
class Hop : public Napi::AsyncWorker {
 public:
  explicit Hop(Napi::Env env) : Napi::AsyncWorker(env, "hop"), deferred_(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise Promise() const { return deferred_.Promise(); }

 private:
  void Execute() override {}
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }

  Napi::Promise::Deferred deferred_;
};

// () -> Promise<undefined>
Napi::Value EmptyHop(const Napi::CallbackInfo& info) {
  auto* hop = new Hop(info.Env());
  hop->Queue();
  return hop->Promise();
}

std::unique_ptr<shmnode::Cell> cell;  // one for the process: the bench has one thread

// (key): opens the cell that readOnePerCall reads
void OpenCell(const Napi::CallbackInfo& info) {
  auto opened = shmnode::OpenCell(shmnode::Target::Key(info[0].As<Napi::Number>()), {}, shmnode::Deadline::Never());
  if (!opened) throw Napi::Error::New(info.Env(), "no cell");
  cell = std::make_unique<shmnode::Cell>(*std::move(opened));
}

void CloseCell(const Napi::CallbackInfo&) { cell.reset(); }

// A read without batches: an AsyncWorker and a Buffer per call. Locked, it is what programs with System V semaphores do.
class ReadWorker : public Napi::AsyncWorker {
 public:
  ReadWorker(Napi::Env env, bool locked) : Napi::AsyncWorker(env, "read"), locked_(locked), deferred_(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise Promise() const { return deferred_.Promise(); }

 private:
  void Execute() override {
    if (!locked_) return Read();
    const auto hold = shmnode::LockHold::Acquire(cell->lock(), shmnode::LockMode::kShared, shmnode::Deadline::Never());
    if (hold) Read();
  }

  void Read() {
    bytes_.resize(cell->LengthHint());
    const auto facts = cell->Read({.target = bytes_.data(), .room = bytes_.size()}, shmnode::Deadline::Never());
    if (!facts) SetError("read");
  }

  void OnOK() override { deferred_.Resolve(Napi::Buffer<char>::Copy(Env(), reinterpret_cast<const char*>(bytes_.data()), bytes_.size())); }

  bool locked_;
  Napi::Promise::Deferred deferred_;
  std::vector<std::byte> bytes_;
};

// (locked) -> Promise<Buffer>
Napi::Value ReadOnePerCall(const Napi::CallbackInfo& info) {
  auto* worker = new ReadWorker(info.Env(), info[0].ToBoolean());
  worker->Queue();
  return worker->Promise();
}

// (target, source): memcpy
void Memcpy(const Napi::CallbackInfo& info) {
  auto target = info[0].As<Napi::Uint8Array>();
  const auto source = info[1].As<Napi::Uint8Array>();
  std::memcpy(target.Data(), source.Data(), std::min(target.ByteLength(), source.ByteLength()));
}

void Take(int set) {
  sembuf operations[2] = {{0, 0, SEM_UNDO}, {0, 1, SEM_UNDO}};
  semop(set, operations, 2);
}

void Give(int set) {
  sembuf operation = {0, -1, SEM_UNDO};
  semop(set, &operation, 1);
}

// (pairs, sets): so many bare lock and unlock pairs, on so many sets of its own by turns
void SemopPairs(const Napi::CallbackInfo& info) {
  std::vector<int> sets(info[1].As<Napi::Number>().Uint32Value());
  for (int& set : sets) set = semget(IPC_PRIVATE, 1, 0600);
  const int64_t pairs = info[0].As<Napi::Number>().Int64Value();
  for (int64_t i = 0; i < pairs; i++) {
    const int set = sets[static_cast<size_t>(i) % sets.size()];
    Take(set);
    Give(set);
  }
  for (const int set : sets) semctl(set, 0, IPC_RMID);
}

// (key) -> set: that of this key
Napi::Value SemGet(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), semget(info[0].As<Napi::Number>().Int32Value(), 1, IPC_CREAT | 0600));
}

// (set): waits until it is had, on the calling thread
void SemTake(const Napi::CallbackInfo& info) { Take(info[0].As<Napi::Number>()); }

void SemGive(const Napi::CallbackInfo& info) { Give(info[0].As<Napi::Number>()); }

void SemRemove(const Napi::CallbackInfo& info) { semctl(info[0].As<Napi::Number>(), 0, IPC_RMID); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("emptyCall", Napi::Function::New<EmptyCall>(env));
  exports.Set("mark", Napi::Function::New<Mark>(env));
  exports.Set("emptyHop", Napi::Function::New<EmptyHop>(env));
  exports.Set("openCell", Napi::Function::New<OpenCell>(env));
  exports.Set("closeCell", Napi::Function::New<CloseCell>(env));
  exports.Set("readOnePerCall", Napi::Function::New<ReadOnePerCall>(env));
  exports.Set("memcpy", Napi::Function::New<Memcpy>(env));
  exports.Set("semopPairs", Napi::Function::New<SemopPairs>(env));
  exports.Set("semGet", Napi::Function::New<SemGet>(env));
  exports.Set("semTake", Napi::Function::New<SemTake>(env));
  exports.Set("semGive", Napi::Function::New<SemGive>(env));
  exports.Set("semRemove", Napi::Function::New<SemRemove>(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(floors, Init)
