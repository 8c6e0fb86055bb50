// What one does with a raw segment.
#pragma once

#include <fcntl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "../dev_shm.hpp"
#include "../memory.hpp"
#include "fault.hpp"
#include "other_holder.hpp"
#include "shmnode/destroy_raw.hpp"
#include "shmnode/inspect_raw.hpp"

namespace fail {

// The life of a raw segment, and of one that another program made.
class RawLife {
 public:
  explicit RawLife(key_t key) : key_(key) {}

  void Run() {
    if (const auto raw = shmnode::OpenRaw(Target::Key(key_), {}, Patient()); Typed(raw, "create raw")) Use(*raw);
    Open({.create = false}, "open raw");
    Open({.read_only = true}, "open raw to read");
    Typed(shmnode::DestroyRaw(Target::Key(key_), {}, Patient()), "destroy raw");
    MakeForeign(key_ + 1);
    if (const auto raw = shmnode::OpenRaw(Target::Key(key_ + 1), {}, Patient()); Typed(raw, "open a foreign one")) Write(*raw, "x");
    Typed(shmnode::DestroyRaw(Target::Key(key_ + 1), {}, Patient()), "destroy a foreign one");
  }

  void CheckWorksAgain() const {
    for (const key_t key : {key_, key_ + 1}) {
      const auto raw = shmnode::OpenRaw(Target::Key(key), {}, Patient());
      const std::string what = tap::Text("after ", Fault::The().what());
      if (!tap::Check(static_cast<bool>(raw), tap::Text("raw opens again ", what, ", not ", raw.code()))) continue;
      tap::Check(static_cast<bool>(raw->Write({.data = "again", .length = 5}, Patient())), tap::Text("raw writes again ", what));
      std::byte first{};
      const auto part = raw->Read({.target = &first, .room = 1, .whole = false}, Patient());
      tap::Check(part && first == std::byte{'a'}, tap::Text("raw reads again ", what));
      tap::Equal(shmnode::DestroyRaw(Target::Key(key), {}, Patient()).code(), Code::kOk, tap::Text("raw is destroyed again ", what));
    }
  }

 private:
  // By system calls that do not fail.
  static void MakeForeign(key_t key) {
    if (!memory::is_posix) {
      syscall(SYS_shmget, key, 100, IPC_CREAT | IPC_EXCL | 0600);
      return;
    }
    const auto file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, dev_shm::PathOf(key).c_str(), O_CREAT | O_EXCL | O_RDWR, 0600));
    syscall(SYS_ftruncate, file, 100L);
    close(file);
  }

  void Open(const shmnode::RawOptions& options, std::string_view step) const {
    const auto raw = shmnode::OpenRaw(Target::Key(key_), options, Patient());
    if (!Typed(raw, step)) return;
    Read(*raw);
    Typed(shmnode::Inspect(*raw), "stat raw");
  }

  void Use(const shmnode::Raw& raw) {
    Write(raw, "one");
    Read(raw);
    {
      const OtherHolder holder(raw.lock().set()->id());
      Write(raw, "two");
    }
    Typed(shmnode::ListRaw(), "list raw");
  }

  void Write(const shmnode::Raw& raw, std::string_view text) {
    const auto status = raw.Write({.data = text.data(), .length = text.size(), .nul_terminated = true}, Patient());
    if (Typed(status, "write raw")) last_ = text;
  }

  void Read(const shmnode::Raw& raw) const {
    std::string text(2048, '?');
    const auto part = raw.Read({.target = reinterpret_cast<std::byte*>(text.data()), .room = 2048, .nul_terminated = true}, Patient());
    if (!Typed(part, "read raw")) return;
    text.resize(part->copied);
    // Made anew by an opener that found it removed, it is empty.
    if (!text.empty()) tap::Equal(text, last_, tap::Text("read raw, ", Fault::The().what()));
  }

  key_t key_;
  std::string last_;
};

}  // namespace fail
