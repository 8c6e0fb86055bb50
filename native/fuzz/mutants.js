'use strict'

// Deliberate mistakes, each one line of the core: what `npm run fuzz -- --mutants` must find. `from` stands once in the file.

module.exports = [
  {
    what: 'a length that is not checked',
    target: 'header',
    file: 'cell.hpp',
    from: 'if (length > geometry_.capacity) return StillHolds(slot, version) && Refuse(found, Fail(Code::kCorrupt, "length over capacity"));',
    to: ''
  },
  {
    what: 'slots that reach beyond the segment',
    target: 'header',
    file: 'geometry.hpp',
    from: 'if (g.stride > (attached - kHeaderBytes) / g.slot_count) return',
    to: 'if (false) return'
  },
  {
    what: 'a slot count that is not checked',
    target: 'header',
    file: 'geometry.hpp',
    from: 'if (g.slot_count < kMinSlots || g.slot_count > kMaxSlots) return',
    to: 'if (g.slot_count == 0) return'
  },
  {
    what: 'a media type without an end',
    target: 'header',
    file: 'cell.hpp',
    from: 'if (facts.media_type.back() != \'\\0\') facts.media_type.back() = \'\\0\';',
    to: ''
  },
  {
    what: 'a version whose slot holds another one',
    target: 'header',
    file: 'cell.hpp',
    from: 'if (slot.version.load(std::memory_order_acquire) != version) {',
    to: 'if (false) {'
  },
  {
    what: 'another layout version that is taken for a retired segment',
    target: 'header',
    file: 'open.hpp',
    from: 'if (geometry.code() == Code::kLayout) return geometry.error();',
    to: ''
  },
  {
    what: 'another program\'s zeros with bytes behind them, initialised',
    target: 'header',
    file: 'open.hpp',
    from: 'if (!IsUntouched(segment)) return Fail(Code::kLayout, "no magic");',
    to: ''
  },
  {
    what: 'an address computed from what the header says now',
    target: 'flip',
    file: 'cell.hpp',
    from: 'kHeaderBytes + geometry_.stride * static_cast',
    to: 'kHeaderBytes + header()->slot_stride * static_cast'
  },
  {
    what: 'a slot count that is loaded again after its check',
    target: 'flip',
    file: 'cell.hpp',
    from: 'header()->slots[version % geometry_.slot_count]',
    to: 'header()->slots[version % *static_cast<volatile uint32_t*>(&header()->slot_count)]'
  },
  {
    what: 'a length that is loaded again after its check',
    target: 'flip',
    file: 'cell.hpp',
    from: 'return std::min(length, geometry_.capacity);',
    to: 'return length > geometry_.capacity ? 0 : SlotOf(version).length.load(std::memory_order_relaxed);'
  }
]
