"""Words that do not come into the house. Arrays of variable length: the compiler refuses (-Wvla)."""
import re

import tree

FUNCTIONS = re.compile(r"\b(strcpy|strcat|v?sprintf|strtok|atoi|gets|alloca)\s*\(")
PRINTING = re.compile(r"\b(v?printf|v?fprintf|puts|fputs|putchar|perror|syslog)\s*\(")
SLEEPING = re.compile(r"\b(\w*sleep|sleep_for)\s*\(")
# Where others' texts come to a terminal: base/printable.h prints, each string cleaned by itself.
SHOWING = ("ctl/", "client/shell/")
RAW = re.compile(r"\b(v?f?d?printf|v?s?n?printf|v?asprintf|f?puts|f?putc|putchar|perror|fwrite|write)\s*\(")
OURS = re.compile(r"""("(\\.|[^"\\])*"|'(\\.|[^'\\])*'|HUB_VERSION|\s)+|stdout|stderr|out|self->options\.(out|err)""")
# Where a raw call is right, by what it begins with, and why.
RAW_CALLS = {
    ("client/shell/json_event.c", "fwrite(text, 1,"): "is JSON, in which what paints is escaped",
    ("client/shell/json_event.c", 'fprintf(out, "\\\\u%04x"'): "so",
    ("client/shell/program.c", "write(STDOUT_FILENO, text,"): "was cleaned when it was made",
    ("client/shell/terminal.c", "fwrite(text, 1,"): "likewise",
    ("client/shell/terminal.c", 'printf("\\033[%zuA"'): "our own sequence",
    ("ctl/wire.c", 'snprintf(endpoint,'): "is no text that is shown",
    ("ctl/commands.c", "snprintf(out, CERTIFICATE_ROUTER_CHARS + 1,"): "likewise",
}
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


def copies(arguments):
    """snprintf() of one string, whole and alone, makes no message of several."""
    return len(arguments) == 4 and arguments[2] in ('"%s"', '"%.*s"') or arguments[2:3] == ['"%.*s"']


def raw_calls(text):
    """Calls that print, or make a message of, something else than our own words: (line, call)."""
    text = tree.without_comments(text, keep_strings=True)
    for match in RAW.finditer(text):
        inside = tree.split_arguments(tree.inside(text, match.end()))
        is_copy = match.group(1) == "snprintf" and copies(inside)
        if not is_copy and not all(OURS.fullmatch(argument) for argument in inside):
            yield text[:match.start()].count("\n") + 1, re.sub(r"\s+", " ", match.group() + ", ".join(inside))


def test_what_others_wrote_is_shown_by_printable_alone():
    found, seen = [], set()
    for path in [path for path in c_files() if path.startswith(SHOWING)]:
        for line, call in raw_calls(tree.read(path)):
            known = {key for key in RAW_CALLS if key[0] == path and call.startswith(key[1])}
            seen |= known
            if not known:
                found.append(f"{path}:{line}: {call}")
    assert found == [] and seen == set(RAW_CALLS)


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
    for bad in ('puts(name);', 'printf("%s\\n", nick);', 'fprintf(stderr, "%.*s", (int)a.size, a.data);', "fputs(a->b, out);",
                'vasprintf(&text, format, values);', 'snprintf(error, n, "%s: %s", what, why);', "write(1, a, n);"):
        assert list(raw_calls(bad)), bad
    for good in ('puts("a, (b)");', 'printable_line(out, "%s", nick);', "fputc('\\n', stdout);", 'puts("hubbubctl " HUB_VERSION);',
                 'snprintf(page, n, "%.*s", (int)a.size, a.data);', 'snprintf(name, n, "%s", name);', "/* puts(name); */"):
        assert not list(raw_calls(good)), good
