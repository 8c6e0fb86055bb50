// A POSIX shared memory object. On Linux that is a file in /dev/shm, and shm_open(3) is open(2) there: see shm_overview(7).
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "key.hpp"
#include "result.hpp"

namespace shmnode {

// The directory of all of them.
inline constexpr const char* kPosixDirectory = "/dev/shm";

// The meaning of an errno where it is about such a file.
inline Error FromFileErrno(const char* syscall, int system_errno) noexcept {
  const auto code = [system_errno] {
    switch (system_errno) {
      case ENOENT: return Code::kNotFound;
      case EEXIST: return Code::kExists;
      case EACCES:
      case EPERM:
      case EROFS: return Code::kAccess;
      case EDQUOT:
      case ENOSPC:
      case ENOMEM: return Code::kNoSpace;
      case EFBIG:
      case EMFILE:
      case ENFILE: return Code::kLimit;
      case EISDIR:
      case ELOOP:  // a symbolic link
      case ENXIO: return Code::kLayout;
      default: return Code::kSystem;
    }
  }();
  return {.code = code, .system_errno = system_errno, .syscall = syscall};
}

// Owns the open file, not its name. A file is made without a name and gets it when all that it is to hold is in it, so that
// whoever dies before that leaves nothing, and a file that is empty or blank is never one of ours.
class PosixFile {
 public:
  PosixFile() noexcept = default;

  // By its name, which IsValidPosixName accepts. kNotFound where there is none, kLayout where it is no plain file.
  static Result<PosixFile> Open(std::string_view name, bool read_only) noexcept {
    PosixFile file(name);
    // Of what others may have put there, a pipe would block, and a link lead anywhere.
    file.descriptor_ = open(file.path().data(), (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file.descriptor_ < 0) return FromFileErrno("open", errno);
    const auto facts = file.Identify();
    if (!facts) return facts.error();
    if (!S_ISREG(facts->st_mode)) return Fail(Code::kLayout, "no magic");
    return file;
  }

  // Zero-filled, all its memory reserved: later there is no SIGBUS because others have used up what there was.
  static Result<PosixFile> Create(std::string_view name, uint64_t bytes, unsigned mode) noexcept {
    PosixFile file(name);
    file.descriptor_ = open(kPosixDirectory, O_TMPFILE | O_RDWR | O_CLOEXEC, mode & 0777U);
    if (file.descriptor_ < 0) return NoFile(errno);
    if (fchmod(file.descriptor_, mode & 0777U) != 0) return FromFileErrno("fchmod", errno);  // umask or not
    const auto facts = file.Identify();
    if (!facts) return facts.error();
    const Status reserved = file.Reserve(bytes);
    if (!reserved) return reserved.error();
    return file;
  }

  PosixFile(PosixFile&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), device_(other.device_), inode_(other.inode_), path_(other.path_) {}
  PosixFile& operator=(PosixFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(device_, other.device_);
    std::swap(inode_, other.inode_);
    std::swap(path_, other.path_);
    return *this;
  }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;
  ~PosixFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  // Not so once it was moved from.
  bool is_open() const noexcept { return descriptor_ >= 0; }
  // Of this process, closed on exec.
  int descriptor() const noexcept { return descriptor_; }
  // Of the file system.
  uint64_t device() const noexcept { return device_; }
  // In it nobody else's as long as it is open, or mapped.
  uint64_t inode() const noexcept { return inode_; }
  // As shm_open(3) takes it, with its slash.
  std::string_view name() const noexcept { return path_.data() + std::strlen(kPosixDirectory); }

  // What the kernel says of the file now. One system call.
  Result<struct stat> Stat() const noexcept {
    struct stat facts {};
    if (fstat(descriptor_, &facts) != 0) return FromFileErrno("fstat", errno);
    return facts;
  }

  // Gives it its name: from now on others find it. kExists where something has that name.
  Status Link() const noexcept {
    if (linkat(descriptor_, "", AT_FDCWD, path_.data(), AT_EMPTY_PATH) == 0) return Nothing{};
    if (errno != ENOENT && errno != EINVAL) return FromFileErrno("linkat", errno);
    // Before Linux 6.10 that is root's alone, and others need /proc.
    std::array<char, 32> own{};
    std::snprintf(own.data(), own.size(), "/proc/self/fd/%d", descriptor_);
    if (linkat(AT_FDCWD, own.data(), AT_FDCWD, path_.data(), AT_SYMLINK_FOLLOW) == 0) return Nothing{};
    Error error = FromFileErrno("linkat", errno);
    if (error.code == Code::kNotFound) error.code = Code::kSystem;
    return error;
  }

  // Does the name lead to this file?
  bool IsNamed() const noexcept {
    struct stat facts {};
    return lstat(path_.data(), &facts) == 0 && facts.st_dev == device_ && facts.st_ino == inode_;
  }

  // Takes the name away; kDestroyed where it does not lead to this file. There is no call that does both at once: those who
  // remove a name do so under its lock.
  Status Unlink() const noexcept {
    if (!IsNamed()) return Fail(Code::kDestroyed);
    if (unlink(path_.data()) != 0) return FromFileErrno("unlink", errno);
    return Nothing{};
  }

  // Not all its pages are there: the kernel takes them when they are first used, read or written. One system call.
  bool IsSparse() const noexcept {
    const auto facts = Stat();
    return facts && facts->st_blocks * kBlockBytes < facts->st_size;
  }

  // The pages of these bytes, before they are used: kNoSpace in place of the SIGBUS. It gets no longer by that, not where somebody
  // has made it shorter either.
  Status ReservePages(uint64_t offset, uint64_t bytes) const noexcept {
    return InParts(offset, offset + bytes, "fallocate", [this](off_t at, off_t part) {
      const bool done = fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, at, part) == 0 || errno == EOPNOTSUPP;
      return done ? 0 : errno;
    });
  }

  // Whatever it is.
  static bool HasName(std::string_view name) noexcept {
    struct stat facts {};
    return lstat(PosixFile(name).path_.data(), &facts) == 0 || errno != ENOENT;
  }

 private:
  using Path = std::array<char, 80>;
  static_assert(sizeof(Path) > sizeof "/dev/shm" + kNameRoom);

  explicit PosixFile(std::string_view name) noexcept {
    const std::string_view directory = kPosixDirectory;
    directory.copy(path_.data(), directory.size());
    name.copy(path_.data() + directory.size(), path_.size() - directory.size() - 1);
  }

  const Path& path() const noexcept { return path_; }

  Result<struct stat> Identify() noexcept {
    auto facts = Stat();
    if (facts) device_ = facts->st_dev, inode_ = facts->st_ino;
    return facts;
  }

  static Error NoFile(int system_errno) noexcept {
    Error error = FromFileErrno("open", system_errno);
    if (system_errno == ENOSPC) error.code = Code::kLimit;  // of files
    if (system_errno == ENOENT || system_errno == ENOTDIR || system_errno == EISDIR || system_errno == EOPNOTSUPP) {
      error.code = Code::kUnsupported;
      error.reason = "no /dev/shm that can have it";
    }
    return error;
  }

  Status Reserve(uint64_t bytes) const noexcept {
    rlimit most{};
    // Over that, the kernel would send SIGXFSZ.
    if (getrlimit(RLIMIT_FSIZE, &most) == 0 && bytes > most.rlim_cur) return FromFileErrno("ftruncate", EFBIG);
    // Or all there is would be used up before the kernel says so. None at all: there is no limit.
    struct statvfs room {};
    const bool is_limited = fstatvfs(descriptor_, &room) == 0 && room.f_blocks != 0;
    if (is_limited && bytes / room.f_bsize > room.f_bavail) return FromFileErrno("posix_fallocate", ENOSPC);
    if (ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) return FromFileErrno("ftruncate", errno);
    return InParts(0, bytes, "posix_fallocate", [this](off_t at, off_t part) { return posix_fallocate(descriptor_, at, part); });
  }

  // A signal makes the kernel give up, and begin again. `reserve(at, part)` gives an errno.
  template <class Call>
  static Status InParts(uint64_t begin, uint64_t end, const char* syscall, Call reserve) noexcept {
    for (uint64_t at = begin; at < end;) {
      const uint64_t part = std::min(kReservedAtOnce, end - at);
      const int failed = reserve(static_cast<off_t>(at), static_cast<off_t>(part));
      if (failed == 0) at += part;
      if (failed != 0 && failed != EINTR) return FromFileErrno(syscall, failed);
    }
    return Nothing{};
  }

  static constexpr off_t kBlockBytes = 512;  // of st_blocks, on every file system
  static constexpr uint64_t kReservedAtOnce = uint64_t{1} << 20U;

  int descriptor_ = -1;
  uint64_t device_ = 0;
  uint64_t inode_ = 0;
  Path path_{};
};

}  // namespace shmnode
