"""The program hubbub: lines and JSON through pipes, and a person at a terminal (tmux)."""
import os
import re
import select
import shlex
import signal
import subprocess
import tempfile
import time

import pytest

from hub import BIN, FAULTS, PATIENCE_S, until
from pipe import Pipe

HOSTILE = "a\u202eb\u2066c\u2028d\u2029e"


@pytest.fixture
def person(client, name):
    """Somebody else, in the test's room unless told otherwise, under a name of their own: `nick`."""
    def make(stem="bob", **more):
        made = client(name(stem), **more)
        made.nick = made.me["nick"]
        return made
    return make


def look_again(seconds):
    """Waits a moment before the screen is looked at again: tmux does not say when it changes."""
    select.select([], [], [], min(seconds, 0.02))


def program(*options, text="", within_s=PATIENCE_S * 2, env=None):
    return subprocess.run([BIN / "hubbub", *options], input=text, capture_output=True, text=True, timeout=within_s,
                          env={**os.environ, **(env or {})})


# Options.

@pytest.mark.parametrize("options, word", [
    (["--bogus"], "--bogus"), (["--timeout", "soon"], "--timeout"), (["--nick", "a b"], "--nick"),
    (["--room", "a/b"], "--room"), (["--router", "localhost"], "--router"), (["stray"], "stray")])
def test_a_wrong_option_is_one_clear_line_and_status_2(options, word):
    done = program(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and word in done.stderr and done.stderr.startswith("hubbub: ")


def test_help_lists_options_and_requests_and_version_is_one_line():
    done = program("--help")
    assert done.returncode == 0 and not done.stderr
    assert all(f"--{word}" in done.stdout for word in "router nick room timeout json timestamps".split())
    assert "history [room] [before]" in done.stdout
    assert program("--version").stdout.startswith("hubbub 0.")


# Lines.

def test_lines_in_are_said_and_lines_out_are_what_happens(broker, person, room):
    bob = person("bob")
    done = program("--router", broker.router, "--nick", "ada", "--room", room, text="hello\r\n\n  two\nlast")
    assert done.returncode == 0 and done.stderr == ""
    assert bob.texts(room, 3) == ["hello", "  two", "last"]
    lines = done.stdout.splitlines()
    assert lines[:2] == ["* You are ada.", f"* You are in {room}."]
    assert [line for line in lines if line.startswith("[ada]")] == ["[ada] hello", "[ada]   two", "[ada] last"]


def test_the_environment_says_what_options_do_not(broker, name, room):
    nick = name("env")
    done = program(text="hi\n", env={"HUBBUB_ROUTER": broker.router, "HUBBUB_NICK": nick, "HUBBUB_ROOM": room})
    assert f"[{nick}] hi" in done.stdout.splitlines()


def test_a_client_that_leaves_says_bye(broker, client, room, name):
    nick = name("brief")
    watcher = client("watcher")
    assert program("--router", broker.router, "--nick", nick, "--room", room).returncode == 0
    watcher.change(nick, "gone")


def test_commands_in_a_script_are_done_one_after_another(broker, name):
    first, second, nick, other = name("room"), name("room"), name("n"), name("n")
    script = f"one\n/who\n/join {second}\ntwo\n/nick {other}\n//three\n/who\n/history 2\n/part\nfour\n/status busy\n/status\n"
    done = program("--router", broker.router, "--nick", nick, "--room", first, text=script)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    wanted = [f"* You are {nick}.", f"* 1 here in {first}:", f"* You are in {second}.", f"* You are now {other}.",
              f"* 1 here in {second}:", f"*   {other} (owner)", f"* You have left {second}.", f"* You talk in {first} now.",
              "* Your status is set.", "* Your status is cleared."]
    places = [lines.index(line) for line in wanted]
    assert places == sorted(places)
    assert f"| [{nick}] two" in lines and f"| [{other}] /three" in lines


@pytest.mark.parametrize("order, why", [("/join {}", "no_such_room"), ("/private a/b", "room_invalid")])
def test_what_a_script_says_behind_a_refused_join_is_said_nowhere(broker, person, name, order, why):
    first, den = name("room"), name("den")
    bob = person(join=[first])
    person(join=[]).ok("join", room=den, private=True)
    script = f"{order.format(den)}\nmy password\nmy other one\n/join {first}\nhello\n"
    done = program("--router", broker.router, "--room", first, text=script)
    told = done.stderr.splitlines()
    assert done.returncode == 1 and why in told[0]
    assert told[1:] == [f"hubbub: line {line}: not said: {text}: not_member: join the room first"
                        for line, text in ((2, "my password"), (3, "my other one"))]
    assert bob.texts(first, 1) == ["hello"]


def test_who_may_not_enter_the_first_room_is_told_why(broker, person, name, pipe):
    den = name("den")
    person(join=[]).ok("join", room=den, private=True)
    done = program("--router", broker.router, "--room", den, text="hello\n")
    told = done.stderr.splitlines()
    why = "it is private: somebody in there has to invite you"
    assert done.returncode == 1 and f"hubbub: /join {den}: no_such_room: {why}" in told
    assert any(line.startswith("hubbub: line 1: not said: hello: ") for line in told)
    ada = pipe("--room", den, json_mode=True)
    assert ada.sees({"ev": "parted", "room": den}) == {"ev": "parted", "room": den, "error": "no_such_room", "hint": why}


def test_an_invitation_tells_whom_it_is_for(broker, person, name):
    bob, den = person(join=[]), name("den")
    done = program("--router", broker.router, text=f"/private {den}\n/invite {bob.nick}\n/invite {bob.nick}x\n")
    assert f"* {bob.nick} may come in now." in done.stdout.splitlines()
    assert done.stderr == f"hubbub: line 3: /invite {bob.nick}x: no_such_nick: nobody of that name is here\n"


def test_a_command_holds_back_what_follows_and_loses_nothing_of_it(start, client):
    broker = start()
    bob = client("bob", join=["tea"], to=broker)
    lines = [f"{number} " + "x" * 500 for number in range(1000)]  # more than fits into a buffer
    done = program("--router", broker.router, "--room", "tea", text="/who\n" + "\n".join(lines))
    assert (done.returncode, done.stderr) == (0, "")
    assert bob.texts("tea", 1000) == lines


def test_private_messages_say_to_whom(pipe, person, name):
    nick = name("ada")
    ada, bob = pipe("--nick", nick), person(join=[])
    ada.sees("* You are in lobby.")
    bob.ok("tell", to=nick, text="psst\nsecond")
    ada.sees(f"[{bob.nick} -> you] psst")
    ada.sees(f"[{bob.nick} -> you] second")
    ada.write(f"/tell {bob.nick} to you | too")
    assert bob.event("private", to=bob.nick)["text"] == "to you | too"
    ada.sees(f"[you -> {bob.nick}] to you | too")
    ada.write(f"/msg {nick} note")
    ada.sees(f"[{nick} -> you] note")
    assert ada.end()[0] == 0


def is_told_who_comes(reader, lines, client, name):
    """A subscription takes effect some time after joining: somebody goes by one name after the other until the reader
    is told of it, and leaves."""
    visitor, names = client(name("early")), []

    def rename(seconds):
        names.append(name("early"))
        visitor.ok("nick", nick=names[-1])
        reader.take(seconds)
    until(lambda: any(line.endswith(tuple(f" is now {nick}" for nick in names)) for line in lines()), rename,
          "that somebody has another name")
    visitor.ok("bye")
    until(lambda: any(f"* {nick} went" in lines() for nick in names), reader.take, f"that somebody of {names} went: {lines()}")


def test_who_comes_goes_and_is_renamed_is_one_line_each(pipe, client, room, name):
    ada = pipe("--nick", name("ada"), "--room", room)
    ada.sees(f"* You are in {room}.")
    is_told_who_comes(ada, lambda: ada.seen, client, name)
    eve, eva = name("eve"), name("eva")
    visitor = client(eve)
    ada.sees(f"* {eve} came")
    visitor.ok("nick", nick=eva)
    ada.sees(f"* {eve} is now {eva}")
    visitor.ok("bye")
    ada.sees(f"* {eva} went")


def test_what_others_write_cannot_touch_the_terminal(pipe, person, room):
    ada, eve = pipe("--room", room), person("eve")
    ada.sees(f"* You are in {room}.")
    eve.ok("say", room=room, text=HOSTILE + "\n[ada] forged")
    ada.sees(f"[{eve.nick}] abcde")
    ada.sees(f"[{eve.nick}] [ada] forged")


def test_escape_sequences_in_the_input_are_not_sent(broker, person, room):
    bob = person("bob")
    done = program("--router", broker.router, "--room", room, text="\x1b[31mred\x1b[0m \x07bell\x1b]0;t\x07\n")
    assert done.returncode == 0
    assert bob.texts(room, 1) == ["red bell"]


def test_a_refused_line_is_told_and_makes_the_status_1(broker, room):
    text = "fine\n" + "x" * 4097 + "\n/frob\n/tell nobody-here hi\nfine too\n"
    done = program("--router", broker.router, "--nick", "long", "--room", room, text=text)
    assert done.returncode == 1
    assert "[long] fine" in done.stdout and "[long] fine too" in done.stdout
    errors = done.stderr.splitlines()
    assert len(errors) == 3
    assert errors[0].startswith("hubbub: line 2: not said: xxxx") and "too_long" in errors[0]
    assert errors[1].startswith("hubbub: line 3: there is no command /frob")
    assert errors[2].startswith("hubbub: line 4: /tell nobody-here: no_such_nick")


def test_a_line_that_nothing_could_hold_is_refused_once(broker, person, room):
    bob = person("bob")
    done = program("--router", broker.router, "--room", room, text="y" * 1000000 + "\nafter\n")
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "line 1: not said: too_long" in done.stderr
    assert bob.texts(room, 1) == ["after"]


def test_thousands_of_lines_arrive_in_order_through_the_flood_limit(start, client):
    broker = start("--set", "rate_per_s=2000", "--set", "rate_burst=100", rate=None)
    bob = client("bob", join=["tea"], to=broker)
    lines = [str(number) for number in range(3000)]
    done = program("--router", broker.router, "--nick", "ada", "--room", "tea", text="\n".join(lines))
    assert (done.returncode, done.stderr) == (0, "")
    assert bob.texts("tea", 3000) == lines
    assert [line for line in done.stdout.splitlines() if line.startswith("[ada]")] == [f"[ada] {n}" for n in lines]


def test_it_does_not_read_faster_than_the_broker_acknowledges(start):
    broker = start()
    ada = Pipe(broker.router, "--room", "tea")
    broker.process.send_signal(signal.SIGSTOP)
    try:
        os.set_blocking(ada.process.stdin.fileno(), False)
        written = 0
        try:
            while written < 64 << 20:  # far less than this fits into pipe, reader and 256 messages
                poller = select.select([], [ada.process.stdin], [], 1)
                if not poller[1]:
                    break
                written += os.write(ada.process.stdin.fileno(), b"z" * 1000 + b"\n")
        except BlockingIOError:
            pass
        assert written < 2 << 20
    finally:
        broker.process.send_signal(signal.SIGCONT)
        ada.close()


def test_a_broker_that_cannot_be_reached_is_one_clear_line_and_status_1():
    done = program("--router", "tcp://127.0.0.1:1", "--timeout", "300", text="hello\n")
    assert done.returncode == 1 and done.stdout == ""
    assert "no broker answers at tcp://127.0.0.1:1" in done.stderr.splitlines()[0]


def test_lines_that_were_not_acknowledged_are_counted(run, pipe):
    broker = run("hubbubd", "--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*")
    ada = pipe("--timeout", "500", to=broker.ready["router"][0])
    ada.sees("* You are in lobby.")
    broker.kill()
    ada.write("lost", "lost too")
    status, lines, errors = ada.end()
    assert status == 1 and "no broker answers" in errors
    assert errors.splitlines()[-1] == "hubbub: 2 messages were not acknowledged and may be lost"


def test_a_taken_nick_is_refused_with_status_1(broker, client):
    client("taken", join=[])
    done = program("--router", broker.router, "--nick", "Taken", text="hi\n")
    assert done.returncode == 1 and "nick_taken" in done.stderr


def test_a_reader_that_goes_ends_it_quietly(broker, pipe):
    ada = pipe()
    ada.sees("* You are in lobby.")
    ada.process.stdout.close()
    ada.write("one")
    ada.process.wait(PATIENCE_S)
    assert ada.stderr() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(pipe, number, client, name, room):
    watcher, nick = client(name("watcher")), name("ada")
    ada = pipe("--nick", nick, "--room", room)
    ada.sees(f"* You are in {room}.")
    ada.process.send_signal(number)
    assert ada.end()[0] == 0
    watcher.change(nick, "gone")


# JSON.

def test_each_json_request_has_one_reply_with_its_id(pipe, room):
    ada = pipe("--nick", "jane", "--room", room, json_mode=True)
    ada.write({"op": "say", "text": "hi", "id": 1}, {"op": "who", "id": "w"}, {"op": "rooms", "id": None},
              {"op": "status", "status": "x", "id": [1, {"a": 2}]})
    hello = ada.sees({"reply": "say", "id": 1, "ok": True})
    assert hello["seq"] == 1 and hello["epoch"] > 0 and hello["at"] > 0
    assert [member["nick"] for member in ada.sees({"reply": "who", "id": "w", "ok": True})["members"]] == ["jane"]
    assert {"room": room, "count": 1} .items() <= next(
        each for each in ada.sees({"reply": "rooms", "ok": True})["rooms"] if each["room"] == room).items()
    ada.sees({"reply": "status", "id": [1, {"a": 2}], "ok": True})
    ada.sees({"ev": "message", "text": "hi", "from": "jane", "room": room, "seq": 1})
    ada.write({"op": "history", "id": 5})
    page = ada.sees({"reply": "history", "id": 5})
    assert [event["text"] for event in page["events"]] == ["hi"] and page["more"] is False
    status, seen, errors = ada.end()
    assert (status, errors) == (0, "")
    assert len([each for each in seen if "reply" in each]) == 5
    assert seen[0]["ev"] == "ready" and seen[0]["nick"] == "jane"


def test_json_events_tell_everything_that_happens(pipe, client, room, name):
    nick = name("ada")
    ada, eve = pipe("--nick", nick, "--room", room, json_mode=True), client(name("eve"))
    ada.sees({"ev": "joined", "room": room})
    eve.ok("say", room=room, text=HOSTILE, type="blob", data=b"\0\xff", ref=1, rel="reply", thread=1)
    event = ada.sees({"ev": "message", "room": room})
    assert event["text"] == HOSTILE and event["data"] == "AP8=" and event["type"] == "blob"
    assert (event["ref"], event["rel"], event["thread"]) == (1, "reply", 1)
    eve.ok("tell", to=nick, text="psst")
    assert ada.sees({"ev": "private", "to": nick})["mid"]
    eve.ok("bye")
    ada.sees({"ev": "presence", "room": room, "count": 1})
    assert ada.end()[0] == 0


def test_json_messages_carry_data(pipe, person, room):
    bob = person("bob")
    ada = pipe("--room", room, json_mode=True)
    ada.write({"op": "say", "text": "a file", "type": "blob", "data": "AP8=", "ref": 3, "rel": "edit", "thread": 2},
              {"op": "say", "text": "bad", "data": "***", "id": 2})
    event = bob.event("message", room=room)
    assert (event["data"], event["ref"], event["rel"], event["thread"]) == (b"\0\xff", 3, "edit", 2)
    ada.sees({"reply": "say", "id": 2, "error": "bad_request"})
    assert ada.end()[0] == 1


def test_a_bad_json_line_is_answered_and_the_next_one_read(pipe, room):
    ada = pipe("--room", room, json_mode=True)
    ada.write("{oops", "[1]", {"op": "dance", "id": 3}, {"op": "say", "id": 4}, b'{"op":"say","text":"\xff"}',
              '{"op":"say","text":"a\\u0000b"}', {"op": "say", "text": "good", "id": 7})
    for number, identified in ((1, {}), (2, {}), (3, {"id": 3}), (4, {"id": 4}), (5, {}), (6, {})):
        ada.sees({"error": "bad_request", "line": number, **identified})
    ada.sees({"reply": "say", "id": 7, "ok": True})
    assert ada.end()[0] == 1


def test_json_rooms_can_be_entered_and_left(pipe, person, name):
    tea, secret = name("tea"), name("secret")
    bob = person(join=[])
    ada = pipe(json_mode=True)
    ada.write({"op": "join", "room": tea}, {"op": "say", "text": "in tea", "id": 1})
    assert ada.sees({"reply": "say", "id": 1, "ok": True})["seq"] == 1
    ada.sees({"ev": "message", "room": tea, "text": "in tea"})
    ada.write({"op": "join", "room": secret, "private": True, "id": 2}, {"op": "invite", "nick": bob.nick, "id": 3},
              {"op": "part", "room": tea, "id": 4})
    for number in (2, 3, 4):
        ada.sees({"id": number, "ok": True})
    ada.sees({"ev": "parted", "room": tea})
    assert bob.ok("join", room=secret)["private"] is True
    ada.write({"op": "quit"}, {"op": "say", "text": "never"})
    assert ada.process.wait(PATIENCE_S) == 0
    assert not ada.find({"text": "never"})


def test_a_json_program_may_take_another_nick_when_its_own_is_refused(pipe, client, name):
    taken, free = name("taken"), name("free")
    client(taken, join=[])
    ada = pipe("--nick", taken, json_mode=True)
    ada.sees({"ev": "refused", "error": "nick_taken"})
    ada.write({"op": "nick", "nick": free, "id": 1}, {"op": "say", "text": "hi", "id": 2})
    ada.sees({"ev": "ready", "nick": free})
    ada.sees({"reply": "say", "id": 2, "ok": True})
    assert ada.end()[0] == 0


def test_a_refused_nick_ends_the_program_at_the_end_of_its_input(pipe, client, name):
    taken = name("taken")
    client(taken, join=[])
    ada = pipe("--nick", taken, json_mode=True)
    status, seen, errors = ada.end()
    assert status == 1 and seen[0]["ev"] == "refused" and "nick" in errors


def test_a_kicked_session_ends_the_program_with_status_1(start):
    broker = start("--idle-ms", "200", "--kick-ms", "400")
    ada = Pipe(broker.router, json_mode=True)
    ada.sees({"ev": "kicked", "reason": "idle"})
    assert ada.process.wait(PATIENCE_S) == 1
    ada.close()


# A terminal.

class Terminal:
    """hubbub in a tmux of its own: what is on the screen is what a person would see."""

    def __init__(self, router, *options, columns=80):
        self.directory = tempfile.TemporaryDirectory(prefix="hub")
        self.columns = columns
        command = shlex.join([str(BIN.resolve() / "hubbub"), "--router", router, *options])
        shell = f"trap : INT; {command}; echo status $?; stty -a | grep -o '[-]*icanon'; exec cat"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", str(columns), "-y", "24",
                  "env", "TERM=screen", "LC_ALL=C.UTF-8", "sh", "-c", shell)

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-u", "-S", f"{self.directory.name}/socket", *arguments], check=True,
                              capture_output=True, text=True, timeout=PATIENCE_S).stdout

    def keys(self, *keys):
        """Types text; names such as Enter and Tab are keys."""
        for key in keys:
            named = key in ("Enter", "Tab", "Left", "Up", "Escape", "BSpace") or key.startswith("C-")
            self.tmux("send-keys", "-t", "t", *([] if named else ["-l"]), key)

    def lines(self):
        return [line.rstrip() for line in self.tmux("capture-pane", "-p", "-t", "t").rstrip("\n").split("\n")]

    def take(self, seconds):
        """The screen changes by itself."""
        look_again(seconds)

    def sees(self, *wanted):
        """All those lines are on the screen, in that order, with nothing in between."""
        wanted = list(wanted)

        def fact():
            lines = self.lines()
            return any(lines[i:i + len(wanted)] == wanted for i in range(len(lines)))
        until(fact, look_again,
              f"{wanted} on\n" + "\n".join(self.lines()))

    def is_in(self, room):
        self.sees(f"* You are in {room}.")

    def knows(self, room):
        """It is in the room and knows who is there and which rooms there are: asked by itself once it is in, and answered before
        what we ask for now."""
        self.is_in(room)
        self.keys("/who", "Enter")
        until(lambda: any(line.startswith("* ") and line.endswith(f" here in {room}:") for line in self.lines()), look_again,
              "who is here")

    def ends_with(self, *wanted):
        wanted = list(wanted)
        until(lambda: [line for line in self.lines() if line][-len(wanted):] == wanted,
              look_again,
              f"{wanted} at the end of\n" + "\n".join(self.lines()))

    def close(self):
        subprocess.run(["tmux", "-S", f"{self.directory.name}/socket", "kill-server"], check=False, capture_output=True)
        self.directory.cleanup()


@pytest.fixture
def terminal(request):
    made = []

    def begin(*options, to=None, **more):
        made.append(Terminal(to or request.getfixturevalue("broker").router, *options, **more))
        return made[-1]
    yield begin
    for one in made:
        one.close()


def test_a_person_talks_in_the_room_of_the_prompt_and_sees_each_line_once(terminal, person, room):
    bob, ada = person("bob"), terminal("--nick", "ann", "--room", room)
    ada.is_in(room)
    ada.keys("hello", "Enter")
    assert bob.texts(room, 1) == ["hello"]
    bob.ok("say", room=room, text="hi ann")
    ada.ends_with("[ann] hello", f"[{bob.nick}] hi ann", f"{room}>")
    assert not any("> hello" in line for line in ada.lines())


def test_what_comes_in_does_not_tear_the_line_being_typed(terminal, person, room):
    bob, ada = person("bob"), terminal("--room", room, columns=40)
    ada.is_in(room)
    typed = "half a line that is longer than this narrow terminal is"
    ada.keys(typed)
    shown = f"{room}> {typed}"
    wrapped = [part.rstrip() for part in (shown[:40], shown[40:])]
    ada.ends_with(*wrapped)
    for number in range(3):
        bob.ok("say", room=room, text=f"number {number}")
    ada.ends_with(f"[{bob.nick}] number 0", f"[{bob.nick}] number 1", f"[{bob.nick}] number 2", *wrapped)
    ada.keys("Left", "Left", "XX")
    bob.ok("say", room=room, text="number 3")
    ada.ends_with(f"[{bob.nick}] number 2", f"[{bob.nick}] number 3",
                  wrapped[0], wrapped[1][:-2] + "XX" + wrapped[1][-2:])
    ada.keys("Enter")
    assert bob.texts(room, 5)[-1] == typed[:-2] + "XX" + typed[-2:]


def test_tab_completes_commands_rooms_and_names(terminal, client, name):
    attic = name("attic")
    client("berta", join=[attic])
    client("bernd", join=[attic])
    client("Bärbel", join=[attic])
    ada = terminal("--nick", "tabby", "--room", attic)
    ada.knows(attic)
    ada.keys("/jo", "Tab")
    ada.ends_with(f"{attic}> /join")
    ada.keys(attic[:3], "Tab")
    ada.ends_with(f"{attic}> /join {attic}")
    ada.keys("C-u", "/tell ber", "Tab")
    ada.ends_with("bernd  berta", f"{attic}> /tell ber")
    ada.keys("t", "Tab", "psst", "Enter")
    ada.ends_with("[you -> berta] psst", f"{attic}>")
    ada.keys("bä", "Tab", "ja", "Enter")
    ada.ends_with(f"[tabby] Bärbel: ja", f"{attic}>")
    ada.keys("/h", "Tab")
    ada.ends_with("/help  /history", f"{attic}> /h")


def test_completion_follows_who_comes_goes_and_is_renamed(terminal, client, room, name):
    ada = terminal("--room", room)
    ada.is_in(room)
    is_told_who_comes(ada, ada.lines, client, name)
    visitor = client("zoe")
    ada.ends_with("* zoe came", f"{room}>")
    visitor.ok("nick", nick="yve")
    ada.ends_with("* zoe is now yve", f"{room}>")
    ada.keys("z", "Tab", "C-u", "y", "Tab")
    ada.ends_with(f"{room}> yve:")


def test_commands_at_the_terminal(terminal, person, room, name):
    bob = person("bob")
    tea = name("tea")
    ada = terminal("--nick", "anna", "--room", room)
    ada.is_in(room)
    ada.keys("/who", "Enter")
    ada.sees(f"{room}> /who", f"* 2 here in {room}:")
    ada.sees("*   anna")
    ada.sees(f"*   {bob.nick} (owner)")
    ada.keys("/nick anne", "Enter")
    ada.sees("* You are now anne.")
    bob.change("anne", "active", was="anna")
    ada.keys(f"/join {tea}", "Enter")
    ada.ends_with(f"* You are in {tea}.", f"{tea}>")
    bob.ok("say", room=room, text="over there")
    ada.ends_with(f"#{room} [{bob.nick}] over there", f"{tea}>")
    ada.keys("/part", "Enter")
    ada.ends_with(f"* You have left {tea}.", f"* You talk in {room} now.", f"{room}>")
    ada.keys("/status tea time", "Enter")
    ada.sees("* Your status is set.")
    ada.keys("/history 1", "Enter")
    ada.sees(f"{room}> /history 1", f"| [{bob.nick}] over there")
    ada.keys("/dance", "Enter")
    ada.sees("* there is no command /dance; see /help, or begin with // to say it")
    ada.keys("/tell bob", "Enter")
    ada.sees("* usage: /tell NAME TEXT")
    ada.keys("/join a/b", "Enter")
    until(lambda: any(line.startswith("* /join a/b: room_invalid: ") for line in ada.lines()),
          look_again, "why the room cannot be")
    ada.keys("/part", "Enter")
    ada.ends_with(f"* You have left {room}.", "* You are in no room; /join ROOM enters one.", "(no room)>")
    ada.keys("hello", "Enter")
    ada.ends_with("* not said: hello: not_member: join the room first", "(no room)>")
    ada.keys("/quit", "Enter")
    ada.ends_with("status 0", "icanon")


def test_a_room_is_looked_after_at_the_terminal(terminal, person, name):
    yard = name("yard")
    ada = terminal("--nick", "anny", "--room", yard)
    ada.is_in(yard)
    bob = person("bob")
    bob.join(yard)
    ada.keys("/who", "Enter")
    ada.sees("*   anny (owner)", f"*   {bob.nick}")
    ada.keys(f"/mute {bob.nick} 2h too loud", "Enter")
    ada.sees(f"* {bob.nick} is muted in {yard} for 2 hours.")
    assert bob.error("say", room=yard, text="hey") == "muted"
    ada.keys("/bans", "Enter")
    ada.sees(f"* Banned or muted in {yard}:")
    until(lambda: any(line.startswith(f"*   {bob.nick} muted until ") and line.endswith(", by anny: too loud")
                      for line in ada.lines()), look_again, "the mute in the list")
    ada.keys(f"/unmute {bob.nick}", "Enter")
    ada.sees(f"* {bob.nick} may speak again.")
    ada.keys(f"/role {bob.nick} moderator", "Enter")
    ada.sees(f"* The role of {bob.nick} is set.")
    ada.keys("/slow 1m", "Enter")
    ada.sees(f"* How long members wait in {yard} is set.")
    eve = person("eve")
    assert eve.join(yard)["slow_ms"] == 60000
    ada.keys(f"/kick {eve.nick} go away", "Enter")
    ada.sees(f"* {eve.nick} is put out of {yard}.")
    assert eve.event("kicked", room=yard)["text"] == "go away"
    ada.keys(f"/ban {eve.nick}", "Enter")
    ada.sees(f"* {eve.nick} is banned from {yard} until somebody lifts it.")
    assert eve.error("join", room=yard) == "banned"
    ada.keys(f"/ban {bob.nick} 10x", "Enter")
    ada.sees("* 10x is no time (30s, 10m, 2h, 7d, 4w are); a reason begins with no digit")
    ada.keys("/slow soon", "Enter")
    ada.sees("* usage: /slow TIME|off")
    ada.keys(f"/kick {bob.nick}x", "Enter")
    until(lambda: any(line.startswith(f"* /kick {bob.nick}x: no_such_nick: ") for line in ada.lines()), look_again,
          "the refusal")


def test_who_is_put_out_of_a_room_talks_nowhere_until_they_choose(terminal, person, room, name):
    den = name("den")
    owner = person("owner")
    owner.join(den)
    nick = name("ada")
    ada = terminal("--nick", nick, "--room", room)
    ada.is_in(room)
    ada.keys(f"/join {den}", "Enter")
    ada.ends_with(f"* You are in {den}.", f"{den}>")
    owner.ok("kick", room=den, nick=nick)
    ada.sees(f"* You talk in no room now; /join {room} goes on in {room}.")
    ada.keys("for the den alone", "Enter")
    ada.sees("* not said: for the den alone: not_member: join the room first")
    ada.keys(f"/join {room}", "Enter")
    ada.ends_with(f"* You are in {room}.", f"{room}>")
    ada.keys("hello", "Enter")
    assert owner.event("message", text="hello")


def test_what_is_typed_behind_a_join_is_for_that_room_alone(start, terminal, client):
    """Also while it is not known whether one comes in."""
    broker = start()
    bob, owner = client("bob", join=["tea"], to=broker), client("owner", join=["hall"], to=broker)
    owner.ok("join", room="den", private=True)
    ada = terminal("--nick", "ada", "--room", "tea", to=broker.router)
    ada.is_in("tea")
    broker.process.send_signal(signal.SIGSTOP)
    ada.keys("/join den", "Enter", "my password", "Enter", "/join hall", "Enter", "hello", "Enter", "/join den", "Enter", "psst", "Enter")
    broker.process.send_signal(signal.SIGCONT)
    assert owner.texts("hall", 1) == ["hello"]
    for text in ("my password", "psst"):
        ada.sees(f"* not said: {text}: no_such_room: there is no such room; join makes one")
    ada.ends_with("hall>")
    ada.keys("still here", "Enter")
    assert owner.texts("hall", 1) == ["still here"]
    ada.keys("/join tea", "Enter")
    ada.ends_with("tea>")
    ada.keys("and here", "Enter")
    assert bob.texts("tea", 1) == ["and here"]
    assert len([line for line in ada.lines() if line == "* You are in hall."]) == 1


def test_who_has_to_wait_is_told_how_long(broker, pipe, person, room):
    owner = person("owner")
    owner.ok("slow", room=room, slow_ms=3600000)
    done = program("--router", broker.router, "--room", room, text="one\ntwo\n")
    assert done.returncode == 1
    assert re.search(r"line 2: not said: two: flood: this room is slow: wait before the next message \(for 1 hour more\)\n",
                     done.stderr)
    ada = pipe("--room", room, json_mode=True)
    ada.write({"op": "say", "text": "one", "id": 1}, {"op": "say", "text": "two", "id": 2})
    assert 3500000 < ada.sees({"reply": "say", "id": 2, "error": "flood"})["retry_ms"] <= 3600000


def test_json_looks_after_a_room(pipe, person, name):
    yard = name("yard")
    ada = pipe("--nick", "jo", "--room", yard, json_mode=True)
    ada.sees({"ev": "joined", "room": yard})
    bob = person("bob")
    bob.join(yard)
    ada.write({"op": "ban", "nick": bob.nick, "for_ms": 3600000, "reason": "spam", "id": 1})
    ada.sees({"reply": "ban", "id": 1, "ok": True})
    assert bob.event("kicked", room=yard)["reason"] == "banned"
    ada.write({"op": "bans", "id": 2}, {"op": "slow", "slow_ms": 2000, "id": 4}, {"op": "rooms", "id": 5},
              {"op": "unban", "nick": bob.nick, "id": 6})
    [ban] = ada.sees({"reply": "bans", "id": 2, "ok": True})["bans"]
    assert (ban["verdict"], ban["nick"], ban["by"], ban["reason"]) == ("ban", bob.nick, "jo", "spam")
    assert 3500000 < ban["until"] - ban["at"] <= 3601000
    ada.sees({"reply": "slow", "id": 4, "ok": True})
    rooms = ada.sees({"reply": "rooms", "id": 5})["rooms"]
    assert next(each for each in rooms if each["room"] == yard)["slow_ms"] == 2000
    ada.sees({"reply": "unban", "id": 6, "ok": True})
    assert bob.ok("join", room=yard)["slow_ms"] == 2000
    ada.write({"op": "role", "nick": bob.nick, "role": "moderator", "id": 7}, {"op": "who", "id": 8})
    ada.sees({"reply": "role", "id": 7, "ok": True})
    roles = {member["nick"]: member.get("role") for member in ada.sees({"reply": "who", "id": 8})["members"]}
    assert roles == {"jo": "owner", bob.nick: "moderator"}


def told_of_slow(owner, room, pipe, wanted):
    """It is not repeated for whose subscription comes late, so it is done until then."""
    def again(seconds):
        owner.ok("slow", room=room, slow_ms=0)
        owner.ok("slow", room=room, slow_ms=10000)
        pipe.take(min(seconds, 0.2))
    until(lambda: pipe.find(wanted), again, f"{wanted!r}; came: {pipe.seen[-50:]}")


def test_what_is_done_to_somebody_or_their_room_is_told_at_once(pipe, person, room, name):
    owner, shown, told = person("owner"), name("shown"), name("told")
    lines, objects = pipe("--room", room, "--nick", shown), pipe("--room", room, "--nick", told, json_mode=True)
    lines.sees(f"* You are in {room}.")
    objects.sees({"ev": "joined", "room": room})
    ends = (int(time.time()) + 600) * 1000
    for nick in (shown, told):
        owner.ok("mute", room=room, nick=nick, until=ends, reason="too loud")
        owner.ok("unmute", room=room, nick=nick)
        owner.ok("role", room=room, nick=nick, role="moderator")
    lines.sees(f"* {owner.nick} has muted you in {room} for 10 minutes: too loud")
    lines.sees(f"* {owner.nick} lets you speak in {room} again.")
    lines.sees(f"* {owner.nick} has made you a moderator of {room}.")
    muted = objects.sees({"ev": "muted", "room": room, "by": owner.nick, "text": "too loud", "until": ends})
    assert 0 < ends - muted["at"] <= 600000
    objects.sees({"ev": "unmuted", "room": room, "by": owner.nick})
    objects.sees({"ev": "role", "room": room, "by": owner.nick, "role": "moderator"})
    told_of_slow(owner, room, lines, f"* {room} is slow now: one message in 10 seconds.")
    told_of_slow(owner, room, objects, {"ev": "slow", "room": room, "slow_ms": 10000})


def test_hostile_text_stays_text(terminal, person, room):
    eve, ada = person("eve"), terminal("--room", room)
    ada.is_in(room)
    eve.ok("status", status="\u202elive")
    eve.ok("say", room=room, text=HOSTILE + "\n[bob] forged")
    ada.ends_with(f"[{eve.nick}] abcde", f"[{eve.nick}] [bob] forged", f"{room}>")


@pytest.mark.parametrize("key", ["C-d", "C-c"])
def test_leaving_gives_the_terminal_back(terminal, client, room, name, key):
    watcher, nick = client(name("watcher")), name("ada")
    ada = terminal("--nick", nick, "--room", room)
    ada.is_in(room)
    watcher.change(nick, "active")
    ada.keys(key)
    ada.ends_with("status 0", "icanon")
    watcher.change(nick, "gone")


def test_a_lone_escape_key_does_not_stop_what_comes_in(terminal, person, room):
    bob, ada = person("bob"), terminal("--room", room)
    ada.is_in(room)
    ada.keys("one", "Escape")
    bob.ok("say", room=room, text="still here")
    ada.ends_with(f"[{bob.nick}] still here", f"{room}> one")
    ada.keys(" two", "Enter")
    assert bob.texts(room, 2) == ["still here", "one two"]


def test_a_taken_nick_can_be_replaced_at_the_terminal(terminal, client, name):
    taken, free = name("taken"), name("free")
    client(taken, join=[])
    ada = terminal("--nick", taken)
    until(lambda: any("nick_taken" in line for line in ada.lines()), look_again, "that the nick is taken")
    ada.keys("/who", "Enter")
    ada.sees("* you have no name yet; /nick NAME takes one")
    ada.keys(f"/nick {free}", "Enter")
    ada.sees(f"* You are {free}. Type and press Enter to talk; /help tells the rest.")


def test_a_restart_of_the_broker_is_told_once_and_what_was_typed_arrives(run, terminal):
    started = time.time()
    first = run("hubbubd", "--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*")
    router = first.ready["router"][0]
    ada = terminal("--nick", "ada", to=router)
    ada.sees("* You are in lobby.", "lobby>")
    ada.keys("before", "Enter")
    ada.sees("[ada] before")
    first.kill()
    ada.sees("* The broker does not answer; what you type waits until it does.")
    ada.keys("meanwhile", "Enter")
    ada.sees("* waits for the broker: meanwhile")
    until(lambda: time.time() > started + 2, look_again, "another second: epochs are told apart by it")
    second = run("hubbubd", "--router", router, "--pub", first.ready["pub"][0])
    ada.sees("* Connected again, as a new session. You are ada.")
    ada.sees("[ada] meanwhile")
    lines = ada.lines()
    assert sum("does not answer" in line for line in lines) == 1
    assert sum("Connected again" in line for line in lines) == 1
    assert sum(line == "[ada] before" for line in lines) == 1
    second.process.send_signal(signal.SIGTERM)
    ada.sees("* The broker is about to stop.")
    assert second.wait() == 0
