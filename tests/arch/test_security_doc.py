"""Each promise of the security document names what holds it, and that is there."""
import re

import tree

DOCUMENT = "docs/security.md"
REVIEWED = "by review:"


def promises(text):
    """(promise, names of its tests) of each row under "What is promised"."""
    part = text.split("## What is promised")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in part.split("\n") if line.startswith("| ") and not line.startswith("| Promise")]
    return [(row[0].strip(), row[-1]) for row in rows]


def known():
    """Tests by function, by file and by the name of their program."""
    names = set()
    for path in tree.files("*.py", "*.c", under=("tests",)):
        names |= {path.name, path.stem} | set(re.findall(r"^(?:def|static void) (\w+)\(", tree.read(path), re.M))
    return names


def unkept(rows, names):
    found = [promise for promise, tests in rows if not re.search(r"`\w[^`]*`", tests)]
    for _, tests in rows:
        if REVIEWED not in tests:
            found += [name for name in re.findall(r"`([^`]+)`", tests) if name not in names]
    return found


def test_each_promise_is_held_by_a_test_that_is_there():
    rows = promises(tree.read(DOCUMENT))
    assert rows and unkept(rows, known()) == []


def test_the_check_sees_a_promise_that_nothing_holds():
    document = "## What is promised\n| Promise | Test |\n|---|---|\n| All is well | `test_a` |\n| So is this | |\n## Next\n| x | `y` |\n"
    rows = promises(document)
    assert unkept(rows, {"test_a"}) == ["So is this"]
    assert unkept(rows, set()) == ["So is this", "test_a"]
