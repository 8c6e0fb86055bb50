// What an Error says to a person.
#include "shmnode/error_text.hpp"

#include "tap.hpp"

namespace {

using shmnode::Code;
using shmnode::Error;
using shmnode::ErrorText;
using shmnode::Fail;

const tap::Test kParts("error text: the code, and what is known besides", [] {
  tap::Equal(ErrorText(Fail(Code::kReadOnly)), "READ_ONLY", "a code alone");
  tap::Equal(ErrorText(Fail(Code::kCorrupt, "slot count")), "CORRUPT: slot count", "a reason");
  tap::Equal(ErrorText(Error{.code = Code::kBusy, .holder = 42}), "BUSY: process 42 holds the lock", "a holder");
  tap::Equal(ErrorText(Fail(Code::kVersionConflict, nullptr, 0)), "VERSION_CONFLICT: the current version is 0", "version 0");
  tap::Equal(ErrorText(Fail(Code::kCapacity, nullptr, 2048)), "CAPACITY: there is room for 2048 bytes", "a capacity");
  tap::Equal(ErrorText(shmnode::FromErrno("shmget", EACCES)), "ACCESS: shmget: Permission denied", "a system call");
});

const tap::Test kCodes("error text: every code has one", [] {
  for (size_t i = 0; i < shmnode::kCodeNames.size(); i++) {
    const std::string text = ErrorText(Fail(static_cast<Code>(i), "a reason", 7));
    tap::Check(text.starts_with(shmnode::kCodeNames[i]) && text.find(": a reason") != std::string::npos, text);
  }
});

const tap::Test kLayout("error text: another layout version tells which library is needed", [] {
  const auto text = [](uint16_t major, uint16_t minor) {
    return ErrorText(Fail(Code::kLayout, shmnode::kOtherLayout.data(), shmnode::LayoutVersion{.major = major, .minor = minor}.Packed()));
  };
  tap::Equal(text(2, 3), "LAYOUT: made with layout 2.3: needs a shmnode that knows layout 2, this one knows 1.0", "newer");
  tap::Equal(text(0, 0), "LAYOUT: has layout 0.0, which no shmnode has made", "older");
  tap::Equal(ErrorText(Fail(Code::kLayout, "no magic")), "LAYOUT: no magic", "foreign");
});

}  // namespace
