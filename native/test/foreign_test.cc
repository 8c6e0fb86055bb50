// Segments and semaphore sets that are somebody else's: refused, and left byte for byte as they were.
#include <sys/sem.h>

#include <initializer_list>

#include "cells.hpp"
#include "raw_bytes.hpp"

namespace {

using cells::Code;
using cells::Target;

constexpr size_t kDefaultBytes = 4096 * 4;

// Every way to come near it.
void CheckRefused(key_t key, std::string_view what, Code expected = Code::kLayout) {
  const auto raw = RawBytes::Under(key);
  const auto before = raw.Copy();
  const bool had_set = litter::HasSet(key);
  const auto check = [&](Code code, std::string_view how) { tap::Equal(code, expected, tap::Text(what, ", ", how)); };
  check(cells::Open(Target::Key(key)).code(), "open");
  check(cells::Open(Target::Key(key), {.create = false, .owner = {}}).code(), "without create");
  check(cells::Open(Target::Key(key), {.read_only = true, .owner = {}}).code(), "read-only");
  const Code exclusive = cells::Open(Target::Key(key), {.exclusive = true, .owner = {}}).code();
  if (exclusive != Code::kExists) check(exclusive, "exclusive");
  check(cells::Open(cells::ById(key)).code(), "by id");
  check(cells::Destroy(Target::Key(key)).code(), "destroy");
  check(cells::Destroy(cells::ById(key)).code(), "destroy by id");
  tap::Check(litter::HasSegment(key), tap::Text(what, " is still there"));
  tap::Check(raw.Copy() == before, tap::Text(what, " has the same bytes"));
  tap::Equal(litter::HasSet(key), had_set, tap::Text(what, ": a set beside it"));
}

const tap::Test kClassic("foreign: the text of a classic program", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, 2048).StoreText(0, "hello from 1992");
  CheckRefused(key, "2048 bytes of text");
});

const tap::Test kSmall("foreign: segments smaller than a header", [] {
  for (const size_t bytes : {1U, 7U, 8U, 4095U}) {
    const key_t key = litter::UniqueKey();
    const auto raw = RawBytes::Create(key, bytes);
    CheckRefused(key, tap::Text(bytes, " bytes"));
    if (bytes >= 8) raw.StoreText(0, "SHMNODE1");
    CheckRefused(key, tap::Text(bytes, " bytes with our magic"));
  }
});

const tap::Test kText("foreign: a large segment of text", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, kDefaultBytes).StoreText(0, "some text");
  CheckRefused(key, "text");
});

const tap::Test kTextElsewhere("foreign: zeroes with one byte anywhere in the header", [] {
  for (const size_t at : {7U, 8U, 15U, 16U, 40U, 64U, 127U, 128U, 192U, 196U, 256U, 2303U, 2304U, 4095U}) {
    const key_t key = litter::UniqueKey();
    RawBytes::Create(key, kDefaultBytes).StoreText(at, "x");
    CheckRefused(key, tap::Text("a byte at ", at));
  }
});

const tap::Test kZeroes("foreign: zeroes without a semaphore set", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, kDefaultBytes);
  CheckRefused(key, "zeroes");
});

const tap::Test kPayload("foreign: zeroes in the header, bytes behind it, and a set like ours", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, kDefaultBytes).StoreText(4096 * 2 + 17, "somebody's data");
  litter::MakeSet(key, 4);
  const auto before = RawBytes::Under(key).Copy();
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kLayout, "open");
  tap::Check(RawBytes::Under(key).Copy() == before, "the same bytes");
});

const tap::Test kWrongMagic("foreign: a magic that differs in one byte", [] {
  for (size_t at = 0; at < 8; at++) {
    const key_t key = litter::UniqueKey();
    cells::MustOpen(key);
    const auto raw = RawBytes::Under(key);
    raw.data()[at] ^= std::byte{0x20};
    CheckRefused(key, tap::Text("byte ", at));
  }
});

const tap::Test kWrongMajor("foreign: another major layout version", [] {
  for (const uint16_t major : std::initializer_list<uint16_t>{0, 2, 255, 65535}) {
    const key_t key = litter::UniqueKey();
    cells::MustOpen(key);
    RawBytes::Under(key).Store<uint16_t>(8, major);
    CheckRefused(key, tap::Text("major ", major));
  }
});

// Its creator may have put anything where `retired` is here.
const tap::Test kWrongMajorRetired("foreign: another major layout version with something where a retired segment says so", [] {
  const key_t key = litter::UniqueKey();
  cells::MustOpen(key);
  const auto raw = RawBytes::Under(key);
  raw.Store<uint16_t>(8, 2);
  raw.Store<uint32_t>(196, 1);
  CheckRefused(key, "layout version 2");
});

const tap::Test kNewerMinor("foreign: a newer minor layout version is ours", [] {
  const key_t key = litter::UniqueKey();
  cells::MustOpen(key);
  RawBytes::Under(key).Store<uint16_t>(10, 7);
  tap::Equal(cells::MustOpen(key).geometry().layout_minor, 7, "minor");
});

const tap::Test kSmallSet("foreign: a set of one semaphore under the key", [] {
  const key_t key = litter::UniqueKey();
  const int id = litter::MakeSet(key, 1);
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kLayout, "open");
  tap::Check(!cells::Destroy(Target::Key(key)), "destroy");
  tap::Check(!litter::HasSegment(key), "no segment made beside it");
  tap::Equal(litter::SetOf(key), id, "the set");
});

const tap::Test kLargeSet("foreign: a set of five semaphores under the key", [] {
  const key_t key = litter::UniqueKey();
  const int id = litter::MakeSet(key, 5);
  tap::Check(!cells::Open(Target::Key(key)), "open");
  tap::Check(!cells::Destroy(Target::Key(key)), "destroy");
  tap::Check(!litter::HasSegment(key), "no segment made beside it");
  tap::Equal(litter::SetOf(key), id, "the set");
});

const tap::Test kBlankAndSmallSet("foreign: zeroes and a set of one semaphore", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, kDefaultBytes);
  litter::MakeSet(key, 1);
  CheckRefused(key, "zeroes");
});

const tap::Test kBlankAndLargeSet("foreign: zeroes and a set of five semaphores", [] {
  const key_t key = litter::UniqueKey();
  RawBytes::Create(key, kDefaultBytes);
  litter::MakeSet(key, 5);
  tap::Check(!cells::Open(Target::Key(key)), "open");
  tap::Check(!cells::Destroy(Target::Key(key)), "destroy");
  tap::Check(litter::HasSegment(key) && litter::HasSet(key), "both are still there");
});

const tap::Test kZeroPage("foreign: a zero first page, data behind it, and a set like ours", [] {
  const key_t key = litter::UniqueKey();
  const auto raw = RawBytes::Create(key, kDefaultBytes);
  raw.StoreText(8192, "data");
  const auto before = raw.Copy();
  tap::Require(litter::MakeSet(key, 4) >= 0, "a set");
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kLayout, "open");
  tap::Equal(cells::Open(Target::Key(key), {.capacity = 10'000, .owner = {}}).code(), Code::kLayout, "open with another capacity");
  tap::Equal(cells::Destroy(Target::Key(key)).code(), Code::kLayout, "destroy");
  tap::Check(raw.Copy() == before, "the same bytes");
  tap::Check(litter::HasSegment(key) && litter::HasSet(key), "both are still there");
});

const tap::Test kSixSemaphores("foreign: a set of six semaphores where a segment is to be made", [] {
  const key_t key = litter::UniqueKey();
  tap::Require(litter::MakeSet(key, 6) >= 0, "a set");
  tap::Equal(cells::Open(Target::Key(key)).code(), Code::kLayout, "open");
  tap::Check(litter::HasSet(key) && !litter::HasSegment(key), "the set alone is there");
});

}  // namespace
