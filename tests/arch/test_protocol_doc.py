"""The protocol document against the tables, and each of its numbered MUSTs against the tests."""
import re

import tree

DOCUMENT = "docs/protocol.md"


def promised(text):
    """Numbers of the MUSTs: **P-14** where it is stated; P-14 elsewhere is a reference."""
    return [int(number) for number in re.findall(r"\*\*P-(\d+)\*\*", text)]


def numbers_in_names(text):
    """Numbers in the names of tests: test_p14_..., a_reply_p14_..."""
    names = re.findall(r"\bdef (test_\w+)|\bcmocka_unit_test\w*\(\s*(\w+)", text)
    return {int(number) for pair in names for name in pair
            for number in re.findall(r"(?:^|_)p(\d+)(?=_|$)", name)}


def numbers_tested():
    found = set()
    for path in tree.files("*.py", "*.c", under=("tests",)):
        if not str(path).startswith("tests/arch/"):
            found |= numbers_in_names(tree.read(path))
    return found


def is_named(name, text):
    """As code, or in a heading; the bare word could be part of any sentence."""
    return re.search(rf"`{re.escape(name)}`|^#.*\b{re.escape(name)}\b", text, re.M) is not None


def states_limit(name, value, text):
    """Some line of the document has the limit's name and its value (digits may be grouped)."""
    return any(re.search(rf"\b{name}\b", line, re.I) and
               value in re.findall(r"\d+", re.sub(r"(?<=\d)[ ,_](?=\d{3}\b)", "", line))
               for line in text.split("\n"))


def test_each_must_has_a_number_of_its_own():
    numbers = promised(tree.read(DOCUMENT))
    assert numbers and sorted(set(numbers)) == sorted(numbers)


def test_each_must_has_a_test_with_its_number_in_the_name():
    assert sorted(set(promised(tree.read(DOCUMENT))) - numbers_tested()) == []


def test_no_test_claims_a_must_that_the_document_does_not_have():
    assert sorted(numbers_tested() - set(promised(tree.read(DOCUMENT)))) == []


def test_every_op_event_error_and_key_is_in_the_document():
    text = tree.read(DOCUMENT)
    names = [row[0] for row in tree.table("proto/commands.def", "COMMAND")]
    names += [row[0] for row in tree.table("proto/events.def", "EVENT")]
    names += [row[1].strip('"') for row in tree.table("proto/errors.def", "ERROR")]
    names += [row[0] for row in tree.table("proto/keys.def", "KEY")]
    assert [name for name in names if not is_named(name, text)] == []


def test_every_limit_is_in_the_document_with_its_value():
    text = tree.read(DOCUMENT)
    missing = [f"{row[0].lower()} {row[1]}" for row in tree.table("proto/limits.def", "LIMIT")
               if not states_limit(row[0], row[1], text)]
    assert missing == []

def limits_told():
    """Names in the welcome's `limits`: proto/limits.def, and what the core adds of its settings."""
    fixed = [row[0].lower() for row in tree.table("proto/limits.def", "LIMIT")]
    return fixed + re.findall(r"\bSET\((\w+)\)", tree.read("broker/core/limits.c").split("#define SET")[1].split("\n", 1)[1])


def limit_rows(text):
    """The rows of section 15 that name a test: (limit, what stands in the table for its default, test)."""
    return re.findall(r"^\| `(\w+)` \| ([^|]*) \| [^|]* \| `(\w+)` \|$", text, re.M)


def test_every_limit_of_the_welcome_has_a_row_with_a_test_that_crosses_it():
    rows = {name: test for name, _, test in limit_rows(tree.read(DOCUMENT))}
    assert sorted(rows) == sorted(limits_told())
    tests = "".join(tree.read(path) for path in tree.files("*.c", "*.py", under=("tests",)))
    assert [test for test in rows.values() if not re.search(rf"(def|void) {test}\(", tests)] == []


def test_every_setting_among_the_limits_stands_there_with_its_default():
    defaults = {row[0]: row[2] for row in tree.table("base/settings.def", "SETTING")}
    stated = {name: re.sub(r"[: ].*", "", value.replace(" ", "")) for name, value, _ in limit_rows(tree.read(DOCUMENT))}
    assert {name: stated[name] for name in stated if name in defaults} == {name: defaults[name] for name in stated if name in defaults}


def test_the_check_sees_orphans():
    assert promised("**P-01** MUST. See P-2. **P-14** MUST") == [1, 14]
    assert numbers_in_names("def test_p14_x(): pass\n  cmocka_unit_test(a_reply_p7_names_its_id),") == {14, 7}
    assert numbers_in_names("def test_keep14_x(): pass\ndef helper_p3_x(): pass") == set()
    assert is_named("say", "the `say` command") and not is_named("say", "they say so")
    assert states_limit("TEXT_BYTES", "4096", "| `text_bytes` | 4 096 |")
    assert not states_limit("TEXT_BYTES", "4096", "| `text_bytes` | 4 097 |\n4096")
