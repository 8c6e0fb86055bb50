"""What every byte means, what a name's key is, and how large a segment is."""

import struct
from collections import namedtuple

MAGIC = b"SHMNODE1"
MAJOR, MINOR = 1, 0
HEADER_BYTES = STRIDE_UNIT = 4096
MAX_EXACT = 2**53 - 1
FLAG_CHECKSUM = 1
SEMAPHORE_COUNT = 4
RAW_SEMAPHORE_COUNT = 5  # of the set that is made for a raw segment; nobody uses the fifth

# The constant part of a header.
CONSTANTS = struct.Struct("<8s HHI Q II Q Q Q Ii 64s")
Constants = namedtuple("Constants", "magic major minor header_bytes capacity slots flags stride incarnation created_ns creator_pid semaphore_id name")
FIRST_WORDS = struct.pack("<HHI", MAJOR, MINOR, HEADER_BYTES)  # at offset 8

# Offsets of what changes.
SEMAPHORE_ID, COMMIT, NOTIFY, RETIRED, WRITER, AWAITED, AWAITED_ALWAYS, IPC_NAMESPACE, DESCRIPTORS = 60, 128, 192, 196, 200, 208, 216, 220, 256

# A slot's descriptor: version, length, committed, writer's pid, CRC32C, media type, and what later minor versions may have, 0 here.
DESCRIPTOR = struct.Struct("<Q Q Q I I 64s 32x")

NAME_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def is_valid_name(name):
    return 1 <= len(name) <= 63 and NAME_BYTES.issuperset(name.encode("utf-8", "surrogatepass"))


def is_valid_posix_name(name):
    """Of a file in /dev/shm: its slash counts among the 63 bytes."""
    return name[:1] == "/" and len(name) <= 63 and is_valid_name(name[1:]) and name not in ("/.", "/..")


def signed(word):
    """A 32-bit word as the kernel's signed int."""
    return (word + 2**31) % 2**32 - 2**31


def key_of_name(name):
    """FNV-1a. A key of 0 would be IPC_PRIVATE."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = (value ^ byte) * 0x01000193 % 2**32
    return signed(value) or 1


def key_of_file(inode, device, project):
    """As ftok(3)."""
    return signed(inode & 0xFFFF | (device & 0xFF) << 16 | (project & 0xFF) << 24)


def stride_for(capacity):
    return -(-capacity // STRIDE_UNIT) * STRIDE_UNIT


def segment_bytes(capacity, slots):
    """0 where there can be no such segment."""
    size = HEADER_BYTES + stride_for(capacity) * slots
    return size if 1 <= capacity <= MAX_EXACT and 2 <= slots <= 16 and size <= MAX_EXACT else 0
