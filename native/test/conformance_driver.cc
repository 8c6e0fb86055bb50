// conformance_driver: the C++ library as a process of the conformance suite. test/conformance/README.md has its commands, which it
// takes by the line from standard input.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pattern.hpp"
#include "shmnode/destroy.hpp"
#include "shmnode/destroy_raw.hpp"
#include "shmnode/open.hpp"
#include "shmnode/open_raw.hpp"
#include "tap.hpp"

namespace {

using shmnode::Cell;
using shmnode::Deadline;
using shmnode::Error;
using shmnode::LockHold;
using shmnode::LockMode;
using shmnode::Result;
using shmnode::Target;
using shmnode::UserLockHold;
using tap::Text;

// A command's arguments by their names.
class Words {
 public:
  void Add(std::string_view word) {
    const size_t equal = word.find('=');
    values_[std::string(word.substr(0, equal))] = word.substr(equal + 1);
  }

  bool Has(const std::string& name) const { return values_.count(name) != 0; }
  std::string Get(const std::string& name) const { return Has(name) ? values_.at(name) : ""; }
  bool Flag(const std::string& name, bool otherwise = false) const { return Has(name) ? Get(name) == "1" : otherwise; }
  uint64_t Number(const std::string& name, uint64_t otherwise, int base = 10) const {
    return Has(name) ? std::strtoull(Get(name).c_str(), nullptr, base) : otherwise;
  }
  Deadline Timeout() const { return Deadline::After(std::chrono::milliseconds(Number("timeout", 60'000))); }

  // Of hexadecimal digits.
  std::string Bytes(const std::string& name) const {
    const std::string digits = Get(name);
    std::string bytes;
    for (size_t i = 0; i + 1 < digits.size(); i += 2) bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    return bytes;
  }

 private:
  std::map<std::string, std::string> values_;
};

std::string Hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

// What a command gives: the facts of its answer.
using Answer = Result<std::string>;

Target TargetOf(const std::string& reference) {
  const size_t colon = reference.find(':');
  const std::string kind = reference.substr(0, colon);
  const char* value = reference.c_str() + colon + 1;
  if (kind == "name") return Target::Name(value);
  if (kind == "posix") return Target::Posix(value);
  const auto number = std::strtoll(value, nullptr, 10);
  return kind == "id" ? Target::Id(static_cast<int>(number)) : Target::Key(static_cast<key_t>(number));
}

Answer AnswerOf(const shmnode::Status& status) {
  if (!status) return status.error();
  return std::string();
}

template <class Hold>
Answer Keep(std::optional<Hold>& place, Result<Hold> hold) {
  if (!hold) return hold.error();
  place.emplace(*std::move(hold));
  return std::string();
}

LockMode ModeOf(const Words& words) { return words.Get("mode") == "shared" ? LockMode::kShared : LockMode::kExclusive; }

// A raw segment that is open, and the locks on it.
class RawSeat {
 public:
  static Result<shmnode::Raw> Open(const Words& words, const std::string& reference) {
    return shmnode::OpenRaw(TargetOf(reference),
                            {.capacity = words.Number("capacity", 0),
                             .mode = static_cast<unsigned>(words.Number("mode", 0600, 8)),
                             .create = words.Flag("create", true),
                             .exclusive = words.Flag("exclusive"),
                             .read_only = words.Flag("readOnly"),
                             .owner = {}},
                            words.Timeout());
  }

  RawSeat(shmnode::Raw raw, bool nul_terminated) : raw_(std::move(raw)), nul_terminated_(nul_terminated) {}

  Answer Facts() const { return Text("id=", raw_.segment().identity().number, " capacity=", raw_.capacity()); }

  Answer Write(const Words& words) const {
    const std::string data = words.Bytes("data");
    return AnswerOf(
        raw_.Write({.data = data.data(), .length = data.size(), .offset = words.Number("offset", 0), .nul_terminated = nul_terminated_},
                   words.Timeout()));
  }

  Answer Read(const Words& words) const {
    std::string value(raw_.capacity(), '\0');
    const auto part = raw_.Read(
        {.target = reinterpret_cast<std::byte*>(value.data()), .room = value.size(), .nul_terminated = nul_terminated_}, words.Timeout());
    if (!part) return part.error();
    value.resize(part->copied);
    return Text("data=", Hex(value));
  }

  Answer Lock(const Words& words) {
    if (words.Get("mode") == "user") return Keep(user_lock_, UserLockHold::Acquire(*raw_.user_lock(), words.Timeout()));
    return Keep(lock_, raw_.Lock(ModeOf(words), words.Timeout()));
  }

  void Unlock(const Words& words) {
    if (words.Get("mode") == "user") {
      user_lock_.reset();
    } else {
      lock_.reset();
    }
  }

 private:
  shmnode::Raw raw_;
  bool nul_terminated_;
  std::optional<shmnode::RawHold> lock_;
  std::optional<UserLockHold> user_lock_;
};

// One open segment at a time, and the locks on it.
class Driver {
 public:
  Answer Open(const Words& words) {
    static_cast<void>(Close(words));
    name_ = words.Get("ref");
    if (words.Get("layout") == "raw") {
      auto raw = RawSeat::Open(words, name_);
      if (!raw) return raw.error();
      return raw_.emplace(*std::move(raw), words.Flag("nul")).Facts();
    }
    auto cell = shmnode::OpenCell(TargetOf(name_),
                                  {.capacity = words.Number("capacity", 0),
                                   .slots = static_cast<uint32_t>(words.Number("slots", 0)),
                                   .mode = static_cast<unsigned>(words.Number("mode", 0600, 8)),
                                   .create = words.Flag("create", true),
                                   .exclusive = words.Flag("exclusive"),
                                   .read_only = words.Flag("readOnly"),
                                   .checksum = words.Flag("checksum"),
                                   .owner = {}},
                                  words.Timeout());
    if (!cell) return cell.error();
    cell_.emplace(*std::move(cell));
    return Facts(words);
  }

  Answer Facts(const Words&) {
    if (raw_) return raw_->Facts();
    const auto& geometry = cell_->geometry();
    std::array<char, 17> incarnation{};
    std::snprintf(incarnation.data(), incarnation.size(), "%016llx", static_cast<unsigned long long>(geometry.incarnation));
    return Text("id=", cell_->segment().identity().number, " name=", geometry.name_view(), " capacity=", geometry.capacity,
                " slots=", geometry.slot_count, " checksum=", geometry.has_checksum() ? 1 : 0, " incarnation=", incarnation.data(),
                " layout=", shmnode::kLayoutMajor, ".", geometry.layout_minor);
  }

  Answer Close(const Words&) {
    lock_.reset();
    user_lock_.reset();
    cell_.reset();
    raw_.reset();
    return std::string();
  }

  static Answer Destroy(const Words& words) {
    const std::string reference = words.Get("ref");
    const auto destroy = words.Get("layout") == "raw" ? shmnode::DestroyRaw : shmnode::DestroyCell;
    return AnswerOf(destroy(TargetOf(reference), {}, words.Timeout()));
  }

  Answer Write(const Words& words) {
    if (raw_) return raw_->Write(words);
    const std::string data = words.Bytes("data");
    const std::string media_type = words.Get("type");
    const auto if_version = words.Has("ifVersion") ? std::optional(words.Number("ifVersion", 0)) : std::nullopt;
    return VersionOf(
        cell_->Write({.data = data.data(), .length = data.size(), .media_type = media_type, .if_version = if_version}, words.Timeout()));
  }

  Answer Read(const Words& words) {
    if (raw_) return raw_->Read(words);
    const auto facts = ReadAll(words);
    if (!facts) return facts.error();
    return Text("data=", Hex(value_));
  }

  Answer Snapshot(const Words& words) {
    const auto facts = ReadAll(words);
    if (!facts) return facts.error();
    return Text("data=", Hex(value_), " version=", facts->version, " type=", facts->media_type.data(), " pid=", facts->writer_pid,
                " committed=", facts->committed_ns / 1'000'000);
  }

  Answer Version(const Words&) { return Text("version=", cell_->Version()); }

  Answer Wait(const Words& words) { return VersionOf(cell_->WaitNewer(words.Number("newerThan", 0), words.Timeout())); }

  Answer Lock(const Words& words) {
    if (raw_) return raw_->Lock(words);
    if (words.Get("mode") == "user") return Keep(user_lock_, UserLockHold::Acquire(cell_->user_lock(), words.Timeout()));
    return Keep(lock_, LockHold::Acquire(cell_->lock(), ModeOf(words), words.Timeout()));
  }

  Answer Unlock(const Words& words) {
    if (raw_) {
      raw_->Unlock(words);
    } else if (words.Get("mode") == "user") {
      user_lock_.reset();
    } else {
      lock_.reset();
    }
    return std::string();
  }

  // Writes until it is killed. Every eight bytes of a value are its length and a count.
  Answer Storm(const Words& words) {
    const uint64_t length = words.Number("length", 8);
    for (uint64_t count = 1;; count++) {
      const auto value = Pattern(length, length << 32U | (count & 0xffffffffU));
      const auto version =
          cell_->Write({.data = value.data(), .length = value.size(), .media_type = {}, .if_version = {}}, words.Timeout());
      if (!version) return version.error();
      std::printf("ok version=%llu\n", static_cast<unsigned long long>(*version));
      std::fflush(stdout);
    }
  }

 private:
  static Answer VersionOf(const Result<uint64_t>& version) {
    if (!version) return version.error();
    return Text("version=", *version);
  }

  Result<shmnode::ValueFacts> ReadAll(const Words& words) {
    value_.resize(cell_->geometry().capacity);
    auto facts = cell_->Read({.target = reinterpret_cast<std::byte*>(value_.data()), .room = value_.size()}, words.Timeout());
    value_.resize(facts ? facts->length : 0);
    return facts;
  }

  std::string name_;  // the target's, which owns none
  std::optional<RawSeat> raw_;
  std::optional<Cell> cell_;
  std::optional<LockHold> lock_;
  std::optional<UserLockHold> user_lock_;
  std::string value_;
};

const std::map<std::string_view, std::function<Answer(Driver&, const Words&)>> kCommands = {
    {"open", &Driver::Open},         {"facts", &Driver::Facts},
    {"close", &Driver::Close},       {"destroy", [](Driver&, const Words& words) { return Driver::Destroy(words); }},
    {"write", &Driver::Write},       {"read", &Driver::Read},
    {"snapshot", &Driver::Snapshot}, {"version", &Driver::Version},
    {"wait", &Driver::Wait},         {"lock", &Driver::Lock},
    {"unlock", &Driver::Unlock},     {"storm", &Driver::Storm}};

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < line.size();) {
    const size_t end = std::min(line.find(' ', begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

void Say(const Answer& answer) {
  if (answer) {
    std::printf("ok %s\n", answer->c_str());
  } else {
    const Error& error = answer.error();
    std::printf("error %s", shmnode::kCodeNames[static_cast<size_t>(error.code)].data());
    std::printf(error.holder != 0 ? " holder=%d\n" : "\n", error.holder);
  }
  std::fflush(stdout);
}

void Serve(Driver& driver, const std::string& line) {
  const auto words = Split(line);
  Words arguments;
  for (size_t i = 1; i < words.size(); i++) arguments.Add(words[i]);
  Say(kCommands.at(words.at(0))(driver, arguments));
}

}  // namespace

int main() {
  Driver driver;
  Say(std::string());
  for (std::string line; std::getline(std::cin, line);) Serve(driver, line);
}
