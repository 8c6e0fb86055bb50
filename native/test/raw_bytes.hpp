// A segment as any other program sees it: bytes at offsets, by the system calls alone. What the tests do to segments
// behind the core's back.
#pragma once

#include <sys/shm.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "litter.hpp"
#include "tap.hpp"

class RawBytes {
 public:
  static RawBytes Create(key_t key, size_t bytes, int mode = 0600) { return Of(shmget(key, bytes, IPC_CREAT | IPC_EXCL | mode)); }
  static RawBytes Under(key_t key) { return Of(shmget(key, 0, 0)); }

  static RawBytes Of(int id) {
    shmid_ds facts{};
    tap::Require(id >= 0 && shmctl(id, IPC_STAT, &facts) == 0, "a raw segment");
    return RawBytes(id, facts.shm_segsz);
  }

  RawBytes(RawBytes&& other) noexcept : id_(other.id_), size_(other.size_), data_(std::exchange(other.data_, nullptr)) {}
  RawBytes(const RawBytes&) = delete;
  RawBytes& operator=(const RawBytes&) = delete;
  ~RawBytes() {
    if (data_ != nullptr) shmdt(data_);
  }

  int id() const { return id_; }
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
  RawBytes(int id, size_t size) : id_(id), size_(size), data_(static_cast<std::byte*>(shmat(id, nullptr, 0))) {
    tap::Require(data_ != reinterpret_cast<void*>(-1), "a raw attach");  // NOLINT(performance-no-int-to-ptr)
  }

  int id_;
  size_t size_;
  std::byte* data_;
};
