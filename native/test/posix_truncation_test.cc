// POSIX shared memory that somebody makes shorter: kDestroyed in place of the SIGBUS, which stays everybody else's.
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "cells.hpp"
#include "child.hpp"
#include "dev_shm.hpp"
#include "raw_bytes.hpp"
#include "raws.hpp"
#include "shared.hpp"
#include "threads.hpp"

namespace {

using cells::Cell;
using cells::Code;
using cells::Deadline;
using cells::Target;
using dev_shm::Alone;

// A cell with a value in each slot, and the file behind it.
struct Shortened {
  key_t key = litter::UniqueKey();
  Cell cell = cells::MustOpen(key, {.capacity = 16 * 4096, .owner = {}});
  RawBytes raw = RawBytes::Under(key);

  Shortened() {
    for (uint64_t version = 1; version <= 4; version++) cells::Write(cell, Pattern(16 * 4096, version)).code();
  }
};

const tap::Test kTruncated("posix: a file made shorter by somebody is kDestroyed, whatever is done with it, and no crash", [] {
  Alone();
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{4096}, size_t{4096 * 3}, size_t{4096 + 3 * 16 * 4096 - 1}}) {
    const Shortened its;
    const auto reader = cells::MustOpen(its.key, {.read_only = true, .owner = {}});
    const std::string what = tap::Text("at ", bytes, " bytes, ");
    its.raw.Truncate(bytes);
    for (const Cell* cell : {&its.cell, &reader}) tap::Equal(cell->CheckNotRemoved().code(), Code::kDestroyed, what + "CheckNotRemoved");
    tap::Equal(cells::WriteText(its.cell, "x").code(), Code::kDestroyed, what + "a write");
    const Code read = cells::Read(reader).code;
    tap::Check(read == Code::kOk || read == Code::kDestroyed, what + "a read");
    if (bytes <= 4096) tap::Equal(read, Code::kDestroyed, what + "a read of what is gone");
    static_cast<void>(reader.Version());
    static_cast<void>(reader.LengthHint());
    tap::Check(!shmnode::Inspect(its.cell) || bytes > 4096, what + "inspect");
    const auto opened = cells::Open(Target::Key(its.key));
    tap::Check(opened.code() == Code::kLayout || opened.code() == Code::kCorrupt, what + "open");
    // Without its magic nobody can tell that it was ours.
    const bool is_known = bytes > 1;
    tap::Equal(cells::Destroy(Target::Key(its.key)).code(), is_known ? Code::kOk : Code::kLayout, what + "destroy");
    if (!is_known) tap::Equal(raws::Destroy(Target::Key(its.key)).code(), Code::kOk, what + "destroy as raw");
    tap::Equal(cells::WriteText(cells::MustOpen(its.key), "new").code(), Code::kOk, what + "made anew");
  }
});

const tap::Test kEachCall("posix: a file made shorter, and then one call", [] {
  Alone();
  const auto check = [](std::string_view what, auto call) {
    const Shortened its;
    its.raw.Truncate(0);
    const Code code = call(its.cell);
    tap::Check(code == Code::kDestroyed || code == Code::kBusy, tap::Text(what, ": ", code));
    tap::Check(its.cell.IsRetired(), tap::Text(what, ": retired"));
    tap::Equal(cells::Read(its.cell).code, Code::kDestroyed, tap::Text(what, ": a read afterwards"));
  };
  check("read", [](const Cell& cell) { return cells::Read(cell).code; });
  check("write", [](const Cell& cell) { return cells::WriteText(cell, "x").code(); });
  check("lock", [](const Cell& cell) { return cell.LockForWrite(cells::Soon()).code(); });
  check("facts", [](const Cell& cell) { return cell.Facts().code(); });
  check("look for newer", [](const Cell& cell) { return cell.LookForNewer(0)->code(); });
  check("wait for newer", [](const Cell& cell) { return cell.WaitNewer(100, cells::Soon()).code(); });
  check("version", [](const Cell& cell) { return cell.Version() == 0 ? Code::kDestroyed : Code::kOk; });
  check("wake", [](const Cell& cell) {
    cell.Wake();
    return cell.IsRetired() ? Code::kDestroyed : Code::kOk;
  });
});

// Whole values or kDestroyed: what came from behind the end is never taken for the value.
void ReadUntilDestroyed(const Cell& cell, std::atomic<int>& reading) {
  for (bool first = true;; first = false) {
    const auto value = cells::Read(cell);
    if (first) reading++;
    if (value.code == Code::kDestroyed) return;
    if (!tap::Equal(value.code, Code::kOk, "a read") || !tap::Check(CounterOf(value.bytes).has_value(), "whole")) return;
  }
}

void WriteUntilDestroyed(const Cell& cell, std::atomic<int>& writing) {
  for (uint64_t count = 10;; count++) {
    const auto version = cells::Write(cell, Pattern(cell.geometry().capacity, count));
    if (count == 10) writing++;
    if (version.code() == Code::kDestroyed) return;
    if (version.code() != Code::kBusy && !tap::Equal(version.code(), Code::kOk, "a write")) return;
  }
}

const tap::Test kTruncatedUnderway("posix: a file made shorter under readers and writers at work", [] {
  Alone();
  for (int round = 0; round < 40; round++) {
    const key_t key = litter::UniqueKey();
    const auto cell = cells::MustOpen(key, {.capacity = 1 << 20, .owner = {}});
    const auto reader = cells::MustOpen(key, {.read_only = true, .owner = {}});
    cells::Write(cell, Pattern(1 << 20, 1)).code();
    const Shared<std::atomic<int>> at_work;
    Child peer([key, &at_work] {
      const auto raw = RawBytes::Under(key);
      WaitUntil([&at_work] { return *at_work == 4; });
      usleep(static_cast<useconds_t>(raw.Load<uint64_t>(40) % 2000));
      raw.Truncate(raw.Load<uint64_t>(40) % 3 * 4096);
      return 0;
    });
    InThreads(4, [&](int thread) {
      if (thread == 0) return WriteUntilDestroyed(cell, *at_work);
      ReadUntilDestroyed(thread == 1 ? cell : reader, *at_work);
    });
    tap::Check(peer.Succeeds(), "the peer");
  }
});

Code WriteNow(const Cell& cell) { return cell.Write({.data = "x", .length = 1}, Deadline::Now()).code(); }

// What this process has put into the file, no process that lives may leave there: it would look like a writer at work.
const tap::Test kLongAgain("posix: a file made shorter under a writer, and longer again: once its hold has ended, nobody is kept out", [] {
  Alone();
  for (const bool under_hold : {false, true}) {
    const Shortened its;
    {
      const auto hold = its.cell.LockForWrite(cells::Soon());
      its.raw.Truncate(4096);
      tap::Equal(its.cell.Commit(*hold, {.data = "x", .length = 1}).code(), Code::kDestroyed, "a commit");
      if (under_hold) its.raw.Truncate(its.raw.size());
      tap::Equal(its.raw.Load<uint64_t>(200), shmnode::WriterMark::Own().bits(), "the mark in the file");
    }
    its.raw.Truncate(its.raw.size());
    tap::Equal(WriteNow(its.cell), Code::kDestroyed, "the handle that has lost its memory");
    const auto next = cells::MustOpen(its.key);
    tap::Equal(WriteNow(next), Code::kOk, "the next writer");
    tap::Equal(cells::ReadText(next), "x", "its value");
    tap::Equal(next.Destroy(Deadline::Now()).code(), Code::kOk, "destroy");
  }
});

const tap::Test kOthersMark("posix: a handle that has lost its memory leaves marks in the file alone, which are not its own", [] {
  Alone();
  const Shortened its;
  its.raw.Truncate(4096);
  tap::Equal(cells::WriteText(its.cell, "x").code(), Code::kDestroyed, "lost");
  const uint64_t own = shmnode::WriterMark::Own().bits();
  its.raw.Store(200, own);
  tap::Equal(its.cell.LockForWrite(cells::Soon()).code(), Code::kDestroyed, "a lock");
  tap::Equal(its.raw.Load<uint64_t>(200), own, "the mark of another handle");
});

// What is read of a cell whose file was cut to 0 is whole, empty, the one byte that was written meanwhile, or an error. Of one
// whose header was spared, zeros may be read, as of any file with a hole in it.
void ReadWhileFlapping(const Cell& cell, bool may_be_torn) {
  const auto value = cells::Read(cell);
  const bool typed = value.code == Code::kDestroyed || value.code == Code::kCorrupt || value.code == Code::kBusy;
  const bool whole = value.bytes.size() <= 1 || may_be_torn || CounterOf(value.bytes).has_value();
  tap::Check(typed || whole, tap::Text("a read: ", value.code));
}

void WriteWhileFlapping(const Cell& cell, std::string_view when) {
  const Code code = WriteNow(cell);
  tap::Check(code == Code::kOk || code == Code::kDestroyed, tap::Text("a write ", when, ": ", code));
}

const tap::Test kFlapping("posix: a file that is made shorter and longer all the time, and then no more", [] {
  Alone();
  for (int round = 0; round < 40; round++) {
    const size_t least = round % 2 == 0 ? 0 : 4096;
    const key_t key = litter::UniqueKey();
    const auto cell = cells::MustOpen(key, {.capacity = 1 << 18, .owner = {}});
    cells::Write(cell, Pattern(1 << 18, 1)).code();
    const auto raw = RawBytes::Under(key);
    {
      const Child peer([&raw, least] {
        for (;;) raw.Truncate(least), raw.Truncate(raw.size());
        return 0;
      });
      for (int i = 0; i < 200 && !cell.IsRetired(); i++) ReadWhileFlapping(cell, least != 0), WriteWhileFlapping(cell, "meanwhile");
    }
    raw.Truncate(raw.size());
    WriteWhileFlapping(cell, "afterwards");
    if (least != 0) tap::Equal(WriteNow(cells::MustOpen(key)), Code::kOk, "a write of another handle");
    // Of a file without a header that says so, nobody knows that it was a cell.
    const bool is_cell = raw.Load<uint64_t>(0) == shmnode::kMagic;
    tap::Check(is_cell || least == 0, "the header is spared");
    const Code destroyed = shmnode::DestroyCell(Target::Key(key), {}, Deadline::Now()).code();
    tap::Check(destroyed == Code::kOk || (!is_cell && destroyed == Code::kLayout), tap::Text("destroy: ", destroyed));
  }
});

const tap::Test kRaw("posix: a raw file made shorter reads as zeros, all of it, and its calls are kDestroyed", [] {
  Alone();
  for (const size_t bytes : {size_t{1}, size_t{197}, size_t{4096}, size_t{20'000}}) {
    const key_t key = litter::UniqueKey();
    const auto raw = raws::MustOpen(key, {.capacity = bytes});
    tap::Equal(raws::WriteBytes(raw, std::string(bytes, 'x')).code(), Code::kOk, "a write");
    const auto again = raw.segment().AttachAgain(shmnode::Access::kReadWrite);
    tap::Require(static_cast<bool>(again), "another attach, as a view has it");
    RawBytes::Under(key).Truncate(0);
    for (const auto* segment : {&raw.segment(), &*again}) {
      const auto* data = segment->data();
      tap::Check(std::all_of(data, data + bytes, [](std::byte b) { return b == std::byte{0}; }), tap::Text(bytes, " zeros"));
    }
    tap::Equal(raws::ReadBytes(raw, 0, bytes), "DESTROYED", "a read");
    tap::Equal(raws::WriteBytes(raw, "x").code(), Code::kDestroyed, "a write");
  }
});

const tap::Test kManyGuards("posix: many attaches, each with its guard, in several threads", [] {
  Alone();
  InThreads(4, [](int) {
    std::vector<Cell> cells_open;
    std::vector<key_t> keys;
    for (int i = 0; i < 60; i++) {
      keys.push_back(litter::UniqueKey());
      cells_open.push_back(cells::MustOpen(keys.back()));
    }
    for (size_t i = 0; i < keys.size(); i += 2) RawBytes::Under(keys[i]).Truncate(0);
    for (size_t i = 0; i < keys.size(); i++) {
      const Code code = cells::Read(cells_open[i]).code;
      tap::Equal(code, i % 2 == 0 ? Code::kDestroyed : Code::kOk, "a read");
    }
    cells_open.erase(cells_open.begin(), cells_open.begin() + 30);
    for (size_t i = 30; i < keys.size(); i++) tap::Equal(cells_open[i - 30].IsRetired(), i % 2 == 0, "what is left");
  });
});

// How a process ends that breaks a mapping of its own.
int EndOf(void (*prepare)(), bool with_guard) {
  Child child([prepare, with_guard] {
    const rlimit no_core{};
    setrlimit(RLIMIT_CORE, &no_core);
    prepare();
    if (with_guard) cells::MustOpen(litter::UniqueKey());
    const int file = memfd_create("broken", 0);
    tap::Require(ftruncate(file, 4096) == 0, "ftruncate");
    auto* bytes = static_cast<volatile char*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0));
    tap::Require(ftruncate(file, 0) == 0, "ftruncate");
    return bytes[0];
  });
  return child.Wait();
}

const tap::Test kOthersFaults("posix: faults that are not ours do what they did before", [] {
  Alone();
  const auto nothing = [] {};
  const auto handler = [] { std::signal(SIGBUS, [](int) { _exit(42); }); };
  const auto detailed = [] {
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = [](int, siginfo_t* info, void*) { _exit(info->si_code == BUS_ADRERR ? 43 : 1); };
    sigaction(SIGBUS, &action, nullptr);
  };
  const auto ignored = [] { std::signal(SIGBUS, SIG_IGN); };
  for (const auto prepare : std::initializer_list<void (*)()>{nothing, handler, detailed, ignored}) {
    tap::Equal(EndOf(prepare, true), EndOf(prepare, false), "end");
  }
  Child sent([] {
    cells::MustOpen(litter::UniqueKey());
    raise(SIGBUS);
    return 0;
  });
  tap::Check(WIFSIGNALED(sent.Wait()) && WTERMSIG(sent.Wait()) == SIGBUS, "one that somebody sends");
  Child deaf([] {
    std::signal(SIGBUS, SIG_IGN);
    cells::MustOpen(litter::UniqueKey());
    raise(SIGBUS);
    return 0;
  });
  tap::Check(deaf.Succeeds(), "one that was to be ignored");
});

}  // namespace
