"""Each promise of the security document, and each attack it tells of, names what holds it, and that is there."""
import re

import tree

DOCUMENT = "docs/security.md"
REVIEWED = "by review:"


PROMISED, TRIED = "## What is promised", "## What was tried at the ZeroMQ ports"


def promises(text, section=PROMISED):
    """(promise, names of its tests) of each row of the section's tables."""
    part = text.split(section)[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in part.split("\n") if line.startswith("| ") and not line.startswith(("| Promise", "| Tried"))]
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
    for section in (PROMISED, TRIED):
        rows = promises(tree.read(DOCUMENT), section)
        assert rows and unkept(rows, known()) == []


def test_each_attack_in_the_tests_is_told():
    """By its test's name, or that of the file."""
    document = tree.read(DOCUMENT)
    for name in ("test_attack_broker.py", "test_attack_curve.py", "test_attack_door.py", "test_attack_time.py"):
        tests = re.findall(r"^def (test_\w+)\(", tree.read(f"tests/e2e/{name}"), re.M)
        assert tests and (f"| `{name}` |" in document or [test for test in tests if f"`{test}`" not in document] == [])


def test_the_check_sees_a_promise_that_nothing_holds():
    document = "## What is promised\n| Promise | Test |\n|---|---|\n| All is well | `test_a` |\n| So is this | |\n## Next\n| x | `y` |\n"
    rows = promises(document)
    assert unkept(rows, {"test_a"}) == ["So is this"]
    assert unkept(rows, set()) == ["So is this", "test_a"]
