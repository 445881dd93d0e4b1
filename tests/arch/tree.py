"""The tree as the checks see it: files, C without comments, rows of the .def tables."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("proto", "base", "broker", "client", "bridge", "ctl", "include", "tests", "bench", "examples")


def files(*patterns, under=OURS):
    """Paths relative to the root, sorted, of files whose names match one of the patterns."""
    found = set()
    for folder in under:
        for pattern in patterns:
            found.update(path.relative_to(ROOT) for path in (ROOT / folder).rglob(pattern))
    return sorted(found)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def without_comments(text, keep_strings=False):
    """C with comments (and strings) blanked; line numbers stay."""
    def blank(match):
        token = match.group()
        if token[0] == "/":
            return "\n" * token.count("\n") or " "
        return token if keep_strings else '""'
    return TOKEN.sub(blank, text)


def split_arguments(text):
    """The arguments of a macro call: commas count outside strings and brackets only."""
    arguments, depth, start = [], 0, 0
    for match in re.finditer(r'"(?:\\.|[^"\\])*"|[(),]', text):
        token = match.group()
        depth += (token == "(") - (token == ")")
        if token == "," and depth == 0:
            arguments.append(text[start:match.start()].strip())
            start = match.end()
    return arguments + [text[start:].strip()]


def inside(text, start):
    """What stands between the bracket before `start` and its other one."""
    depth = 1
    for token in re.finditer(r'"(?:\\.|[^"\\])*"|[()]', text[start:]):
        depth += (token.group() == "(") - (token.group() == ")")
        if depth == 0:
            return text[start:start + token.start()]
    raise ValueError("a bracket is not closed")


def rows(text):
    """(macro, arguments) of every row of a .def file."""
    text = without_comments(text, keep_strings=True)
    for match in re.finditer(r"^([A-Z_]+)\(", text, re.M):
        yield match.group(1), split_arguments(inside(text, match.end()))


def table(path, macro):
    return [arguments for name, arguments in rows(read(path)) if name == macro]
