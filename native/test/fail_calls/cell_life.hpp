// What one does with a cell.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "../memory.hpp"
#include "fault.hpp"
#include "other_holder.hpp"
#include "shmnode/inspect.hpp"

namespace fail {

// The life of a cell, with whatever comes of each step.
class CellLife {
 public:
  explicit CellLife(key_t key) : key_(key) {}

  void Run() {
    if (const auto cell = shmnode::OpenCell(Target::Key(key_), {.checksum = true, .owner = {}}, Patient()); Typed(cell, "create"))
      Use(*cell);
    const auto again = shmnode::OpenCell(Target::Key(key_), {.create = false, .owner = {}}, Patient());
    if (Typed(again, "open")) Read(*again, "read again");
    const auto reader = shmnode::OpenCell(Target::Key(key_), {.read_only = true, .owner = {}}, Patient());
    if (Typed(reader, "open to read")) Read(*reader, "read without rights");
    Typed(shmnode::DestroyCell(Target::Key(key_), {}, Patient()), "destroy");
    if (!memory::is_posix) RunPrivate();
  }

  // Of the private cell too, whose id is all that is left where destroying it has failed.
  void CheckWorksAgain() {
    const auto left = cells::Open(Target::Key(key_));
    tap::Check(left || left.code() == Code::kDestroyed, tap::Text("opens again after ", Fault::The().what(), ", not ", left.code()));
    if (left && left->Version() != 0) Read(*left, "read after it");
    if (left) tap::Check(static_cast<bool>(cells::WriteText(*left, "after")), tap::Text("writes again after ", Fault::The().what()));
    tap::Equal(cells::Destroy(Target::Key(key_)).code(), Code::kOk, tap::Text("destroys again after ", Fault::The().what()));
    if (private_id_ >= 0) {
      const Code code = cells::Destroy(Target::Id(private_id_)).code();
      tap::Check(code == Code::kOk || code == Code::kNotFound, tap::Text("destroys by id after ", Fault::The().what(), ", not ", code));
    }
  }

 private:
  void Use(const cells::Cell& cell) {
    Write(cell, "one", {});
    Read(cell, "read");
    Typed(cell.Facts(), "facts");
    Typed(shmnode::Inspect(cell), "stat");
    Typed(cell.CheckNotRemoved(), "still there");
    if (!last_.empty()) Write(cell, "two", 1);
    {
      const OtherHolder holder(cell.lock().set().id());
      Write(cell, "three", {});
    }
    List(cell);
  }

  // What cannot be attached for want of memory is there all the same.
  static void List(const cells::Cell& cell) {
    const auto list = shmnode::ListCells();
    if (!Typed(list, "list") || Fault::The().error() != ENOMEM) return;
    const uint64_t incarnation = cell.geometry().incarnation;
    const auto is_it = [incarnation](const shmnode::CellInfo& info) { return info.geometry.incarnation == incarnation; };
    tap::Check(std::any_of(list->begin(), list->end(), is_it), tap::Text("listed, ", Fault::The().what()));
  }

  void Write(const cells::Cell& cell, std::string_view text, std::optional<uint64_t> if_version) {
    const auto version = cell.Write({.data = text.data(), .length = text.size(), .media_type = {}, .if_version = if_version}, Patient());
    if (Typed(version, "write")) last_ = text;
  }

  // A write that has failed has committed nothing.
  void Read(const cells::Cell& cell, std::string_view step) const {
    std::string text(2048, '\0');
    const auto facts = cell.Read({.target = reinterpret_cast<std::byte*>(text.data()), .room = text.size()}, Patient());
    if (!Typed(facts, step)) return;
    text.resize(facts->length);
    // Made anew by an opener that found it removed, it is empty.
    if (facts->version != 0) tap::Equal(text, last_, tap::Text(step, ", ", Fault::The().what()));
  }

  void RunPrivate() {
    const auto cell = shmnode::OpenCell(Target::Private(), {.owner = {}}, Patient());
    if (!Typed(cell, "create private")) return;
    private_id_ = cell->segment().id();
    Typed(cells::WriteText(*cell, "private"), "write private");
    Typed(cell->Destroy(Patient()), "destroy private");
  }

  key_t key_;
  std::string last_;
  int private_id_ = -1;
};

}  // namespace fail
