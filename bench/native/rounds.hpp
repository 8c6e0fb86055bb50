// Two sides measured against each other: rounds of both alternate, so that a machine whose speed drifts does not favour one.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace bench {

// Nanoseconds that one call of `side` takes, from so many.
template <class Side>
double TimeOf(const Side& side, size_t calls) {
  const auto began = std::chrono::steady_clock::now();
  for (size_t i = 0; i < calls; i++) side();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  return took.count() / static_cast<double>(calls);
}

// 0.5: the median. Of at least one number.
inline double Quantile(std::vector<double> numbers, double q) {
  std::sort(numbers.begin(), numbers.end());
  const auto at = static_cast<size_t>(static_cast<double>(numbers.size()) * q);
  return numbers[std::min(at, numbers.size() - 1)];
}

// What all rounds told, in nanoseconds a call. The least is what counts on a machine that others use too.
struct Comparison {
  std::vector<double> ours;
  std::vector<double> floor;
  std::vector<double> ratios;
};

// Two rounds more than `rounds`: the first ones are there to warm up.
template <class Ours, class Floor>
Comparison Compare(const Ours& ours, const Floor& floor, size_t calls, int rounds) {
  Comparison told;
  for (int round = -2; round < rounds; round++) {
    const double b = TimeOf(floor, calls);
    const double a = TimeOf(ours, calls);
    if (round < 0) continue;
    told.ours.push_back(a);
    told.floor.push_back(b);
    told.ratios.push_back(a / b);
  }
  return told;
}

}  // namespace bench
