"""storm_peer.py ROLE KEY CAPACITY SEED: the Python peers of a kill storm (test/storm), which print and leave as
native/test/storm_peer.cc says. With SHMNODE_TEST_MEMORY in the environment, KEY stands for a name in /dev/shm (test/helpers/memory.js)."""

import ctypes
import itertools
import os
import random
import signal
import sys
import time

import shmnode

PR_SET_PDEATHSIG = 1
KEYS_OF_TESTS = 0x5E
GONE = ("DESTROYED", "NOT_FOUND", "EXISTS")
STUCK, TORN, LOST = 3, 4, 5
EXIT_CODES = {"BUSY": STUCK, "CORRUPT": TORN}
TIMEOUT = 20  # longer than anything but a lock that is never released


def reference_of(key):
    if "SHMNODE_TEST_MEMORY" not in os.environ:
        return key
    names = (f"/shmnode-test.{key & 0xFFFFFFFF:08x}.{i:x}" for i in itertools.count())
    return shmnode.Posix(next(name for name in names if shmnode.key_of_name(name) >> 24 & 0x7F == KEYS_OF_TESTS))


class Found(Exception):
    """`code` is the exit code."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Values:
    """Each says what it is: every word of one is its stamp, of length, writer's pid and count."""

    def __init__(self, numbers, capacity):
        self.numbers, self.capacity = numbers, capacity
        self.count = numbers.randrange(2**22)

    def next(self):
        length = min(self.capacity, 8 + self.numbers.randrange(8 << self.numbers.randrange(18)))
        self.count = (self.count + 1) % 2**22
        stamp = length << 44 | os.getpid() << 22 | self.count
        return stamp, (stamp.to_bytes(8, "little") * (length // 8 + 1))[:length], f"storm/{length}"


def stamp_of(snapshot):
    return int.from_bytes(snapshot.data[:8], "little")


class Work:
    """What all roles do."""

    def __init__(self, reference, capacity, seed):
        self.reference, self.capacity = reference, capacity
        self.numbers = random.Random(seed)
        self.values = Values(self.numbers, capacity)
        self.reads = 0

    def write(self, cell, if_version=None):
        stamp, data, media_type = self.values.next()
        version = cell.write(data, media_type, if_version, TIMEOUT)
        self.tell("wrote", cell, version, stamp)
        return version

    def read(self, cell, least):
        found = cell.snapshot(TIMEOUT)
        if found.version < least:
            raise Found(LOST, f"read {found.version} after {least}")
        if found.version:
            self.check(found)
        self.reads += 1
        if self.reads % 64 == 0:
            say("reads", 64)
            if found.version:
                self.tell("saw", cell, found.version, stamp_of(found))
        return found.version

    @staticmethod
    def check(found):
        if found.data[8:] != found.data[:-8]:
            raise Found(TORN, f"version {found.version}: mixed bytes")
        stamp = stamp_of(found)
        facts = (len(found.data), found.writer_pid, found.media_type)
        if facts != (stamp >> 44, stamp >> 22 & 0x3FFFFF, f"storm/{len(found.data)}"):
            raise Found(TORN, f"version {found.version}: facts of another value")

    @staticmethod
    def tell(what, cell, version, stamp):
        say(what, f"{cell.constants.incarnation:016x}", version, f"{stamp:x}")

    def sleep(self, most):
        time.sleep(self.numbers.random() * most)


# In a segment that stays: one turn each.


def writer(work, cell):
    work.read(cell, work.write(cell))


def updater(work, cell):
    before = work.read(cell, 0)
    try:
        version = work.write(cell, before)
    except shmnode.ShmError as error:
        if error.code != "VERSION_CONFLICT":
            raise
        return
    if version != before + 1:
        raise Found(LOST, "a version between")


def reader(work, cell):
    last = 0
    for _ in range(32):
        last = work.read(cell, last)


def follower(work, cell):
    """Each wait ends with a newer version; that none comes for a while is no finding."""
    last = work.read(cell, 0)
    for _ in range(16):
        try:
            last = work.read(cell, cell.wait_newer(last, timeout=0.2))
        except shmnode.ShmError as error:
            if error.code != "BUSY" or error.reason != "no newer version":
                raise


def hold(work, cell, mode):
    """Also gives up, before the gate and behind it. Nobody may write meanwhile."""
    gives_up = work.numbers.randrange(4) == 0
    try:
        with cell.lock.held(mode, shmnode.after(0.001 if gives_up else TIMEOUT)):
            say("holding")
            version = cell.version
            work.sleep(0.003)
            if cell.version != version:
                raise Found(LOST, "somebody wrote meanwhile")
        say("free")
    except shmnode.ShmError as error:
        if not (gives_up and error.code == "BUSY"):
            raise


def exclusive(work, cell):
    hold(work, cell, shmnode.EXCLUSIVE)


def shared(work, cell):
    hold(work, cell, shmnode.SHARED)


# In one that comes and goes.


def creator(work):
    cell = shmnode.create_cell(work.reference, work.capacity, exclusive=work.numbers.randrange(8) == 0, timeout=TIMEOUT)
    try:
        last = 0
        for _ in range(work.numbers.randrange(8)):
            last = max(last, work.write(cell))
            work.read(cell, last)
    finally:
        cell.close()


def destroyer(work):
    """Several at once, and then a while in which others can get something done."""
    for _ in range(work.numbers.randrange(8)):
        unless_gone(lambda: shmnode.destroy_cell(work.reference, TIMEOUT))
    work.sleep(0.03)


STAYING = {role.__name__: role for role in (writer, updater, reader, follower, exclusive, shared)}
PASSING = {role.__name__: role for role in (creator, destroyer)}


def unless_gone(call):
    try:
        call()
    except shmnode.ShmError as error:
        if error.code not in GONE:
            raise


def run(role, work):
    cell = shmnode.open_cell(work.reference) if role in STAYING else None
    say("ready")
    while True:
        if cell is not None:
            STAYING[role](work, cell)
        else:
            unless_gone(lambda: PASSING[role](work))


def main(role, key, capacity, seed):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a driver that dies takes its peers along
    try:
        run(role, Work(reference_of(int(key)), int(capacity), int(seed)))
    except shmnode.ShmError as error:
        print(f"{role}: {error}, holder {error.holder}", file=sys.stderr)
        sys.exit(EXIT_CODES.get(error.code, 1))
    except Found as found:
        print(f"{role}: {found}", file=sys.stderr)
        sys.exit(found.code)


if __name__ == "__main__":
    main(*sys.argv[1:])
