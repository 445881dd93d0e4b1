"""A native client, nc and Python at once, all hearing each other."""
import json
import subprocess

import pytest

from hub import BIN, SLOWNESS, until


@pytest.fixture(scope="module")
def options():
    return {"tcp": True}


class Pipe:
    """A program that reads lines and writes lines."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.text = b""

    def say(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def take(self, seconds):
        import select
        if select.select([self.process.stdout], [], [], seconds)[0]:
            self.text += self.process.stdout.read1(65536)

    def hears(self, part):
        until(lambda: part.encode() in self.text, self.take, f"{part!r}; came: {self.text!r}")

    def end(self):
        self.process.stdin.close()
        try:
            return self.process.wait(20 * SLOWNESS)
        finally:
            self.process.stdout.close()
            self.process.stderr.close()


def native(broker, nick, *options):
    return Pipe(BIN / "hubbub", "--router", broker.router, "--nick", nick, *options)


def test_a_native_client_nc_and_python_hear_each_other(broker, link):
    python = link()
    python.hello("python", join=["lobby"])
    nc, client = Pipe("nc", *map(str, broker.tcp)), native(broker, "native")
    nc.hears("Welcome")
    nc.say("rename|netcat")
    python.change("netcat", "active")
    until(lambda: python.find("presence") or "native" in str(python.ok("who", room="lobby")), python.take, "native")
    until(lambda: "native" in [member["nick"] for member in python.ok("who", room="lobby")["members"]], python.take, "native")
    python.ok("say", room="lobby", text="from python")
    nc.hears("[python]from python")
    client.hears("from python")
    nc.say("from netcat")
    python.event("message", text="from netcat")
    client.hears("from netcat")
    client.say("from native")
    python.event("message", text="from native")
    nc.hears("[native]from native")
    client.say("/tell netcat psst")
    nc.hears("[native -> you]psst")
    nc.say("to|native|psst yourself")
    client.hears("psst yourself")
    nc.say("to|python|psst too")
    python.event("private", text="psst too")
    client.say("/nick renamed")
    nc.hears("* native is now renamed")
    assert client.end() == 0
    nc.hears("* renamed went")
    nc.say("/quit")
    nc.hears("Bye")
    assert nc.end() == 0


def test_a_pipe_into_the_client_sends_all_and_ends_with_0(broker, link):
    peer = link()
    peer.hello("reader", join=["lobby"])
    done = subprocess.run([BIN / "hubbub", "--router", broker.router, "--nick", "pipe"], input=b"one\ntwo\nthree", timeout=30 * SLOWNESS,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    assert peer.texts("lobby", 3) == ["one", "two", "three"]


def test_a_pipe_into_nc_is_heard_too(broker, link):
    peer = link()
    peer.hello("reader2", join=["lobby"])
    subprocess.run(["nc", "-N", *map(str, broker.tcp)], input=b"hi", timeout=30 * SLOWNESS, capture_output=True)
    assert peer.texts("lobby", 1) == ["hi"]


def test_json_lines_are_objects(broker, link):
    peer = link()
    peer.hello("reader3", join=["lobby"])
    client = native(broker, "jay", "--json")
    client.hears("{")
    until(lambda: "jay" in [member["nick"] for member in peer.ok("who", room="lobby")["members"]], peer.take, "jay")
    peer.ok("say", room="lobby", text="hello, \"jay\"")
    client.hears("hello, \\\"jay\\\"")
    assert client.end() == 0
    for text in client.text.decode().splitlines():
        assert isinstance(json.loads(text), dict)


def test_the_client_says_when_there_is_no_broker():
    done = subprocess.run([BIN / "hubbub", "--router", "tcp://127.0.0.1:9", "--timeout", "1"], input=b"hi\n", timeout=30 * SLOWNESS,
                          capture_output=True)
    assert done.returncode != 0 and done.stderr.strip()
