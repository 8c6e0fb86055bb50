#include "quick_calls.hpp"

#include <sched.h>

#include <array>
#include <chrono>
#include <string>

#include "failure.hpp"
#include "patience.hpp"
#include "read_batch.hpp"

namespace shmnode::addon {

namespace {

Result<uint64_t> WriteNow(const Cell& cell, const WriteRequest& request) {
  Result<uint64_t> version = [&]() -> Result<uint64_t> {
    const auto hold = WithoutWait([&cell] { return cell.LockForWrite(Deadline::Now()); });
    if (!hold) return hold.error();
    return cell.Commit(*hold, request);
  }();
  if (version) cell.Wake();
  return version;
}

// Who makes a removed segment anew can tell readers of System V memory that their time is over. Of a removed file nobody can.
Result<ValueFacts> TryRead(const Cell& cell, const ReadRequest& request) {
  if (cell.segment().is_posix()) {
    if (const Status removed = cell.CheckNotRemoved(); !removed) return removed.error();
  }
  return cell.TryRead(request);
}

napi_value Exact(Napi::Env env, uint64_t number) { return Napi::Number::New(env, static_cast<double>(number)); }

napi_value Version(Napi::Env env, Opening& opening, const napi_value*) { return Exact(env, opening.cell->Version()); }

napi_value LengthHint(Napi::Env env, Opening& opening, const napi_value*) { return Exact(env, opening.cell->LengthHint()); }

// The processor goes to whoever else can run, perhaps to the one who is about to write. What is no newer version is for others to tell.
napi_value SpinUntilNewer(Napi::Env env, Opening& opening, const napi_value* arguments) {
  const auto version = static_cast<uint64_t>(Napi::Number(env, arguments[0]).DoubleValue());
  const std::chrono::microseconds most(Napi::Number(env, arguments[1]).Int64Value());
  const auto until = Deadline::Clock::now() + most;
  do {
    if (const auto newer = opening.cell->LookForNewer(version)) return Napi::Boolean::New(env, bool(*newer));
    sched_yield();
  } while (Deadline::Clock::now() < until);
  return Napi::Boolean::New(env, false);
}

napi_value ReadNow(Napi::Env env, Opening& opening, const ReadRequest& request) {
  const auto facts = TryRead(*opening.cell, request);
  if (!facts) return ToFailure(env, facts.error());
  opening.media_type = facts->media_type;
  StoreFacts(opening.fact_table, 0, *facts, request);
  return nullptr;
}

napi_value ReadSync(Napi::Env env, Opening& opening, const napi_value* arguments) {
  const Bytes target = ToBytes({env, arguments[0]});
  const auto offset = static_cast<uint64_t>(Napi::Number(env, arguments[1]).DoubleValue());
  return ReadNow(env, opening, {.target = target.data, .room = target.length, .offset = offset, .whole = Napi::Boolean(env, arguments[2])});
}

napi_value ReadWholeSync(Napi::Env env, Opening& opening, const napi_value* arguments) {
  const Bytes target = ToBytes({env, arguments[0]});
  return ReadNow(env, opening, {.target = target.data, .room = target.length, .whole = true});
}

napi_value Written(Napi::Env env, const Result<uint64_t>& version) {
  return version ? Exact(env, *version) : napi_value(ToFailure(env, version.error()));
}

napi_value WriteSync(Napi::Env env, Opening& opening, const napi_value* arguments) {
  const Bytes bytes = ToBytes({env, arguments[0]});
  const Napi::Value type(env, arguments[1]);
  const std::string media_type = type.IsUndefined() ? std::string() : type.As<Napi::String>().Utf8Value();
  const auto if_version = ToOptionalCount(Napi::Number(env, arguments[2]).DoubleValue());
  return Written(env,
                 WriteNow(*opening.cell, {.data = bytes.data, .length = bytes.length, .media_type = media_type, .if_version = if_version}));
}

napi_value WriteBytesSync(Napi::Env env, Opening& opening, const napi_value* arguments) {
  const Bytes bytes = ToBytes({env, arguments[0]});
  return Written(env, WriteNow(*opening.cell, {.data = bytes.data, .length = bytes.length}));
}

using Call = napi_value (*)(Napi::Env, Opening&, const napi_value* arguments);

// The engine's side of a call; those that are not given are undefined.
template <Call kCall, size_t kArguments>
napi_value Enter(napi_env env, napi_callback_info info) {
  std::array<napi_value, kArguments + 1> arguments;
  size_t count = kArguments;
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, arguments.data(), nullptr, &data);
  auto& opening = *static_cast<Opening*>(data);
  try {
    if (!opening.cell) throw Napi::Error::New(env, "the handle is closed");
    return kCall(env, opening, arguments.data());
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
    return nullptr;
  }
}

template <Call kCall, size_t kArguments>
void Add(Napi::Object object, const char* name, const std::shared_ptr<Opening>& opening) {
  napi_value made = nullptr;
  const napi_status status = napi_create_function(object.Env(), name, NAPI_AUTO_LENGTH, &Enter<kCall, kArguments>, opening.get(), &made);
  if (status != napi_ok) throw Napi::Error::New(object.Env());
  const Napi::Function function(object.Env(), made);
  function.AddFinalizer([](Napi::Env, std::shared_ptr<Opening>* share) { delete share; }, new std::shared_ptr<Opening>(opening));
  object.Set(name, function);
}

}  // namespace

void AddQuickCalls(Napi::Object object, const std::shared_ptr<Opening>& opening) {
  Add<Version, 0>(object, "version", opening);
  Add<LengthHint, 0>(object, "lengthHint", opening);
  Add<SpinUntilNewer, 2>(object, "spinUntilNewer", opening);
  Add<ReadSync, 3>(object, "readSync", opening);
  Add<ReadWholeSync, 1>(object, "readWholeSync", opening);
  Add<WriteSync, 3>(object, "writeSync", opening);
  Add<WriteBytesSync, 1>(object, "writeBytesSync", opening);
}

}  // namespace shmnode::addon
