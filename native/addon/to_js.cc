#include "to_js.hpp"

#include <array>
#include <cstdio>
#include <string>

namespace shmnode::addon {

namespace {

std::string Hexadecimal(uint64_t number) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(number));
  return digits.data();
}

std::string LayoutVersion(uint16_t minor) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%u.%u", unsigned{kLayoutMajor}, unsigned{minor});
  return text.data();
}

double Milliseconds(uint64_t ns) { return static_cast<double>(ns) / 1e6; }

void SetKernelFacts(Napi::Object& object, bool is_posix, int id, key_t key, const SegmentFacts& kernel) {
  object.Set("posix", is_posix);
  object.Set("id", id);
  object.Set("key", key);
  object.Set("segmentBytes", static_cast<double>(kernel.bytes));
  object.Set("mode", kernel.mode);
  object.Set("uid", kernel.uid);
  object.Set("gid", kernel.gid);
  object.Set("attached", kernel.attached ? static_cast<double>(*kernel.attached) : -1);
}

template <class Info>
Napi::Array ArrayToJs(Napi::Env env, const std::vector<Info>& infos, Napi::Object (*convert)(Napi::Env, const Info&)) {
  auto array = Napi::Array::New(env, infos.size());
  for (uint32_t i = 0; i < infos.size(); i++) array.Set(i, convert(env, infos[i]));
  return array;
}

}  // namespace

Napi::Object GeometryToJs(Napi::Env env, const Geometry& geometry) {
  auto object = Napi::Object::New(env);
  object.Set("name", geometry.name.data());
  object.Set("capacity", static_cast<double>(geometry.capacity));
  object.Set("slots", geometry.slot_count);
  object.Set("checksum", geometry.has_checksum());
  object.Set("incarnation", Hexadecimal(geometry.incarnation));
  object.Set("layoutVersion", LayoutVersion(geometry.layout_minor));
  object.Set("createdAt", Milliseconds(geometry.created_ns));
  object.Set("creatorPid", geometry.creator_pid);
  return object;
}

Napi::Object InfoToJs(Napi::Env env, const CellInfo& info) {
  auto object = GeometryToJs(env, info.geometry);
  SetKernelFacts(object, info.is_posix, info.id, info.key, info.kernel);
  object.Set("length", static_cast<double>(info.value.length));
  object.Set("version", static_cast<double>(info.value.version));
  object.Set("committedAt", Milliseconds(info.value.committed_ns));
  object.Set("writerPid", info.value.writer_pid);
  object.Set("mediaType", info.value.media_type.data());
  return object;
}

Napi::Array InfosToJs(Napi::Env env, const std::vector<CellInfo>& infos) { return ArrayToJs(env, infos, InfoToJs); }

Napi::Object RawInfoToJs(Napi::Env env, const RawInfo& info) {
  auto object = Napi::Object::New(env);
  SetKernelFacts(object, info.is_posix, info.id, info.key, info.kernel);
  object.Set("name", info.name);
  object.Set("creatorPid", info.kernel.creator_pid);
  return object;
}

Napi::Array RawInfosToJs(Napi::Env env, const std::vector<RawInfo>& infos) { return ArrayToJs(env, infos, RawInfoToJs); }

}  // namespace shmnode::addon
