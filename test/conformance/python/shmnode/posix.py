"""POSIX shared memory: a file in /dev/shm, as shm_open(3) makes them. A file that somebody makes shorter while it is in use ends this
process by SIGBUS at the next access behind its end: Python cannot handle that."""

import contextlib
import errno
import os
import stat
from collections import namedtuple

from .linux import Facts, ShmError, call, libc
from .layout import key_of_name
from .segment import Segment

Posix = namedtuple("Posix", "name")  # with its slash, as a reference

_DIRECTORY = "/dev/shm"
_PROT_READ, _PROT_WRITE, _MAP_SHARED = 1, 2, 1
_AT_FDCWD, _AT_SYMLINK_FOLLOW = -100, 0x400
_CODES = {errno.ENOENT: "NOT_FOUND", errno.EEXIST: "EXISTS", errno.EACCES: "ACCESS", errno.EPERM: "ACCESS", errno.EROFS: "ACCESS",
          errno.ENOSPC: "NO_SPACE", errno.EDQUOT: "NO_SPACE", errno.ENOMEM: "NO_SPACE", errno.EFBIG: "LIMIT", errno.EMFILE: "LIMIT",
          errno.ENFILE: "LIMIT", errno.EISDIR: "LAYOUT", errno.ELOOP: "LAYOUT", errno.ENXIO: "LAYOUT"}


def path_of(name):
    return _DIRECTORY + name


@contextlib.contextmanager
def _file_errors():
    """What an errno means where it is about a file."""
    try:
        yield
    except OSError as error:
        raise ShmError(_CODES.get(error.errno, "SYSTEM"), str(error), error.errno) from None


def identity_of(name):
    """Of whatever has the name: device and inode, or None."""
    try:
        facts = os.lstat(path_of(name))
        return facts.st_dev, facts.st_ino
    except FileNotFoundError:
        return None


def ipc_namespace():
    """In which this thread's semaphore sets are; 0 where /proc does not tell."""
    try:
        return os.stat("/proc/thread-self/ns/ipc").st_ino % 2**32
    except OSError:
        return 0


class PosixSegment(Segment):
    """A file that is mapped, and open as long as it is. The `id` is its inode's number."""

    is_retired_by_others = False  # nobody finds a removed file

    def __init__(self, name, file, read_only):
        self.name, self.file, self.read_only, self.base = name, file, read_only, 0
        facts = os.fstat(file)
        self.id, self.identity, self.size = facts.st_ino, (facts.st_dev, facts.st_ino), facts.st_size
        if self.size > 0:  # of nothing there is nothing to map
            self.base = _map(file, self.size, read_only)

    @classmethod
    def open(cls, name, read_only):
        """Of what others may have put there, a pipe would block, and a link lead anywhere."""
        with _file_errors():
            file = os.open(path_of(name), (os.O_RDONLY if read_only else os.O_RDWR) | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        return cls._of(name, file, read_only)

    @classmethod
    def make(cls, name, size, mode):
        """Without its name: publish() gives it. All its bytes are reserved, or a write to a full file system would be a SIGBUS."""
        with _file_errors():
            file = os.open(_DIRECTORY, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, mode)
            try:
                os.fchmod(file, mode & 0o777)  # umask or not
                os.posix_fallocate(file, 0, size)
            except BaseException:
                os.close(file)
                raise
        return cls._of(name, file, False)

    @classmethod
    def _of(cls, name, file, read_only):
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise ShmError("LAYOUT", "no magic")
            return cls(name, file, read_only)
        except BaseException:
            os.close(file)
            raise

    def publish(self):
        """From now on others find it. EXISTS where something has that name."""
        call(libc.linkat, _AT_FDCWD, f"/proc/self/fd/{self.file}".encode(), _AT_FDCWD, path_of(self.name).encode(), _AT_SYMLINK_FOLLOW)

    def close(self):
        if self.base:
            libc.munmap(self.base, self.size)
            self.base = 0
        if self.file >= 0:
            os.close(self.file)
            self.file = -1

    def facts(self):
        facts = os.fstat(self.file)
        return Facts(key_of_name(self.name), facts.st_uid, facts.st_uid, facts.st_mode & 0o777, facts.st_size, None)

    def again(self):
        segment = PosixSegment.open(self.name, False)
        if segment.identity == self.identity and segment.size >= self.size:
            return segment
        segment.close()
        raise ShmError("DESTROYED")

    def remove(self):
        """Under the lock of the name. No system call removes a name only if it leads to a certain file."""
        if identity_of(self.name) != self.identity:
            raise ShmError("DESTROYED")
        with _file_errors():
            os.unlink(path_of(self.name))

    @property
    def is_removed(self):
        """Nobody finds it, or there is less of it than is mapped."""
        facts = os.fstat(self.file)
        return facts.st_nlink == 0 or facts.st_size < self.size


def _map(file, size, read_only):
    try:
        return call(libc.mmap, None, size, _PROT_READ if read_only else _PROT_READ | _PROT_WRITE, _MAP_SHARED, file, 0)
    except ShmError as error:
        raise ShmError(_CODES.get(error.number, "SYSTEM"), error.reason, error.number) from None
