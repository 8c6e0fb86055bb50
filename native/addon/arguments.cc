#include "arguments.hpp"

namespace shmnode::addon {

namespace {

Bytes ToBytes(const Napi::Value& value, napi_value* array_buffer) {
  napi_typedarray_type type{};
  size_t length = 0;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(value.Env(), value, &type, &length, &data, array_buffer, nullptr);
  if (status != napi_ok || type != napi_uint8_array) throw Napi::TypeError::New(value.Env(), "a Uint8Array, please");
  return {static_cast<std::byte*>(data), length};
}

}  // namespace

Bytes ToBytes(const Napi::Value& value) { return ToBytes(value, nullptr); }

PinnedBytes ToPinnedBytes(const Napi::Value& value) {
  napi_value array_buffer = nullptr;
  const Bytes bytes = ToBytes(value, &array_buffer);
  return {bytes, PinMemory(value.Env(), array_buffer)};
}

std::optional<uint64_t> ToOptionalCount(double number) {
  if (number < 0) return std::nullopt;
  return static_cast<uint64_t>(number);
}

std::chrono::nanoseconds ToSlice(const Napi::Value& milliseconds) {
  return std::chrono::nanoseconds(static_cast<int64_t>(milliseconds.As<Napi::Number>().DoubleValue() * 1e6));
}

Table::Table(const Napi::Value& value, size_t rows) {
  napi_typedarray_type type{};
  size_t length = 0;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr);
  if (status != napi_ok || type != napi_float64_array || length < rows * kColumns) {
    throw Napi::TypeError::New(value.Env(), "a Float64Array with enough rows, please");
  }
  numbers_ = static_cast<double*>(data);
}

}  // namespace shmnode::addon
