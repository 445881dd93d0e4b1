#!/usr/bin/python3
"""Draws docs/conversation.svg: a conversation of the real programs, each in a terminal of its own.

Usage: picture.py [--write]     (programs from HUBBUB_BIN, default build/dev/bin; prints without --write)

Only what would differ each time is replaced: the ports in the commands, by the usual ones, and the hex digits of a
guest's name. Steps wait for facts; whoever speaks next does so when everybody has seen what came before."""
import os
import re
import select
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/arch")]
import fences  # noqa: E402
from hub import BIN, Broker, Late, until  # noqa: E402

PICTURE = ROOT / "docs/conversation.svg"
COLUMNS, ROWS = 60, 40


class Terminals:
    """tmux, with a window for every program. Its control client tells when something was shown."""

    def __init__(self, folder):
        self.tmux = ["tmux", "-u", "-S", f"{folder}/tmux", "-f", "/dev/null"]
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        environment.pop("TMUX", None)
        self.control = subprocess.Popen([*self.tmux, "-C", "new-session", *size, "-n", "idle", "cat"], env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.typed = {}
        until(lambda: self.is_up(), self.shown, "tmux")
        self.ask("set", "-g", "default-size", f"{COLUMNS}x{ROWS}")
        self.ask("set", "-g", "remain-on-exit", "on")
        self.ask("set", "-g", "remain-on-exit-format", "")

    def is_up(self):
        return subprocess.run([*self.tmux, "has-session"], capture_output=True).returncode == 0

    def ask(self, *command):
        return subprocess.run([*self.tmux, *map(str, command)], check=True, stdout=subprocess.PIPE).stdout.decode()

    def shown(self, seconds):
        """Waits until some window shows something more."""
        if select.select([self.control.stdout], [], [], seconds)[0]:
            self.control.stdout.read1(65536)

    def start(self, name, *program):
        self.typed[name] = []
        self.ask("new-window", "-d", "-n", name, *program)

    def type(self, name, line):
        self.typed[name].append(line)
        self.ask("send-keys", "-t", f":{name}", "-l", line)
        self.ask("send-keys", "-t", f":{name}", "Enter")

    def lines(self, name):
        return self.ask("capture-pane", "-p", "-t", f":{name}").rstrip("\n").split("\n")

    def shows(self, name, text):
        """Waits for a text, wrapped or not."""
        try:
            until(lambda: text in "".join(self.lines(name)), self.shown, f"{name} sees {text!r}")
        except Late as late:
            raise Late(f"{late}; on the screen: {self.lines(name)}") from None

    def close(self):
        self.ask("kill-server")
        self.control.communicate()


def robot():
    """The program that the README shows."""
    return next(block.text for block in fences.blocks((ROOT / "README.md").read_text()) if block.mark == "run" and
                block.language == "python")


def talk(broker, terminals, folder):
    """The conversation. Each step: who types what, and what whom shows that it has arrived."""
    script = Path(folder) / "robot.py"
    script.write_text(fences.replaced(robot(), fences.doors(broker)))

    def step(who, line, **seen):
        terminals.type(who, line)
        for name, text in seen.items():
            terminals.shows(name, text)

    terminals.start("bob", "telnet", "127.0.0.1", broker.tcp[1])
    terminals.shows("bob", " came")
    terminals.start("ada", BIN.resolve() / "hubbub", "--router", broker.router, "--nick", "ada")
    terminals.shows("bob", "* ada came")
    terminals.shows("ada", "lobby>")
    step("bob", "good morning!", bob="]good", ada="] good")
    step("ada", "morning, guest. Who are you?", ada="[ada] morning", bob="[ada]morning")
    step("bob", "rename|bob", bob="is now bob", ada="is now bob")
    step("ada", "bob! Tea at four?", ada="[ada] bob!", bob="[ada]bob!")
    terminals.start("robot", "/usr/bin/python3", script)
    for name, text in {"robot": "[robot]", "ada": "[robot] ", "bob": "[robot]"}.items():
        terminals.shows(name, text)
    step("bob", "thank you, robot", bob="[bob]thank", ada="[bob] thank", robot="[bob]thank")
    step("bob", "to|ada|yes, and I bring a cake", ada="[bob -> you]", bob="[you -> ada]")
    step("ada", "/tell bob let us not tell the robot", ada="[you -> bob]", bob="[ada -> you]")
    step("ada", "/who", ada="*   robot")
    step("bob", "/quit", bob="Connection closed", ada="* bob went")


PANES = (
    ("ada", "ada, with the terminal client", "build/release/bin/hubbub --nick ada"),
    ("bob", "bob, with telnet", "telnet 127.0.0.1 8888"),
    ("robot", "a robot, ten lines of Python", "python3 robot.py"),
)


def pictured(line):
    return re.sub(r"guest-[0-9a-f]{4}", "guest-7f3a", line.rstrip())


def conversation():
    """Name -> lines, and name -> what was typed there, as the terminals showed it."""
    with tempfile.TemporaryDirectory(prefix="hub") as folder:
        broker = Broker(tcp=True, rate=None)
        try:
            terminals = Terminals(folder)
            try:
                talk(broker, terminals, folder)
                shown = {name: [pictured(line) for line in terminals.lines(name)] for name in terminals.typed}
                return shown, terminals.typed
            finally:
                terminals.close()
        finally:
            broker.stop()


STYLE = """
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #24292f; }
.pane { fill: #ffffff; stroke: #d0d7de; } .bar { fill: #f3f5f7; } .name { font-weight: 600; }
.notice { fill: #6e7781; } .typed { fill: #0a5fb4; } .private { fill: #8a3ffc; }
@media (prefers-color-scheme: dark) {
text { fill: #d5dbe1; } .pane { fill: #14181d; stroke: #3b434c; } .bar { fill: #20262d; }
.notice { fill: #8d96a0; } .typed { fill: #6cb2ff; } .private { fill: #c49cff; }
}"""
CHARACTER, LINE, BAR, PADDING, GAP = 7.9, 18, 28, 12, 14
PANE_WIDTH = round(COLUMNS * CHARACTER) + 2 * PADDING


def kind(line, typed):
    if line.startswith("$ ") or line in typed or any(line.endswith(f"> {words}") for words in typed):
        return "typed"
    if re.match(r"\[[^]]* -> [^]]*\]", line):
        return "private"
    return "said" if line.startswith("[") else "notice"


def pane_height(lines):
    return BAR + len(lines) * LINE + PADDING


def draw_pane(left, top, title, lines, typed):
    height = pane_height(lines)
    yield f'<rect class="pane" x="{left}.5" y="{top}.5" width="{PANE_WIDTH}" height="{height}" rx="6"/>'
    yield f'<rect class="bar" x="{left + 1}" y="{top + 1}" width="{PANE_WIDTH - 1}" height="{BAR - 6}" rx="5"/>'
    yield f'<text class="name" x="{left + PADDING}" y="{top + 17}">{escape(title)}</text>'
    for number, line in enumerate(lines, 1):
        if line:
            yield (f'<text class="{kind(line, typed)}" x="{left + PADDING}" y="{top + BAR + number * LINE - 5}" '
                   f'xml:space="preserve">{escape(line)}</text>')


def draw(shown, typed):
    """ada above the robot on the left, bob on the right."""
    panes = {name: (title, [f"$ {command}", *shown[name]]) for name, title, command in PANES}
    places = {"ada": (0, 0), "bob": (PANE_WIDTH + GAP, 0),
              "robot": (0, pane_height(panes["ada"][1]) + GAP)}
    width = 2 * PANE_WIDTH + GAP + 1
    height = 1 + max(places[name][1] + pane_height(lines) for name, (_, lines) in panes.items())
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    yield "<title>ada, bob and a robot in one room</title>"
    yield f"<style>{STYLE}\n</style>"
    for name, (title, lines) in panes.items():
        yield from draw_pane(*places[name], title, lines, typed[name])
    yield "</svg>"


def picture():
    return "\n".join(draw(*conversation())) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PICTURE.write_text(picture())
    else:
        print(picture(), end="")
