"""Cell segments in Python: an implementation of native/LAYOUT.md by ctypes alone, to be read beside it.

    import shmnode

    cell = shmnode.create_cell("prices", capacity=4096)      # or open_cell(), of one that is there
    print(cell.read())
    version = cell.write(b"hello", media_type="text/plain")
    cell.wait_newer(version, timeout=60)                     # seconds, as all times here
    with cell.lock.held(shmnode.USER, shmnode.after(5)):
        ...                                                  # one process at a time, in any language
    shmnode.create_cell(shmnode.Posix("/prices"))            # in POSIX shared memory

Linux on 64-bit little-endian processors. It needs GCC's libatomic.so.1 (Debian: libatomic1), because Python has neither fences
nor compare-and-swap: the document's section "Languages without atomics" tells. Letters and numbers in brackets are its steps.
"""

from .cell import Cell, Snapshot
from .crc32c import crc32c
from .layout import is_valid_name, key_of_file, key_of_name, segment_bytes, stride_for
from .lifecycle import create_cell, destroy_cell
from .linux import ShmError, after
from .lock import EXCLUSIVE, SHARED, USER, Lock
from .opening import open_cell
from .places import Id
from .posix import Posix
from .raw import Raw, destroy_raw, open_raw
from .writer_mark import mark_of, own_mark

__all__ = ["Cell", "EXCLUSIVE", "Id", "Lock", "Posix", "Raw", "SHARED", "ShmError", "Snapshot", "USER", "after", "crc32c", "create_cell",
           "destroy_cell", "destroy_raw", "is_valid_name", "key_of_file", "key_of_name", "mark_of", "open_cell", "open_raw", "own_mark",
           "segment_bytes", "stride_for"]
