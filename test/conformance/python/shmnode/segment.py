"""The bytes of a segment in this process."""

import contextlib
import ctypes
import time

from .atomics import compare_and_swap64, load32, store32, store64
from .layout import AWAITED_ALWAYS, NOTIFY, RETIRED, WRITER
from .linux import SHM_DEST, SHM_RDONLY, ShmError, call, futex_wake, libc, remove_segment, segment_facts
from .writer_mark import ALIVE, look_at, own_mark, pid_of


class Segment:
    """`size` is what the kernel says, the only size to trust. `identity` tells it from all others."""

    is_retired_by_others = True  # who makes its successor tells its users that it was removed [K4]

    def __init__(self, shmid, size, read_only):
        self.id = self.identity = shmid
        self.size, self.read_only = size, read_only
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

    def facts(self):
        """What the kernel says of it now."""
        return segment_facts(self.id)

    def again(self):
        """Another attach of it, which may write."""
        return Segment(self.id, self.size, False)

    def remove(self):
        remove_segment(self.id)

    @property
    def is_removed(self):
        """By whomever: the kernel tells."""
        return self.facts().mode & SHM_DEST != 0

    @contextlib.contextmanager
    def marked(self, deadline):
        """With this process's mark in the header: in place of none, or of one that died over it."""
        word, own, expected = self.base + WRITER, own_mark(), 0
        while (seen := compare_and_swap64(word, expected, own)) != expected:
            expected = seen
            if look_at(seen) != ALIVE:
                continue
            if time.monotonic() >= deadline:
                raise ShmError("BUSY", "a writer without the lock", holder=pid_of(seen))
            time.sleep(0.0001)
            expected = 0
        try:
            yield
        finally:
            if own == own_mark():  # not in a child that was forked meanwhile
                store64(word, 0)  # [W13]

    def announce_reader(self):
        """That somebody may sleep at any time who cannot say so each time. Who may not write at all has the segment's mode say it."""
        if load32(self.base + AWAITED_ALWAYS) == 0:
            with contextlib.suppress(ShmError), contextlib.closing(self.again()) as writable:
                store32(writable.base + AWAITED_ALWAYS, 1)

    def retire(self):
        """Tells everybody who is attached that this segment has come to its end."""
        store32(self.base + RETIRED, 1)
        futex_wake(self.base + NOTIFY)
