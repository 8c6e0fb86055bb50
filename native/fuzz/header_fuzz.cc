// Any header under a key: every call gives exactly what the model says, and changes exactly what it may.
#include <cstdint>

#include "demand.hpp"
#include "input.hpp"
#include "model.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/inspect.hpp"
#include "victim.hpp"

namespace {

using shmnode::Cell;
using shmnode::Code;
using shmnode::Deadline;
using shmnode::Target;

// One input, from opening to destruction.
class Run {
 public:
  Run(const Input& input, Victim& victim)
      : input_(input), victim_(victim), model_(victim.bytes()), target_(Targeted(input, victim)), creates_(input.Has(kCreate)) {}

  void All() const {
    if (input_.Has(kList)) CheckList();
    const auto cell = shmnode::OpenCell(target_, {.create = creates_, .read_only = input_.Has(kReadOnly), .owner = {}}, Deadline::Now());
    if (LacksLock()) return CheckMended(cell.code());
    if (!MayChange()) Demand(victim_.IsThere() && victim_.IsUntouched(), "open leaves it as it was");
    CheckCode(cell.code());
    if (cell && !MayChange()) CheckOpened(*cell);
    if (input_.Has(kDestroy) && !MayChange()) CheckDestroy();
  }

 private:
  static Target Targeted(const Input& input, const Victim& victim) {
    return input.Has(kByName) ? Target::Name(victim.name()) : Target::Key(victim.key());
  }

  bool is_cell() const { return model_.HasMagic() && !model_.IsOtherLayout(); }
  // Two things are taken over or away by who opens: what a dead creator left, and what a dead destroyer left.
  bool MayChange() const {
    if (input_.Has(kReadOnly)) return false;
    return is_cell() ? model_.IsRetired() : creates_ && model_.IsBlank() && input_.Has(kBlankPayload);
  }

  // Its lock is a set that is not there: who opens gives it the one under the key.
  bool LacksLock() const {
    return !input_.Has(kReadOnly) && is_cell() && !model_.IsRetired() && model_.IsSound() && model_.set() != victim_.set();
  }

  void CheckMended(Code code) const {
    // Or it is the set of another segment: that is nobody's lock here.
    if (code == Code::kCorrupt) return Demand(victim_.IsUntouched(), "open with another segment's lock");
    const bool possible = code == Code::kOk || code == Code::kNameCollision || code == Code::kDestroyed || code == Code::kBusy;
    Demand(victim_.IsThere() && possible, "open of what has lost its lock");
    auto expected = victim_.bytes();
    std::copy_n(victim_.data() + 60, 4, &expected[60]);
    Demand(std::memcmp(expected.data(), victim_.data(), expected.size()) == 0, "a new lock changes its id alone");
  }

  void CheckCode(Code code) const {
    if (MayChange()) {
      const bool possible = code == Code::kOk || code == Code::kNotFound || code == Code::kCapacity || code == Code::kLayout;
      return Demand(possible, "open of what is left over");
    }
    if (model_.IsForeign() || model_.IsOtherLayout()) return DemandCode(code, Code::kLayout, "open of what is not ours");
    if (model_.IsBlank()) return Demand(code == Code::kNotFound || code == Code::kLayout, "open of a blank segment");
    if (model_.IsRetired()) return DemandCode(code, Code::kNotFound, "open of a retired segment");
    if (!model_.IsSound()) return DemandCode(code, Code::kCorrupt, "open of impossible numbers");
    const bool collides = input_.Has(kByName) && model_.name() != victim_.name();
    DemandCode(code, collides ? Code::kNameCollision : Code::kOk, "open");
  }

  void CheckOpened(const Cell& cell) const {
    Demand(cell.geometry().capacity == model_.capacity() && cell.geometry().slot_count == model_.slots(), "geometry");
    CheckRead(cell, cell.geometry().capacity, 0, true);
    CheckRead(cell, 50, 0, true);
    CheckRead(cell, 50, 70, false);
    CheckRead(cell, 50, UINT64_MAX, false);
    CheckRead(cell, 0, 0, false);
    Demand(cell.LengthHint() <= cell.geometry().capacity, "hint");
    const auto info = shmnode::Inspect(cell);
    DemandCode(info.code(), model_.Read(0, false), "stat");
    Demand(victim_.IsUntouched(), "reads leave it as it was");
    if (input_.Has(kWrite)) CheckWrite(cell);
  }

  void CheckRead(const Cell& cell, uint64_t room, uint64_t offset, bool whole) const {
    std::vector<std::byte> target(std::min<uint64_t>(room, 1U << 16U));  // whose end AddressSanitizer guards
    const auto facts = cell.TryRead({.target = target.data(), .room = target.size(), .offset = offset, .whole = whole});
    DemandCode(facts.code(), model_.Read(target.size(), whole), "read");
    if (!facts) return;
    Demand(facts->version == model_.commit() && facts->media_type.back() == '\0', "facts");
    if (facts->version == 0) return Demand(facts->length == 0, "the length of what was never written");
    Demand(facts->length == model_.length(), "length");
    const uint64_t from = std::min(offset, facts->length);
    const uint64_t copied = std::min<uint64_t>(target.size(), facts->length - from);
    const auto expected = victim_.bytes().begin() + static_cast<std::ptrdiff_t>(model_.payload() + from);
    Demand(std::equal(target.begin(), target.begin() + static_cast<std::ptrdiff_t>(copied), expected), "the payload's bytes");
    const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
    Demand(std::all_of(target.begin() + static_cast<std::ptrdiff_t>(copied), target.end(), is_zero), "no byte more");
  }

  // A commit changes its slot's descriptor and the value's bytes, `commit`, `notify`, `woken` and the mark of a dead writer: nothing else.
  void CheckWrite(const Cell& cell) const {
    const auto version = cell.Write({.data = "!", .length = 1, .media_type = "a/b", .if_version = {}}, Deadline::Now());
    if (input_.Has(kReadOnly)) return DemandCode(version.code(), Code::kReadOnly, "write");
    if (model_.writer() != 0 && version.code() == Code::kBusy) return Demand(victim_.IsUntouched(), "a writer that may live");
    const uint64_t last = shmnode::kMaxExact;
    DemandCode(version.code(), model_.commit() >= last ? Code::kCorrupt : Code::kOk, "write");
    if (!version) return Demand(model_.writer() != 0 || victim_.IsUntouched(), "a refused write leaves it as it was");
    Demand(*version == model_.commit() + 1, "version");
    auto expected = victim_.bytes();
    const auto allow = [&](size_t from, size_t bytes) { std::copy_n(victim_.data() + from, bytes, &expected[from]); };
    const uint64_t slot = *version % model_.slots();
    allow(128, 8);
    allow(192, 4);
    allow(212, 4);
    std::fill_n(&expected[200], 8, std::byte{0});
    allow(256 + 128 * slot, 96);
    std::fill_n(&expected[256 + 128 * slot + 96], 32, std::byte{0});  // of no field that is known
    expected[4096 + model_.stride() * slot] = std::byte{'!'};
    Demand(std::memcmp(expected.data(), victim_.data(), expected.size()) == 0, "a write stays in its place");
    std::byte byte{};
    Demand(static_cast<bool>(cell.TryRead({.target = &byte, .room = 1})) && byte == std::byte{'!'}, "what was written is read");
  }

  static void CheckList() {
    const auto cells = shmnode::ListCells();
    Demand(static_cast<bool>(cells), "list");
    for (const auto& info : *cells) {
      Demand(info.value.length <= info.geometry.capacity && info.geometry.capacity < info.kernel.bytes, "a listed cell makes sense");
    }
  }

  void CheckDestroy() const {
    const auto status = shmnode::DestroyCell(target_, {}, Deadline::Now());
    if (status) return Demand(!model_.IsForeign() && !model_.IsOtherLayout(), "destroys nothing foreign");
    const bool written = input_.Has(kWrite) && !input_.Has(kReadOnly);
    Demand(victim_.IsThere() && (written || victim_.IsUntouched()), "what is not destroyed stays as it was");
  }

  const Input& input_;
  Victim& victim_;
  const Model model_;
  const Target target_;
  const bool creates_;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  EnterNamespace();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Input input(data, size);
  Victim& victim = VictimFor(input);
  victim.Lay(input);
  Run(input, victim).All();
  return 0;
}
