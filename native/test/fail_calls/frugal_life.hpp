// What one does, without memory.
#pragma once

#include <semaphore.h>

#include <array>
#include <new>

#include "fault.hpp"
#include "shmnode/destroy_raw.hpp"
#include "shmnode/inspect.hpp"
#include "shmnode/inspect_raw.hpp"

namespace fail {

// A life in which nothing but the core allocates, and the C library for it: in lists, in what is told of a raw segment, for
// semaphores and directories. What it throws is std::bad_alloc, and from nowhere else.
class FrugalLife {
 public:
  void Run() {
    outcomes_ = {};
    count_ = 0;
    UseCell();
    UseRaw();
    UseGuarded();
    for (const auto& target : {cell_, raw_, guarded_}) Clean(target);
  }

  void Check() const {
    for (int i = 0; i < count_; i++) {
      const Code code = outcomes_.at(static_cast<size_t>(i));
      tap::Check(code == Code::kOk || code == Code::kNoSpace, tap::Text("step ", i, ", ", Fault::The().what(), ": ", code));
    }
    sem_unlink(kSemaphore);
  }

 private:
  template <class Step>
  void Note(Step step) {
    Code code = Code::kNoSpace;
    try {
      code = step();
    } catch (const std::bad_alloc&) {
    }
    outcomes_.at(static_cast<size_t>(count_++)) = code;
  }

  void UseCell() {
    const auto cell = shmnode::OpenCell(cell_, {.owner = {}}, Patient());
    Note([&cell] { return cell.code(); });
    if (!cell) return;
    Note([&cell] { return cell->Write({.data = "x", .length = 1, .media_type = {}, .if_version = {}}, Patient()).code(); });
    std::byte first{};
    Note([&cell, &first] { return cell->Read({.target = &first, .room = 1}, Patient()).code(); });
    Note([&cell] { return shmnode::Inspect(*cell).code(); });
    Note([] { return shmnode::ListCells().code(); });
  }

  void UseRaw() {
    const auto raw = shmnode::OpenRaw(raw_, {}, Patient());
    Note([&raw] { return raw.code(); });
    if (!raw) return;
    Note([&raw] { return raw->Write({.data = "x", .length = 1}, Patient()).code(); });
    Note([&raw] { return shmnode::Inspect(*raw).code(); });
    Note([] { return shmnode::ListRaw().code(); });
  }

  void UseGuarded() {
    for (int i = 0; i < 2; i++) {
      const auto raw = shmnode::OpenRaw(guarded_, {.semaphore = kSemaphore}, Patient());
      Note([&raw] { return raw.code(); });
      if (raw) Note([&raw] { return raw->Write({.data = "x", .length = 1}, Patient()).code(); });
    }
  }

  void Clean(const shmnode::Target& target) {
    const bool is_cell = target.key == cell_.key;
    const Code code = is_cell ? shmnode::DestroyCell(target, {}, Patient()).code() : shmnode::DestroyRaw(target, {}, Patient()).code();
    Note([code] { return code == Code::kNotFound ? Code::kOk : code; });
  }

  static constexpr const char* kSemaphore = "/shmnode-fail-calls";

  const shmnode::Target cell_ = Target::Key(77);
  const shmnode::Target raw_ = Target::Key(78);
  const shmnode::Target guarded_ = Target::Key(79);
  std::array<Code, 32> outcomes_{};
  int count_ = 0;
};

}  // namespace fail
