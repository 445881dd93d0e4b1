"""Every row of a table says what it is for."""
import re

import tree

NO_ROWS = "no rows"

# Columns that say which thing a row is about, where it is not the first alone.
NAMED_BY = {"ORDER": slice(1, 3), "SOCKET": slice(0, 2), "REFUSAL": slice(0, 3)}


def phrases():
    return {arguments[0] for _, arguments in tree.rows(tree.read("bridge/core/phrases.def"))}


def silent_rows(path, text):
    """Rows whose last column, the text, is missing or empty; the name of a phrase stands for its text."""
    found = [f"{path}: {arguments[0]}" for _, arguments in tree.rows(text)
             if not re.fullmatch(r'("(\\.|[^"\\])+"\s*)+', arguments[-1]) and arguments[-1] not in phrases()]
    return found if list(tree.rows(text)) else [f"{path}: {NO_ROWS}"]


def test_every_row_has_a_text():
    found = []
    for path in tree.files("*.def", under=("proto", "broker", "bridge", "client")):
        found += silent_rows(path, tree.read(path))
    assert found == []


def test_no_table_names_a_thing_twice():
    for path in tree.files("*.def", under=("proto", "broker", "bridge", "client")):
        names = [(macro, *arguments[NAMED_BY.get(macro, slice(1))]) for macro, arguments in tree.rows(tree.read(path))]
        assert sorted(set(names)) == sorted(names), path


def documented(row):
    """A row of sockets.def as docs/security.md prints it."""
    on, option, value, unit, why = row
    text = value.lower() if value.startswith("LIMIT_") else f"{int(value):,}".replace(",", " ")
    which = {"EVERY": "all", "KEYED_PUB": "PUB under CURVE"}.get(on, on)
    return f"| `{option}` | {which} | {(text + ' ' + unit.strip(chr(34))).strip()} | {why.strip(chr(34))} |"


def test_the_fixed_settings_of_the_sockets_are_documented_with_their_reasons():
    rows = [documented(arguments) for _, arguments in tree.rows(tree.read("broker/shell/sockets.def"))]
    lines = tree.read("docs/security.md").split("\n")
    assert rows and [row for row in rows if row not in lines] == []


def test_the_check_sees_a_row_without_a_text():
    assert silent_rows("x.def", 'LIMIT(A, 1, "bytes", "")') == ["x.def: A"]
    assert silent_rows("x.def", "COMMAND(say, 0)") == ["x.def: say"]
    assert silent_rows("x.def", "/* LIMIT(A, 1, 2, 3) */") == [f"x.def: {NO_ROWS}"]
    assert not silent_rows("x.def", 'LIMIT(A, 1, "bytes",\n      "a, (b) or \\"c\\"")')
    assert list(tree.rows('KEY(a, K(b) | K(c), "x, y")')) == [("KEY", ["a", "K(b) | K(c)", '"x, y"'])]
