// The operations that are killed at every instruction: those of the core, and those that are wrong on purpose.
#pragma once

#include <string_view>
#include <vector>

#include "broken.hpp"
#include "stage.hpp"

struct Operation {
  std::string_view name;
  void (Stage::*prepare)();
  void (*run)(const Stage&);  // in the process that is killed
  std::vector<State> states;  // what a death may leave, in the order in which the operation makes it
  std::optional<Harm> harm;   // that a broken one must be found to do
  uint64_t step = 1;          // from the old version to the new one

  bool concerns_value() const { return states.front() == State::kOld; }
  bool copies() const { return states.back() == State::kNew; }
  bool waits() const { return prepare == &Stage::PrepareTaken; }
};

namespace operations {

using cells::Soon;
using cells::Target;
using shmnode::LockHold;
using shmnode::LockMode;

inline void Open(const Stage& stage) { static_cast<void>(cells::Open(stage.target())); }
inline void Destroy(const Stage& stage) { static_cast<void>(cells::Destroy(stage.target())); }
inline void DestroyAttached(const Stage& stage) { static_cast<void>(stage.cell().Destroy(Soon())); }
inline void Write(const Stage& stage) { stage.Told(stage.cell().Write(stage.Request({}), Soon())); }
inline void WriteIf(const Stage& stage) { stage.Told(stage.cell().Write(stage.Request(Stage::kOldVersion), Soon())); }
inline void WriteIfNot(const Stage& stage) { static_cast<void>(stage.cell().Write(stage.Request(Stage::kOldVersion - 1), Soon())); }
template <LockMode mode>
void Lock(const Stage& stage) {
  static_cast<void>(LockHold::Acquire(stage.cell().lock(), mode, Soon()));
}

// With so little time that it comes to be next.
inline void LockNext(const Stage& stage) {
  static_cast<void>(LockHold::Acquire(stage.cell().lock(), LockMode::kExclusive, shmnode::Deadline::After(std::chrono::milliseconds(900))));
}

// Of the kind of memory that shows a segment before it is whole.
inline std::vector<Operation> OnBlank() {
  using enum State;
  return {{"create", &Stage::PrepareNothing, Open, {kNothing, kSet, kBlank, kCell}, {}},
          {"create-over-set", &Stage::PrepareSet, Open, {kSet, kNothing, kSet, kBlank, kCell}, {}},
          {"create-over-blank", &Stage::PrepareBlank, Open, {kBlank, kCell}, {}},
          {"destroy-blank", &Stage::PrepareBlank, Destroy, {kBlank, kSet, kNothing}, {}}};
}

inline std::vector<Operation> AtOnce() {
  using enum State;
  return {{"create", &Stage::PrepareNothing, Open, {kNothing, kSet, kCell}, {}},
          {"create-over-set", &Stage::PrepareSet, Open, {kSet, kNothing, kSet, kCell}, {}}};
}

inline std::vector<Operation> OnCell() {
  using enum State;
  return {
      {"open", &Stage::PrepareCell, Open, {kOld}, {}},
      {"write", &Stage::PrepareCell, Write, {kOld, kNew}, {}},
      {"write-if", &Stage::PrepareCell, WriteIf, {kOld, kNew}, {}},
      {"write-if-conflict", &Stage::PrepareCell, WriteIfNot, {kOld}, {}},
      {"write-wait", &Stage::PrepareTaken, Write, {kOld, kNew}, {}},
      {"lock-shared", &Stage::PrepareCell, Lock<LockMode::kShared>, {kOld}, {}},
      {"lock-shared-wait", &Stage::PrepareTaken, Lock<LockMode::kShared>, {kOld}, {}},
      {"lock-exclusive-next", &Stage::PrepareTakenUntilNext, LockNext, {kOld}, {}},
      {"lock-exclusive", &Stage::PrepareCell, Lock<LockMode::kExclusive>, {kOld}, {}},
      {"destroy", &Stage::PrepareCell, Destroy, {kCell, kRetired, kSet, kNothing}, {}},
      {"destroy-set", &Stage::PrepareSet, Destroy, {kSet, kNothing}, {}},
      {"destroy-attached", &Stage::PrepareCell, DestroyAttached, {kCell, kRetired, kSet, kNothing}, {}},
  };
}

inline const std::vector<Operation>& Sound() {
  static const std::vector<Operation> all = [] {
    auto operations = memory::is_posix ? AtOnce() : OnBlank();
    const auto others = OnCell();
    operations.insert(operations.end(), others.begin(), others.end());
    return operations;
  }();
  return all;
}

inline const std::vector<Operation>& Broken() {
  using enum State;
  static const std::vector<Operation> all = {
      {"write-in-place",
       &Stage::PrepareCell,
       [](const Stage& stage) { stage.Told(broken::WriteInPlace(stage.cell(), stage.Request({}))); },
       {kOld, kNew},
       Harm::kTorn,
       shmnode::kDefaultSlots},
      {"lock-without-undo", &Stage::PrepareCell, [](const Stage& stage) { broken::LockWithoutUndo(stage.cell()); }, {kOld}, Harm::kStuck},
      {"gate-without-undo",
       &Stage::PrepareTaken,
       [](const Stage& stage) { broken::PassGateWithoutUndo(stage.cell()); },
       {kOld},
       Harm::kStuck},
      {"create-magic-first",
       &Stage::PrepareNothing,
       [](const Stage& stage) { broken::CreateMagicFirst(stage.key()); },
       {kNothing, kSet, kBlank, kCell},
       Harm::kUnusable},
  };
  return all;
}

}  // namespace operations
