// What there is to know of one cell, and the list of all.
#include "shmnode/inspect.hpp"

#include <algorithm>
#include <optional>

#include "cells.hpp"
#include "raw_bytes.hpp"

namespace {

using shmnode::CellInfo;

std::optional<CellInfo> Listed(const shmnode::Target& target) {
  const auto cells = *shmnode::ListCells();
  const auto is_it = [&target](const CellInfo& info) {
    return info.is_posix ? info.geometry.name_view() == target.name : info.id == target.id && target.kind == shmnode::Target::Kind::kId;
  };
  const auto found = std::find_if(cells.begin(), cells.end(), is_it);
  return found == cells.end() ? std::nullopt : std::optional(*found);
}

const tap::Test kInspect("inspect: a cell", [] {
  const std::string name = litter::UniqueName("inspect");
  const auto cell = cells::MustOpen(cells::Target::Name(name), {.capacity = 5000, .mode = 0640, .owner = {}});
  cells::WriteText(cell, "hello").code();
  const auto info = shmnode::Inspect(cell);
  tap::Require(static_cast<bool>(info), "inspect");
  tap::Equal(info->id, cell.segment().id(), "id");
  tap::Equal(info->is_posix, memory::is_posix, "the kind of memory");
  tap::Equal(info->key, memory::is_posix ? 0 : shmnode::KeyOfName(name), "key");
  tap::Equal(info->geometry.name_view(), std::string_view(name), "name");
  tap::Equal(info->geometry.capacity, 5000U, "capacity");
  tap::Equal(info->geometry.creator_pid, static_cast<uint32_t>(getpid()), "creator");
  tap::Equal(info->value.version, 1U, "version");
  tap::Equal(info->value.length, 5U, "length");
  tap::Equal(info->kernel.attached.value_or(1), 1U, "attaches");
  tap::Equal(info->kernel.mode, 0640U, "mode");
  tap::Equal(info->kernel.bytes, 4096U + 3 * 8192, "bytes");
});

const tap::Test kListed("inspect: the list has named, numbered and private cells", [] {
  const auto named = cells::MustOpen(cells::Target::Name(litter::UniqueName("inspect")));
  const auto numbered = cells::MustOpen(litter::UniqueKey());
  const auto secret = cells::MustOpenPrivate();
  for (const auto* cell : {&named, &numbered, &secret}) {
    const auto info = Listed(cells::ById(*cell));
    if (!tap::Check(info.has_value(), "listed")) continue;
    tap::Equal(info->geometry.incarnation, cell->geometry().incarnation, "incarnation");
    tap::Equal(info->value.version, 0U, "version");
  }
  tap::Equal(Listed(cells::ById(secret))->key, 0, "the private one's key");
});

const tap::Test kNotListed("inspect: the list has nothing else", [] {
  const key_t foreign = litter::UniqueKey();
  RawBytes::Create(foreign, 4096 * 4).StoreText(0, "text");
  const key_t small = litter::UniqueKey();
  RawBytes::Create(small, 100);
  const key_t corrupt = litter::UniqueKey();
  cells::MustOpen(corrupt);
  RawBytes::Under(corrupt).Store<uint32_t>(24, 0);
  for (const key_t key : {foreign, small, corrupt}) {
    const auto raw = RawBytes::Under(key);
    const auto before = raw.Copy();
    tap::Check(!Listed(cells::ById(key)), "not listed");
    tap::Check(raw.Copy() == before, "the same bytes");
  }
});

const tap::Test kGone("inspect: destroyed and removed cells are not listed", [] {
  const auto destroyed = cells::MustOpen(litter::UniqueKey());
  const key_t key = litter::UniqueKey();
  const auto removed = cells::MustOpen(key);
  tap::Check(static_cast<bool>(destroyed.Destroy(cells::Soon())), "destroy");
  litter::RemoveSegment(key);
  for (const auto* cell : {&destroyed, &removed}) {
    tap::Check(!Listed(cells::ById(*cell)), "not listed");
    tap::Equal(shmnode::Inspect(*cell).code(), shmnode::Code::kDestroyed, "inspect");
  }
});

const tap::Test kUnderWriter("inspect: a cell under a writer is listed all the time", [] {
  const auto cell = cells::MustOpenPrivate();
  for (int i = 0; i < 100; i++) {
    cells::WriteText(cell, "x").code();
    const auto hold = cell.LockForWrite(cells::Soon());
    tap::Check(Listed(cells::ById(cell)).has_value(), "listed");
  }
});

const tap::Test kDetaches("inspect: listing leaves no attach behind", [] {
  const key_t key = litter::UniqueKey();
  const auto target = cells::ById(cells::MustOpen(key));
  for (int i = 0; i < 10; i++) Listed(target);
  cells::MustDetach(target);
});

}  // namespace
