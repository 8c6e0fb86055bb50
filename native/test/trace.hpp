// The instructions that an operation runs, in order, and which of them it is to be killed at.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "stepped.hpp"

// How a loop or a copy is thinned out: a stretch of more than `stretch` instructions in which none runs for the first time.
struct Sampling {
  size_t stretch = 1000;
  size_t samples = 4;  // of its beginning, of its end, and as many evenly spread between
};

class Trace {
 public:
  // Runs the process to the end of its body.
  explicit Trace(Stepped& process) {
    for (; process.stopped(); process.Step()) {
      const uintptr_t address = process.pc();
      const bool is_first = seen_.insert(address).second;
      nearest_first_.push_back(is_first ? addresses_.size() : nearest_first_.back());
      addresses_.push_back(address);
      if (is_first && process.IsAtEnd()) return;
      if (is_first && process.IsAtSystemCall()) calls_.insert(address);
    }
  }

  // The end of the body counts as one more.
  size_t size() const { return addresses_.size(); }
  uintptr_t address(size_t index) const { return addresses_[index]; }

  // It enters the kernel.
  bool IsCall(size_t index) const { return calls_.count(addresses_[index]) != 0; }

  // All instructions, but for the samples of long stretches. Each address that runs at all is among them.
  std::vector<size_t> KillPoints(const Sampling& sampling) const {
    std::vector<size_t> points;
    for (size_t begin = 0, end = 0; begin < size(); begin = end) {
      for (end = begin + 1; end < size() && nearest_first_[end] != end; end++) {
      }
      AddStretch(begin, end - begin, sampling, points);
    }
    return points;
  }

  // Brings another process that runs the same body to the instruction: to the last one before it that runs for the first
  // time by a breakpoint, from there by steps. False where it took another way, as the clock's code may.
  bool Lead(Stepped& process, size_t index) const {
    const size_t near = nearest_first_[index];
    if (near > 0 && !process.RunTo(addresses_[near])) return false;
    for (size_t i = near; i < index; i++) process.Step();
    return process.stopped() && process.pc() == addresses_[index];
  }

 private:
  static void AddStretch(size_t begin, size_t length, const Sampling& sampling, std::vector<size_t>& points) {
    const size_t samples = sampling.samples;
    const bool all = length <= std::max(sampling.stretch, 3 * samples);
    const size_t ends = all ? length : samples;
    for (size_t i = 0; i < ends; i++) points.push_back(begin + i);
    if (all) return;
    const size_t between = length - 2 * samples;
    for (size_t i = 0; i < samples; i++) points.push_back(begin + samples + i * between / samples);
    for (size_t i = length - samples; i < length; i++) points.push_back(begin + i);
  }

  std::vector<uintptr_t> addresses_;
  std::vector<size_t> nearest_first_;
  std::unordered_set<uintptr_t> calls_;
  std::unordered_set<uintptr_t> seen_;
};
