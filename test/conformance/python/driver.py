"""driver.py: the Python implementation as a process of the conformance suite. README.md has its commands."""

import contextlib
import itertools
import os
import signal
import struct
import sys

import shmnode

PACKAGE = os.path.dirname(shmnode.__file__)


def reference_of(text):
    kind, _, value = text.partition(":")
    return {"key": int, "name": str, "posix": shmnode.Posix, "id": lambda number: shmnode.Id(int(number))}[kind](value)


def seconds(milliseconds):
    return int(milliseconds) / 1000


class Driver:
    """One open segment at a time, a cell or raw. Each method is a command: its arguments are the words of the line, all of them texts."""

    def __init__(self):
        self.cell = None
        self.locks = {}

    def open(self, ref, layout="cell", **options):
        self.close()
        return self.open_raw(ref, **options) if layout == "raw" else self.open_cell(ref, **options)

    def open_raw(self, ref, create="1", exclusive="0", readOnly="0", nul="0", capacity="0", mode="600", timeout="60000"):
        self.cell = shmnode.open_raw(reference_of(ref), int(capacity), create == "1", exclusive == "1", int(mode, 8), readOnly == "1", nul == "1",
                                     seconds(timeout))
        return {"id": self.cell.segment.id, "capacity": self.cell.capacity}

    def open_cell(self, ref, create="1", exclusive="0", readOnly="0", checksum="0", capacity="0", slots="3", mode="600", timeout="60000"):
        reference, wanted = reference_of(ref), {"capacity": int(capacity), "checksum": checksum == "1"}
        if create == "1" and readOnly == "0" and not isinstance(reference, shmnode.Id):
            wanted["capacity"] = int(capacity) or 2048
            self.cell = shmnode.create_cell(reference, slots=int(slots), mode=int(mode, 8), exclusive=exclusive == "1", timeout=seconds(timeout), **wanted)
        else:
            self.cell = shmnode.open_cell(reference, read_only=readOnly == "1", **wanted)
        return self.facts()

    def facts(self):
        constants = self.cell.constants
        return {"id": self.cell.segment.id, "name": self.cell.name, "capacity": constants.capacity, "slots": constants.slots,
                "checksum": int(self.cell.has_checksum), "incarnation": f"{constants.incarnation:016x}",
                "layout": f"{constants.major}.{constants.minor}"}

    def close(self):
        for mode in list(self.locks):
            self.unlock(mode)
        if self.cell is not None:
            self.cell.close()
        self.cell = None

    def destroy(self, ref, layout="cell", timeout="60000", **_):
        destroy = shmnode.destroy_raw if layout == "raw" else shmnode.destroy_cell
        destroy(reference_of(ref), timeout=seconds(timeout))

    def write(self, data="", type="", ifVersion=None, offset="0", timeout="60000"):
        if isinstance(self.cell, shmnode.Raw):
            return self.cell.write(bytes.fromhex(data), int(offset), seconds(timeout))
        if_version = None if ifVersion is None else int(ifVersion)
        return {"version": self.cell.write(bytes.fromhex(data), type, if_version, seconds(timeout))}

    def read(self, timeout="60000"):
        return {"data": self.cell.read(timeout=seconds(timeout)).hex()}

    def snapshot(self, timeout="60000"):
        found = self.cell.snapshot(seconds(timeout))
        return {"data": found.data.hex(), "version": found.version, "type": found.media_type, "pid": found.writer_pid,
                "committed": found.committed_ns // 10**6}

    def version(self):
        return {"version": self.cell.version}

    def wait(self, newerThan, timeout="60000"):
        return {"version": self.cell.wait_newer(int(newerThan), seconds(timeout))}

    def lock(self, mode, timeout="60000"):
        held = self.cell.lock.held(mode, shmnode.after(seconds(timeout)))
        held.__enter__()
        self.locks[mode] = held

    def unlock(self, mode):
        self.locks.pop(mode).__exit__(None, None, None)

    def storm(self, length):
        """Writes until it is killed. Every eight bytes of a value are its length and a count."""
        for count in itertools.count(1):
            value = struct.pack("<II", count % 2**32, int(length)) * (int(length) // 8)
            say("ok", version=self.cell.write(value, timeout=60))

    def die(self, data, step, by="line"):
        """A child that writes, and is killed before so many lines, or bytecode instructions, of the implementation have run."""
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                sys.settrace(killer(int(step), by))
                self.cell.write(bytes.fromhex(data))
            sys.settrace(None)
            os._exit(0)
        return {"killed": int(os.WIFSIGNALED(os.waitpid(child, 0)[1]))}


def killer(step, by):
    left = itertools.count(step, -1)

    def trace(frame, event, _):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = by == "line", by == "opcode"
        if event == by and next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def say(how, *words, **facts):
    line = " ".join([how, *words, *(f"{name}={value}" for name, value in facts.items() if value is not None)])
    sys.stdout.write(line + "\n")  # as one: a process that is killed has said it or not
    sys.stdout.flush()


def main():
    driver = Driver()
    say("ok")
    for line in sys.stdin:
        command, *words = line.split()
        try:
            say("ok", **(getattr(driver, command)(**dict(word.split("=", 1) for word in words)) or {}))
        except shmnode.ShmError as error:
            say("error", error.code, holder=error.holder)


if __name__ == "__main__":
    main()
