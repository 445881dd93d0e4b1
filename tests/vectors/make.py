#!/usr/bin/env python3
"""Writes vectors.txt from vectors.py with Debian's msgpack; --check says whether it is up to date.

One vector a line: kind (request, reply, event), who decides (wire, broker), the answer, the name in quotes, hex.
"""
import pathlib
import sys

import msgpack

HERE = pathlib.Path(__file__).parent
FILE = HERE / "vectors.txt"
HEADER = "# Written by make.py from vectors.py; do not edit. kind, who decides, answer, \"name\", bytes.\n"


class Raw:
    """Bytes as they stand, for what no packer would write."""

    def __init__(self, text):
        self.data = bytes.fromhex(text)


class Pairs:
    """A map that may have a key twice."""

    def __init__(self, *pairs):
        self.pairs = pairs


def encode(value):
    """Packs lists and maps by hand, so that Raw and Pairs may stand anywhere inside."""
    packer = msgpack.Packer(use_bin_type=True)
    if isinstance(value, Raw):
        return value.data
    if isinstance(value, (dict, Pairs)):
        pairs = value.pairs if isinstance(value, Pairs) else list(value.items())
        return packer.pack_map_header(len(pairs)) + b"".join(encode(key) + encode(item) for key, item in pairs)
    if isinstance(value, list):
        return packer.pack_array_header(len(value)) + b"".join(map(encode, value))
    return packer.pack(value)


def lines():
    sys.modules["make"] = sys.modules[__name__]  # vectors.py imports Raw and Pairs from here
    sys.path.insert(0, str(HERE))
    import vectors
    rows = [("request", by, answer, name, frame) for name, answer, by, frame in vectors.REQUESTS]
    rows += [("reply", "wire", "ok", name, frame) for name, frame in vectors.REPLIES]
    rows += [("event", "wire", "ok", name, frame) for name, frame in vectors.EVENTS]
    for kind, by, answer, name, frame in rows:
        yield f'{kind} {by} {answer} "{name}" {encode(frame).hex()}\n'


def read():
    """The vectors as (kind, by, answer, name, bytes), for tests."""
    for line in FILE.read_text().splitlines():
        if not line.startswith("#"):
            head, name, data = line.split('"')
            kind, by, answer = head.split()
            yield kind, by, answer, name, bytes.fromhex(data)


def main():
    text = HEADER + "".join(lines())
    if sys.argv[1:] != ["--check"]:
        FILE.write_text(text)
    elif FILE.read_text() != text:
        sys.exit("tests/vectors/vectors.txt is stale: run tests/vectors/make.py")


if __name__ == "__main__":
    main()
