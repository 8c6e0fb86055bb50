#include "reference.hpp"

#include "arguments.hpp"

namespace shmnode::addon {

namespace {

double Number(const Napi::Object& object, const char* name) { return object.Get(name).As<Napi::Number>().DoubleValue(); }
int Integer(const Napi::Object& object, const char* name) { return object.Get(name).As<Napi::Number>().Int32Value(); }
bool Flag(const Napi::Object& object, const char* name) { return object.Get(name).As<Napi::Boolean>(); }

}  // namespace

Reference::Reference(const Napi::Object& object) {
  if (object.Has("path")) {
    kind_ = Kind::kPath;
    number_ = Integer(object, "projectId");
    text_ = object.Get("path").As<Napi::String>().Utf8Value();
  } else if (object.Has("posixName")) {
    kind_ = Kind::kPosix;
    text_ = object.Get("posixName").As<Napi::String>().Utf8Value();
  } else if (object.Has("name")) {
    kind_ = Kind::kKey;
    text_ = object.Get("name").As<Napi::String>().Utf8Value();
    number_ = KeyOfName(text_);
  } else if (object.Has("key")) {
    kind_ = Kind::kKey;
    number_ = Integer(object, "key");
  } else if (object.Has("id")) {
    kind_ = Kind::kId;
    number_ = Integer(object, "id");
  }
}

Result<Target> Reference::Resolve() const {
  switch (kind_) {
    case Kind::kPrivate: return Target::Private();
    case Kind::kId: return Target::Id(number_);
    case Kind::kPosix: return Target::Posix(text_);
    case Kind::kKey: return text_.empty() ? Target::Key(number_) : Target::Name(text_);
    case Kind::kPath: break;
  }
  const auto key = KeyOfPath(text_.c_str(), number_);
  if (!key) return key.error();
  return Target::Key(*key);
}

OwnerPolicy ToOwnerPolicy(const Napi::Object& options) {
  OwnerPolicy policy{.anyone = Flag(options, "ownerAny"), .user = {}, .widest_mode = {}};
  if (const double uid = Number(options, "ownerUid"); uid >= 0) policy.user = static_cast<uid_t>(uid);
  if (const double mode = Number(options, "widestMode"); mode >= 0) policy.widest_mode = static_cast<unsigned>(mode);
  return policy;
}

OpenOptions ToOpenOptions(const Napi::Object& options) {
  return {.capacity = static_cast<uint64_t>(Number(options, "capacity")),
          .slots = static_cast<uint32_t>(Number(options, "slots")),
          .mode = static_cast<unsigned>(Number(options, "mode")),
          .create = Flag(options, "create"),
          .exclusive = Flag(options, "exclusive"),
          .read_only = Flag(options, "readOnly"),
          .checksum = Flag(options, "checksum"),
          .owner = ToOwnerPolicy(options)};
}

}  // namespace shmnode::addon
