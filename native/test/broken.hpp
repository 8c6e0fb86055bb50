// Programs that are wrong on purpose: each leaves something bad when it is killed at the right moment. They prove that
// the kill tests find what they look for.
#pragma once

#include <cstring>

#include "cells.hpp"

namespace broken {

using cells::Cell;
using cells::Code;
using cells::Result;
using shmnode::LockHold;
using shmnode::LockMode;

// Without slots: the current value is changed where it is. The version goes up by the slot count, because the value
// stays in its slot.
inline Result<uint64_t> WriteInPlace(const Cell& cell, const shmnode::WriteRequest& request) {
  const auto hold = cell.LockForWrite(cells::Soon());
  if (!hold) return hold.error();
  if (request.if_version && *request.if_version != cell.Version()) return shmnode::Fail(Code::kVersionConflict);
  const auto& geometry = cell.geometry();
  auto* header = reinterpret_cast<shmnode::Header*>(cell.segment().data());
  const uint64_t next = cell.Version() + geometry.slot_count;
  auto& slot = header->slots[next % geometry.slot_count];
  shmnode::RacyCopy(cell.segment().data() + shmnode::kHeaderBytes + next % geometry.slot_count * geometry.stride, request.data,
                    request.length);
  slot.length = request.length;
  slot.writer_pid = static_cast<uint32_t>(shmnode::ProcessId());
  std::memset(slot.media_type, 0, sizeof slot.media_type);
  if (!request.media_type.empty()) std::memcpy(slot.media_type, request.media_type.data(), request.media_type.size());
  slot.version = next;
  header->commit = next;
  return next;
}

// A lock that the kernel does not know the holder of.
inline void LockWithoutUndo(const Cell& cell) {
  const sembuf take[] = {
      {shmnode::kGate, 0, IPC_NOWAIT}, {shmnode::kWriter, 0, IPC_NOWAIT}, {shmnode::kReaders, 0, IPC_NOWAIT}, {shmnode::kWriter, 1, 0}};
  const sembuf give[] = {{shmnode::kWriter, -1, 0}};
  if (cell.lock().set().Operate(take)) static_cast<void>(cell.lock().set().Operate(give));
}

// Waits as the lock does, but who dies in the gate leaves it closed.
inline void PassGateWithoutUndo(const Cell& cell) {
  const sembuf enter[] = {{shmnode::kGate, 0, 0}, {shmnode::kGate, 1, 0}};
  const sembuf take[] = {
      {shmnode::kWriter, 0, SEM_UNDO}, {shmnode::kReaders, 0, SEM_UNDO}, {shmnode::kWriter, 1, SEM_UNDO}, {shmnode::kGate, -1, 0}};
  if (!cell.lock().set().Operate(enter) || !cell.lock().set().Operate(take)) return;
  cell.lock().Release(LockMode::kExclusive);
}

// The magic first, although the fields that it vouches for are not there yet.
inline void CreateMagicFirst(key_t key) {
  const shmnode::CellShape shape{.capacity = shmnode::kDefaultCapacity, .slot_count = shmnode::kDefaultSlots, .flags = 0, .name = {}};
  const size_t bytes = shmnode::SegmentBytesFor(shape.capacity, shape.slot_count);
  const auto set = shmnode::SemaphoreSet::Create(memory::SetKeyOf(key), shmnode::kSemaphoreCount, 0600);
  if (!set) return;
  const auto hold = LockHold::Acquire(shmnode::TurnstileLock(*set), LockMode::kExclusive, cells::Soon());
  if (!hold) return;
  const auto target = cells::Target::Key(key);
  const auto segment =
      memory::is_posix ? shmnode::detail::PosixPlace(target).Make(bytes, 0600) : shmnode::detail::SystemVPlace(target).Make(bytes, 0600);
  // A file gets its name too early as well.
  if (!segment || (memory::is_posix && !segment->file().Link())) return;
  reinterpret_cast<shmnode::Header*>(segment->data())->magic = shmnode::kMagic;
  shmnode::BeginHeader(*segment);
  shmnode::InitialiseHeader(*segment, shape, set->id());
}

}  // namespace broken
