"""The fenced blocks of a document, and how they meet a broker that is not on the usual ports.

    ```sh run              run by sh in the root of the tree; must end with 0
    ```python run          a program that stays: stopped once its output has come
    ```c is examples/x.c   stands in that file, word for word
    ```text output         what the block that ran before it prints, in this order; ... is anything
"""
import re
from collections import namedtuple

Block = namedtuple("Block", "line language mark text")

FENCE = re.compile(r"^```(\w*)[ ]*([^\n`]*)\n(.*?)^```$", re.M | re.S)


def blocks(document):
    return [Block(document[:match.start()].count("\n") + 1, *match.groups()) for match in FENCE.finditer(document)]


def prose(document):
    """The document without its blocks, lines kept."""
    return FENCE.sub(lambda match: "\n" * match.group().count("\n"), document)


def doors(broker):
    """What a reader's own broker has on 5680, 5681 and 8888, as replacements for texts that name these."""
    router, pub = (end.rsplit(":", 1)[1] for end in (broker.router, broker.pub))
    return {r"127\.0\.0\.1:5680\b": f"127.0.0.1:{router}", r"127\.0\.0\.1:5681\b": f"127.0.0.1:{pub}",
            r"127\.0\.0\.1([ :])8888\b": rf"127.0.0.1\g<1>{broker.tcp[1]}"}


def replaced(text, replacements):
    for pattern, new in replacements.items():
        text = re.sub(pattern, new, text)
    return text
