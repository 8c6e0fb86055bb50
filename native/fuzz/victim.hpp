// The segments that are fuzzed: cells of several shapes, some cut to a size that does not fit them, in an IPC namespace of
// this program's own, where no number in a header can name somebody else's object.
#pragma once

#include <sched.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "demand.hpp"
#include "input.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/open.hpp"

struct Shape {
  uint64_t capacity;
  uint32_t slots;
  bool checksum;
  size_t size;  // 0: as it should be
};

inline constexpr std::array<Shape, 8> kShapes = {{{2048, 3, false, 0},
                                                  {2048, 3, true, 0},
                                                  {5000, 2, true, 0},
                                                  {1, 16, false, 0},
                                                  {2048, 3, false, 16383},
                                                  {2048, 3, false, 12288},
                                                  {2048, 3, false, 4096},
                                                  {2048, 3, false, 100}}};

inline void EnterNamespace() {
  if (unshare(CLONE_NEWIPC) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWIPC) == 0) return;
  std::fputs("an IPC namespace of one's own is needed: run it as root, or permit user namespaces\n", stderr);
  std::exit(1);
}

class Victim {
 public:
  explicit Victim(const Shape& shape, size_t number)
      : shape_(shape), name_("fuzz" + std::to_string(number)), key_(shmnode::KeyOfName(name_)), good_(GoodBytes()) {
    Make();
  }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  ~Victim() { Remove(); }

  // The segment that the input asks for.
  void Lay(const Input& input) {
    if (!IsThere()) Remake();
    bytes_ = good_;
    const auto payload = bytes_.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(4096, bytes_.size()));
    if (input.Has(kBlankHeader)) std::fill(bytes_.begin(), payload, std::byte{0});
    if (input.Has(kBlankPayload)) std::fill(payload, bytes_.end(), std::byte{0});
    for (const Edit& edit : input.edits()) Store(edit);
    std::memcpy(attached_->data(), bytes_.data(), bytes_.size());
  }

  // Byte for byte as it was laid.
  bool IsUntouched() const { return std::memcmp(attached_->data(), bytes_.data(), bytes_.size()) == 0; }
  bool IsThere() const { return shmget(key_, 0, 0) == attached_->id() && semget(key_, 0, 0) == set_; }

  const Shape& shape() const { return shape_; }
  const std::string& name() const { return name_; }
  key_t key() const { return key_; }
  int set() const { return set_; }
  const std::vector<std::byte>& bytes() const { return bytes_; }
  const std::vector<std::byte>& good() const { return good_; }
  std::byte* data() const { return attached_->data(); }

 private:
  // A real cell's, with the random bytes of nobody's wherever no value lies.
  std::vector<std::byte> GoodBytes() const {
    const auto cell = *shmnode::OpenCell(shmnode::Target::Name(name_),
                                         {.capacity = shape_.capacity, .slots = shape_.slots, .checksum = shape_.checksum, .owner = {}},
                                         shmnode::Deadline::Now());
    const shmnode::Segment& segment = cell.segment();
    std::minstd_rand random(1);  // NOLINT(cert-msc51-cpp): the same bytes every time
    for (size_t at = 4096; at < segment.size(); at++) segment.data()[at] = static_cast<std::byte>(random() >> 8U);
    for (uint64_t i = 0; i < 5; i++) Write(cell, std::min<uint64_t>(shape_.capacity, 100 * (i + 1)), random());
    std::vector<std::byte> bytes(segment.data(), segment.data() + segment.size());
    Demand(static_cast<bool>(cell.Destroy(shmnode::Deadline::Now())), "a good cell is destroyed");
    std::fill_n(&bytes[192], 8, std::byte{0});  // notify, and retired by its destruction
    bytes.resize(shape_.size == 0 ? bytes.size() : shape_.size);
    return bytes;
  }

  static void Write(const shmnode::Cell& cell, uint64_t length, uint64_t seed) {
    std::minstd_rand random(static_cast<unsigned>(seed));
    std::vector<std::byte> value(length);
    for (std::byte& byte : value) byte = static_cast<std::byte>(random() >> 8U);
    const auto version =
        cell.Write({.data = value.data(), .length = length, .media_type = "text/plain", .if_version = {}}, shmnode::Deadline::Now());
    Demand(static_cast<bool>(version), "a good cell is written");
  }

  void Make() {
    set_ = semget(key_, shmnode::kSemaphoreCount, IPC_CREAT | IPC_EXCL | 0600);
    const int id = shmget(key_, good_.size(), IPC_CREAT | IPC_EXCL | 0600);
    Demand(set_ >= 0 && id >= 0, "the victim's objects");
    attached_.emplace(*shmnode::Segment::Attach(id, good_.size(), shmnode::Access::kReadWrite));
    if (good_.size() >= 64) std::memcpy(&good_[60], &set_, sizeof set_);
  }

  void Remake() {
    Remove();
    Make();
  }

  void Remove() {
    if (const int id = shmget(key_, 0, 0); id >= 0) shmctl(id, IPC_RMID, nullptr);
    if (const int id = semget(key_, 0, 0); id >= 0) semctl(id, 0, IPC_RMID);
    attached_.reset();
  }

  void Store(const Edit& edit) {
    if (edit.offset >= bytes_.size()) return;
    std::copy_n(edit.bytes.begin(), std::min(edit.bytes.size(), bytes_.size() - edit.offset),
                bytes_.begin() + static_cast<std::ptrdiff_t>(edit.offset));
  }

  const Shape& shape_;
  std::string name_;
  key_t key_;
  int set_ = -1;
  std::vector<std::byte> good_;
  std::vector<std::byte> bytes_;
  std::optional<shmnode::Segment> attached_;
};

inline Victim& VictimFor(const Input& input) {
  static std::array<std::unique_ptr<Victim>, kShapes.size()> victims;
  const size_t number = input.shape() % kShapes.size();
  if (!victims[number]) victims[number] = std::make_unique<Victim>(kShapes[number], number);
  return *victims[number];
}
