#!/usr/bin/python3
"""Checks that README.md is true. Programs from HUBBUB_BIN, default build/dev/bin, which is in a build directory.

Blocks that are marked (see fences.py) are run, against a broker on free ports: 5680, 5681 and 8888 in them become its
own, `build/release` is the build directory that is tested, and `sudo` installs into a scratch folder. Also: every option
and default is in --help, every linked file and named test exists, every `./dev WORD` is one, the index of decisions is complete,
the picture is what the programs show now."""
import difflib
import os
import re
import select
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/arch")]
import fences  # noqa: E402
import picture  # noqa: E402
from hub import BIN, Broker, Late, until  # noqa: E402

PYTHON = "/usr/bin/python3"
PROGRAMS = ("hubbubd", "hubbub-bridge", "hubbub")
PATIENCE_S = 30


# ---- what is run ----

SUDO = """#!/bin/sh
[ "$1" = ldconfig ] || DESTDIR={root} exec "$@"
"""


class Desk:
    """A scratch folder that looks like the tree after ./dev build, and a broker."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.tree = self.folder / "tree"
        (self.tree / "build").mkdir(parents=True)
        for name in os.listdir(ROOT):
            if name not in ("build", ".git"):
                (self.tree / name).symlink_to(ROOT / name)
        (self.tree / "build/release").symlink_to(BIN.resolve().parent)
        sudo = self.folder / "bin/sudo"
        sudo.parent.mkdir()
        sudo.write_text(SUDO.format(root=self.folder / "root"))
        sudo.chmod(0o755)
        library = self.folder / "root/usr/local/lib"
        self.environment = {**os.environ, "PATH": f"{sudo.parent}:/usr/bin:/bin:{os.environ['PATH']}",
                            "PKG_CONFIG_PATH": f"{library}/pkgconfig", "LD_LIBRARY_PATH": str(library)}
        self.broker = Broker(tcp=True)
        self.replacements = {**fences.doors(self.broker), r"/tmp/": f"{self.folder}/"}

    def here(self, text):
        return fences.replaced(text, self.replacements)

    def shell(self, script):
        """What it prints. Late: it failed."""
        try:
            done = subprocess.run(["sh", "-eu", "-c", self.here(script)], cwd=self.tree, env=self.environment, timeout=PATIENCE_S,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            raise Late("does not end") from None
        printed = done.stdout.decode()
        if done.returncode:
            raise Late(f"ends with {done.returncode}: {printed}")
        return printed

    def python(self, script, wanted):
        """What a program that stays prints until all of `wanted` has come."""
        program = subprocess.Popen([PYTHON, "-c", self.here(script)], cwd=self.tree, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        printed = bytearray()

        def take(seconds):
            if select.select([program.stdout], [], [], seconds)[0]:
                part = program.stdout.read1(65536)
                printed.extend(part)
                if not part:
                    raise Late("has ended")
        try:
            until(lambda: missing(wanted, printed.decode()) is None, take, f"all of its output; came: {printed}", 10)
        except Late as late:
            raise Late(f"{late}: {printed.decode()}") from None
        finally:
            program.kill()
            program.wait()
            program.stdout.close()
        return printed.decode()

    def close(self):
        self.broker.stop()


def missing(wanted, printed):
    """The first line of `wanted` that is not printed, in that order; ... stands for anything."""
    lines = iter(printed.splitlines())
    for line in wanted.splitlines():
        pattern = ".*".join(re.escape(part) for part in line.split("..."))
        if not any(re.fullmatch(pattern, printed_line) for printed_line in lines):
            return line
    return None


def run_blocks(document, desk):
    blocks = fences.blocks(document)
    for block, after in zip(blocks, blocks[1:] + [None]):
        wanted = after.text if after and after.mark == "output" else ""
        if block.mark.startswith("is "):
            if block.text not in (ROOT / block.mark[3:]).read_text():
                yield block.line, f"is not what {block.mark[3:]} says"
        elif block.mark not in ("", "run", "output") or (block.mark == "run" and block.language not in ("sh", "python")):
            yield block.line, f"what is a block of {block.language} {block.mark}?"
        elif block.mark == "run":
            try:
                printed = desk.python(block.text, wanted) if block.language == "python" else desk.shell(block.text)
                line = missing(wanted, printed)
                if line:
                    yield block.line, f"does not print {line!r}: {printed}"
            except Late as late:
                yield block.line, f"{block.language}: {late}"


def run_examples(desk):
    """The examples that do not stand in the document itself."""
    source = (ROOT / "examples/hello.py").read_text()
    try:
        desk.python(source, "I am guest-...\n[guest-...]hello from Python\n")
    except Late as late:
        yield 0, f"examples/hello.py {late}"


# ---- what is said ----

def options_of(program):
    """Option -> its default, or None, from --help."""
    text = subprocess.run([BIN / program, "--help"], capture_output=True, text=True, check=True).stdout
    found = {}
    for match in re.finditer(r"^  (--[\w-]+)[^\n]*\n((?:        [^\n]*\n)*)", text, re.M):
        default = re.search(r"\(default:? ([^;)]*)", " ".join(match.group(2).split()))
        found[match.group(1)] = default.group(1) if default else None
    return found


def spans(text):
    """(line, code) of what stands between backquotes."""
    for match in re.finditer(r"`([^`\n]+)`", text):
        yield text[:match.start()].count("\n") + 1, match.group(1)


def commands(document):
    """(line, command) of every command in a block of sh or between backquotes."""
    found = list(spans(fences.prose(document)))
    for block in fences.blocks(document):
        if block.language == "sh":
            found += [(block.line + number, line) for number, line in enumerate(block.text.split("\n"), 1)]
    for line, text in found:
        for command in re.split(r"\||&&|;", re.sub(r"\s#.*", "", text)):
            yield line, command.split()


def check_options(document):
    known = {program: options_of(program) for program in PROGRAMS}
    anywhere = set().union(*known.values())
    for line, words in commands(document):
        program = os.path.basename(words[0]) if words else ""
        if words[:2] == ["./dev", "run"]:
            program = "hubbubd"
        allowed = known.get(program, anywhere if program.startswith("--") else None)
        for word in words:
            option = word.split("=")[0]
            if allowed is not None and option.startswith("--") and option not in allowed:
                yield line, f"{' '.join(words)}: there is no {option}"


def check_defaults(document):
    known = options_of("hubbubd")
    for number, line in enumerate(fences.prose(document).split("\n"), 1):
        row = re.match(r"\| `(--[\w-]+)[^`]*` \| ([^|]*) \|", line)
        if row and known.get(row.group(1)) != row.group(2):
            yield number, f"the default of {row.group(1)} is {known.get(row.group(1))}, not {row.group(2)}"


def check_dev(document):
    words = set(re.findall(r"^  (\w+)", subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True).stdout, re.M))
    for line, command in commands(document):
        if command[:1] == ["./dev"] and (len(command) < 2 or command[1] not in words):
            yield line, f"{' '.join(command)}: ./dev help does not know it"


def check_files(document):
    text = fences.prose(document)
    for match in re.finditer(r"\]\((?!https?:)([^)#]+)(#[^)]*)?\)", text):
        line = text[:match.start()].count("\n") + 1
        path = ROOT / match.group(1)
        if not path.exists():
            yield line, f"{match.group(1)} does not exist"
        elif match.group(2) and match.group(2) not in anchors(path.read_text()):
            yield line, f"{match.group(1)} has no heading {match.group(2)}"
    for line, code in spans(text):
        if re.fullmatch(r"[a-z]+/[\w./-]*", code) and not code.startswith("build/") and not (ROOT / code).exists():
            yield line, f"{code} does not exist"


def anchors(document):
    return {"#" + re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", document, re.M)}


def check_tests(document):
    """A promise names its test: `a_name_of_four_words_or_more`."""
    names = set()
    for path in [*ROOT.glob("tests/*/*.py"), *ROOT.glob("tests/*/*.c")]:
        names.update(re.findall(r"^(?:def|static void) (\w+)\(", path.read_text(), re.M))
    for line, code in spans(fences.prose(document)):
        if re.fullmatch(r"\w+(_\w+){3,}", code) and code.islower() and code not in names:
            yield line, f"there is no test {code}"


def check_records():
    """The index of decisions has every one, under its title."""
    rows = dict(re.findall(r"\]\(([^)]+)\) \| (.*) \|", (ROOT / "docs/adr/README.md").read_text()))
    records = {path.name: re.match(r"# \d+\. (.*)", path.read_text()).group(1) for path in ROOT.glob("docs/adr/[0-9]*.md")}
    for name, _ in sorted(set(rows.items()) ^ set(records.items())):
        yield 0, f"docs/adr/README.md: {name} is {records.get(name, 'no record')!r}, listed as {rows.get(name)!r}"


CHECKS = (check_options, check_defaults, check_dev, check_files, check_tests)


def problems(document, desk):
    return [problem for check in CHECKS for problem in check(document)] + list(run_blocks(document, desk))


def check_picture():
    """As committed? What comes over PUB in the first milliseconds may be missed, so there is a second chance."""
    committed = picture.PICTURE.read_text() if picture.PICTURE.exists() else ""
    for _ in range(2):
        try:
            drawn = picture.picture()
        except Late as late:
            drawn = f"{late}\n"
        if drawn == committed:
            return
    yield 0, "docs/conversation.svg is not what the programs show; ./dev picture draws it again:\n" + "".join(
        difflib.unified_diff(committed.splitlines(True), drawn.splitlines(True), "committed", "drawn", n=0))


# ---- does the check see? ----

FENCE = "```"
BROKEN = {
    f"{FENCE}sh run\nfalse\ntrue\n{FENCE}\n": "ends with 1",
    f"{FENCE}sh run\nbuild/release/bin/hubbub --router tcp://127.0.0.1:5680 --nick 'a b' </dev/null\n{FENCE}\n": "ends with",
    f"{FENCE}sh run\necho one; echo two\n{FENCE}\n{FENCE}text output\ntwo\none\n{FENCE}\n": "does not print 'one'",
    f"{FENCE}python run\nraise SystemExit('no')\n{FENCE}\n{FENCE}text output\nyes\n{FENCE}\n": "has ended: no",
    f"{FENCE}ruby run\nputs 1\n{FENCE}\n": "what is a block of ruby run?",
    f"{FENCE}c is examples/hello.c\nint main(void) {{}}\n{FENCE}\n": "is not what examples/hello.c says",
    f"{FENCE}sh\nbuild/release/bin/hubbub --nik ada\n{FENCE}\n": "there is no --nik",
    "Say `--idle-s 3`.": "there is no --idle-s",
    "`./dev run --nothing`": "there is no --nothing",
    "| `--idle-ms NUMBER` | 5 | |": "the default of --idle-ms is 300000",
    "`./dev dance`": "./dev help does not know it",
    "[a](docs/nowhere.md)": "docs/nowhere.md does not exist",
    "[a](docs/protocol.md#nowhere)": "no heading #nowhere",
    "`broker/heart`": "broker/heart does not exist",
    "`test_that_nobody_has_written`": "there is no test",
}
WHOLE = f"""`--idle-ms`, `./dev test`, [a](docs/protocol.md#1-goals), `broker/core`, `test_p25_a_guest_gets_a_name`
{FENCE}sh run
printf hi | nc -N 127.0.0.1 8888
{FENCE}
{FENCE}text output
* Welcome, you are guest-....
{FENCE}
"""


def check_itself(desk):
    for document, complaint in BROKEN.items():
        found = problems(document, desk)
        if not any(complaint in text for _, text in found):
            yield 0, f"this check is blind: {complaint!r} is not seen in {document!r}, but {found}"
    for line, text in problems(WHOLE, desk):
        yield line, f"this check complains of what is right: {text}"


def main():
    document = (ROOT / "README.md").read_text()
    with tempfile.TemporaryDirectory(prefix="hub") as folder:
        desk = Desk(folder)
        try:
            found = [*check_itself(desk), *problems(document, desk), *check_records(), *run_examples(desk), *check_picture()]
        finally:
            desk.close()
    for line, text in found:
        print(f"README.md:{line}: {text.rstrip()}")
    if not found:
        print("readme: what it says is so")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
