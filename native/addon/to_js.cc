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
  object.Set("id", info.id);
  object.Set("key", info.key);
  object.Set("segmentBytes", static_cast<double>(info.kernel.shm_segsz));
  object.Set("mode", info.kernel.shm_perm.mode & 0777U);
  object.Set("uid", info.kernel.shm_perm.uid);
  object.Set("gid", info.kernel.shm_perm.gid);
  object.Set("attached", static_cast<double>(info.kernel.shm_nattch));
  object.Set("length", static_cast<double>(info.value.length));
  object.Set("version", static_cast<double>(info.value.version));
  object.Set("committedAt", Milliseconds(info.value.committed_ns));
  object.Set("writerPid", info.value.writer_pid);
  object.Set("mediaType", info.value.media_type.data());
  return object;
}

Napi::Array InfosToJs(Napi::Env env, const std::vector<CellInfo>& infos) {
  auto array = Napi::Array::New(env, infos.size());
  for (uint32_t i = 0; i < infos.size(); i++) array.Set(i, InfoToJs(env, infos[i]));
  return array;
}

}  // namespace shmnode::addon
