// Explores what a few processes can do to each other on one machine: the core's own code, in every order of its steps.
//
// A step begins with a call of the kernel, which is simulated (kernel.hpp), and lasts until the next one; where asked for,
// each access to a segment is a step of its own. This header is all that instrumented code may know: see calls.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace simulated {

struct Plan {
  std::function<void(int)> become;            // a process, before each of its steps; -1: none of them
  std::function<void()> prepare;              // before there are processes: every call is carried out at once
  std::vector<std::function<void()>> bodies;  // of the processes
  std::function<std::string()> check;         // after each step: what is wrong, or nothing
  std::function<std::string()> check_at_end;  // when all have ended; calls are carried out at once
  int most_preemptions = kUnbounded;          // how often one that could go on is made to wait
  int most_kills = 0;
  bool stops_at_accesses = false;

  static constexpr int kUnbounded = 1000;
};

struct Outcome {
  uint64_t runs = 0;
  uint64_t states = 0;
  uint64_t ends = 0;
  std::string problem;  // the first that was found, with the order that led to it
};

Outcome Explore(const Plan& plan);

// For checks. Not of the processes that run.
struct SegmentFacts {
  int id;
  int attaches;
  bool is_removed;  // its key is gone, or leads elsewhere
  bool is_cell;     // has its magic
  bool is_retired;
  bool accepts_writes;  // and its lock exists
};

std::vector<SegmentFacts> Segments();  // that are there
bool IsDead(int process);

// The pid by which other processes see it, where they look whether it lives.
inline constexpr int kFirstPid = 1 << 22;
inline int PidOf(int process) { return kFirstPid + process; }
inline constexpr int kStartOfProcesses = 7;  // in clock ticks

}  // namespace simulated
