// A bar for people: on standard error, and only where that is a terminal.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

class Progress {
 public:
  Progress(std::string_view what, size_t total) : what_(what), total_(total) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }

  void Advance() {
    done_++;
    if (!shown_ || (done_ % 16 != 0 && done_ != total_)) return;
    const std::string bar(done_ * kWidth / total_, '#');
    std::fprintf(stderr, "\r%s [%-*s] %zu of %zu", what_.c_str(), static_cast<int>(kWidth), bar.c_str(), done_, total_);
  }

 private:
  static constexpr size_t kWidth = 40;

  const bool shown_ = isatty(STDERR_FILENO) == 1;
  const std::string what_;
  const size_t total_;
  size_t done_ = 0;
};
