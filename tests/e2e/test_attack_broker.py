"""What hostile connections do at the broker's ZeroMQ ports: a named error, silence or the end of the connection, counters
that tell, memory that goes back to where it was, and nobody else notices."""
import contextlib
import itertools
import pathlib
import random
import re
import socket
import struct
import threading
import time

import msgpack
import pytest
import zmq

from attack import REPETITIONS, UNNOTICED_S, Rounds, between
from hub import PATIENCE_S, SLOWNESS, Link, Meanwhile, until
from zmtp import COMMAND, LONG, MORE, Zmtp, frame, greeting, ready

DUPLICATE_BYTES = 64 << 10  # what libzmq keeps for ever of a connection that claims a routing id which is taken: 35 KB
NAMES, ROOMS = 10000, 32
FLOOD_BYTES = 4 << 20  # that each of eight sends
WARM = 5  # before, queues and tables grow to what it takes
UNREAD_BYTES = 2 << 20  # what libzmq and we may keep for one who does not read
RESIDENT_BYTES = 128 << 10  # what ten repetitions may leave
SEED = 5
PING = msgpack.packb({"op": "ping", "id": 7})


@pytest.fixture(scope="module")
def options():
    return {"options": ("--set", "heartbeat_ms=60000", "--set", "resume_ms=0", "--set", "ring_events=16")}


@pytest.fixture
def connect(broker):
    """Makes connections to the broker's ROUTER by hand."""
    made = []

    def begin(port="router", **more):
        made.append(Zmtp(getattr(broker, port), **more))
        return made[-1]
    yield begin
    for one in made:
        one.close()


@pytest.fixture
def unnoticed(broker, client, name):
    """Runs an attack ten times while two honest people talk; afterwards memory and descriptors are what they were."""
    room = name("room")
    return Rounds(broker, between(client(name("ada"), join=[room]), client(name("bob"), join=[room]), room))


def counted(broker, counter, attack):
    """By how much the counter grew meanwhile."""
    before = broker.counter(counter)
    attack()
    return broker.counter(counter) - before


# Other protocols, and none.

@pytest.mark.parametrize("first", [
    b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600),
    b"hello\r\n" * 100, b"\xff" * 1000, bytes(1000)],
    ids=["http", "tls", "text", "ff", "zeros"])
@pytest.mark.parametrize("port", ["router", "pub"])
def test_another_protocol_at_the_zmtp_port(connect, unnoticed, port, first):
    def attack():
        for _ in range(10):
            with connect(port, greets=False) as peer, contextlib.suppress(ConnectionError):
                peer.send(first)
    unnoticed(attack)


@pytest.mark.parametrize("port", ["router", "pub"])
def test_random_bytes_at_the_zmtp_port_before_and_after_the_handshake(connect, unnoticed, port):
    chance = random.Random(SEED)

    def attack():
        for greets in (False, True) * 20:
            with connect(port, greets=greets, kind=b"DEALER" if port == "router" else b"SUB") as peer, contextlib.suppress(ConnectionError):
                peer.send(chance.randbytes(chance.randrange(1, 20000)))
    unnoticed(attack)


@pytest.mark.parametrize("port, kind", [("router", b"DEALER"), ("pub", b"SUB")])
def test_handshakes_that_stop_half_way(connect, unnoticed, port, kind):
    whole = greeting() + ready(Socket_Type=kind, Identity=b"")

    def attack():
        peers = [connect(port, greets=False) for _ in range(len(whole))]
        for size, peer in enumerate(peers):
            with contextlib.suppress(ConnectionError):
                peer.send(whole[:size])
        for peer in peers:
            peer.close()
    unnoticed(attack)


def test_two_hundred_silent_connections_delay_no_hello(connect, unnoticed, link, broker):
    def attack():
        peers = [connect(greets=False) for _ in range(200)]
        begin = time.monotonic()
        honest = link(broker, hears=False)
        honest.ok("hello")
        assert time.monotonic() - begin < 2 * SLOWNESS
        honest.ok("bye")
        honest.close()
        for peer in peers:
            peer.close()
    unnoticed(attack)


def test_who_asks_without_a_session_and_reads_nothing_is_bounded(connect, unnoticed, broker):
    """What is thrown away comes to megabytes; what is kept for them does not."""
    who = frame(msgpack.packb({"op": "who", "id": 7})) * 1000

    def attack():
        slow, before = broker.counter("peers_slow"), broker.stats()["memory"]["in_use"]
        with connect() as peer:
            until(lambda: broker.counter("peers_slow") > slow + 50, lambda _: peer.send(who), "something thrown away")
            assert broker.stats()["memory"]["in_use"] < before + UNREAD_BYTES
    unnoticed(attack)


@pytest.mark.parametrize("kind", [b"PUB", b"SUB", b"PULL", b"PAIR", b"XPUB", b"NONSENSE", b""])
def test_a_socket_that_is_no_partner_of_routers_is_closed(connect, unnoticed, kind):
    def attack():
        with connect(greets=False) as peer:
            peer.send(greeting())
            peer.take(64)
            peer.send(ready(Socket_Type=kind, Identity=b""))
            assert peer.is_ended()
    unnoticed(attack)


def test_a_mechanism_that_the_port_has_not_is_closed(connect, unnoticed):
    def attack():
        for mechanism in (b"PLAIN", b"CURVE", b"GSSAPI", b"\xff" * 20):
            with connect(greets=False) as peer:
                peer.send(greeting(mechanism))
                assert peer.is_ended()
    unnoticed(attack)


# Frames.

@pytest.mark.parametrize("size", [65537, 2**32, 2**32 + 7, 2**63 - 1, 2**63, 2**64 - 1], ids=hex)
def test_a_frame_that_declares_too_much_ends_the_connection(connect, unnoticed, size):
    def attack():
        with connect() as peer:
            peer.send(frame(b"x", size=size))
            assert peer.is_ended()
    unnoticed(attack)


def test_flags_and_commands_that_zmtp_has_not(connect, unnoticed):
    def attack():
        for flags in (8, 16, 32, 64, 128, 0xff, COMMAND | MORE):
            with connect() as peer, contextlib.suppress(ConnectionError):
                peer.send(bytes([flags, 3]) + b"abc")
                peer.send(bytes([flags | LONG]) + struct.pack(">Q", 3) + b"abc")
                peer.message(PING)
    unnoticed(attack)


def test_a_message_of_ten_thousand_parts_is_counted_once_and_not_answered(broker, connect, unnoticed):
    def attack():
        with connect() as peer:
            def send():
                peer.message(*[b"x"] * 10000)
                peer.message(PING)
                assert b"ok" in peer.receive()[1]
            assert counted(broker, "malformed", send) == 1
    unnoticed(attack)


def test_a_message_that_never_ends_is_freed_with_its_connection(connect, unnoticed):
    def attack():
        with connect() as peer:
            for _ in range(1000):
                peer.send(frame(bytes(4096), MORE))
    unnoticed(attack)


# msgpack.

def bombs():
    """Frames that are no request, each told by its name."""
    def request(value):
        return b"\x83\xa2op\xa4ping\xa2id\x07\xa1z" + value
    deep = b"\x91" * 1000 + b"\xc0"
    return {
        "array32": b"\xdd\x00\xff\xff\xff", "map32": b"\xdf\xff\xff\xff\xff", "array of maps": b"\xdd\x00\xff\xff\xff\xdf\xff\xff\xff\xff",
        "inner array32": request(b"\xdd\x00\xff\xff\xff"), "inner map32": request(b"\xdf\x00\xff\xff\xff"),
        "str32": request(b"\xdb\xff\xff\xff\xff"), "bin32": request(b"\xc6\xff\xff\xff\xff"), "ext32": request(b"\xc9\xff\xff\xff\xff\x01"),
        "nesting": request(deep), "nested maps": request(b"\x81\xa1a" * 1000 + b"\xc0"), "trailing": PING + b"\xc0", "two maps": PING + PING,
        "two ids": b"\x83\xa2op\xa4ping\xa2id\x07\xa2id\x08", "id nan": b"\x82\xa2op\xa4ping\xa2id\xcb\x7f\xf8" + bytes(6),
        "key map": b"\x83\xa2op\xa4ping\xa2id\x07\x81\xa1a\x01\x01", "key array": b"\x83\xa2op\xa4ping\xa2id\x07\x91\x01\x01",
        "key nil": b"\x83\xa2op\xa4ping\xa2id\x07\xc0\x01", "key bin": b"\x83\xa2op\xa4ping\xa2id\x07\xc4\x01a\x01", "never used": b"\xc1",
    }


@pytest.mark.parametrize("bomb", bombs().values(), ids=bombs().keys())
def test_a_msgpack_bomb_is_counted_and_not_answered(broker, connect, unnoticed, bomb):
    def attack():
        with connect() as peer:
            def send():
                for _ in range(50):
                    peer.message(bomb)
                peer.message(PING)
                assert msgpack.unpackb(peer.receive()[1])["re"] == 7
            assert counted(broker, "malformed", send) == 50
    unnoticed(attack)


@pytest.mark.parametrize("text", [b"\xa1\xff", b"\xa2\xc3\x28", b"\xa3\xed\xa0\x80", b"\xa4\xf4\x90\x80\x80", b"\xa2\xc0\x80",
                                  b"\xcb\x7f\xf8" + bytes(6), b"\xcb\x7f\xf0" + bytes(6), b"\xc3", b"\xc4\x01a"],
                         ids=["ff", "cut", "surrogate", "beyond", "overlong", "nan", "infinity", "true", "bin"])
def test_a_text_that_is_no_utf8_or_no_string_is_a_bad_request(client, unnoticed, name, room, text):
    peer = client(name())

    def attack():
        peer.replies.clear()
        peer.send_raw(b"\x84\xa2op\xa3say\xa2id\x07\xa4room" + msgpack.packb(room) + b"\xa4text" + text)
        assert peer.reply(7)["error"] == "bad_request"
    unnoticed(attack)


# Who is who.

def test_a_routing_id_that_is_taken_gets_nothing_and_takes_nothing(broker, connect, unnoticed, name):
    nick = name("carol")
    with connect(routing_id=b"mine") as owner:
        owner.message(msgpack.packb({"op": "hello", "id": 1, "nick": nick, "join": []}))
        assert msgpack.unpackb(owner.receive()[1])["nick"] == nick

        def attack():
            with connect(routing_id=b"mine") as thief:
                thief.message(msgpack.packb({"op": "say", "id": 2, "room": "lobby", "text": "as carol"}))
                thief.socket.settimeout(0.2)
                with pytest.raises((TimeoutError, ConnectionError)):
                    thief.take(1)
            owner.message(msgpack.packb({"op": "status", "id": 3, "status": "me"}))
            assert msgpack.unpackb(owner.receive()[1]) == {"re": 3, "ok": True}
        unnoticed(attack, leaves=DUPLICATE_BYTES * REPETITIONS // 2)


VALUES = {"room": "lobby", "text": "x", "to": "x", "first": 1, "last": 9, "nick": "x", "status": "x", "password": "battery staple",
          "new_password": "correct horse", "account": "x", "role": "member", "slow_ms": 1000}


def commands():
    """What needs a session, with what it needs beside: rows of proto/commands.def."""
    rows = re.findall(r"^COMMAND\((\w+), (\w+), ([^,]*),", (pathlib.Path(__file__).parents[2] / "proto/commands.def").read_text(), re.MULTILINE)
    return [(op, who, {key: VALUES[key] for key in re.findall(r"K\((\w+)\)", needs)}) for op, who, needs in rows if who not in ("ANYBODY", "LOCAL")]


@pytest.mark.parametrize("op, who, fields", commands(), ids=[row[0] for row in commands()])
def test_a_sid_that_is_not_ones_own_is_no_session(client, link, name, op, who, fields):
    """Of another link, never used, or no sid at all; before and after one has a session. Operators' commands are denied, whoever asks."""
    victim = client(name(), sid=77)
    thief = link()
    for is_in in (False, True):
        for sid, error in ((77, "no_session"), (78, "no_session"), (2**31 - 1, "no_session"), (2**31, "bad_request"), (-1, "bad_request"),
                           ("77", "bad_request"), (None, "bad_request"), (77.0, "bad_request"), ([77], "bad_request")):
            assert thief.error(op, sid=sid, **fields) in ((error, "denied") if who == "OPERATOR" else (error,))
        if not is_in:
            thief.ok("hello", sid=1, join=[])
    assert thief.ok("ping")["sessions"] == 1
    victim.ok("status", sid=77, status="mine")


def test_a_session_or_uid_in_place_of_a_token_is_expired(client, link, name):
    victim = client(name())
    thief = link()
    for stolen in (victim.me["session"].encode(), victim.me["uid"].encode(), victim.me["token"][:-1], victim.me["token"] + b"\0",
                   bytes(len(victim.me["token"])), victim.me["token"][:8] + bytes(len(victim.me["token"]) - 8), b"", b"x" * 60000):
        assert thief.error("resume", token=stolen) == "expired"
    assert thief.error("resume", token=victim.me["session"]) == "bad_request"
    victim.ok("status", status="still me")


def test_a_used_token_is_of_no_use_and_its_use_is_told_to_who_had_the_session(client, link, name):
    victim = client(name())
    first = victim.me["token"]
    other = link()
    fresh = other.ok("resume", token=first)["token"]
    assert victim.event("kicked")["reason"] == "resumed"
    assert victim.error("status", status="x") == "no_session"
    third = link()
    newest = third.ok("resume", token=fresh)["token"]
    assert link().error("resume", token=first) == "expired"
    assert newest != fresh


# A bridge that lies.

def test_a_bridge_that_lies_gains_nothing(unnoticed, broker, link, client, name, room):
    honest = client(name())

    def attack():
        liar = link(hears=False)
        lie(liar, honest, name)
        liar.close()
    unnoticed(attack)
    honest.ok("say", room=room, text="still here")


def lie(liar, honest, name):
    liar.ok("hello", sid=1, nick=name(), join=[], address="127.0.0.1", kick=True)
    assert liar.error("hello", sid=2, nick=honest.me["nick"]) == "nick_taken"
    assert liar.error("hello", sid=1, nick=name()) == "bad_request"
    assert liar.error("resume", sid=1, token=honest.me["token"]) == "bad_request"   # the sid is another session's
    assert liar.error("hello", sid=3, nick=name(), address="x" * 65) == "bad_request"
    assert liar.error("hello", sid=3, nick=name(), address=["127.0.0.1"]) == "bad_request"
    assert liar.error("hello", sid=2**31, nick=name()) == "bad_request"
    assert liar.error("hello", sid=-1, nick=name()) == "bad_request"
    for op, fields in (("kick", {"nick": honest.me["nick"]}), ("ban", {"nick": honest.me["nick"]}), ("shutdown", {}), ("stats", {})):
        assert liar.error(op, sid=1, **fields) == "denied"
    assert liar.ok("ping")["sessions"] == 1


# Hashes, names, floods.

def test_ten_thousand_chosen_names_cost_what_others_cost(broker, link):
    """They would all collide in czmq's own hash, which is not keyed: it ends the process."""
    def rows(names):
        peer = link(broker, hears=False)
        begin = time.monotonic()
        for sid, nick in enumerate(names):
            peer.send("hello", sid=sid, nick=nick, join=[])
        until(lambda: len(peer.replies) == len(names), peer.take, "the welcomes", 60 * SLOWNESS)
        taken = time.monotonic() - begin
        assert all(reply.get("ok") for reply in peer.replies.values())
        for sid in range(len(names)):
            peer.send("bye", sid=sid)
        until(lambda: len(peer.replies) == 2 * len(names), peer.take, "the goodbyes", 60 * SLOWNESS)
        peer.close()
        return taken
    plain, chosen = rows(plain_names(NAMES)), rows(colliding_names(NAMES))
    assert chosen < 5 * plain + 1 * SLOWNESS


def test_ten_thousand_chosen_rooms_cost_what_others_cost(start, link):
    broker = start("--set", "rooms_made_per_h=0")

    def rooms(names):
        peer = link(broker, hears=False)
        begin = time.monotonic()
        for sid in range(0, NAMES, ROOMS):  # each makes as many as one may be in
            peer.send("hello", sid=sid, join=names[sid:sid + ROOMS])
            peer.send("bye", sid=sid)
        until(lambda: len(peer.replies) == peer.last_id, peer.take, "the welcomes", 60 * SLOWNESS)
        peer.close()
        return time.monotonic() - begin
    plain, made = rooms(plain_names(NAMES)), broker.counter("rooms_made")
    chosen = rooms(colliding_names(NAMES))
    assert broker.counter("rooms_made") - made == NAMES and made >= NAMES
    assert chosen < 5 * plain + 1 * SLOWNESS


def plain_names(count):
    return [f"plain{number:06}" for number in range(count)]


PAIRS_EACH = 14  # 2^14 names can be made of them


def colliding_names(count):
    """Names with one and the same value of Bernstein's hash: hash * 33 ^ char. Pair by pair, of which either may be taken: what
    comes behind begins from the same value."""
    def after(pair, start):
        for char in pair.encode():
            start = (start * 33 ^ char) % 2**64
        return start

    def twins(start):
        seen = {}
        for pair in map("".join, itertools.product("abcdefghijklmnopqrstuvwxyz0123456789", repeat=2)):
            if (value := after(pair, start)) in seen:
                return seen[value], pair, value
            seen[value] = pair
        raise AssertionError("no two pairs are alike")
    places, value = [], 0
    for _ in range(PAIRS_EACH):
        *pair, value = twins(value)
        places.append(pair)
    names = ["".join(pair[number >> bit & 1] for bit, pair in enumerate(places)) for number in range(count)]
    assert {after(name, 0) for name in names} == {value} and len(set(names)) == count
    return names


def test_a_login_storm_delays_nobody_for_long(broker, link, client, name):
    honest = client(name())
    sessions = broker.counter("sessions")
    peers = [link(hears=False) for _ in range(20)]
    slowest = 0.0
    for turn in range(20):
        for peer in peers:
            for sid in range(10):
                peer.send("hello", sid=sid, join=[])
                peer.send("bye", sid=sid)
        begin = time.monotonic()
        honest.ok("ping")
        slowest = max(slowest, time.monotonic() - begin)
    for peer in peers:
        until(lambda peer=peer: len(peer.replies) == peer.last_id, peer.take, "every answer")
    assert slowest < 2 * SLOWNESS
    assert broker.counter("sessions") == sessions


def flood_from(broker, stop, sent, number):
    """Requests as fast as the socket takes them, at most ten megabytes a second, until told to stop."""
    peer = Link(broker, hears=False)
    peer.ok("hello", join=["flood"])
    frame_ = msgpack.packb({"op": "say", "id": 1, "room": "flood", "text": "x" * 4000})
    begin = time.monotonic()
    while not stop.is_set():
        if sent[number] < 10e6 * (time.monotonic() - begin):
            with contextlib.suppress(zmq.Again):
                peer.dealer.send(frame_, zmq.NOBLOCK)
                sent[number] += len(frame_)
        while peer.dealer.poll(0):
            peer.dealer.recv()
    peer.close()


def test_eight_floods_of_ten_megabytes_a_second_leave_others_served(start, link):
    broker = start(rate=None)
    honest = link(broker)
    honest.hello("ada", join=["tea"])
    stop, sent = threading.Event(), [0] * 8
    threads = [threading.Thread(target=flood_from, args=(broker, stop, sent, number)) for number in range(8)]

    def talk(number):
        honest.ok("say", room="tea", text=str(number))
        honest.event("message", room="tea", text=str(number), within_s=PATIENCE_S)
    with Meanwhile(talk, UNNOTICED_S) as talked:
        for thread in threads:
            thread.start()
        try:
            until(lambda: min(sent) > FLOOD_BYTES and len(talked.took_s) > 20 and broker.counter("error_flood") > 0, lambda _: None,
                  "floods refused, and talk", 60 * SLOWNESS)
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def test_a_million_subscriptions_cost_160_bytes_each_until_their_connection_ends(broker, client, name):
    """libzmq does not bound them, and reads them only while something is published."""
    room = name("room")
    ada = client(name("ada"), join=[room])
    before = broker.stats()["memory"]["in_use"]
    peer = Zmtp(broker.pub, kind=b"SUB")

    def subscribe():
        for begin in range(0, 1000000, 1000):
            peer.send(b"".join(frame(b"\x01t%08d" % number) for number in range(begin, begin + 1000)))
    subscriber = threading.Thread(target=subscribe)
    subscriber.start()

    def used(_=None):
        ada.ok("say", room=room, text="x")
        return broker.stats()["memory"]["in_use"] - before
    until(lambda: not subscriber.is_alive(), used, "all of them sent", 60 * SLOWNESS)
    is_told = SLOWNESS == 1  # a sanitizer's allocator tells nothing: what is left is that all go on
    until(lambda: used() > 100e6 or not is_told, used, "all of them read", 60 * SLOWNESS)
    assert used() < 300e6
    peer.close()
    until(lambda: used() < 20e6, used, "the memory back", 60 * SLOWNESS)


# All of it, again and again.

def mixture(broker, link, connect, chance):
    """A little of everything above, and of what people do meanwhile: they come, speak, are refused, go."""
    for greets in (False, True) * 10:
        with connect(greets=greets) as peer, contextlib.suppress(ConnectionError):
            peer.send(chance.randbytes(chance.randrange(1, 20000)))
    with connect() as peer:
        for _ in range(200):
            peer.message(b"\xdd\x00\xff\xff\xff")
        peer.message(PING)
        assert msgpack.unpackb(peer.receive()[1])["re"] == 7
    with connect() as peer, contextlib.suppress(ConnectionError):
        peer.send(b"".join(frame(b"x", MORE) for _ in range(2000)) + frame(b"x"))
    crowd = link(broker, hears=False)
    for sid in range(200):
        crowd.send("hello", sid=sid, join=[f"den{sid % 20}"])
        crowd.send("say", sid=sid, room=f"den{sid % 20}", text="x" * 1000)
        crowd.send("tell", sid=sid, to="nobody", text="x")
        crowd.send("bye", sid=sid)
    until(lambda: len(crowd.replies) == 800, crowd.take, "all answers", 60 * SLOWNESS)
    crowd.close()


def test_resident_memory_is_flat_over_ten_repetitions(start, link):
    broker = start("--set", "heartbeat_ms=60000", "--set", "resume_ms=0", "--set", "ring_events=16")
    chance, sizes = random.Random(SEED), []

    def connect_there(**more):
        return Zmtp(broker.router, **more)
    for _ in range(REPETITIONS + WARM):
        idle = broker.descriptors()
        mixture(broker, link, connect_there, chance)
        until(lambda: broker.descriptors() <= idle + 1, time.sleep, "the descriptors back")
        sizes.append(broker.resident_bytes())
    least = min(sizes[WARM:])
    if SLOWNESS == 1:  # a sanitizer keeps what is freed
        until(lambda: broker.resident_bytes() < least + RESIDENT_BYTES, time.sleep, f"less than {least} and a bit: holes in the heap go, leaks stay")
