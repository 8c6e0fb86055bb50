// Runs a few processes, as threads of one, in every order of their steps. A step begins with a call of the kernel, or with
// an access to shared memory where asked for, and lasts until the next one begins; another may come first each time.
//
// A run is repeated from its beginning for each order. States that were seen before (the kernel's, and all that each process has
// seen so far) are not gone on from.
#pragma once

#include <ucontext.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "explorer.hpp"
#include "kernel.hpp"

namespace simulated {

// What a process is about to do.
struct Step {
  enum class Kind : uint8_t { kStart, kCall, kOperate, kSleep, kAccess, kEnd };
  Kind kind;
  const char* name;
  int id;                              // of what it is about
  std::span<const sembuf> operations;  // kOperate
  uint64_t seen;                       // kSleep: the kernel's hash when it began
};

// A process of the run.
class Process {
 public:
  Process() : stack_(std::make_unique<std::array<std::byte, kStack>>()) {}

  // `on_end` must not return.
  void Begin(const std::function<void()>& body, void (*entry)()) {
    body_ = &body;
    next_ = {.kind = Step::Kind::kStart, .name = "start", .id = 0, .operations = {}, .seen = 0};
    history_ = Digest();
    is_dead_ = false;
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack_->data();
    context_.uc_stack.ss_size = kStack;
    context_.uc_link = nullptr;
    makecontext(&context_, entry, 0);
  }

  void RunBody() { (*body_)(); }
  bool HasEnded() const { return is_dead_ || next_.kind == Step::Kind::kEnd; }
  bool is_dead() const { return is_dead_; }
  void Die() { is_dead_ = true; }

  ucontext_t* context() { return &context_; }
  Step& next() { return next_; }
  const Step& next() const { return next_; }
  Digest& history() { return history_; }

 private:
  static constexpr size_t kStack = size_t{128} * 1024;

  std::unique_ptr<std::array<std::byte, kStack>> stack_;
  ucontext_t context_{};
  const std::function<void()>* body_ = nullptr;
  Step next_{};
  Digest history_;
  bool is_dead_ = false;
};

class Explorer {
 public:
  static Explorer& The() {
    static Explorer explorer;
    return explorer;
  }

  Kernel& kernel() { return kernel_; }
  // The process that runs; -1 outside of them.
  int running() const { return running_; }
  bool stops_at_accesses() const { return running_ >= 0 && plan_->stops_at_accesses; }
  bool is_dead(int process) const { return processes_[static_cast<size_t>(process)].is_dead(); }

  // In seconds. Stands still as long as there is anything else to do than to sleep.
  int64_t time() const { return kBeginning + kNap * naps_; }

  // Called by the process that runs, before what it is about to do. Comes back when it is to do it.
  void Stop(const Step& step) {
    if (running_ < 0) return;
    Process& process = processes_[static_cast<size_t>(running_)];
    process.next() = step;
    swapcontext(process.context(), &scheduler_);
  }

  // What the process that runs was told, by the kernel or by memory that others may change: all that its next steps depend on.
  void Saw(uint64_t fact) {
    if (running_ >= 0) processes_[static_cast<size_t>(running_)].history().Add(fact);
  }

  Outcome Explore(const Plan& plan) {
    plan_ = &plan;
    outcome_ = {};
    seen_.clear();
    path_.clear();
    do {
      RunOnce();
      outcome_.runs++;
    } while (outcome_.problem.empty() && NextPath());
    outcome_.states = seen_.size();
    return outcome_;
  }

 private:
  static constexpr int kKill = 100;  // added to a process's number in a choice
  static constexpr int64_t kBeginning = 1'000'000;
  static constexpr int64_t kNap = 3600;
  static constexpr int kMostNaps = 4;

  struct Branch {
    std::vector<int> choices;
    size_t taken;
  };

  void RunOnce() {
    Begin();
    for (size_t depth = 0;; depth++) {
      if (depth == path_.size()) {
        if (!seen_.insert(State()).second) return;
        auto choices = Choices();
        if (choices.empty()) return AtEnd();
        path_.push_back({.choices = std::move(choices), .taken = 0});
      }
      Take(path_[depth].choices[path_[depth].taken]);
      if (const std::string problem = plan_->check(); !problem.empty()) return Report(problem);
    }
  }

  void Begin() {
    running_ = -1;
    kernel_.Reset();
    preemptions_ = 0;
    kills_ = 0;
    naps_ = 0;
    last_ = -1;
    trace_.clear();
    plan_->become(-1);
    plan_->prepare();
    if (processes_.size() < plan_->bodies.size()) processes_ = std::vector<Process>(plan_->bodies.size());
    for (size_t i = 0; i < plan_->bodies.size(); i++) processes_[i].Begin(plan_->bodies[i], &Entry);
  }

  // The first function of each process.
  static void Entry() {
    Explorer& self = The();
    self.processes_[static_cast<size_t>(self.running_)].RunBody();
    self.Stop({.kind = Step::Kind::kEnd, .name = "end", .id = 0, .operations = {}, .seen = 0});
  }

  bool CanGoOn(const Process& process) {
    const Step& next = process.next();
    if (process.HasEnded()) return false;
    if (next.kind == Step::Kind::kOperate) return kernel_.CanOperate(next.id, next.operations);
    return next.kind != Step::Kind::kSleep || next.seen != kernel_.Hash();
  }

  // The one that ran last first; others only if it cannot go on, or may be made to wait.
  std::vector<int> Choices() {
    std::vector<int> choices;
    const bool goes_on = last_ >= 0 && CanGoOn(processes_[static_cast<size_t>(last_)]);
    if (goes_on) choices.push_back(last_);
    if (!goes_on || preemptions_ < plan_->most_preemptions) {
      for (size_t i = 0; i < plan_->bodies.size(); i++) {
        if (static_cast<int>(i) != last_ && CanGoOn(processes_[i])) choices.push_back(static_cast<int>(i));
      }
    }
    if (choices.empty()) return Sleepers();
    if (kills_ == plan_->most_kills) return choices;
    for (size_t i = 0; i < plan_->bodies.size(); i++) {
      if (!processes_[i].HasEnded() && processes_[i].next().kind != Step::Kind::kStart) choices.push_back(static_cast<int>(i) + kKill);
    }
    return choices;
  }

  // Time passes for them when nothing else happens: a deadline comes, or it is found that none does.
  std::vector<int> Sleepers() const {
    std::vector<int> choices;
    for (size_t i = 0; i < plan_->bodies.size() && naps_ < kMostNaps; i++) {
      if (!processes_[i].HasEnded() && processes_[i].next().kind == Step::Kind::kSleep) choices.push_back(static_cast<int>(i));
    }
    return choices;
  }

  void Take(int choice) {
    trace_.push_back(choice);
    if (choice >= kKill) {
      kills_++;
      processes_[static_cast<size_t>(choice - kKill)].Die();
      return kernel_.Kill(choice - kKill);
    }
    Process& process = processes_[static_cast<size_t>(choice)];
    if (!CanGoOn(process)) naps_++;
    if (last_ >= 0 && choice != last_ && CanGoOn(processes_[static_cast<size_t>(last_)])) preemptions_++;
    last_ = choice;
    process.history().Add(1);  // where it is
    plan_->become(choice);
    running_ = choice;
    swapcontext(&scheduler_, process.context());
    running_ = -1;
    plan_->become(-1);
  }

  // What can come after this depends on nothing else.
  uint64_t State() {
    Digest digest;
    digest.Add(kernel_.Hash());
    for (size_t i = 0; i < plan_->bodies.size(); i++) {
      Process& process = processes_[i];
      digest.Add(process.history().value());
      digest.Add((process.is_dead() ? 1U : 0U) | (CanGoOn(process) ? 2U : 0U));
    }
    digest.Add(static_cast<uint64_t>(kills_) << 8U | static_cast<uint64_t>(naps_));
    const bool bounded = plan_->most_preemptions < 1000;
    if (bounded) digest.Add(static_cast<uint64_t>(preemptions_) << 8U | static_cast<uint64_t>(last_ + 1));
    return digest.value();
  }

  void AtEnd() {
    outcome_.ends++;
    for (size_t i = 0; i < plan_->bodies.size(); i++) {
      if (!processes_[i].HasEnded()) return Report(std::to_string(i).append(" is a process that waits for ever"));
    }
    if (const std::string problem = plan_->check_at_end(); !problem.empty()) Report(problem);
  }

  void Report(const std::string& problem) { outcome_.problem = std::string(problem).append(", after").append(Retold()); }

  // The same run once more, step by step.
  std::string Retold() {
    const std::vector<int> choices = trace_;
    std::string text;
    Begin();
    int before = -1;
    for (const int choice : choices) {
      const int process = choice >= kKill ? choice - kKill : choice;
      const Step& step = processes_[static_cast<size_t>(process)].next();
      if (process != before) text.append("\n#   process ").append(std::to_string(process)).append(":");
      before = process;
      text.append(" ").append(choice >= kKill ? "killed" : step.name);
      if (choice < kKill && step.id != 0) text.append("(").append(std::to_string(step.id)).append(")");
      Take(choice);
    }
    return text;
  }

  bool NextPath() {
    while (!path_.empty() && ++path_.back().taken == path_.back().choices.size()) path_.pop_back();
    return !path_.empty();
  }

  Kernel kernel_;
  const Plan* plan_ = nullptr;
  Outcome outcome_;
  std::vector<Process> processes_;
  std::unordered_set<uint64_t> seen_;
  std::vector<Branch> path_;
  std::vector<int> trace_;
  ucontext_t scheduler_{};
  int running_ = -1;
  int last_ = -1;
  int preemptions_ = 0;
  int kills_ = 0;
  int naps_ = 0;
};

}  // namespace simulated
