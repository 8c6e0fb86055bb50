"""From a name, a key or an id to a cell that is there already. Changes nothing in it."""

import os
import time
from collections import namedtuple

from .atomics import fence, load64
from .cell import Cell
from .layout import (COMMIT, CONSTANTS, FIRST_WORDS, FLAG_CHECKSUM, HEADER_BYTES, MAGIC, MAJOR, MAX_EXACT, MINOR, SEMAPHORE_COUNT,
                     WRITER, Constants, is_valid_name, key_of_name, signed, stride_for)
from .linux import SHM_DEST, ShmError, after, find_segment, find_set, remove_segment, segment_facts, set_facts
from .segment import Segment

Id = namedtuple("Id", "id")  # the kernel's shmid, as a reference
_MOST_TURNS = 1000  # each time somebody else has got on
_LONGEST_REMOVAL = 1
_LONGEST_CREATION = 0.01


class Changed(Exception):
    """The world has changed under an attempt: look again."""


def key_of(reference):
    if isinstance(reference, int):
        if signed(reference) == 0:
            raise ShmError("UNSUPPORTED", "no name or key")  # IPC_PRIVATE, which would create
        return signed(reference)
    if not is_valid_name(reference):
        raise ShmError("UNSUPPORTED", "name")
    return key_of_name(reference)


def repeat(attempt):
    """Until the world keeps still."""
    for _ in range(_MOST_TURNS):
        try:
            return attempt()
        except Changed:
            pass
    raise ShmError("BUSY", "created and destroyed all the time")


def open_cell(reference, capacity=0, checksum=False, read_only=False):
    """A cell under a name, a key or an Id. `capacity` and `checksum` are what it must have at least."""
    return repeat(lambda: _open_once(reference, capacity, checksum, read_only))


def _open_once(reference, capacity, checksum, read_only):
    shmid = reference.id if isinstance(reference, Id) else find_segment(key_of(reference))  # [O1]
    if shmid is None:
        raise ShmError("NOT_FOUND")
    segment = attach(shmid, reference, read_only)
    try:
        constants = _checked(segment, reference)
        check_fits(constants, reference, capacity, checksum)
        return Cell(segment, constants)
    except BaseException:
        segment.close()
        raise


def attach(shmid, reference, read_only):
    """Whatever is in it, but of a user whom to trust."""
    try:
        facts = segment_facts(shmid)
        check_owner(facts)  # [O2]
        if facts.mode & SHM_DEST:
            raise ShmError("DESTROYED")
        return Segment(shmid, facts.size, read_only)
    except ShmError as error:
        if error.code != "DESTROYED":
            raise
        if isinstance(reference, Id):
            raise ShmError("NOT_FOUND") from None
        raise Changed from None


def check_owner(facts):
    """The kernel would give a squatter's object to whoever asks for its key."""
    if not {facts.uid, facts.cuid} <= {os.geteuid(), 0}:
        raise ShmError("OWNER", f"of user {facts.cuid}")


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
            ("name", constants.name[-1] == 0 and (name == b"" or is_valid_name(name.decode("latin1")))))


def _checked(segment, reference):
    if not has_magic(segment):
        _explain_no_magic(segment, reference)
    constants = load_constants(segment)
    if segment.is_retired:  # [O6]
        _finish_destroying(segment, reference)
    if not segment.read_only:
        _check_set(segment, constants)
    return constants


def _explain_no_magic(segment, reference):
    """A creator of ours makes the set first: what is blank without one is somebody else's, unless it has come to its end by now."""
    blank = is_blank(segment)
    if has_magic(segment):
        raise Changed
    if isinstance(reference, Id) or not blank:
        raise ShmError("LAYOUT", "no magic")
    semid = find_set(key_of(reference), SEMAPHORE_COUNT)
    if find_segment(key_of(reference)) != segment.id or not is_blank(segment):
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


def _finish_destroying(segment, reference):
    """Who retired it died, or is about to remove it. Needs no lock: nothing here is used any more."""
    if isinstance(reference, Id):
        raise ShmError("DESTROYED")
    if segment.read_only:
        raise ShmError("NOT_FOUND")
    try:
        remove_segment(segment.id)
    except ShmError as error:
        if error.code == "ACCESS":
            _await_removal(segment, reference)
    raise Changed


def _await_removal(segment, reference):
    """By another user."""
    end = after(_LONGEST_REMOVAL)
    while find_segment(key_of(reference)) == segment.id:
        if time.monotonic() >= end:
            raise ShmError("DESTROYED")
        time.sleep(0.0002)


def _check_set(segment, constants):
    """[O7] That the set which the header names was made with the segment."""
    own = segment_facts(segment.id)
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


def check_fits(constants, reference, capacity, checksum):
    if isinstance(reference, str) and constants.name != reference.encode().ljust(64, b"\0"):
        raise ShmError("NAME_COLLISION")
    if constants.capacity < capacity:
        raise ShmError("CAPACITY", number=constants.capacity)
    if checksum and not constants.flags & FLAG_CHECKSUM:
        raise ShmError("UNSUPPORTED", "made without a checksum")
