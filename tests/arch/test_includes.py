"""Arrows are includes: who may include from whom. An arrow that is not here: ask first."""
import re

import tree

ARROWS = {
    "proto": {"proto"},
    "base": {"base"},
    "include": set(),
    "broker/core": {"broker/core", "proto"},
    "broker/store": {"broker/store", "broker/core", "base", "proto"},
    "broker/shell": {"broker/shell", "broker/store", "broker/core", "base", "proto"},
    "client/core": {"client/core", "proto"},
    "client/lib": {"client/lib", "client/core", "include", "base", "proto"},
    "client/shell": {"client/shell", "client/lib", "client/core", "include", "base", "proto"},
    "ctl": {"ctl", "base", "proto"},
    "bridge/core": {"bridge/core", "proto"},
    "bridge/shell": {"bridge/shell", "bridge/core", "client/core", "base", "proto"},
}
# One settings table serves the broker and the bridge; the broker may have the bridge in its process.
EXTRA = {
    "broker/shell": {"broker/settings.def"},
    "bridge/shell": {"broker/settings.def"},
    "broker/shell/main.c": {"bridge/shell"},
}
ANYTHING = ("tests", "bench", "examples")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def folder_of(path):
    return path.rsplit("/", 1)[0]


def wrong_arrows(path, text):
    """Includes of the file at `path` that no arrow permits."""
    folder = folder_of(path)
    allowed = ARROWS.get(folder, set()) | EXTRA.get(folder, set()) | EXTRA.get(path, set())
    return [f"{path} includes {included}"
            for included in INCLUDE.findall(tree.without_comments(text, keep_strings=True))
            if included not in allowed and folder_of(included) not in allowed]


def c_files():
    return [str(path) for path in tree.files("*.c", "*.h", "*.def")]


def test_every_include_follows_an_arrow():
    wrong = []
    for path in c_files():
        if not path.startswith(ANYTHING):
            wrong += wrong_arrows(path, tree.read(path))
    assert wrong == []


def test_every_include_is_written_from_the_root():
    missing = []
    for path in c_files():
        for included in INCLUDE.findall(tree.without_comments(tree.read(path), keep_strings=True)):
            if "/" not in included or not (tree.ROOT / included).exists():
                missing.append(f"{path} includes {included}")
    assert missing == []


def test_the_check_sees_a_wrong_arrow():
    assert wrong_arrows("broker/core/room.c", '#include "base/log.h"\n')
    assert wrong_arrows("proto/walk.c", '  #  include "broker/core/core.h"\n')
    assert wrong_arrows("broker/shell/loop.c", '#include "bridge/shell/bridge.h"\n')
    assert wrong_arrows("nowhere/x.c", '#include "proto/err.h"\n')
    assert not wrong_arrows("broker/shell/main.c", '#include "bridge/shell/bridge.h"\n')
    assert not wrong_arrows("broker/core/room.c", '/*\n#include "base/log.h"\n*/\n#include <assert.h>\n')
