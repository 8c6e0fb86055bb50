// A shared memory segment attached to this process: System V's (shmget(2), shmat(2), shmctl(2)), or POSIX's (posix_file.hpp).
#pragma once

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>

#include <cerrno>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "key.hpp"
#include "posix_file.hpp"
#include "result.hpp"
#include "segment_facts.hpp"
#include "truncation_guard.hpp"

namespace shmnode {

// What an attach may do. The kernel enforces it: a write through kReadOnly is a SIGSEGV.
enum class Access {
  kReadWrite,  // the kernel wants the right to write for it, too
  kReadOnly,   // SHM_RDONLY
};

// What tells one segment from another, for as long as somebody is attached.
struct SegmentIdentity {
  uint64_t device;  // 0: System V
  uint64_t number;  // the kernel's id, or the inode's
  auto operator<=>(const SegmentIdentity&) const noexcept = default;
};

// Owns the attach, not the segment: destruction detaches, and only Remove destroys. The kernel's id stays valid in every
// process until the last detach, also after a removal. Movable between threads; data() may be used from any thread. What
// kind of memory it is matters to who opens, asks the kernel about, and removes it; the bytes are the same.
class Segment {
 public:
  // --- System V ---

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

  // --- POSIX ---

  // `bytes` is the size that the file's facts told. Of 0 bytes there is nothing to attach, and data() is null. Somebody who
  // makes the file shorter later does no harm: see TruncationGuard.
  static Result<Segment> Map(PosixFile file, size_t bytes, Access access) noexcept {
    if (bytes == 0) return Segment(std::move(file), nullptr, 0, access, {});
    const int rights = access == Access::kReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
    void* data = mmap(nullptr, bytes, rights, MAP_SHARED, file.descriptor(), 0);
    if (data == MAP_FAILED) return FromFileErrno("mmap", errno);
    TruncationGuard guard(data, bytes, file.descriptor());
    Segment segment(std::move(file), static_cast<std::byte*>(data), bytes, access, std::move(guard));
    if (!segment.guard_.is_on()) return FromFileErrno("mmap", ENOMEM);
    return segment;
  }

  // --- Both ---

  Segment(Segment&& other) noexcept
      : id_(other.id_),
        data_(std::exchange(other.data_, nullptr)),
        size_(other.size_),
        access_(other.access_),
        file_(std::move(other.file_)),
        is_sparse_(other.is_sparse_),
        guard_(std::move(other.guard_)) {}
  Segment& operator=(Segment&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(access_, other.access_);
    std::swap(file_, other.file_);
    std::swap(is_sparse_, other.is_sparse_);
    std::swap(guard_, other.guard_);
    return *this;
  }
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  ~Segment() {
    guard_.Release();
    if (data_ == nullptr) return;
    if (is_posix()) {
      munmap(data_, size_);
    } else {
      shmdt(data_);
    }
  }

  // Whether it is POSIX memory.
  bool is_posix() const noexcept { return file_.is_open(); }
  // The kernel's shmid; -1 of POSIX memory.
  int id() const noexcept { return id_; }
  // Of POSIX memory: the file, open.
  const PosixFile& file() const noexcept { return file_; }
  // Where it is mapped in this process, aligned to a page.
  std::byte* data() const noexcept { return data_; }
  // Bytes.
  size_t size() const noexcept { return size_; }
  // Whether it was attached kReadOnly.
  bool read_only() const noexcept { return access_ == Access::kReadOnly; }

  // Other memory than the segment's is at data() by now, for good. System V's never is lost.
  bool HasLostMemory() const noexcept { return guard_.loss() != Loss::kNone; }

  // What became of an access that is over. Of kNoSpace, another attach may do better.
  Status CheckMemory() const noexcept {
    switch (guard_.loss()) {
      case Loss::kNone: return Nothing{};
      case Loss::kTruncated: return Fail(Code::kDestroyed, "truncated");
      case Loss::kNoRoom: break;
    }
    return Fail(Code::kNoSpace, "/dev/shm had no room for a page of this sparse file: open it again");
  }

  // For memory that is no cell's: see TruncationGuard.
  void SubstituteZeros() const noexcept { guard_.SubstituteZeros(); }

  // What is about to be written to has its pages, or kNoSpace. A system call only where somebody else has made the file, and
  // reserved nothing.
  Status ReservePages(uint64_t offset, uint64_t bytes) const noexcept {
    return is_sparse_ ? file_.ReservePages(offset, bytes) : Status(Nothing{});
  }

  // Another attach of the same segment. Of POSIX memory, kDestroyed where its name does not lead to it any more.
  Result<Segment> AttachAgain(Access access) const noexcept {
    if (!is_posix()) return Attach(id_, size_, access);
    auto file = PosixFile::Open(file_.name(), access == Access::kReadOnly);
    if (!file) return file.error();
    if (file->device() != file_.device() || file->inode() != file_.inode()) return Fail(Code::kDestroyed);
    auto again = Map(*std::move(file), size_, access);
    if (again && guard_.SubstitutesZeros()) again->SubstituteZeros();
    return again;
  }

  // Something else has taken the place of the memory: it is not detached any more.
  void Abandon() noexcept {
    guard_.Release();
    data_ = nullptr;
  }

  // What the kernel says of it now. One system call.
  Result<SegmentFacts> Facts() const noexcept {
    if (is_posix()) {
      const auto facts = file_.Stat();
      return facts ? Result<SegmentFacts>(FactsOf(*facts, KeyOfName(file_.name()))) : facts.error();
    }
    const auto facts = Stat(id_);
    return facts ? Result<SegmentFacts>(FactsOf(*facts)) : facts.error();
  }

  // kDestroyed where nobody else will find it any more, or where there is less of it than is attached. One system call.
  Status CheckNotRemoved() const noexcept {
    const auto facts = Facts();
    if (!facts) return facts.error();
    if (facts->removed) return Fail(Code::kDestroyed);
    if (facts->bytes < size_) return Fail(Code::kDestroyed, "truncated");
    return Nothing{};
  }

  // Who is attached keeps the bytes; key or name are free at once. Of POSIX memory, under the lock of the name.
  Status Remove() const noexcept { return is_posix() ? file_.Unlink() : Remove(id_); }

  // The same in all processes, whichever attach it is.
  SegmentIdentity identity() const noexcept {
    if (is_posix()) return {.device = file_.device(), .number = file_.inode()};
    return {.device = 0, .number = static_cast<uint64_t>(id_)};
  }

 private:
  Segment(int id, std::byte* data, size_t size, Access access) noexcept : id_(id), data_(data), size_(size), access_(access) {}
  Segment(PosixFile file, std::byte* data, size_t size, Access access, TruncationGuard guard) noexcept
      : data_(data), size_(size), access_(access), file_(std::move(file)), is_sparse_(file_.IsSparse()), guard_(std::move(guard)) {}

  int id_ = -1;
  std::byte* data_;
  size_t size_;
  Access access_;
  PosixFile file_;
  bool is_sparse_ = false;
  TruncationGuard guard_;
};

}  // namespace shmnode
