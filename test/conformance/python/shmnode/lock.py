"""The locks of a segment, in its set of four semaphores. All zero is free, and the kernel undoes what a dead process did."""

import contextlib
import ctypes
import errno
import os
import struct
import time

from .linux import GETPID, GETVAL, IPC_NOWAIT, SEM_UNDO, ShmError, after, call, libc, timespec

# The modes of held().
EXCLUSIVE, SHARED, USER = "exclusive", "shared", "user"

_WRITER, _READERS, _GATE, _USER = range(4)
_AT_ONCE = {EXCLUSIVE: [(_GATE, 0), (_WRITER, 0), (_READERS, 0), (_WRITER, 1)],  # [L1]
            SHARED: [(_GATE, 0), (_WRITER, 0), (_READERS, 1)]}
_THROUGH_GATE = [(_GATE, 0), (_GATE, 1)]  # [L2]
_FROM_GATE = {EXCLUSIVE: [(_WRITER, 0), (_READERS, 0), (_WRITER, 1), (_GATE, -1)],  # [L3]
              SHARED: [(_WRITER, 0), (_READERS, 1), (_GATE, -1)]}
_TAKE_USER = [(_USER, 0), (_USER, 1)]
_LONGEST_BLIND_WAIT = 0.1


class Lock:
    """Locks are the process's, whichever of its threads took them."""

    def __init__(self, semid):
        self.semid = semid

    @contextlib.contextmanager
    def held(self, mode, deadline):
        """BUSY at the deadline, with the pid of who has it; DESTROYED where the set is gone."""
        self._acquire(mode, deadline)
        owner = os.getpid()
        try:
            yield
        finally:
            if owner == os.getpid():  # not in a child that was forked meanwhile
                self._release(mode)

    def _acquire(self, mode, deadline):
        try:
            self._operate(_TAKE_USER, deadline) if mode == USER else self._go_through(mode, deadline)
        except ShmError as error:
            error.holder = self._holder(mode) if error.code == "BUSY" else None
            raise

    def _go_through(self, mode, deadline):
        while not self._try(mode, deadline):
            self._operate(_THROUGH_GATE, deadline)
            if self._take_from_gate(mode, deadline):
                return

    def _try(self, mode, deadline):
        try:
            self._operate(_AT_ONCE[mode])
            return True
        except ShmError as error:
            if error.code != "BUSY" or time.monotonic() >= deadline:
                raise
        return False

    def _take_from_gate(self, mode, deadline):
        """False where somebody's SETALL has cleared the gate: there is nothing to give up then, and {gate, -1} would wait for ever."""
        try:
            while not self._take_in_time(mode, min(deadline, after(_LONGEST_BLIND_WAIT))):
                if self._value(_GATE) & 1 == 0:
                    return False
                if time.monotonic() >= deadline:
                    raise ShmError("BUSY")
            return True
        except BaseException:
            self._give(_GATE)  # [L4]
            raise

    def _take_in_time(self, mode, until):
        try:
            self._operate(_FROM_GATE[mode], until)
            return True
        except ShmError as error:
            if error.code != "BUSY":
                raise
            if error.number == errno.ERANGE:  # one reader too many: that one of them has left, the kernel tells nobody
                time.sleep(0.001)
        return False

    def _release(self, mode):
        if mode != USER:
            self._give(_WRITER if mode == EXCLUSIVE else _READERS)  # [L5]
        elif self._value(_USER) > 0 and self._last_pid(_USER) == os.getpid():
            self._give(_USER)  # else it was lost, and may be another's

    def _give(self, semaphore):
        with contextlib.suppress(ShmError):  # a set that is gone holds nothing
            self._operate([(semaphore, -1)])

    def _operate(self, operations, deadline=None):
        """All of them or none. Without a deadline it does not wait."""
        flags = SEM_UNDO | (IPC_NOWAIT if deadline is None else 0)
        packed = b"".join(struct.pack("<Hhh", semaphore, change, flags) for semaphore, change in operations)
        while True:
            left = timespec(0 if deadline is None else deadline - time.monotonic())
            try:
                return call(libc.semtimedop, self.semid, packed, ctypes.c_size_t(len(operations)), left)
            except ShmError as error:
                if error.number != errno.EINTR:  # never restarted after a signal
                    raise

    def _holder(self, mode):
        """As of now: by the time that somebody reads it, it may have let go."""
        held = [semaphore for semaphore in ((_USER,) if mode == USER else (_WRITER, _READERS, _GATE)) if self._value(semaphore) > 0]
        return self._last_pid(held[0]) if held else None

    def _value(self, semaphore):
        return libc.semctl(self.semid, semaphore, GETVAL)

    def _last_pid(self, semaphore):
        return libc.semctl(self.semid, semaphore, GETPID)
