#!/usr/bin/env python3
"""Writes the seeds and the dictionary of fuzz_frame: the golden vectors, and every name of the tables."""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "vectors"))
import make

NAMES = [("commands.def", "COMMAND"), ("keys.def", "KEY"), ("events.def", "EVENT")]


def main():
    corpus = HERE / "corpus" / "frame"
    corpus.mkdir(parents=True, exist_ok=True)
    for _, _, _, name, data in make.read():
        if len(data) < 600:
            (corpus / re.sub(r"\W+", "-", name)).write_bytes(data)
    words = set()
    for table, macro in NAMES:
        words |= set(re.findall(rf"^{macro}\((\w+)", (HERE.parents[1] / "proto" / table).read_text(), re.M))
    words = [f'"\\x{0xa0 | len(word):02x}{word}"\n' for word in sorted(words)]
    forms = [f'"\\x{first:02x}"\n' for first in (*range(0xc0, 0xe0), 0x80, 0x90, 0xa0)]
    (HERE / "frame.dict").write_text("".join(words + forms))


if __name__ == "__main__":
    main()
