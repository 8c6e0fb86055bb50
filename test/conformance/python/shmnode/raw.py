"""A raw segment: bytes that other programs use as they are, from offset 0 on. No header and no versions; a writer that dies half way
leaves half. Its lock is the set of four or five semaphores that has its key."""

import contextlib
import os

from .layout import RAW_SEMAPHORE_COUNT, SEMAPHORE_COUNT
from .linux import ShmError, after, create_set, find_set, remove_set, set_facts
from .lock import EXCLUSIVE, SHARED, Lock
from .opening import check_may_remove, has_magic, repeat
from .places import Changed, check_owner, place_of, remove_under_name_lock


def open_raw(reference, capacity=0, create=True, exclusive=False, mode=0o600, read_only=False, nul_terminated=False, timeout=5):
    """A segment under a name's key, a key, an Id or a Posix name, whoever made it. Nothing in it is changed. Its lock is made if it has none."""
    place, deadline = place_of(reference), after(timeout)

    def attempt():
        found = place.find()
        if found is not None:
            if exclusive and create:
                raise ShmError("EXISTS")
            return _open_existing(place, found, capacity, read_only, nul_terminated, deadline)
        if not create or read_only:
            raise ShmError("NOT_FOUND")
        return _create(place, capacity or 2048, mode, nul_terminated, deadline)

    return repeat(attempt)


def destroy_raw(reference, timeout=5):
    """With its set. LAYOUT for a cell."""
    place, deadline = place_of(reference), after(timeout)
    repeat(lambda: _destroy_once(place, deadline))


class Raw:
    """From open_raw(). `nul_terminated`: the value is a text that ends at the first NUL, and the rest is filled with them."""

    def __init__(self, segment, semid, nul_terminated):
        self.segment, self.lock, self.nul_terminated = segment, Lock(semid), nul_terminated

    @property
    def capacity(self):
        return self.segment.size

    def close(self):
        self.segment.close()

    def read(self, offset=0, length=None, timeout=5):
        with self._locked(SHARED, after(timeout)):
            data = self.segment.load(0, self.capacity)
        value = data.partition(b"\0")[0] if self.nul_terminated else data
        return value[offset:] if length is None else value[offset:offset + length]

    def write(self, data, offset=0, timeout=5):
        data, room = bytes(data), self.capacity - (1 if self.nul_terminated else 0)
        if self.segment.read_only:
            raise ShmError("READ_ONLY")
        if offset + len(data) > room:
            raise ShmError("TOO_LARGE", number=room)
        if self.nul_terminated:
            if b"\0" in data.rstrip(b"\0"):
                raise ShmError("UNSUPPORTED", "a NUL in the text")
            data = data.ljust(self.capacity - offset, b"\0")
        with self._locked(EXCLUSIVE, after(timeout)):
            self.segment.store(offset, data)

    @contextlib.contextmanager
    def _locked(self, mode, deadline):
        with self.lock.held(mode, deadline):
            if self.segment.is_removed:  # what is written there, nobody would find
                raise ShmError("DESTROYED")
            yield


def _open_existing(place, found, capacity, read_only, nul_terminated, deadline):
    segment = place.attach(found, read_only)
    try:
        if capacity > segment.size or segment.size == 0:  # of no bytes: who has made the file has given it no size yet
            raise ShmError("CAPACITY", number=segment.size)
        if place.is_contested:
            raise ShmError("NAME_COLLISION", "the key of its lock")
        return Raw(segment, _set_of(segment, deadline), nul_terminated)
    except BaseException:
        segment.close()
        raise


def _set_of(segment, deadline):
    facts = segment.facts()
    if facts.key == 0:
        raise ShmError("UNSUPPORTED", "a raw segment without a key has no lock")
    semid = find_set(facts.key, 0)
    if semid is None:
        _make_set(segment, facts)
    if _size_of(semid) == SEMAPHORE_COUNT:
        # Like a cell's. Who is making one has its lock until its magic is there.
        with _changed_if_gone(), Lock(semid).held(SHARED, deadline):
            _refuse_cell(segment)
    return semid


def _make_set(segment, facts):
    """Five, which tells that what is beside them is no cell, blank as it may be. Only the owner's set would be trusted by him."""
    _refuse_cell(segment)
    if os.geteuid() not in (facts.uid, facts.cuid):
        raise ShmError("ACCESS", "no lock yet")
    try:
        create_set(facts.key, RAW_SEMAPHORE_COUNT, facts.mode & 0o777)
    except ShmError as error:
        if error.code != "EXISTS":
            raise
    raise Changed


def _refuse_cell(segment):
    if has_magic(segment):
        raise ShmError("LAYOUT", "a cell")


def _size_of(semid):
    """Of a set that is a lock of ours."""
    with _changed_if_gone():
        facts = set_facts(semid)
    if facts.size not in (SEMAPHORE_COUNT, RAW_SEMAPHORE_COUNT):
        raise ShmError("LAYOUT", "semaphore set")
    check_owner(facts)
    return facts.size


@contextlib.contextmanager
def _changed_if_gone():
    try:
        yield
    except ShmError as error:
        raise Changed if error.code == "DESTROYED" else error


def _create(place, size, mode, nul_terminated, deadline):
    if place.is_contested:
        raise ShmError("NAME_COLLISION", "the key of its lock")
    try:
        semid, is_new = create_set(place.key, RAW_SEMAPHORE_COUNT, mode), True
    except ShmError as error:
        if error.code != "EXISTS":
            raise
        semid, is_new = find_set(place.key, 0), False
    if semid is None:
        raise Changed
    count = _size_of(semid)
    with _changed_if_gone(), Lock(semid).held(EXCLUSIVE, deadline):
        if place.find() is not None:
            raise Changed
        if count == SEMAPHORE_COUNT:  # of a cell that is gone: who is attached to it finds out
            remove_set(semid)
            raise Changed
        try:
            return Raw(_made(place, size, mode), semid, nul_terminated)
        except ShmError as error:
            if error.code == "EXISTS":
                raise Changed from None
            if is_new:
                remove_set(semid)
            raise


def _made(place, size, mode):
    segment = place.make(size, mode)
    try:
        place.publish(segment)
        return segment
    except BaseException:
        segment.close()
        raise


def _destroy_once(place, deadline):
    found, semid = place.find(), find_set(place.key, 0)
    if found is None:
        if semid is None or place.is_contested or set_facts(semid).size != RAW_SEMAPHORE_COUNT:
            raise ShmError("NOT_FOUND")
        _size_of(semid)
    with contextlib.nullcontext() if found is None else contextlib.closing(place.attach(found, True)) as segment:
        if segment is not None:
            _check_may_destroy(segment, semid)
        if semid is None and place.removes_by_name:
            return remove_under_name_lock(place, segment, segment.remove, deadline, RAW_SEMAPHORE_COUNT)
        if semid is None or set_facts(semid).size not in (SEMAPHORE_COUNT, RAW_SEMAPHORE_COUNT):
            return segment.remove()  # another kind of set is no lock of its, and stays
        check_owner(set_facts(semid))
        with _changed_if_gone(), Lock(semid).held(EXCLUSIVE, deadline):
            if place.find() != found:
                raise Changed
            if segment is not None:
                segment.remove()
            if not place.is_contested:
                remove_set(semid)


def _check_may_destroy(segment, semid):
    check_may_remove(segment.facts())
    if semid is None or set_facts(semid).size != RAW_SEMAPHORE_COUNT:
        _refuse_cell(segment)
