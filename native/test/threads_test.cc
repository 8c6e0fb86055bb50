// What threads of one process share: a handle, whose const members may all be called at once, and what the core keeps for the
// process. ThreadSanitizer watches these (npm run test:tsan).
#include "threads.hpp"

#include "cells.hpp"

namespace {

const tap::Test kOneHandle("threads: every call on one handle at once", [] {
  const auto cell = cells::MustOpenPrivate({.capacity = 1024, .checksum = true, .owner = {}});
  InThreads(4, [&cell](int thread) {
    for (uint64_t i = 1; i <= 500; i++) {
      if (thread < 2) tap::Check(static_cast<bool>(cells::Write(cell, Pattern(1024, i))), "write");
      const auto value = cells::Read(cell);
      if (value.facts.version != 0) tap::Check(CounterOf(value.bytes).has_value(), "whole");
      tap::Check(static_cast<bool>(cell.Facts()) && static_cast<bool>(shmnode::Inspect(cell)), "facts");
      tap::Check(cell.LengthHint() <= 1024 && cell.Version() <= 1000 && !cell.IsRetired(), "plain facts");
    }
  });
  tap::Equal(cell.Version(), 1000U, "no write lost");
});

// Not among those of ThreadSanitizer, which does not know that an attach ends: the next one may have its address.
const tap::Test kLife("life: create, write and destroy one key at once", [] {
  const key_t key = litter::UniqueKey();
  InThreads(4, [key](int) {
    for (int i = 0; i < 100; i++) {
      const auto cell = cells::Open(cells::Target::Key(key));
      if (cell) cells::WriteText(*cell, "x").code();
      if (i % 10 == 0) static_cast<void>(shmnode::ListCells());
      if (i % 3 == 0) cells::Destroy(cells::Target::Key(key)).code();
    }
  });
  tap::Check(cells::Open(cells::Target::Key(key)).code() == cells::Code::kOk, "opens");
});

const tap::Test kDestroyed("threads: one destroys what the others use", [] {
  const auto cell = cells::MustOpen(litter::UniqueKey());
  InThreads(4, [&cell](int thread) {
    for (int i = 0; i < 300; i++) {
      if (thread == 0 && i == 100) tap::Check(static_cast<bool>(cell.Destroy(cells::Soon())), "destroy");
      const cells::Code code = thread == 1 ? cells::Read(cell).code : cells::WriteText(cell, "x").code();
      tap::Check(code == cells::Code::kOk || code == cells::Code::kDestroyed, tap::Text("a value or kDestroyed, not ", code));
    }
  });
});

}  // namespace
