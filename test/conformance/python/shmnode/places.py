"""Where segments are found and made: under a key, by the kernel's id, or under a name in /dev/shm. What opening, making and destroying do
alike goes through these."""

import os
from collections import namedtuple

from .layout import SEMAPHORE_COUNT, is_valid_name, is_valid_posix_name, key_of_name, signed
from .linux import SHM_DEST, ShmError, create_segment, create_set, find_segment, find_set, remove_set, segment_facts, set_facts
from .lock import EXCLUSIVE, Lock
from .posix import Posix, PosixSegment, identity_of, ipc_namespace
from .segment import Segment

Id = namedtuple("Id", "id")  # the kernel's shmid, as a reference


class Changed(Exception):
    """The world has changed under an attempt: look again."""


def check_owner(facts):
    """The kernel would give a squatter's object to whoever asks for its key."""
    if not {facts.uid, facts.cuid} <= {os.geteuid(), 0}:
        raise ShmError("OWNER", f"of user {facts.cuid}")


def key_of(reference):
    if isinstance(reference, Posix):
        if not is_valid_posix_name(reference.name):
            raise ShmError("UNSUPPORTED", "name")
        return key_of_name(reference.name)
    if isinstance(reference, int):
        if signed(reference) == 0:
            raise ShmError("UNSUPPORTED", "no name or key")  # IPC_PRIVATE, which would create
        return signed(reference)
    if not is_valid_name(reference):
        raise ShmError("UNSUPPORTED", "name")
    return key_of_name(reference)


def place_of(reference):
    return PosixPlace(reference) if isinstance(reference, Posix) else SystemVPlace(reference)


class SystemVPlace:
    """`key` is the set's, too; `name` is what the header has to say, or None where any will do."""

    shows_blank = True  # the key leads to the segment from the beginning
    removes_by_name = False
    is_contested = False
    namespace = 0

    def __init__(self, reference):
        self.is_id = isinstance(reference, Id)
        self.key = None if self.is_id else key_of(reference)
        self.name = reference if isinstance(reference, str) else None
        self._reference = reference

    def find(self):
        """The identity of what is there now, or None."""
        return self._reference.id if self.is_id else find_segment(self.key)

    def attach(self, shmid, read_only):
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
            if self.is_id:
                raise ShmError("NOT_FOUND") from None
            raise Changed from None

    def make(self, size, mode):
        return Segment(create_segment(self.key, size, mode), size, False)

    def publish(self, segment):
        pass


class PosixPlace:
    """As SystemVPlace. The set has the key of the name, slash and all."""

    shows_blank = False  # a file gets its name with the cell in it: a blank one is nobody's of ours
    removes_by_name = True
    is_id = False

    def __init__(self, reference):
        self.key, self.name = key_of(reference), reference.name

    @property
    def is_contested(self):
        """A System V segment has the key: the set may be its lock."""
        return find_segment(self.key) is not None

    @property
    def namespace(self):
        return ipc_namespace()

    def find(self):
        return identity_of(self.name)

    def attach(self, identity, read_only):
        try:
            segment = PosixSegment.open(self.name, read_only)
        except ShmError as error:
            raise Changed if error.code == "NOT_FOUND" else error
        try:
            check_owner(segment.facts())
            if segment.identity != identity or segment.is_removed:
                raise Changed
            return segment
        except BaseException:
            segment.close()
            raise

    def make(self, size, mode):
        return PosixSegment.make(self.name, size, mode)

    def publish(self, segment):
        segment.publish()


def remove_under_name_lock(place, segment, remove, deadline, count=SEMAPHORE_COUNT):
    """Calls `remove` for a segment in /dev/shm whose own lock is gone, or not needed any more, and removes the set of its name."""
    try:
        semid = create_set(place.key, count, segment.facts().mode)
    except ShmError as error:
        if error.code != "EXISTS":
            raise
        semid = find_set(place.key, count)
    if semid is None:
        raise Changed
    try:
        check_owner(set_facts(semid))
        with Lock(semid).held(EXCLUSIVE, deadline):
            if place.find() != segment.identity:
                raise Changed
            remove()
            if place.find() is None and not place.is_contested:  # else it is another one's by now
                remove_set(semid)
    except ShmError as error:
        raise Changed if error.code == "DESTROYED" else error
