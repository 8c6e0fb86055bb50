"""The bytes of a segment in this process."""

import contextlib
import ctypes

from .atomics import load32, store32
from .layout import AWAITED_ALWAYS, NOTIFY, RETIRED
from .linux import SHM_DEST, SHM_RDONLY, ShmError, call, futex_wake, libc, segment_facts


class Segment:
    """`size` is what the kernel says, the only size to trust."""

    def __init__(self, shmid, size, read_only):
        self.id, self.size, self.read_only = shmid, size, read_only
        self.base = call(libc.shmat, shmid, None, SHM_RDONLY if read_only else 0)

    def close(self):
        if self.base:
            libc.shmdt(self.base)
            self.base = 0

    def load(self, offset, length):
        return ctypes.string_at(self.base + offset, length)

    def store(self, offset, data):
        ctypes.memmove(self.base + offset, data, len(data))

    @property
    def is_retired(self):
        return load32(self.base + RETIRED) != 0

    @property
    def is_removed(self):
        """By whomever: the kernel tells."""
        return segment_facts(self.id).mode & SHM_DEST != 0

    def announce_reader(self):
        """That somebody may sleep at any time who cannot say so each time. Who may not write at all has the segment's mode say it."""
        if load32(self.base + AWAITED_ALWAYS) == 0:
            with contextlib.suppress(ShmError), contextlib.closing(Segment(self.id, self.size, False)) as writable:
                store32(writable.base + AWAITED_ALWAYS, 1)

    def retire(self):
        """Tells everybody who is attached that this segment has come to its end."""
        store32(self.base + RETIRED, 1)
        futex_wake(self.base + NOTIFY)
