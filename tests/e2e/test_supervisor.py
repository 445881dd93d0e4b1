"""Broker and bridge apart under packaging/run.py, as ./dev run starts them: whichever falls comes back."""
import contextlib
import os
import pathlib
import re
import resource
import signal
import socket
import struct
import subprocess
import sys

import pytest

from faults import preloaded
from hub import BIN, PATIENCE_S, SLOWNESS, Link, Program, is_readable, until
from zmtp import Zmtp, frame

SPARE_BYTES = 64 << 20  # that a broker may still take
RUN = pathlib.Path(__file__).resolve().parents[2] / "packaging/run.py"


class Supervised(Program):
    """run.py with a broker on a store and a bridge, on free ports."""

    def __init__(self, data, *options, env=None):
        self.data = data
        super().__init__(RUN, BIN.resolve(), "--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*", "--tcp", "127.0.0.1:0",
                         "--data", data, "--durability", "file", "--set", "rate_per_s=0", *options, env=env)
        self.router, self.pub = self.ready["router"][0], self.ready["pub"][0]
        host, port = self.ready["tcp"][0].rsplit(":", 1)
        self.tcp = (host, int(port))

    def child(self, program):
        """The process of that name, or None."""
        pid = self.process.pid
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == program:
                return int(child)
        return None

    def falls(self, program, number):
        """That program ends by that signal, and is there again."""
        before = self.child(program)
        os.kill(before, number)
        name = {"hubbubd": "broker", "hubbub-bridge": "bridge"}[program]
        self.says(f"{name} restarted")
        assert self.child(program) not in (None, before)

    def says(self, text, times=1):
        """Waits for it in the log."""
        return until(lambda: self.log().count(text) >= times and self.log(), lambda seconds: is_readable(self.process.stdout, min(seconds, 0.02)), text)


@pytest.fixture
def supervised(tmp_path):
    made = []

    def begin(*options, **more):
        made.append(Supervised(tmp_path / "data", *options, **more))
        return made[-1]
    yield begin
    for program in made:
        if program.process.poll() is None:
            program.process.terminate()
            program.wait()
        program.process.stdout.close()


@pytest.mark.parametrize("number, words", [(signal.SIGABRT, "aborted (signal 6)"), (signal.SIGKILL, "was killed by signal 9")])
def test_p180_telnet_users_stay_when_the_broker_falls_and_it_is_started_again(supervised, line, number, words):
    house = supervised()
    ada, bob = line(house.tcp, nick="ada"), line(house.tcp, nick="bob")
    house.falls("hubbubd", number)
    assert re.search(rf"run: broker {re.escape(words)}.*; it is started again in 0\.1 s", house.log())
    until(lambda: says_and_hears(ada, bob), lambda _: None, "that they talk again")


@pytest.mark.skipif(SLOWNESS > 1, reason="a sanitizer takes address space without end")
def test_p180_nobody_loses_anything_when_the_broker_runs_out_of_memory(supervised, line):
    """libzmq bounds no subscriptions; the limit on the process does."""
    house = supervised()
    ada, bob = line(house.tcp, nick="ada"), line(house.tcp, nick="bob")
    robot = Link(house, hears=False)
    me = robot.hello("robot", join=["quiet"])
    said = [robot.ok("say", room="quiet", text=f"line {number}")["seq"] for number in range(20)]
    broker = house.child("hubbubd")
    pages = int(pathlib.Path(f"/proc/{broker}/statm").read_text().split()[0])
    resource.prlimit(broker, resource.RLIMIT_AS, (pages * 4096 + SPARE_BYTES, pages * 4096 + SPARE_BYTES))
    with Zmtp(house.pub, kind=b"SUB") as peer, contextlib.suppress(ConnectionError):
        for block in range(1000):
            peer.send(b"".join(frame(b"\1" + f"{number:07}".encode() * 20) for number in range(block * 1000, block * 1000 + 1000)))
            ada.say("they are looked at while something is published")
    house.says("broker restarted")
    assert house.child("hubbubd") != broker
    assert re.search(r"run: broker (aborted|was killed|ended)", house.log())
    until(lambda: says_and_hears(ada, bob), lambda _: None, "that those with telnet talk again on the same connections")
    again = resumed(house, me, "quiet", said)
    robot.close()
    again.close()


def resumed(house, welcome, room, said):
    """A new link on which the session of `welcome` goes on, once it has seen that the room holds what was said."""
    link = Link(house, hears=False)
    assert link.ok("resume", token=welcome["token"])["nick"] == welcome["nick"]
    events = link.ok("history", room=room, limit=50)["events"]
    assert [event["seq"] for event in events if event.get("text", "").startswith("line ")] == said
    return link


def says_and_hears(speaker, listener):
    """What is said while the broker is away is refused, so it is said until it is heard."""
    speaker.say("are you there?")
    try:
        listener.line("[ada]are you there?", within_s=1)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGKILL])
def test_p180_who_resumes_finds_all_that_was_acknowledged(supervised, number):
    house = supervised()
    first = Link(house, hears=False)
    me = first.hello("ada", join=["lobby"])
    said = [first.ok("say", room="lobby", text=f"line {number}")["seq"] for number in range(20)]
    house.falls("hubbubd", number)
    again = Link(house, hears=False)
    assert again.ok("resume", token=me["token"])["nick"] == "ada"
    events = again.ok("history", room="lobby", limit=50)["events"]
    assert [event["seq"] for event in events if event.get("text", "").startswith("line ")] == said
    first.close()
    again.close()


def test_p181_a_bridge_that_falls_is_started_again_on_its_port(supervised, line):
    house = supervised()
    bob = line(house.tcp, nick="bob")
    house.falls("hubbub-bridge", signal.SIGKILL)
    bob.ends()
    assert "run: bridge was killed by signal 9" in house.log()
    line(house.tcp, nick="eve").say("here again")


def test_p181_who_falls_again_and_again_waits_longer_each_time(supervised):
    house = supervised()
    for times in range(1, 4):
        os.kill(house.child("hubbubd"), signal.SIGABRT)
        house.says("broker restarted", times)
    assert re.findall(r"started again in ([\d.]+) s", house.log()) == ["0.1", "0.2", "0.4"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_p182_a_signal_ends_both_in_good_order(supervised, number, line):
    house = supervised()
    ada = line(house.tcp, nick="ada")
    children = [house.child("hubbubd"), house.child("hubbub-bridge")]
    house.process.send_signal(number)
    assert house.wait() == 0, house.log()
    ada.ends()
    assert not any(pathlib.Path(f"/proc/{pid}").exists() for pid in children)


def test_p182_who_cannot_begin_says_why_and_ends_with_its_status(tmp_path):
    done = subprocess.run([sys.executable, RUN, BIN.resolve(), "--idle-ms", "soon"], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 2 and "--idle-ms" in done.stderr


def test_p182_a_port_that_is_taken_ends_all(supervised, tmp_path):
    house = supervised()
    done = subprocess.run([sys.executable, RUN, BIN.resolve(), "--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*", "--tcp",
                           "{}:{}".format(*house.tcp), "--data", tmp_path / "other"], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1 and "cannot listen" in done.stderr


def test_options_that_only_ask_are_answered_by_the_broker_alone():
    done = subprocess.run([sys.executable, RUN, BIN.resolve(), "--version"], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0 and done.stdout.startswith("hubbubd ")


# ---- the routing id attack ----

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
CLAIMED = 64  # automatic numbers that the attacker has before anybody else gets them


def ready_command(routing_id):
    """ZMTP's READY of a DEALER that says who it is, as zmq_setsockopt() would never let it."""
    def property_(name, value):
        return bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
    body = b"\x05READY" + property_(b"Socket-Type", b"DEALER") + property_(b"Identity", routing_id)
    return b"\x04" + bytes([len(body)]) + body


def received(sock, count):
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            break
        data += part
    return data


def claim(router, routing_id):
    """A connection under that routing id, once the broker has answered its handshake."""
    host, port = router.removeprefix("tcp://").rsplit(":", 1)
    sock = socket.create_connection((host, int(port)), timeout=PATIENCE_S)
    sock.sendall(GREETING)
    received(sock, len(GREETING))
    sock.sendall(ready_command(routing_id))
    size = received(sock, 2)[1]
    received(sock, size)
    return sock


def test_p183_a_claimed_automatic_routing_id_costs_nobody_a_connection_or_a_message(supervised, line):
    house = supervised(env=preloaded("known_random"))
    ada, bob = line(house.tcp, nick="ada"), line(house.tcp, nick="bob")
    robot = Link(house, hears=False)  # takes the first number
    me = robot.hello("robot", join=["lobby"])
    said = [robot.ok("say", room="lobby", text=f"line {number}")["seq"] for number in range(20)]
    before = house.child("hubbubd")
    claims = [claim(house.router, b"\0" + struct.pack(">I", number)) for number in range(1, CLAIMED)]
    victim = Link(house, hears=False)  # whoever comes next gets a number that is taken, and the broker aborts
    house.says("broker restarted")
    assert house.child("hubbubd") != before
    assert re.search(r"run: broker aborted \(signal 6\): Assertion failed: .*\(src/", house.log())
    until(lambda: says_and_hears(ada, bob), lambda _: None, "that those with telnet talk again on the same connections")
    again = resumed(house, me, "lobby", said)
    for one in (*claims, robot, victim, again):
        one.close()
