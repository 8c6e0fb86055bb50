"""check_vectors.py VECTORS.JSON: holds what needs no segment to the golden vectors. Segments are in vectors.js, for all implementations alike."""

import json
import pathlib
import sys

import shmnode

VECTORS = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
CHECKS = {
    "names": lambda v: shmnode.is_valid_name(v["name"]) and shmnode.key_of_name(v["name"]) == v["key"],
    "invalidNames": lambda name: not shmnode.is_valid_name(name),
    "ftok": lambda v: shmnode.key_of_file(v["inode"], v["device"], v["project"]) == v["key"],
    "crc32c": lambda v: shmnode.crc32c(bytes.fromhex(v["data"])) == v["crc"],
    "shapes": lambda v: (shmnode.stride_for(v["capacity"]), shmnode.segment_bytes(v["capacity"], v["slots"])) == (v["stride"], v["bytes"]),
    "writerMarks": lambda v: shmnode.mark_of(v["pid"], v["namespaceInode"], v["startTicks"]) == int(v["mark"], 16),
}

wrong = [f"{kind}: {vector}" for kind, holds in CHECKS.items() for vector in VECTORS[kind] if not holds(vector)]
print(f"{sum(len(VECTORS[kind]) for kind in CHECKS)} vectors, {len(wrong)} wrong")
if wrong:
    raise SystemExit("\n".join(wrong))
