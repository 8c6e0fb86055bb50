// A System V shared memory segment attached to this process. shmget(2), shmat(2), shmctl(2).
#pragma once

#include <sys/ipc.h>
#include <sys/shm.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "result.hpp"

namespace shmnode {

// What an attach may do. The kernel enforces it: a write through kReadOnly is a SIGSEGV.
enum class Access {
  kReadWrite,  // the kernel wants the right to write for it, too
  kReadOnly,   // SHM_RDONLY
};

// Owns the attach, not the segment: destruction detaches, and only Remove destroys. The kernel's id stays valid in every
// process until the last detach, also after a removal. Movable between threads; data() may be used from any thread.
class Segment {
 public:
  // The id under a key; kNotFound where there is none. A key of 0 would create, and is refused.
  static Result<int> Find(key_t key) noexcept {
    if (key == IPC_PRIVATE) return Fail(Code::kNotFound);
    const int id = shmget(key, 0, 0);
    if (id < 0) return FromErrno("shmget", errno);
    return id;
  }

  // A new, zero-filled segment; kExists where the key has one, kLimit and kNoSpace where the kernel has no more to give.
  static Result<int> Create(key_t key, size_t bytes, unsigned mode) noexcept {
    const int id = shmget(key, bytes, IPC_CREAT | IPC_EXCL | static_cast<int>(mode & 0777U));
    if (id >= 0) return id;
    Error error = FromErrno("shmget", errno);
    if (error.system_errno == EINVAL) error.code = Code::kLimit;  // more than SHMMAX
    return error;
  }

  // Owner, mode, size in bytes, number of attaches: kDestroyed where there is no such id, kAccess where this user may not read it.
  static Result<shmid_ds> Stat(int id) noexcept {
    shmid_ds facts{};
    if (shmctl(id, IPC_STAT, &facts) != 0) return FromErrno("shmctl", errno);
    return facts;
  }

  // Calls `visit(id, facts)` for every segment on the machine that this process may look at. Fails where the kernel does not
  // tell which there are.
  template <class Visit>
  static Status ForEach(Visit visit) {
    shm_info totals{};
    const int last = shmctl(0, SHM_INFO, reinterpret_cast<shmid_ds*>(&totals));
    if (last < 0) return FromErrno("shmctl", errno);
    for (int index = 0; index <= last; index++) {
      shmid_ds facts{};
      const int id = shmctl(index, SHM_STAT, &facts);
      if (id >= 0) visit(id, facts);
    }
    return Nothing{};
  }

  // Attached processes keep their bytes; the key is free at once. kAccess unless this user made it or is root, kDestroyed where it is gone.
  static Status Remove(int id) noexcept {
    if (shmctl(id, IPC_RMID, nullptr) != 0) return FromErrno("shmctl", errno);
    return Nothing{};
  }

  // `bytes` is the size that Stat told of this id: the only size that is trusted. kAccess, kNoSpace, kDestroyed where it is gone.
  static Result<Segment> Attach(int id, size_t bytes, Access access) noexcept {
    void* data = shmat(id, nullptr, access == Access::kReadOnly ? SHM_RDONLY : 0);
    if (data == reinterpret_cast<void*>(-1)) return FromErrno("shmat", errno);  // NOLINT(performance-no-int-to-ptr)
    return Segment(id, static_cast<std::byte*>(data), bytes, access);
  }

  Segment(Segment&& other) noexcept
      : id_(other.id_), data_(std::exchange(other.data_, nullptr)), size_(other.size_), access_(other.access_) {}
  Segment& operator=(Segment&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(access_, other.access_);
    return *this;
  }
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment() {
    if (data_ != nullptr) shmdt(data_);
  }

  // The kernel's shmid.
  int id() const noexcept { return id_; }
  // Where it is mapped in this process, aligned to a page.
  std::byte* data() const noexcept { return data_; }
  // Bytes.
  size_t size() const noexcept { return size_; }
  // Whether it was attached kReadOnly.
  bool read_only() const noexcept { return access_ == Access::kReadOnly; }

 private:
  Segment(int id, std::byte* data, size_t size, Access access) noexcept : id_(id), data_(data), size_(size), access_(access) {}

  int id_;
  std::byte* data_;
  size_t size_;
  Access access_;
};

}  // namespace shmnode
