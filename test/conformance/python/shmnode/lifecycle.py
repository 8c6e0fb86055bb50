"""The beginning and the end of a cell. Whoever does this may die at any step: the next one goes on from what is there."""

import contextlib
import os
import secrets
import time

from .atomics import fence, store32, store64
from .cell import Cell
from .layout import (CONSTANTS, FIRST_WORDS, FLAG_CHECKSUM, HEADER_BYTES, IPC_NAMESPACE, MAGIC, MAJOR, MINOR, SEMAPHORE_COUNT, STRIDE_UNIT,
                     Constants, segment_bytes, stride_for)
from .linux import ShmError, after, create_set, find_set, remove_set, removed_segments, segment_facts, set_facts
from .lock import EXCLUSIVE, Lock
from .opening import (check_lock, check_may_remove, check_name, has_magic, is_blank, load_constants, open_cell, repeat, stays_blank)
from .places import Changed, check_owner, place_of, remove_under_name_lock
from .segment import Segment


def create_cell(reference, capacity=2048, slots=3, mode=0o600, checksum=False, exclusive=False, timeout=5):
    """A cell under a name, a key or a Posix name; the one that is there already, unless it is to be `exclusive`."""
    place = place_of(reference)
    shape = Shape(place.name, capacity, slots, FLAG_CHECKSUM if checksum else 0)
    if shape.bytes == 0:
        raise ShmError("LIMIT", "a size that no number holds")
    creation = Creation(place, shape, mode, after(timeout))
    if exclusive:
        return repeat(lambda: _create_if_free(reference, creation))
    return repeat(lambda: _open_or_create(reference, capacity, checksum, creation))


def _open_or_create(reference, capacity, checksum, creation):
    try:
        return open_cell(reference, capacity, checksum)
    except ShmError as error:
        if error.code != "NOT_FOUND":
            raise
    return creation.run()


def _create_if_free(reference, creation):
    try:
        cell = open_cell(reference)
    except ShmError as error:
        if error.code != "NOT_FOUND":
            raise
        return creation.run()
    if cell.constants.incarnation == creation.made:
        return cell
    cell.close()
    raise ShmError("EXISTS")


class Shape:
    """What a creator chooses."""

    def __init__(self, name, capacity, slots, flags):
        self.name = (name or "").encode()
        self.capacity, self.slots, self.flags = capacity, slots, flags

    @property
    def bytes(self):
        return segment_bytes(self.capacity, self.slots)

    def constants(self, semid):
        return CONSTANTS.pack(*Constants(bytes(8), MAJOR, MINOR, HEADER_BYTES, self.capacity, self.slots, self.flags, stride_for(self.capacity),
                                         secrets.randbits(64) or 1, time.time_ns(), os.getpid(), semid, self.name))


class Creation:
    """One attempt, under the exclusive lock of the key's set."""

    def __init__(self, place, shape, mode, deadline):
        self.place, self.shape, self.mode, self.deadline = place, shape, mode, deadline
        self.made = None  # the incarnation of what it made, and has to look at again

    def run(self):
        blank = self.place.find()
        if blank is not None and not self.place.shows_blank:
            raise Changed
        if self.place.is_contested:
            raise ShmError("NAME_COLLISION", "the key of its lock")
        semid, is_new = self._set(may_create=blank is None)
        try:
            with Lock(semid).held(EXCLUSIVE, self.deadline):
                return self._under_lock(blank, semid, is_new)
        except ShmError as error:
            is_others = error.code in ("BUSY", "DESTROYED") or error.code == "EXISTS" and self.place.shows_blank
            if is_new and not is_others:
                with contextlib.suppress(ShmError):
                    remove_set(semid)
            raise Changed if error.code in ("DESTROYED", "EXISTS") else error

    def _set(self, may_create):
        """[K1] Its id, and whether it was made here. A blank segment without a set is somebody else's: creators make that first."""
        if may_create:
            try:
                return create_set(self.place.key, SEMAPHORE_COUNT, self.mode), True
            except ShmError as error:
                if error.code != "EXISTS":
                    raise
        semid = find_set(self.place.key, SEMAPHORE_COUNT)
        if semid is None:
            raise Changed
        check_lock(semid)
        return semid, False

    def _under_lock(self, blank, semid, is_new):
        if self.place.find() != blank:  # [K2]
            raise Changed
        if blank is not None:
            return self._take_over(blank, semid)
        if not is_new:
            # [K3] Who is attached to a removed segment may still use this set: by its end he finds out.
            remove_set(semid)
            raise Changed
        if self.place.shows_blank:
            retire_removed_cells(semid)  # [K4]
        return self._initialise(self.place.make(self.shape.bytes, self.mode), semid)  # [K5]

    def _take_over(self, shmid, semid):
        """[K6] Under the lock, no magic means that its creator is dead."""
        segment = self.place.attach(shmid, False)
        try:
            if not is_blank(segment):
                raise Changed
            if not is_untouched(segment):
                raise ShmError("LAYOUT", "no magic")
            if segment.size != self.shape.bytes:
                raise ShmError("CAPACITY", "not initialised", segment.size)
        except BaseException:
            segment.close()
            raise
        retire_removed_cells(semid)
        return self._initialise(segment, semid)

    def _initialise(self, segment, semid):
        try:
            self._fill(segment, semid)
            self.place.publish(segment)
            cell = Cell(segment, load_constants(segment))
            if is_gone(semid):  # [K11]
                self.made = cell.constants.incarnation
                raise Changed
            return cell
        except BaseException:
            segment.close()
            raise

    def _fill(self, segment, semid):
        segment.store(8, FIRST_WORDS)  # [K7]
        fence()
        with segment.marked(self.deadline):  # [K8]
            if not is_blank(segment):
                raise Changed
            segment.store(16, self.shape.constants(semid)[16:])  # [K9]
            store32(segment.base + IPC_NAMESPACE, self.place.namespace)
            store64(segment.base, int.from_bytes(MAGIC, "little"))  # [K10]


def is_untouched(segment):
    """Could a creator of ours have died over it?"""
    payload = segment.size - HEADER_BYTES
    return payload >= 2 * STRIDE_UNIT and payload % STRIDE_UNIT == 0 and not any(segment.load(HEADER_BYTES, payload))


def retire_removed_cells(semid):
    """Tells those who are attached to removed cells that their time is over: before this set becomes another's lock, or where theirs
    is gone."""
    for shmid in removed_segments():
        with contextlib.suppress(ShmError):
            facts = segment_facts(shmid)
            check_owner(facts)
            with contextlib.closing(Segment(shmid, facts.size, False)) as segment:
                if has_magic(segment) and _is_abandoned(load_constants(segment), semid):
                    segment.retire()


def _is_abandoned(constants, semid):
    return constants.semaphore_id == semid or is_gone(constants.semaphore_id)


def is_gone(semid):
    try:
        set_facts(semid)
        return False
    except ShmError as error:
        return error.code == "DESTROYED"


def destroy_cell(reference, timeout=5):
    """Deletes segment and set for everybody, also what a dead creator left. LAYOUT for what is not ours."""
    deadline = after(timeout)
    place = place_of(reference)
    repeat(lambda: _destroy_once(place, deadline))


def _destroy_once(place, deadline):
    found, semid = place.find(), find_set(place.key, SEMAPHORE_COUNT)
    if found is None and (semid is None or place.is_contested):
        raise ShmError("NOT_FOUND")
    with contextlib.nullcontext() if found is None else contextlib.closing(place.attach(found, False)) as segment:
        if segment is not None:
            _check_may_destroy(segment, place, semid)
        if semid is None:  # its lock is gone, so there is none to take, but that of its name
            if place.removes_by_name:
                return remove_under_name_lock(place, segment, lambda: _remove(segment, None), deadline)
            return _remove(segment, None)
        check_lock(semid)
        try:
            with Lock(semid).held(EXCLUSIVE, deadline):  # [D1]
                if place.find() != found:
                    raise Changed
                return _remove(segment, None if place.is_contested else semid)
        except ShmError as error:
            raise Changed if error.code == "DESTROYED" else error


def _check_may_destroy(segment, place, semid):
    check_may_remove(segment.facts())  # retired, and then not removed, it would be lost for everybody
    if not has_magic(segment):
        if is_blank(segment) and semid is not None and place.shows_blank:
            return
        if not is_blank(segment) and not has_magic(segment):
            raise ShmError("LAYOUT", "no magic")
        raise Changed if place.find() != segment.identity or not stays_blank(segment) else ShmError("LAYOUT", "no magic")
    try:
        constants = load_constants(segment)
    except ShmError as error:
        if error.code == "LAYOUT":
            raise
        return  # impossible numbers are no obstacle: a segment with our magic is ours
    check_name(constants, place)


def _remove(segment, semid):
    if segment is not None:
        if has_magic(segment):
            segment.retire()  # [D2]
        elif not is_untouched(segment):
            raise ShmError("LAYOUT", "no magic")
        segment.remove()  # [D3]
    if semid is not None:
        with contextlib.suppress(ShmError):
            remove_set(semid)  # [D4]
