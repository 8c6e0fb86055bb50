"""From a name, a key or an id to a cell that is there already. Changes nothing in it."""

import os
import time

from .atomics import fence, load32, load64
from .cell import Cell
from .layout import (COMMIT, CONSTANTS, FIRST_WORDS, FLAG_CHECKSUM, HEADER_BYTES, IPC_NAMESPACE, MAGIC, MAJOR, MAX_EXACT, MINOR,
                     SEMAPHORE_COUNT, WRITER, Constants, is_valid_name, is_valid_posix_name, stride_for)
from .linux import ShmError, after, find_set, set_facts
from .places import Changed, check_owner, place_of, remove_under_name_lock

_MOST_TURNS = 1000  # each time somebody else has got on
_LONGEST_REMOVAL = 1
_LONGEST_CREATION = 0.01


def repeat(attempt):
    """Until the world keeps still."""
    for _ in range(_MOST_TURNS):
        try:
            return attempt()
        except Changed:
            pass
    raise ShmError("BUSY", "created and destroyed all the time")


def open_cell(reference, capacity=0, checksum=False, read_only=False):
    """A cell under a name, a key, an Id or a Posix name. `capacity` and `checksum` are what it must have at least."""
    place = place_of(reference)
    return repeat(lambda: _open_once(place, capacity, checksum, read_only))


def _open_once(place, capacity, checksum, read_only):
    found = place.find()  # [O1]
    if found is None:
        raise ShmError("NOT_FOUND")
    segment = place.attach(found, read_only)
    try:
        constants = _checked(segment, place)
        check_fits(constants, capacity, checksum)
        return Cell(segment, constants)
    except BaseException:
        segment.close()
        raise


def has_magic(segment):
    """[O3] Whoever sees the magic sees the fields that were stored before it."""
    return segment.size >= HEADER_BYTES and load64(segment.base) == int.from_bytes(MAGIC, "little")


def is_blank(segment):
    """[O4] No magic yet, and nothing but what a creator stores before it: its first words first, then its mark and all before `commit`."""
    if segment.size < HEADER_BYTES or load64(segment.base) != 0:
        return False
    rest = segment.load(COMMIT, WRITER - COMMIT) + segment.load(WRITER + 8, HEADER_BYTES - WRITER - 8)
    fields = segment.load(8, COMMIT - 8) + segment.load(WRITER, 8)
    fence()
    has_begun = segment.load(8, len(FIRST_WORDS)) == FIRST_WORDS
    return not any(rest) and (has_begun or not any(fields))


def stays_blank(segment):
    """Without a set it is somebody else's, or its creator is at work and has lost his set: that takes microseconds."""
    end = after(_LONGEST_CREATION)
    while time.monotonic() < end:
        if not is_blank(segment):
            return False
        time.sleep(0.0002)
    return is_blank(segment)


def load_constants(segment):
    """[O5] Copied once, then checked: what others do to the header later moves nothing."""
    constants = Constants._make(CONSTANTS.unpack(segment.load(0, CONSTANTS.size)))
    if constants.major != MAJOR:
        raise ShmError("LAYOUT", f"made with layout {constants.major}.{constants.minor}: this implementation knows {MAJOR}.{MINOR}", constants.major)
    wrong = [what for what, holds in _demands(constants, segment.size) if not holds]
    if wrong:
        raise ShmError("CORRUPT", wrong[0])
    return constants


def _demands(constants, size):
    name = constants.name.partition(b"\0")[0]
    return (("header bytes", constants.header_bytes == HEADER_BYTES),
            ("slot count", 2 <= constants.slots <= 16),
            ("capacity", 1 <= constants.capacity <= MAX_EXACT),
            ("slot stride", constants.stride == stride_for(constants.capacity)),
            ("capacity over the segment's size", HEADER_BYTES + constants.stride * constants.slots <= size),
            ("incarnation", constants.incarnation != 0),
            ("name", constants.name[-1] == 0 and _may_be_in_header(name.decode("latin1"))))


def _may_be_in_header(name):
    return name == "" or is_valid_name(name) or is_valid_posix_name(name)


def _checked(segment, place):
    if not has_magic(segment):
        _explain_no_magic(segment, place)
    constants = load_constants(segment)
    if segment.is_retired:  # [O6]
        _finish_destroying(segment, place)
    check_name(constants, place)
    if not segment.read_only:
        _check_namespace(segment, place)
        _check_set(segment, constants)
    return constants


def _check_namespace(segment, place):
    """Of another one's, the lock would be a set of ours that happens to have the same id."""
    theirs, own = load32(segment.base + IPC_NAMESPACE), place.namespace
    if own != 0 and theirs not in (0, own):
        raise ShmError("UNSUPPORTED", "another IPC namespace")


def _explain_no_magic(segment, place):
    """A creator of ours makes the set first: what is blank without one is somebody else's, unless it has come to its end by now."""
    blank = is_blank(segment)
    if has_magic(segment):
        raise Changed
    if place.is_id or not place.shows_blank or not blank:
        raise ShmError("LAYOUT", "no magic")
    semid = find_set(place.key, SEMAPHORE_COUNT)
    if place.find() != segment.identity or not is_blank(segment):
        raise Changed
    if semid is None:
        raise ShmError("LAYOUT", "no magic") if stays_blank(segment) else Changed
    check_lock(semid)
    raise ShmError("NOT_FOUND", "not initialised")


def check_lock(semid):
    """That the set under a key is a cell's: one of five says that the segment beside it is raw, whatever is in it."""
    try:
        facts = set_facts(semid)
    except ShmError as error:
        raise Changed if error.code == "DESTROYED" else error
    if facts.size != SEMAPHORE_COUNT:
        raise ShmError("LAYOUT", "semaphore set")
    check_owner(facts)


def _finish_destroying(segment, place):
    """Who retired it died, or is about to remove it. Nothing here is used any more: it needs no lock, unless removal is by name."""
    if place.is_id:
        raise ShmError("DESTROYED")
    if segment.read_only:
        raise ShmError("NOT_FOUND")
    try:
        if place.removes_by_name:
            check_may_remove(segment.facts())
            remove_under_name_lock(place, segment, segment.remove, after(_LONGEST_REMOVAL))
        else:
            segment.remove()
    except ShmError as error:
        if error.code == "ACCESS":
            _await_removal(segment, place)
        elif place.removes_by_name:
            raise
    raise Changed


def check_may_remove(facts):
    if os.geteuid() not in (0, facts.uid, facts.cuid):
        raise ShmError("ACCESS")


def _await_removal(segment, place):
    """By another user."""
    end = after(_LONGEST_REMOVAL)
    while place.find() == segment.identity:
        if time.monotonic() >= end:
            raise ShmError("DESTROYED")
        time.sleep(0.0002)


def _check_set(segment, constants):
    """[O7] That the set which the header names was made with the segment."""
    own = segment.facts()
    try:
        facts = set_facts(constants.semaphore_id)
        if facts.size != SEMAPHORE_COUNT or not _belong_together(own, facts):
            raise ShmError("CORRUPT", "semaphore set")
        check_owner(facts)
    except ShmError as error:
        if segment.is_retired or segment.is_removed:
            raise Changed from None
        if error.code != "ACCESS":  # else it finds out when it locks
            raise


def _belong_together(a, b):
    """Of private ones, that have no key, owner and mode at least are the same."""
    return a.key == b.key and (a.key != 0 or (a.uid, a.cuid, a.mode & 0o777) == (b.uid, b.cuid, b.mode & 0o777))


def check_name(constants, place):
    if place.name is not None and constants.name != place.name.encode().ljust(64, b"\0"):
        raise ShmError("NAME_COLLISION")


def check_fits(constants, capacity, checksum):
    if constants.capacity < capacity:
        raise ShmError("CAPACITY", number=constants.capacity)
    if checksum and not constants.flags & FLAG_CHECKSUM:
        raise ShmError("UNSUPPORTED", "made without a checksum")
