"""Who is changing a value now: 64 bits in the header, by which others find a writer whose lock somebody broke."""

import os

ALIVE, DEAD, UNKNOWN = "alive", "dead", "unknown"
_EXITING = 4  # PF_EXITING


def mark_of(pid, namespace_inode=0, start_ticks=0):
    return pid & 0xFFFFFF | (namespace_inode & 0xFFFF) << 24 | (start_ticks & 0xFFFFFF) << 40


def pid_of(mark):
    return mark & 0xFFFFFF


def _namespace_of(mark):
    return mark >> 24 & 0xFFFF


def _state_of(pid):
    """Whether its first thread exits, how many threads it has, in which clock tick it began: see proc(5)."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return int(fields[6]) & _EXITING != 0, int(fields[17]), int(fields[19])


def _identify(pid):
    try:
        if os.readlink("/proc/self") == str(pid):  # else it is the /proc of another PID namespace
            return mark_of(pid, os.stat("/proc/self/ns/pid").st_ino, _state_of(pid)[2])
    except OSError:
        pass
    return mark_of(pid)


_known = (0, 0)


def own_mark():
    """Looked up once, and anew after a fork."""
    global _known
    pid = os.getpid()
    if _known[0] != pid:
        _known = (pid, _identify(pid))
    return _known[1]


def look_at(mark):
    """DEAD only where no thread of it can run another instruction of its program."""
    if _namespace_of(mark) == 0 or _namespace_of(mark) != _namespace_of(own_mark()):
        return UNKNOWN
    if mark == own_mark():
        return ALIVE
    try:
        os.kill(pid_of(mark), 0)
    except ProcessLookupError:
        return DEAD
    except PermissionError:
        pass
    try:
        is_exiting, threads, start = _state_of(pid_of(mark))
    except OSError:
        return UNKNOWN
    if mark != mark_of(mark, _namespace_of(mark), start):
        return DEAD  # another process has its pid now
    return DEAD if is_exiting and threads <= 1 else ALIVE
