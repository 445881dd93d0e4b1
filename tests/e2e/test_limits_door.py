"""Each limit of the bridge, crossed. Those of a line's length and of one address are in test_telnet.py, the time for a
handshake in test_tls.py and test_proxy.py."""
import resource
import socket
import struct
import time

import pytest

from hub import SLOWNESS, until


def raise_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


@pytest.fixture
def bridge(run):
    """A bridge with few open files for a broker; .tcp is where it listens."""
    def begin(broker, files):
        program = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.router, "--set",
                      "connections_per_address=0", within=("prlimit", f"--nofile={files}:{files}"))
        host, port = program.ready["tcp"][0].rsplit(":", 1)
        program.tcp = (host, int(port))
        return program
    return begin


def test_one_address_comes_at_a_pace(start, line):
    broker = start(tcp=True, door=["--set", "connections_per_s=1"])
    for _ in range(4):
        line(broker)
    fifth = line(broker, greeted=False)
    fifth.line("Too many connections from your address in a short time")
    fifth.ends()

    def comes():
        later = line(broker, greeted=False)
        until(lambda: later.heard, later.take, "a line")
        return "Welcome" in later.heard[0]
    until(comes, lambda _: None, "one more, a second later")
    broker.stop()
    assert broker.bridge_counter("refused_pace") >= 1


def test_who_may_come_in_any_number_may_come_at_any_pace(start, line):
    broker = start(tcp=True, door=["--set", "connections_per_s=1", "--set", "connections_per_address=0"])
    for _ in range(20):
        line(broker)


def test_users_are_limited(start, line):
    broker = start(tcp=True, door=["--set", "users_max=2"])
    first, _ = line(broker), line(broker)
    third = line(broker, greeted=False)
    third.line("Too many people are here")
    third.ends()
    first.close()
    until(lambda: broker.counter("sessions") == 1, lambda _: None, "one has left")
    line(broker)


@pytest.mark.parametrize("waiting_bytes", [20480, 1 << 20])
def test_bytes_that_wait_for_one_user_are_limited(start, line, client, waiting_bytes):
    """Private lines are kept for who does not read, up to a bound; then they are told how many they missed."""
    broker = start(tcp=True, door=["--set", f"user_waiting_bytes={waiting_bytes}"])
    slow = line(broker, nick="slow", receive_bytes=4096)
    friend = client("friend", to=broker)
    for number in range(400):
        friend.send("tell", to="slow", text=f"{number} " + "x" * 4000)
        if number % 50 == 49:
            friend.flush()
    def told():
        skipped = sum(int(text.split()[1]) for text in slow.heard if text.endswith("lines skipped"))
        heard = sum(text.startswith("[friend -> you]") for text in slow.heard)
        return 0 < skipped and skipped + heard == 400
    until(told, slow.take, "every line, or how many were skipped")
    first = slow.before("lines skipped")
    assert waiting_bytes // 4020 <= sum(text.startswith("[friend") for text in first)
    friend.ok("tell", to="slow", text="at last")
    slow.line("[friend -> you]at last")


def test_who_sends_bytes_and_no_line_is_idle(start, line):
    """Slowloris: a byte now and then keeps nobody in."""
    broker = start("--idle-ms", int(600 * SLOWNESS), tcp=True)
    slow = line(broker)

    def drip(seconds):
        try:
            slow.send(b"x")
        except OSError:
            pass
        slow.take(min(seconds, 0.05))
    until(lambda: slow.is_closed, drip, "the end")
    assert any("idle" in text or "nothing" in text for text in slow.heard), slow.heard


def test_users_leave_room_for_what_else_needs_files(start, bridge, line):
    broker = start()
    program = bridge(broker, 200)
    people = [line(program.tcp) for _ in range(200 - 64)]
    one_more = line(program.tcp, greeted=False)
    one_more.line("Too many people are here")
    one_more.ends()
    people.pop().close()
    until(lambda: broker.counter("sessions") == len(people), lambda _: None, "one has left")
    line(program.tcp)
    assert "listener.full" not in program.log()


def test_out_of_files_it_says_so_once_and_goes_on_when_there_is_room(start, bridge, line):
    """So few that not even those it allows itself fit."""
    broker = start()
    program = bridge(broker, 70)
    people = []

    def comes(_=None):
        person = line(program.tcp, greeted=False)
        until(lambda: person.heard or person.is_closed, person.take, "a line or the end")
        is_in = bool(person.heard) and "Welcome" in person.heard[0]
        if is_in:
            people.append(person)
        return is_in
    while comes():
        pass
    assert 20 < len(people) < 64
    # Full, with others at the door: it rests instead of spinning.
    waiting = [socket.create_connection(program.tcp) for _ in range(20)]
    began_s, cpu_s = time.monotonic(), program.cpu_s()
    while time.monotonic() < began_s + 2:
        people[0].say("time passes")
        people[0].line("time passes")
        people[0].take(0.2)
    assert program.cpu_s() - cpu_s < 0.25 * (time.monotonic() - began_s)
    assert program.log().count("listener.full") == 1
    for sock in waiting:
        sock.close()
    for _ in range(10):
        people.pop().close()
    until(comes, lambda _: None, "somebody new")
    people[0].say("there is room again")
    people[-1].line("there is room again")
    program.stop()


def test_ten_thousand_who_say_nothing_delay_nobody(start_tls, secured, line):
    """Silent connections to the TLS port, and some that begin a handshake and stop."""
    count = min(10000, raise_files() - 1000, 28000)
    broker = start_tls("--set", "connections_per_address=0", "--set", "enter_ms=600000")
    silent = []
    try:
        for number in range(count):
            sock = socket.create_connection(broker.tls)
            if number % 100 == 0:
                sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            silent.append(sock)
        begin = time.monotonic()
        ada, bob = secured(broker, nick="ada"), line(broker, nick="bob")
        ada.say("is anybody here?")
        bob.line("[ada]is anybody here?")
        assert time.monotonic() - begin < 2 * SLOWNESS  # how soon exactly: ./dev bench tls
        assert broker.counter("sessions") == 2
    finally:
        for sock in silent:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
    ada.say("they are gone")
    bob.line("[ada]they are gone")


def test_the_bridge_counts_what_it_did(start, line, client):
    """What it tells when it stops."""
    broker = start(tcp=True)
    ada, bob = line(broker, nick="ada"), line(broker, nick="bob")
    friend = client("friend", join=["lobby"], to=broker)
    http = line(broker, greeted=False, first=b"GET / HTTP/1.1\r\n")
    http.ends()
    rude = line(broker, nick="rude")
    ada.line("is now rude")
    rude.reset()
    ada.line("rude went")
    bob.line("rude went")
    ada.say("x" * 5000)
    ada.line("longer than 4096 bytes")
    friend.ok("say", room="lobby", text="hello to two")
    for one in (ada, bob):
        one.line("[friend]hello to two")
        one.say("/quit")
        one.ends()
    broker.stop()
    told = {name: broker.bridge_counter(name) for name in
            ("users", "accepted", "foreign", "resets", "lines_in", "lines_too_long", "messages", "skipped_lines", "refused", "refused_pace", "proxied",
             "handshakes")}
    assert told == {"users": 0, "accepted": 4, "foreign": 1, "resets": 1, "lines_in": 5, "lines_too_long": 1, "messages": 1, "skipped_lines": 0,
                    "refused": 1, "refused_pace": 0, "proxied": 0, "handshakes": 0}
    assert broker.bridge_counter("bytes_in") > 5000 and broker.bridge_counter("bytes_out") > 2 * len("[friend]hello to two\r\n")
    assert broker.bridge_counter("deliveries") >= broker.bridge_counter("sends") > 4


def test_p216_every_limit_is_told(start, line, client):
    """The bridge's own, and those that a native client finds in its welcome."""
    broker = start(tcp=True, door=["--set", "connections_per_address=7", "--set", "users_max=9", "--set", "login_grace_ms=12345"])
    ada, told = line(broker), client("native", to=broker).me["limits"]
    told |= {"connections_per_address": 7, "connections_per_s": 100, "users_max": 9, "user_waiting_bytes": 65536, "enter_ms": 10000,
             "login_grace_ms": 12345}
    ada.say("/limits")
    ada.line("* How much there may be")
    ada.say("/status that was all")
    lines = [words.split() for words in ada.before("Your status is now") if words.startswith("*   ")]
    assert {name: int(value) for _, name, value in lines} == told
