// Headers whose numbers change between check and use: a second thread lays the input's edits and takes them back, over and
// over, while calls run. What a call gives is then a matter of time, but never bytes from outside a payload, never facts
// that are impossible, and never an access outside the segment, which the fence would tell.
#include <atomic>
#include <thread>

#include "demand.hpp"
#include "input.hpp"
#include "shmnode/inspect.hpp"
#include "victim.hpp"

namespace {

using shmnode::Cell;
using shmnode::Code;
using shmnode::Deadline;
using shmnode::Target;

// The thread. Its plan is the victim's and the input's; both outlive the time between Start and Stop.
class Flipper {
 public:
  Flipper() : thread_([this] { Work(); }) { thread_.detach(); }

  void Start(const Victim& victim, const Input& input) {
    victim_ = &victim;
    input_ = &input;
    rounds_ = 0;
    is_on_ = true;
    while (rounds_ == 0) std::this_thread::yield();
  }

  void Stop() {
    is_on_ = false;
    while (is_busy_) std::this_thread::yield();
  }

 private:
  void Work() {
    for (;;) {
      is_busy_ = true;
      if (is_on_) {
        for (const Edit& edit : input_->edits()) Lay(edit, edit.bytes.data());
        for (const Edit& edit : input_->edits()) Lay(edit, &victim_->good()[0] + edit.offset);
        rounds_++;
      }
      is_busy_ = false;
      if (!is_on_) std::this_thread::yield();
    }
  }

  // Whole words where it can, since a flip of a number is meant and not of its bytes.
  void Lay(const Edit& edit, const std::byte* from) const {
    const size_t size = victim_->good().size();
    if (edit.offset >= size) return;
    std::byte* to = victim_->data() + edit.offset;
    const size_t n = std::min(edit.bytes.size(), size - edit.offset);
    if (n == sizeof(uint64_t) && edit.offset % sizeof(uint64_t) == 0) {
      uint64_t number = 0;
      std::memcpy(&number, from, n);
      reinterpret_cast<std::atomic<uint64_t>*>(to)->store(number, std::memory_order_relaxed);
    } else {
      for (size_t i = 0; i < n; i++) static_cast<volatile std::byte*>(to)[i] = from[i];
    }
  }

  const Victim* victim_ = nullptr;
  const Input* input_ = nullptr;
  std::atomic<uint64_t> rounds_{0};
  std::atomic<bool> is_on_{false};
  std::atomic<bool> is_busy_{false};
  std::thread thread_;
};

bool IsOneOf(Code code, std::initializer_list<Code> codes) { return std::find(codes.begin(), codes.end(), code) != codes.end(); }

// The bytes are some slot's, from the offset on. Payloads are random, so no others are equal to them.
bool IsFromPayload(const Victim& victim, const Cell& cell, std::span<const std::byte> bytes, uint64_t offset) {
  for (uint64_t slot = 0; slot < cell.geometry().slot_count; slot++) {
    const size_t at = 4096 + cell.geometry().stride * slot + offset;
    if (std::memcmp(&victim.bytes()[at], bytes.data(), bytes.size()) == 0) return true;
  }
  return false;
}

void CheckRead(const Victim& victim, const Cell& cell, uint64_t room, uint64_t offset, bool whole) {
  std::vector<std::byte> target(room);
  const auto facts = cell.TryRead({.target = target.data(), .room = room, .offset = offset, .whole = whole});
  Demand(IsOneOf(facts.code(), {Code::kOk, Code::kCorrupt, Code::kTooLarge, Code::kBusy, Code::kDestroyed}), "the read's code");
  if (!facts || facts->version == 0) return;
  Demand(facts->length <= cell.geometry().capacity && facts->version <= shmnode::kMaxExact, "possible facts");
  Demand(facts->media_type.back() == '\0', "media type");
  if (whole) Demand(facts->length <= room, "a whole value fits");
  const uint64_t copied = std::min(room, facts->length - std::min(offset, facts->length));
  if (copied != 0) Demand(IsFromPayload(victim, cell, std::span(target).first(copied), offset), "the payload's bytes");
}

void CheckReads(const Victim& victim, const Cell& cell) {
  const shmnode::Geometry& g = cell.geometry();
  Demand(g.capacity != 0 && g.capacity <= g.stride && g.stride <= (victim.good().size() - 4096) / g.slot_count, "the geometry fits");
  Demand(g.slot_count >= 2 && g.slot_count <= 16 && g.name.back() == '\0', "the geometry is possible");
  for (int i = 0; i < 30; i++) {
    CheckRead(victim, cell, g.capacity, 0, true);
    CheckRead(victim, cell, 40, 0, true);
    CheckRead(victim, cell, 40, 10, false);
    Demand(cell.LengthHint() <= g.capacity, "hint");
    const auto info = shmnode::Inspect(cell);
    if (info) Demand(info->value.length <= g.capacity, "stat");
  }
}

void CheckWrite(const Cell& cell) {
  for (int i = 0; i < 10; i++) {
    const auto write = cell.Write({.data = "!", .length = 1, .media_type = "a/b", .if_version = {}}, Deadline::Now());
    const auto allowed = {Code::kOk, Code::kCorrupt, Code::kBusy, Code::kDestroyed, Code::kReadOnly};
    Demand(IsOneOf(write.code(), allowed), "the write's code");
  }
}

void CheckOpen(const Victim& victim, bool read_only) {
  const auto cell = shmnode::OpenCell(Target::Key(victim.key()), {.create = false, .read_only = read_only, .owner = {}}, Deadline::Now());
  const auto refusals = {Code::kOk, Code::kCorrupt, Code::kLayout, Code::kNotFound, Code::kBusy, Code::kDestroyed};
  Demand(IsOneOf(cell.code(), refusals), "open's code");
  if (cell) CheckReads(victim, *cell);
}

Flipper& TheFlipper() {
  static auto* flipper = new Flipper;  // its thread runs to the end
  return *flipper;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  EnterNamespace();
  return 0;
}

// Of the switches, kList, kReadOnly and kWrite count here, and the header is a good one before and after.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Input input(data, size);
  Victim& victim = VictimFor(input);
  victim.Lay(Input(nullptr, 0));
  const auto before = shmnode::OpenCell(Target::Key(victim.key()), {.create = false, .owner = {}}, Deadline::Now());
  TheFlipper().Start(victim, input);
  if (before) CheckReads(victim, *before);
  for (int i = 0; i < 5; i++) CheckOpen(victim, input.Has(kReadOnly));
  if (input.Has(kList)) static_cast<void>(shmnode::ListCells());
  if (before && input.Has(kWrite)) CheckWrite(*before);
  TheFlipper().Stop();
  return 0;
}
