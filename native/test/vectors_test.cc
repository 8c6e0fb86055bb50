// The golden vectors: the same file holds for every language.
#include "vectors.hpp"

#include "cells.hpp"
#include "raw_bytes.hpp"
#include "shmnode/crc32c.hpp"
#include "shmnode/writer_mark.hpp"

namespace {

using shmnode::Code;
using shmnode::Target;

const tap::Test kNames("vectors: keys of names", [] {
  for (const auto& [name, key] : vectors::kNames) {
    tap::Check(shmnode::IsValidName(name), name);
    tap::Equal(shmnode::KeyOfName(name), key, name);
  }
  for (const std::string_view name : vectors::kInvalidNames) tap::Check(!shmnode::IsValidName(name), name);
});

const tap::Test kFiles("vectors: keys of files", [] {
  for (const auto& file : vectors::kFiles) tap::Equal(shmnode::KeyOfFile(file.inode, file.device, file.project), file.key, "ftok");
});

const tap::Test kChecksums("vectors: checksums", [] {
  for (const auto& [data, crc] : vectors::kChecksums) tap::Equal(shmnode::Crc32c(data.data(), data.size()), crc, "CRC32C");
});

const tap::Test kShapes("vectors: strides and sizes", [] {
  for (const auto& [capacity, slots, stride, bytes] : vectors::kShapes) {
    tap::Equal(shmnode::StrideFor(capacity), stride, tap::Text("stride for ", capacity));
    tap::Equal(shmnode::SegmentBytesFor(capacity, slots), bytes, tap::Text("bytes for ", capacity));
  }
});

const tap::Test kMarks("vectors: writers' marks", [] {
  for (const auto& [pid, name_space, start, mark] : vectors::kMarks) {
    tap::Equal(shmnode::WriterMark::Of(pid, name_space, start).bits(), mark, "mark");
    tap::Equal(shmnode::WriterMark(mark).pid(), pid, "pid");
  }
});

void Store(const RawBytes& raw, const std::vector<vectors::Bytes>& image) {
  for (const auto& [offset, data] : image) raw.StoreText(offset, data);
}

// They have no names, or not their files'.
key_t Stage(const vectors::Segment& segment) {
  memory::SystemVOnly("segments under keys");
  const key_t key = litter::UniqueKey();
  Store(RawBytes::Create(key, segment.bytes), segment.image);
  return key;
}

const tap::Test kImages("vectors: what a segment's bytes mean", [] {
  for (const auto& segment : vectors::kSegments) {
    const auto cell = cells::MustOpen(Stage(segment), {.read_only = true, .owner = {}});
    const auto& geometry = cell.geometry();
    tap::Equal(geometry.capacity, segment.capacity, segment.what);
    tap::Equal(geometry.slot_count, segment.slots, segment.what);
    tap::Equal(geometry.has_checksum(), segment.checksum, segment.what);
    tap::Equal(geometry.name_view(), segment.name, segment.what);
    tap::Equal(geometry.layout_minor, segment.minor, segment.what);
    tap::Equal(geometry.incarnation, segment.incarnation, segment.what);
    const cells::Value value = cells::Read(cell);
    tap::Equal(value.code, Code::kOk, segment.what);
    tap::Equal(value.text(), std::string(segment.data), segment.what);
    tap::Equal(value.facts.version, segment.version, segment.what);
    tap::Equal(std::string_view(value.facts.media_type.data()), segment.media_type, segment.what);
    tap::Equal(value.facts.writer_pid, segment.writer_pid, segment.what);
    tap::Equal(value.facts.committed_ns, segment.committed_ns, segment.what);
  }
});

// As a segment that was made by other processes at another time.
std::vector<std::byte> Comparable(std::vector<std::byte> bytes) {
  for (const auto& [offset, length] : vectors::kVolatile) std::memset(bytes.data() + offset, 0, length);
  return bytes;
}

void WriteAll(const vectors::Segment& segment, const Target& target) {
  const auto cell =
      cells::MustOpen(target, {.capacity = segment.capacity, .slots = segment.slots, .checksum = segment.checksum, .owner = {}});
  for (const auto& [data, media_type] : segment.writes) {
    const auto written =
        cell.Write({.data = data.data(), .length = data.size(), .media_type = media_type, .if_version = {}}, cells::Soon());
    tap::Equal(written.code(), Code::kOk, segment.what);
  }
}

const tap::Test kWritten("vectors: what bytes a segment has", [] {
  memory::SystemVOnly("segments under keys");
  if (!litter::IsAlone()) tap::Skip("the names may be others' without an IPC namespace of its own");
  for (const auto& segment : vectors::kSegments) {
    if (!segment.is_written) continue;
    const key_t key = segment.name.empty() ? litter::UniqueKey() : shmnode::KeyOfName(segment.name);
    WriteAll(segment, segment.name.empty() ? Target::Key(key) : Target::Name(segment.name));
    const auto actual = Comparable(RawBytes::Under(key).Copy());
    const auto expected = Comparable(RawBytes::Under(Stage(segment)).Copy());
    tap::Equal(actual.size(), expected.size(), segment.what);
    const auto [at, other] = std::mismatch(actual.begin(), actual.end(), expected.begin(), expected.end());
    tap::Check(at == actual.end(), tap::Text(segment.what, ": differs at byte ", at - actual.begin()));
  }
});

Code CodeOf(const vectors::Refusal& refusal, key_t key) {
  const auto cell = cells::Open(Target::Key(key), {.read_only = true, .owner = {}});
  if (refusal.at_open) return cell.code();
  tap::Require(static_cast<bool>(cell), refusal.what);
  return cells::Read(*cell).code;
}

const tap::Test kRefused("vectors: what is refused, and left as it is", [] {
  for (const auto& refusal : vectors::kRefusals) {
    const key_t key = Stage(vectors::kSegments.at(refusal.base));
    const auto raw = RawBytes::Under(key);
    Store(raw, refusal.changes);
    const auto before = raw.Copy();
    tap::Equal(shmnode::Show(CodeOf(refusal, key)), std::string(refusal.code), refusal.what);
    tap::Check(raw.Copy() == before, tap::Text(refusal.what, ": changed"));
  }
});

}  // namespace
