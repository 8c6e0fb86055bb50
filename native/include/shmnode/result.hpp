// What a call of the core gives back: a value, or an Error that keeps the errno and the system call that failed.
// The core throws nothing; an Error is data for the layer above to word.
#pragma once

#include <sys/types.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

namespace shmnode {

// What became of a call. The names are stable, and those of the JavaScript interface.
enum class Code : uint8_t {
  kOk,               // there is a value
  kNotFound,         // nothing under this key, or nothing initialised
  kExists,           // exclusive creation, and something is there
  kAccess,           // the kernel refuses: EACCES, EPERM
  kNoSpace,          // ENOMEM
  kLimit,            // a kernel limit: ENOSPC (SHMMNI, SHMALL, SEMMNI) or EINVAL on creation (SHMMAX)
  kTooLarge,         // more bytes than there is room for
  kCapacity,         // the existing segment has less capacity than was asked for
  kLayout,           // not a cell segment of this layout version
  kNameCollision,    // two names with one key
  kOwner,            // made by another user, or open to more users than was asked for
  kCorrupt,          // a number in the segment is impossible
  kVersionConflict,  // if_version differs from the current version
  kBusy,             // the lock, or a quiet moment, was not had in time
  kDestroyed,        // the segment or its semaphore set was removed
  kUnsupported,      // this segment cannot do that
  kReadOnly,         // a write through a read-only attach
  kSystem,           // any other errno
};

// The codes' names in the order of the enum; the JavaScript layer puts ERR_SHM_ before them.
inline constexpr std::array<std::string_view, 18> kCodeNames = {
    "OK",    "NOT_FOUND", "EXISTS",           "ACCESS", "NO_SPACE",  "LIMIT",       "TOO_LARGE", "CAPACITY", "LAYOUT", "NAME_COLLISION",
    "OWNER", "CORRUPT",   "VERSION_CONFLICT", "BUSY",   "DESTROYED", "UNSUPPORTED", "READ_ONLY", "SYSTEM"};
static_assert(kCodeNames.size() == static_cast<size_t>(Code::kSystem) + 1);

// Why there is no value. Plain data, which any thread may copy; its texts are literals.
struct Error {
  Code code = Code::kSystem;      // never kOk
  int system_errno = 0;           // 0 where no system call failed
  const char* syscall = nullptr;  // a literal, or null
  pid_t holder = 0;               // kBusy: the pid that holds what was waited for, where known
  // kVersionConflict: the current version. kTooLarge, kCapacity: the length or room that there is, in bytes. kOwner: the mode
  // or uid that was found. kLayout of another layout version: that one, LayoutVersion::Packed.
  uint64_t number = 0;
  const char* reason = nullptr;  // a literal that says more, or null
  key_t key = 0;                 // of the segment that was meant, where the caller may not know it
};

// An Error about which no system call was asked. `reason` must be a literal.
inline Error Fail(Code code, const char* reason = nullptr, uint64_t number = 0) noexcept {
  return {.code = code, .number = number, .reason = reason};
}

// The meaning that an errno has wherever System V IPC reports it. EINVAL and EIDRM both tell of an id that is gone.
inline Error FromErrno(const char* syscall, int system_errno) noexcept {
  const auto code = [system_errno] {
    switch (system_errno) {
      case ENOENT: return Code::kNotFound;
      case EEXIST: return Code::kExists;
      case EACCES:
      case EPERM: return Code::kAccess;
      case ENOMEM: return Code::kNoSpace;
      case E2BIG:  // SEMOPM
      case ENOSPC: return Code::kLimit;
      case EAGAIN: return Code::kBusy;
      case EIDRM:
      case EINVAL: return Code::kDestroyed;
      default: return Code::kSystem;
    }
  }();
  return {.code = code, .system_errno = system_errno, .syscall = syscall};
}

// A T, or the Error that came in place of it. A value like any other: whoever shares one between threads has to guard it.
template <class T>
class [[nodiscard]] Result {
 public:
  explicit Result(std::in_place_t) noexcept : state_(std::in_place_index<0>) {}   // a T of its own, all zero where it is plain
  Result(T value) noexcept : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error) noexcept : state_(std::in_place_index<1>, error) {}         // NOLINT(google-explicit-constructor)

  explicit operator bool() const noexcept { return state_.index() == 0; }
  T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  T* operator->() noexcept { return std::get_if<0>(&state_); }
  const T* operator->() const noexcept { return std::get_if<0>(&state_); }
  // Only of a Result that holds no value.
  const Error& error() const noexcept { return *std::get_if<1>(&state_); }
  // kOk where a value is held.
  Code code() const noexcept { return *this ? Code::kOk : error().code; }

 private:
  std::variant<T, Error> state_;
};

// What a call gives that has nothing to give.
struct Nothing {};
// How such a call ended.
using Status = Result<Nothing>;

}  // namespace shmnode
