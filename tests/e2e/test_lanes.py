"""Beside each ipc endpoint the broker takes bridges itself (PATH.bridge). libzmq's own sockets understand it, too."""
import os
import pathlib
import signal
import socket
import stat
import subprocess
import time

import pytest

from hub import BIN, PATIENCE_S, SLOWNESS, Broker, until


@pytest.fixture
def ends(tmp_path):
    return f"ipc://{tmp_path}/router", f"ipc://{tmp_path}/pub"


def path_of(end):
    return pathlib.Path(end.removeprefix("ipc://") + ".bridge")


@pytest.fixture
def near(ends):
    """A broker whose ROUTER and PUB are over ipc, for a test of its own."""
    brokers = []

    def begin(*options, **more):
        brokers.append(Broker("--router", ends[0], "--pub", ends[1], *options, **more))
        return brokers[-1]
    yield begin
    for broker in brokers:
        if broker.process.poll() is None:
            broker.stop()
        else:
            broker.forget()


def lane(end):
    return f"{end}.bridge"


def connected():
    """The names of Unix sockets over which somebody is connected."""
    rows = [row.split() for row in pathlib.Path("/proc/net/unix").read_text().splitlines()]
    return {row[7] for row in rows if len(row) == 8 and row[5] == "03"}


def address(program):
    host, port = program.ready["tcp"][0].rsplit(":", 1)
    return host, int(port)


def test_p210_sockets_of_libzmq_talk_over_the_lanes(near, ends, link):
    broker = near()
    ada, bob = (link(broker, router=lane(ends[0]), pub=lane(ends[1])) for _ in range(2))
    for peer, nick in ((ada, "ada"), (bob, "bob")):
        peer.hello(nick, join=["tea"])
    for number in range(200):
        ada.send("say", room="tea", text=f"{number} " + "x" * 3000)
    assert [text.split()[0] for text in bob.texts("tea", 200)] == [str(number) for number in range(200)]
    ada.ok("tell", to="bob", text="psst")
    assert bob.event("private")["text"] == "psst"
    ada.send_raw(b"one", b"two")
    ada.send_raw(b"")
    until(lambda: broker.counter("malformed") == 2, time.sleep, "both counted")
    assert ada.ok("ping")["sessions"] == 1


def test_a_lane_is_a_link_of_this_machine(near, ends, link):
    """What is for who runs the broker is answered, as over ipc; the operators' own verbs are not."""
    ada = link(near(), router=lane(ends[0]), hears=False)
    assert "counters" in ada.ok("stats")
    ada.hello("ada")
    assert ada.error("audit") == "denied"


def test_the_operators_endpoint_and_ports_have_none(near, ends, tmp_path):
    broker = near("--durability", "file", "--data", tmp_path / "data")
    assert {path.name for path in tmp_path.glob("**/*.bridge")} == {"router.bridge", "pub.bridge"}
    assert (tmp_path / "data" / "operator").exists()
    mode = stat.S_IMODE(path_of(ends[0]).stat().st_mode)
    assert mode == stat.S_IMODE((tmp_path / "router").stat().st_mode)
    broker.stop()
    assert not list(tmp_path.glob("*.bridge"))


def test_p211_a_bridge_uses_the_lanes_and_its_end_is_seen_at_once(near, ends, run, line, link):
    broker = near()
    bridge = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", ends[0])
    until(lambda: all(str(path_of(end)) in connected() for end in ends), time.sleep, "both lanes in use")
    native = link(broker)
    native.hello("nat", join=["lobby"])
    ada = line(address(bridge), nick="ada")
    ada.say("hello")
    assert native.event("message", text="hello")["from"] == "ada"
    bridge.kill()
    until(lambda: [m["state"] for m in native.ok("who", room="lobby")["members"] if m["nick"] == "ada"] in ([], ["detached"]),
          native.take, "ada detached, long before three heartbeats of 10 s", within_s=8 * SLOWNESS)


def test_without_a_lane_the_bridge_takes_the_endpoint(near, ends, run, line):
    for end in ends:
        path_of(end).mkdir()
    broker = near()
    assert broker.log().count("lane.none") == 2
    bridge = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", ends[0])
    ada, bob = line(address(bridge), nick="ada"), line(address(bridge), nick="bob")
    ada.say("hello")
    bob.line("[ada]hello")


def test_what_a_killed_broker_left_is_taken_over(near, ends, run, line):
    first = near()
    bridge = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", ends[0])
    ada = line(address(bridge), nick="ada")
    first.kill()
    ada.line("does not answer; you stay connected", within_s=30 * SLOWNESS)
    assert path_of(ends[0]).exists()
    second = near()
    ada.line("is back. You are", within_s=30 * SLOWNESS)
    ada.say("again")
    ada.line("[ada]again")
    assert "lane.none" not in second.log()


def test_garbage_at_the_lanes_hurts_nobody(near, ends, link):
    broker = near()
    ada = link(broker, router=lane(ends[0]), hears=False)
    ada.hello("ada")
    for first in (b"GET / HTTP/1.1\r\n\r\n" + b" " * 64, os.urandom(4096), b"\xff" + bytes(63), b"\x16\x03\x01" + bytes(100)):
        for end in ends:
            with socket.socket(socket.AF_UNIX) as stranger:
                stranger.settimeout(PATIENCE_S)
                stranger.connect(str(path_of(end)))
                stranger.sendall(first)
                try:
                    while stranger.recv(4096):
                        pass
                except ConnectionError:
                    pass
    silent = []
    for _ in range(80):  # more than there are places
        stranger = socket.socket(socket.AF_UNIX)
        stranger.connect(str(path_of(ends[0])))
        silent.append(stranger)
    late = link(broker, router=lane(ends[0]), hears=False)
    late.hello("late")
    assert ada.ok("ping")["sessions"] == 1
    for stranger in silent:
        stranger.close()


def test_a_recording_of_lanes_replays(near, ends, link, tmp_path):
    broker = near("--record", tmp_path / "flight")
    ada = link(broker, router=lane(ends[0]), hears=False)
    ada.hello("ada", join=["tea"])
    for number in range(5):
        ada.ok("say", room="tea", text=f"{number}")
    ada.close()
    until(lambda: broker.counter("links_gone") == 1, time.sleep, "the end of the link")
    broker.stop()
    done = subprocess.run([BIN / "tests" / "sim", tmp_path / "flight"], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "appended=5" in done.stdout and "links_gone=1" in done.stdout


def test_a_broker_that_hangs_is_given_up_over_the_lane(near, ends, run, line):
    broker = near("--heartbeat-ms", "300")
    bridge = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", ends[0])
    ada = line(address(bridge), nick="ada")
    broker.process.send_signal(signal.SIGSTOP)
    ada.line("does not answer; you stay connected", within_s=30 * SLOWNESS)
    broker.process.send_signal(signal.SIGCONT)
    ada.line("is back. You are", within_s=30 * SLOWNESS)
