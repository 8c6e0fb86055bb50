"""The kernel's calls, and what their errors mean."""

import ctypes
import errno
import os
import platform
import struct
import time
from collections import namedtuple

IPC_CREAT, IPC_EXCL, IPC_NOWAIT = 0o1000, 0o2000, 0o4000
IPC_RMID, IPC_STAT, GETPID, GETVAL = 0, 2, 11, 12
SHM_RDONLY, SHM_DEST, SEM_UNDO = 0o10000, 0o1000, 0x1000
FUTEX_WAIT, FUTEX_WAKE, EVERYBODY = 0, 1, 2**31 - 1  # shared between processes: never with FUTEX_PRIVATE_FLAG
SYS_FUTEX, _SET_SIZE_AT = {"x86_64": (202, 80), "aarch64": (98, 64)}[platform.machine()]
_A_DAY = 86400

CODES = {errno.ENOENT: "NOT_FOUND", errno.EEXIST: "EXISTS", errno.EACCES: "ACCESS", errno.EPERM: "ACCESS", errno.ENOMEM: "NO_SPACE",
         errno.ENOSPC: "LIMIT", errno.EAGAIN: "BUSY", errno.ERANGE: "BUSY", errno.EIDRM: "DESTROYED", errno.EINVAL: "DESTROYED"}

libc = ctypes.CDLL(None, use_errno=True)
libc.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
libc.shmat.argtypes, libc.shmat.restype = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int], ctypes.c_ssize_t
libc.shmdt.argtypes = [ctypes.c_void_p]
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mmap.restype = ctypes.c_ssize_t
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.shmctl.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
libc.syscall.restype = ctypes.c_long


class ShmError(Exception):
    """`code` is one of the README's without ERR_SHM_. BUSY is a lock, or a change, that was not had in time."""

    def __init__(self, code, reason="", number=None, holder=None):
        super().__init__(f"{code} {reason}".strip())
        self.code, self.reason, self.number, self.holder = code, reason, number, holder


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


def timespec(seconds):
    return ctypes.byref(Timespec(*divmod(int(min(max(0, seconds), _A_DAY) * 1e9), 10**9)))


def after(seconds):
    """A deadline, in the time of time.monotonic()."""
    return time.monotonic() + seconds


def call(function, *arguments):
    result = function(*arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise ShmError(CODES.get(number, "SYSTEM"), f"{function.__name__}: {os.strerror(number)}", number)
    return result


# `size` is a segment's in bytes, or how many semaphores a set has; `attached` counts the attaches of a segment.
Facts = namedtuple("Facts", "key uid cuid mode size attached")


def _facts(buffer, size, attached=None):
    key, uid, _, cuid, _, mode = struct.unpack_from("<iIIIII", buffer)
    return Facts(key, uid, cuid, mode, size, attached)


def segment_facts(shmid):
    buffer = ctypes.create_string_buffer(256)
    call(libc.shmctl, shmid, IPC_STAT, buffer)
    return _facts(buffer, *struct.unpack_from("<Q32xQ", buffer, 48))


def set_facts(semid):
    buffer = ctypes.create_string_buffer(256)
    call(libc.semctl, semid, 0, IPC_STAT, buffer)
    return _facts(buffer, *struct.unpack_from("<Q", buffer, _SET_SIZE_AT))


def _find(get, key, count):
    try:
        return call(get, key, count, 0)
    except ShmError as error:
        if error.code != "NOT_FOUND":
            raise
    return None


def find_segment(key):
    """The id under a key, or None. Not for a key of 0, which would create."""
    return _find(libc.shmget, key, 0)


def find_set(key, count):
    try:
        return _find(libc.semget, key, count)
    except ShmError as error:
        if error.number == errno.EINVAL:
            raise ShmError("LAYOUT", "semaphore set") from None  # it has fewer
        raise


def create_segment(key, size, mode):
    return call(libc.shmget, key, size, IPC_CREAT | IPC_EXCL | mode)


def create_set(key, count, mode):
    return call(libc.semget, key, count, IPC_CREAT | IPC_EXCL | mode)


def remove_segment(shmid):
    call(libc.shmctl, shmid, IPC_RMID, None)


def remove_set(semid):
    call(libc.semctl, semid, 0, IPC_RMID)


def removed_segments():
    """Ids of those that are only there for who is attached still."""
    with open("/proc/sysvipc/shm", encoding="ascii") as file:
        rows = [row.split() for row in list(file)[1:]]
    return [int(shmid) for _, shmid, mode, *_ in rows if int(mode, 8) & SHM_DEST]


def futex_wait(address, seen, seconds):
    """While the word is what was seen there. Whatever ends it, the caller looks again."""
    libc.syscall(ctypes.c_long(SYS_FUTEX), ctypes.c_void_p(address), FUTEX_WAIT, ctypes.c_uint32(seen), timespec(seconds), None, 0)


def futex_wake(address):
    libc.syscall(ctypes.c_long(SYS_FUTEX), ctypes.c_void_p(address), FUTEX_WAKE, EVERYBODY, None, None, 0)
