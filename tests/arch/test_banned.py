"""Words that do not come into the house. Arrays of variable length: the compiler refuses (-Wvla)."""
import re

import tree

FUNCTIONS = re.compile(r"\b(strcpy|strcat|v?sprintf|strtok|atoi|gets|alloca)\s*\(")
PRINTING = re.compile(r"\b(v?printf|v?fprintf|puts|fputs|putchar|perror|syslog)\s*\(")
SLEEPING = re.compile(r"\b(\w*sleep|sleep_for)\s*\(")
PURE = ("proto/", "broker/core/", "client/core/", "bridge/core/")


def lines_with(pattern, path, text):
    return [f"{path}:{number}: {line.strip()}" for number, line in enumerate(text.split("\n"), 1)
            if pattern.search(line)]


def in_c(pattern, paths):
    found = []
    for path in paths:
        found += lines_with(pattern, path, tree.without_comments(tree.read(path)))
    return found


def c_files():
    return [str(path) for path in tree.files("*.c", "*.h")]


def test_nobody_calls_a_function_that_cannot_know_how_much_room_there_is():
    assert in_c(FUNCTIONS, c_files()) == []


def test_cores_do_not_print():
    assert in_c(PRINTING, [path for path in c_files() if path.startswith(PURE)]) == []


def test_no_test_sleeps():
    found = in_c(SLEEPING, [path for path in c_files() if path.startswith("tests/")])
    for path in tree.files("*.py", "*.sh", under=("tests",)):
        code = re.sub(r"#.*", "", tree.read(path))
        found += lines_with(SLEEPING, path, code)
    assert found == []


def test_the_check_sees_what_is_banned_and_only_that():
    nap = "sl" + "eep"
    for bad in ("strcpy(a, b);", "x = atoi (s);", "sprintf(b, f);"):
        assert lines_with(FUNCTIONS, "x.c", bad)
    for good in ("snprintf(b, n, f);", "my_atoi(s);", tree.without_comments("/* strcpy(a, b) */")):
        assert not lines_with(FUNCTIONS, "x.c", good)
    for bad in (f"time.{nap}(1)", f"u{nap}(1);", f"z{'clock'}_{nap}(1);", f"await asyncio.{nap}(0)"):
        assert lines_with(SLEEPING, "x", bad)
    assert lines_with(PRINTING, "x.c", 'fprintf(stderr, "");')
    assert not lines_with(PRINTING, "x.c", "snprintf(b, n, f);")
