#!/usr/bin/env python3
"""Shows that the tests see: breaks one row of commands.def or limits.def at a time, and some test must fail.

  mutate.py                   every row: who may, each needed key, each limit by one up and down
  mutate.py --all             also each optional key and each cost
  mutate.py say TEXT_BYTES    only these rows

Works on a copy of the tree in build/mutate. The tests that compare the limits with the document are left out: they would
see every limit without crossing any. What no longer compiles has been seen by the compiler.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACE = ROOT / "build" / "mutate"
SOURCE, BUILD = PLACE / "source", PLACE / "build"
UNIT_TESTS = ["test_walk", "test_decode", "test_names", "test_payload", "test_vectors"]
TARGETS = ["hubbubd", *UNIT_TESTS]

# Who may: what it becomes. OPERATOR has no handlers yet: the broker then stops, which is seen.
OTHER = {"ANYBODY": "SESSION", "SESSION": "ANYBODY", "ACCOUNTS": "ANYBODY", "LOCAL": "ANYBODY", "OPERATOR": "SESSION"}

# Which tests are asked first; all others follow.
FIRST = {"who": "frames sessions operators", "needs": "frames", "may": "frames", "cost": "limits",
         "FRAME_BYTES": "frames", "NESTING": "frames", "VALUES": "frames", "NICK_BYTES": "names", "ROOM_BYTES": "names",
         "TEXT_BYTES": "names", "STATUS_BYTES": "presence", "DATA_BYTES": "say", "X_BYTES": "say", "TYPE_BYTES": "frames",
         "CID_WINDOW": "say", "ROOMS_PER_SESSION": "rooms", "INVITES_PER_ROOM": "rooms", "INVITES_BY_MEMBERS": "rooms", "WHO_MAX": "rooms",
         "ROOMS_PAGE": "rooms", "HISTORY_MAX": "history", "REPLAY_MAX": "history", "TOKENS_LIVE": "sessions",
         "SESSIONS_PER_LINK": "limits", "PRESENCE_NAMED_MEMBERS": "presence"}
E2E = "frames vectors sessions names say rooms history presence operators limits ping".split()


def rows(text, macro):
    """Each row of a table as (whole line, columns): a comma inside parentheses or quotes parts nothing."""
    for line in re.findall(rf"^{macro}\(.*\)$", text, re.M):
        inside = line[len(macro) + 1:-1]
        yield line, [column.strip() for column in re.findall(r'(?:"(?:\\.|[^"])*"|\([^()]*\)|[^,"()])+', inside)]


def row_of(macro, columns):
    return f"{macro}({', '.join(columns)})"


def without(keys):
    """Every way to leave one key out of `K(a) | K(b)`."""
    parts = [part.strip() for part in keys.split("|")] if keys != "0" else []
    for part in parts:
        yield part[2:-1], " | ".join(other for other in parts if other != part) or "0"


def changed(columns, place, value):
    return columns[:place] + [value] + columns[place + 1:]


def command_mutations(with_all):
    """(name of the row, kind, what is broken, the line, its other form)"""
    text = (ROOT / "proto" / "commands.def").read_text()
    for line, columns in rows(text, "COMMAND"):
        op, who, needs, may, cost, _ = columns
        yield op, "who", f"{op}: {who} becomes {OTHER[who]}", line, row_of("COMMAND", changed(columns, 1, OTHER[who]))
        for key, left in without(needs):
            yield op, "needs", f"{op}: does not need {key}", line, row_of("COMMAND", changed(columns, 2, left))
        if with_all:
            for key, left in without(may):
                yield op, "may", f"{op}: does not take {key}", line, row_of("COMMAND", changed(columns, 3, left))
            yield op, "cost", f"{op}: costs {int(cost) + 1}", line, row_of("COMMAND", changed(columns, 4, str(int(cost) + 1)))


def limit_mutations():
    text = (ROOT / "proto" / "limits.def").read_text()
    for line, columns in rows(text, "LIMIT"):
        for step in (1, -1):
            value = str(int(columns[1]) + step)
            yield columns[0], columns[0], f"{columns[0]}: {value}", line, row_of("LIMIT", changed(columns, 1, value))


def run(*command, **more):
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def copy_tree():
    names = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).stdout.split("\n")
    shutil.rmtree(SOURCE, ignore_errors=True)
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (SOURCE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, SOURCE / name)
    for table in (SOURCE / "proto").glob("*.def"):
        table.touch()  # what was built last had a broken one


def build():
    return run("cmake", "--build", BUILD, "--target", *TARGETS)


def prepare():
    copy_tree()
    done = run("cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=", "-DCMAKE_C_FLAGS=-O0")
    done = build() if done.returncode == 0 else done
    if done.returncode != 0:
        sys.exit(done.stdout)
    seen = whoever_sees("", "")
    if seen:
        sys.exit(f"fails without any change: {seen}")


def unit_tests():
    for name in UNIT_TESTS:
        if run(BUILD / "bin" / "tests" / name, cwd=SOURCE).returncode != 0:
            yield name


def e2e_tests(first):
    """Impatient (a broken broker does not answer), one file after the other."""
    environment = {**os.environ, "HUBBUB_BIN": str(BUILD / "bin"), "PYTHONPATH": str(SOURCE / "tests" / "e2e"), "HUBBUB_SLOWNESS": "0.5",
                   "PYTHONDONTWRITEBYTECODE": "1"}
    for name in dict.fromkeys([*first.split(), *E2E]):
        done = run(sys.executable, "-m", "pytest", "-xq", "-p", "no:cacheprovider", "-k", "not the_welcome_tells", f"tests/e2e/test_{name}.py", cwd=SOURCE, env=environment)
        if done.returncode != 0:
            failed = re.search(r"^(?:FAILED|ERROR) \S+::(\S+)", done.stdout, re.M)
            yield failed.group(1) if failed else name


def whoever_sees(kind, first_of_row):
    """The name of the first test that fails, or nothing."""
    first = FIRST.get(kind) or FIRST.get(first_of_row) or ""
    for tests in (unit_tests(), e2e_tests(first)):
        for name in tests:
            return name
    return ""


def survives(file, row, kind, what, line, other):
    path = SOURCE / "proto" / file
    original = path.read_text()
    begin = time.monotonic()
    path.write_text(original.replace(line, other))
    try:
        seen = whoever_sees(kind, row) if build().returncode == 0 else "the compiler"
    finally:
        path.write_text(original)
    print(f"{'seen' if seen else 'NOT SEEN':9}{what:50} {seen} ({time.monotonic() - begin:.0f} s)", flush=True)
    return not seen


def main():
    wanted = [word for word in sys.argv[1:] if word != "--all"]
    mutations = [("commands.def", *mutation) for mutation in command_mutations("--all" in sys.argv[1:])]
    mutations += [("limits.def", *mutation) for mutation in limit_mutations()]
    mutations = [mutation for mutation in mutations if not wanted or mutation[1] in wanted]
    if not mutations:
        sys.exit("no such row")
    prepare()
    left = [mutation[3] for mutation in mutations if survives(*mutation)]
    print(f"{len(mutations) - len(left)} of {len(mutations)} broken rows were seen")
    if left:
        sys.exit("not seen:\n  " + "\n  ".join(left))


if __name__ == "__main__":
    main()
