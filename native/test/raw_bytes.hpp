// A segment as any other program sees it: bytes at offsets, by the system calls alone. What the tests do to segments
// behind the core's back.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "litter.hpp"
#include "tap.hpp"

class RawBytes {
 public:
  static RawBytes Create(key_t key, size_t bytes, unsigned mode = 0600) {
    auto raw = TryCreate(key, bytes, mode);
    tap::Require(raw.has_value(), "a raw segment is made");
    return *std::move(raw);
  }
  // Nothing where there is one.
  static std::optional<RawBytes> TryCreate(key_t key, size_t bytes, unsigned mode = 0600) {
    if (!memory::is_posix) {
      const int id = shmget(key, bytes, IPC_CREAT | IPC_EXCL | static_cast<int>(mode));
      return id < 0 ? std::nullopt : std::optional(OfId(id));
    }
    const int file = shm_open(memory::Name(key).text, O_RDWR | O_CREAT | O_EXCL, mode);
    if (file < 0) return std::nullopt;
    tap::Require(fchmod(file, mode) == 0 && ftruncate(file, static_cast<off_t>(bytes)) == 0, "a raw file");
    return RawBytes(file);
  }
  static RawBytes Under(key_t key) { return memory::is_posix ? Named(memory::Name(key).text) : OfId(litter::SegmentOf(key)); }
  // A name that stands for no key.
  static RawBytes Named(const std::string& name) {
    if (!memory::is_posix) return OfId(shmget(shmnode::KeyOfName(name), 0, 0));
    const int file = shm_open(name.c_str(), O_RDWR, 0);
    tap::Require(file >= 0, "a raw file");
    return RawBytes(file);
  }
  // Also where nobody would find it any more.
  static RawBytes Of(const shmnode::Segment& segment) {
    return memory::is_posix ? RawBytes(dup(segment.file().descriptor())) : OfId(segment.id());
  }

  RawBytes(RawBytes&& other) noexcept
      : id_(other.id_), file_(std::exchange(other.file_, -1)), size_(other.size_), data_(std::exchange(other.data_, nullptr)) {}
  RawBytes(const RawBytes&) = delete;
  RawBytes& operator=(const RawBytes&) = delete;
  ~RawBytes() {
    if (data_ != nullptr && memory::is_posix) munmap(data_, size_);
    if (data_ != nullptr && !memory::is_posix) shmdt(data_);
    if (file_ >= 0) close(file_);
  }

  // Of System V memory.
  int id() const { return id_; }
  shmnode::SegmentIdentity identity() const {
    struct stat facts {};
    if (!memory::is_posix) return {.device = 0, .number = static_cast<uint64_t>(id_)};
    tap::Require(fstat(file_, &facts) == 0, "a raw file");
    return {.device = facts.st_dev, .number = facts.st_ino};
  }
  // Makes the file of POSIX memory as long as that; what is attached stays.
  void Truncate(size_t bytes) const { tap::Require(ftruncate(file_, static_cast<off_t>(bytes)) == 0, "ftruncate"); }
  size_t size() const { return size_; }
  std::byte* data() const { return data_; }

  template <class T>
  T Load(size_t offset) const {
    T value{};
    std::memcpy(&value, data_ + offset, sizeof value);
    return value;
  }

  template <class T>
  void Store(size_t offset, T value) const {
    std::memcpy(data_ + offset, &value, sizeof value);
  }

  void StoreText(size_t offset, std::string_view text) const { std::memcpy(data_ + offset, text.data(), text.size()); }
  std::string_view Text(size_t offset, size_t length) const { return {reinterpret_cast<const char*>(data_) + offset, length}; }
  std::vector<std::byte> Copy() const { return {data_, data_ + size_}; }
  void Restore(const std::vector<std::byte>& bytes) const { std::memcpy(data_, bytes.data(), bytes.size()); }

 private:
  static RawBytes OfId(int id) {
    shmid_ds facts{};
    tap::Require(id >= 0 && shmctl(id, IPC_STAT, &facts) == 0, "a raw segment");
    return RawBytes(id, facts.shm_segsz);
  }

  RawBytes(int id, size_t size) : id_(id), size_(size), data_(static_cast<std::byte*>(shmat(id, nullptr, 0))) {
    tap::Require(data_ != reinterpret_cast<void*>(-1), "a raw attach");  // NOLINT(performance-no-int-to-ptr)
  }

  explicit RawBytes(int file) : file_(file) {
    struct stat facts {};
    tap::Require(fstat(file, &facts) == 0, "a raw file");
    size_ = static_cast<size_t>(facts.st_size);
    if (size_ == 0) return;
    data_ = static_cast<std::byte*>(mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    tap::Require(data_ != MAP_FAILED, "a raw attach");
  }

  int id_ = -1;
  int file_ = -1;
  size_t size_ = 0;
  std::byte* data_ = nullptr;
};
