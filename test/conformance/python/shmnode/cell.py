"""A cell: one value in shared memory, the last one committed."""

import contextlib
import os
import time
from collections import namedtuple

from .atomics import compare_and_swap32, compare_and_swap64, fence, load32, load64, store32, store64
from .crc32c import crc32c
from .layout import AWAITED, COMMIT, DESCRIPTOR, DESCRIPTORS, FLAG_CHECKSUM, HEADER_BYTES, MAX_EXACT, NOTIFY, SEMAPHORE_ID
from .linux import ShmError, after, futex_wait, futex_wake
from .lock import EXCLUSIVE, SHARED, Lock

LOCK_FREE_ROUNDS = 8
LONGEST_BLIND_WAIT = 1
MOST_USELESS_WAKES = 16
MOST_MEDIA_TYPE = 63

Snapshot = namedtuple("Snapshot", "data version committed_ns writer_pid media_type")


def is_behind(word, other):
    """Of numbers that rise, modulo 2^32."""
    return (word - other) % 2**32 >= 2**31


class Cell:
    """From open_cell() or create_cell(). `constants` are a checked copy: addresses come from nothing else."""

    def __init__(self, segment, constants):
        self.segment, self.constants = segment, constants
        self.lock = Lock(constants.semaphore_id)

    def close(self):
        self.segment.close()

    @property
    def version(self):
        """The current one; 0 before the first write."""
        return load64(self.segment.base + COMMIT)

    @property
    def name(self):
        return self.constants.name.partition(b"\0")[0].decode()

    @property
    def has_checksum(self):
        return self.constants.flags & FLAG_CHECKSUM != 0

    def read(self, timeout=5):
        return self.snapshot(timeout).data

    def snapshot(self, timeout=5):
        """One committed value with its facts. Takes no lock, unless writers are quicker again and again."""
        deadline = after(timeout)
        found = self._rounds(LOCK_FREE_ROUNDS, deadline)
        if found is None:
            with contextlib.nullcontext() if self.segment.read_only else self.lock.held(SHARED, deadline):  # [R7]
                found = self._rounds(None, deadline)
        return found

    def write(self, data, media_type="", if_version=None, timeout=5):
        """Commits `data`, and gives its version."""
        data, media_type, deadline = bytes(data), media_type.encode("ascii"), after(timeout)
        if self.segment.read_only:
            raise ShmError("READ_ONLY")
        if len(data) > self.constants.capacity or len(media_type) > MOST_MEDIA_TYPE:
            raise ShmError("TOO_LARGE", number=self.constants.capacity)
        with self.lock.held(EXCLUSIVE, deadline), self.segment.marked(deadline):  # [W1] [W2], and [W13] [W14] at the end
            version = self._commit(data, media_type, if_version)
        futex_wake(self.segment.base + NOTIFY)  # [W15]
        return version

    def wait_newer(self, version, timeout=5):
        """Waits for a version above this one, and gives it. Needs no right to write. BUSY at the time-out."""
        deadline, useless = after(timeout), 0
        if self.segment.read_only:
            self.segment.announce_reader()  # [C1]
        while True:
            seen = self._announce_wait()  # [C2]
            if self._is_newer_than(version):  # [C3]
                return self.version
            if self.segment.is_removed:
                raise ShmError("DESTROYED")
            if time.monotonic() >= deadline:
                raise ShmError("BUSY", "no newer version")
            useless = useless + 1 if self._sleep(seen, deadline) else 0  # [C4]
            if useless > MOST_USELESS_WAKES:
                time.sleep(0.001)

    # Waiting.

    def _is_newer_than(self, version):
        if self.segment.is_retired:
            raise ShmError("DESTROYED")
        if self.version > MAX_EXACT:
            raise ShmError("CORRUPT", "commit")
        return self.version > version

    def _announce_wait(self):
        """Tells writers that they have somebody to wake. Gives the word to sleep on."""
        word, seen = self.segment.base + AWAITED, load32(self.segment.base + NOTIFY)
        if self.segment.read_only:
            return seen
        awaited = load32(word)
        while awaited != seen and (is_behind(awaited, seen) or load32(self.segment.base + NOTIFY) == seen):
            expected, awaited = awaited, compare_and_swap32(word, awaited, seen)
            if awaited == expected:
                break
        fence()
        return seen

    def _sleep(self, seen, deadline):
        """True where it was woken before its time."""
        until = min(deadline, after(LONGEST_BLIND_WAIT))
        futex_wait(self.segment.base + NOTIFY, seen, until - time.monotonic())
        return time.monotonic() < until

    # Reading.

    def _descriptor(self, version):
        return self.segment.base + DESCRIPTORS + DESCRIPTOR.size * (version % self.constants.slots)

    def _payload(self, version):
        """Its offset."""
        return HEADER_BYTES + self.constants.stride * (version % self.constants.slots)

    def _rounds(self, most, deadline):
        """A snapshot, or None after so many rounds in which a writer was quicker. None of them: until the deadline."""
        while most is None or most > 0:
            found = self._read_once()
            if found is not None:
                return found
            if most is None and time.monotonic() >= deadline:
                raise ShmError("BUSY", "writers were quicker")
            most = most and most - 1
        return None

    def _read_once(self):
        if self.segment.is_retired:
            raise ShmError("DESTROYED")
        version = self.version  # [R1]
        if version == 0:
            return Snapshot(b"", 0, 0, 0, "")
        if version > MAX_EXACT:
            raise ShmError("CORRUPT", "commit")
        if load64(self._descriptor(version)) == version:  # [R2]
            return self._copy(version)
        if self.version == version:
            raise ShmError("CORRUPT", "slot version")
        return None

    def _copy(self, version):
        descriptor = self._descriptor(version)
        facts = self.segment.load(descriptor - self.segment.base, DESCRIPTOR.size)  # [R3]
        _, length, committed_ns, pid, crc, media_type = DESCRIPTOR.unpack(facts)
        data = self.segment.load(self._payload(version), min(length, self.constants.capacity))
        fence()  # [R4]
        if load64(descriptor) != version:  # [R5]
            return None
        if length > self.constants.capacity:
            raise ShmError("CORRUPT", "length over capacity")
        if self.has_checksum and crc32c(data) != crc:  # [R6]
            raise ShmError("CORRUPT", "checksum")
        return Snapshot(data, version, committed_ns, pid, media_type[:MOST_MEDIA_TYPE].partition(b"\0")[0].decode("latin1"))

    # Writing.

    def _commit(self, data, media_type, if_version):
        base = self.segment.base
        if load32(base + SEMAPHORE_ID) != self.lock.semid or self.segment.is_retired:  # [W3]
            raise ShmError("DESTROYED")
        current = self.version  # [W4]
        if current >= MAX_EXACT:
            raise ShmError("CORRUPT", "commit")
        if if_version is not None and if_version != current:
            raise ShmError("VERSION_CONFLICT", number=current)
        version = current + 1
        self._fill(version, data, media_type)
        if compare_and_swap64(base + COMMIT, current, version) != current:  # [W10]
            raise ShmError("BUSY", "a writer without the lock")
        store32(base + NOTIFY, version % 2**32)  # [W11]
        if self.segment.is_retired or not self.segment.is_retired_by_others and self.segment.is_removed:  # [W12]
            raise ShmError("DESTROYED")
        return version

    def _fill(self, version, data, media_type):
        descriptor = self._descriptor(version)
        store64(descriptor, 0)  # [W5]
        fence()  # [W6]
        self.segment.store(self._payload(version), data)  # [W7]
        crc = crc32c(data) if self.has_checksum else 0
        facts = DESCRIPTOR.pack(0, len(data), time.time_ns(), os.getpid(), crc, media_type)
        self.segment.store(descriptor - self.segment.base + 8, facts[8:])  # [W8]
        store64(descriptor, version)  # [W9]
