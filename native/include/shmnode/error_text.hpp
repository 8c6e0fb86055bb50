// What an Error says to a person.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "layout.hpp"
#include "result.hpp"

namespace shmnode {

namespace detail {

// "1.0"
inline std::string LayoutText(LayoutVersion layout) { return std::to_string(layout.major) + '.' + std::to_string(layout.minor); }

inline std::string OtherLayoutText(LayoutVersion layout) {
  constexpr LayoutVersion kOwn{.major = kLayoutMajor, .minor = kLayoutMinor};
  if (layout.major < kOwn.major) return "has layout " + LayoutText(layout) + ", which no shmnode has made";
  return "made with layout " + LayoutText(layout) + ": needs a shmnode that knows layout " + std::to_string(layout.major) +
         ", this one knows " + LayoutText(kOwn);
}

// What `number` stands for, where it stands for anything.
inline std::string NumberText(const Error& error) {
  const std::string number = std::to_string(error.number);
  if (error.code == Code::kVersionConflict) return "the current version is " + number;
  if (error.code == Code::kTooLarge && error.number != 0) return "the value or the room has " + number + " bytes";
  if (error.code == Code::kCapacity) return "there is room for " + number + " bytes";
  return {};
}

inline void AppendPart(std::string& text, const std::string& part) {
  if (!part.empty()) text += ": " + part;
}

}  // namespace detail

// One line without an end, such as "BUSY: process 4242 holds the lock" or "ACCESS: shmget: Permission denied". It begins with the
// code's name, which is stable; the rest may change. From any thread; may throw std::bad_alloc.
inline std::string ErrorText(const Error& error) {
  std::string text(kCodeNames[static_cast<size_t>(error.code)]);
  if (error.reason != nullptr && error.reason == kOtherLayout)
    return text + ": " + detail::OtherLayoutText(LayoutVersion::Unpacked(error.number));
  if (error.reason != nullptr) detail::AppendPart(text, error.reason);
  detail::AppendPart(text, detail::NumberText(error));
  if (error.holder != 0) detail::AppendPart(text, "process " + std::to_string(error.holder) + " holds the lock");
  if (error.syscall != nullptr) detail::AppendPart(text, error.syscall);
  if (error.system_errno != 0) detail::AppendPart(text, std::system_category().message(error.system_errno));
  return text;
}

}  // namespace shmnode
