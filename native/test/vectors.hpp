// The golden vectors of test/conformance/vectors.json, which the build makes into C++: vectors.js.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vectors {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)

struct Name {
  std::string_view name;
  int32_t key;
};

struct File {
  uint64_t inode;
  uint64_t device;
  int project;
  int32_t key;
};

struct Checksum {
  std::string_view data;
  uint32_t crc;
};

struct Shape {
  uint64_t capacity;
  uint32_t slots;
  uint64_t stride;
  uint64_t bytes;  // of the segment; 0 where there can be none
};

struct Mark {
  int pid;
  uint64_t namespace_inode;
  uint64_t start_ticks;
  uint64_t mark;
};

// Of a header, where two segments made alike differ.
struct Range {
  size_t offset;
  size_t length;
};

struct Bytes {
  size_t offset;
  std::string_view data;
};

struct Write {
  std::string_view data;
  std::string_view media_type;
};

struct Segment {
  std::string_view what;
  std::string_view name;
  uint64_t capacity;
  uint32_t slots;
  bool checksum;
  bool is_written;  // by `writes`, and by these alone
  std::vector<Write> writes;
  size_t bytes;
  uint16_t minor;
  uint64_t incarnation;
  // The current value.
  uint64_t version;
  std::string_view data;
  std::string_view media_type;
  uint32_t writer_pid;
  uint64_t committed_ns;
  std::vector<Bytes> image;  // all else is zero
};

struct Refusal {
  std::string_view what;
  size_t base;  // which of kSegments is changed
  bool at_open;
  std::string_view code;
  std::vector<Bytes> changes;
};

#include "vectors.inc"

}  // namespace vectors
