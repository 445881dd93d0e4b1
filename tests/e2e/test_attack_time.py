"""Who takes their time at the ZeroMQ ports: half a handshake ends, whatever is dripped into it, and so does a connection that answers
no heartbeat; who reads late loses nothing. Times and places to wait are fixed settings (broker/shell/sockets.def)."""
import select
import signal
import time

import msgpack
import pytest

import curve
from hub import SLOWNESS, Broker, Meanwhile, is_readable, until
from test_keys import Keys
from zmtp import COMMAND, Zmtp, frame, greeting

HANDSHAKE_S, HEARTBEAT_S, DEAD_S, LINGER_S = 10, 10, 30, 1
LATE_S = 5 * SLOWNESS  # on a machine that does much else
DRIP_S = 1
CROWD = 500
WAITING, LONG_BYTES = 600, 20000  # the kernel may hold 4 MB of them (tcp_wmem), ROUTER 200
EVENTS, EVENT_BYTES = 3000, 4000  # likewise, and PUB 4096


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """One that wants keys on loopback too."""
    keys = Keys(str(tmp_path_factory.mktemp("data")))
    broker = Broker("--data", keys.data, "--curve", "--set", "heartbeat_ms=60000")
    broker.keys = keys
    yield broker
    broker.stop()


class Slow(Zmtp):
    """A connection that has sent `first`, and then sends `rest`, a byte now and then."""

    def __init__(self, endpoint, first, rest=b""):
        super().__init__(endpoint, greets=False)
        self.rest, self.begin, self.ended_s, self.sent_at = rest, time.monotonic(), None, time.monotonic()
        self.what = (endpoint, first, rest)
        self.send(first)

    def look(self, now):
        """Reads what is there; drips. How long it lived is in ended_s once it has ended."""
        try:
            if self.rest and now - self.sent_at >= DRIP_S:
                self.send(self.rest[:1])
                self.rest, self.sent_at = self.rest[1:], now
            while self.ended_s is None and is_readable(self.socket, 0):
                if not self.socket.recv(65536):
                    self.ended_s = now - self.begin
        except ConnectionError:
            self.ended_s = now - self.begin


def all_end(slow, within_s):
    def look(seconds):
        left = [one for one in slow if one.ended_s is None]
        select.select([one.socket for one in left], [], [], min(seconds, 0.05))
        for one in left:
            one.look(time.monotonic())
    until(lambda: all(one.ended_s is not None for one in slow), look, "the end of all", within_s)


def test_half_a_handshake_ends_whatever_is_dripped_into_it(broker, keyed):
    slow = []
    for endpoint, mechanism in ((broker.router, b"NULL"), (broker.pub, b"NULL"), (keyed.router, b"CURVE"), (keyed.pub, b"CURVE")):
        whole = greeting(mechanism)
        slow += [Slow(endpoint, b""), Slow(endpoint, whole[:1]), Slow(endpoint, whole[:11]), Slow(endpoint, whole[:40]), Slow(endpoint, whole),
                 Slow(endpoint, b"", whole), Slow(endpoint, whole, frame(b"\5READY" + bytes(60), COMMAND)),
                 Slow(endpoint, whole, frame(b"\5HELLO\1\0" + bytes(192), COMMAND)), Slow(endpoint, whole + frame(b"\5HELLO\1\0" + bytes(192), COMMAND)[:-1])]
    all_end(slow, HANDSHAKE_S + LATE_S)
    assert [one.what for one in slow if one.ended_s < HANDSHAKE_S - 1] == []  # the deadline ended them, and nothing else
    for one in slow:
        one.close()


class Deaf(Slow):
    """One whose handshake is complete, and who answers nothing then."""

    def __init__(self, sock):
        self.socket, self.rest, self.begin, self.ended_s = sock, b"", time.monotonic(), None


def test_a_connection_that_answers_no_heartbeat_ends(broker, keyed):
    """Beside one that answers, and stays."""
    deaf = [Deaf(sock) for sock in (Zmtp(broker.router).socket, Zmtp(broker.pub, kind=b"SUB").socket,
                                    curve.Peer(keyed.router, keyed.keys.of("deaf")).socket)]
    with Zmtp(broker.router) as alive, Meanwhile(lambda _: answer(alive), LATE_S):
        all_end(deaf, HEARTBEAT_S + DEAD_S + LATE_S)
    assert min(one.ended_s for one in deaf) > DEAD_S - 1
    for one in deaf:
        one.socket.close()


def answer(peer):
    """The PONG that each PING wants (ZMTP 3.1)."""
    while is_readable(peer.socket, 0.05):
        flags, body = peer.receive()  # ConnectionError where that one has ended, too
        if flags & COMMAND and body.startswith(b"\4PING"):
            peer.send(frame(b"\4PONG" + body[7:], COMMAND))


@pytest.mark.parametrize("size", [257, 2**32, 2**63, 2**64 - 1], ids=hex)
def test_a_subscription_that_declares_too_much_ends_the_connection(broker, keyed, size):
    begin = time.monotonic()
    with Zmtp(broker.pub, kind=b"SUB") as peer:
        peer.send(frame(b"\1x", size=size))
        assert peer.is_ended()
    peer = curve.Peer(keyed.pub, keyed.keys.of(f"sub-{size}"), kind=b"SUB")
    peer.socket.sendall(frame(b"\7MESSAGE", size=max(size, 1025)))
    with pytest.raises(ConnectionError):
        while True:
            peer.frame()
    assert time.monotonic() - begin < DEAD_S  # for its length, and not for the heartbeat it leaves unanswered


def test_the_longest_subscription_is_taken(broker, client, name):
    """What is refused above is refused for its length."""
    room, speaker = name(), client(name())
    speaker.ok("join", room=room)
    with Zmtp(broker.pub, kind=b"SUB") as peer:
        peer.send(frame(b"\1" + b"x" * 255))
        peer.send(frame(b"\1" + room.encode() + b"\0"))

        def say(_):
            speaker.ok("say", room=room, text="are you there?")
        until(lambda: is_readable(peer.socket, 0.05) and room.encode() in peer.receive()[1], say, "an event on the same connection")


def test_the_longest_subscription_is_taken_under_curve(keyed, link, name):
    """Where a message has 33 bytes more than it says, and its own limit."""
    room = name()
    speaker = link(keyed, keys=keyed.keys.of("speaker"))
    speaker.hello(join=[room])
    peer = curve.Peer(keyed.pub, keyed.keys.of("longest"), kind=b"SUB")
    for topic in (b"x" * 255, room.encode() + b"\0"):
        peer.socket.sendall(curve.frame(peer.sealed(b"\0\1" + topic), command=False))
    until(lambda: is_readable(peer.socket, 0.05) and room.encode() in (peer.message() or b""),
          lambda _: speaker.ok("say", room=room, text="are you there?"), "an event on the same connection")
    peer.close()


@pytest.fixture
def full(request, start, link):
    """A broker, and a peer for whom more waits than libzmq and the kernel have room for."""
    broker = start("--set", f"link_backlog_bytes={getattr(request, 'param', 2 * WAITING * LONG_BYTES)}")
    late, friend = Zmtp(broker.router, receive_bytes=4096), link(broker)
    late.ask("hello", id=1, nick="late", join=[])
    friend.hello()
    for _ in range(WAITING):
        friend.ok("tell", to="late", text="long", data=bytes(LONG_BYTES))  # and reads them too, being told what it tells
    yield broker, late
    late.close()


def test_what_nobody_reads_does_not_hold_up_the_end(full):
    """LINGER: what is unsent waits for one who does not read, for as long as that and no longer."""
    broker, _ = full
    begin = time.monotonic()
    broker.stop()
    assert LINGER_S <= time.monotonic() - begin < LINGER_S + LATE_S


def test_who_reads_late_is_sent_everything(full):
    """ROUTER_MANDATORY: what libzmq and the kernel have no room for is kept, not dropped."""
    _, late = full
    events = [late.reply() for _ in range(WAITING)]
    assert [event["seq"] for event in events] == [*range(1, WAITING + 1)]
    assert all(len(event["data"]) == LONG_BYTES for event in events)


@pytest.mark.parametrize("full", [WAITING * LONG_BYTES // 10], indirect=True)
def test_what_waits_is_counted_though_libzmq_could_hold_it(full):
    """SNDHWM of ROUTER: libzmq is given little of it, so that link_backlog_bytes is about nearly all."""
    broker, _ = full
    until(lambda: broker.counter("links_slow") == 1, lambda _: None, "the end of a link that does not read", DEAD_S + LATE_S)


def test_a_broker_that_was_held_up_hears_what_came_meanwhile_before_it_kicks_anybody(start, link):
    """More than one turn reads; all of it was said in time."""
    idle_ms = int(3000 * SLOWNESS)
    broker = start("--idle-ms", idle_ms, "--set", "heartbeat_ms=60000", "--set", "sessions_per_address=0")
    crowd = link(broker)
    for hello in [crowd.send("hello", sid=sid, join=[], kick=True) for sid in range(1, CROWD + 1)]:
        assert crowd.reply(hello).get("ok")
    begin = time.monotonic()
    broker.process.send_signal(signal.SIGSTOP)
    try:
        said = [crowd.send("status", sid=sid, status="still here") for sid in range(1, CROWD + 1)]
        until(lambda: time.monotonic() - begin > (idle_ms + 1500) / 1000, crowd.take, "the time after which the idle are kicked", 2 * idle_ms / 1000 + LATE_S)
    finally:
        broker.process.send_signal(signal.SIGCONT)
    assert [request for request in said if not crowd.reply(request).get("ok")] == []
    assert broker.counter("sessions_kicked") == 0
    until(lambda: broker.counter("sessions_kicked") == CROWD, crowd.take, "the end of those who say nothing after that")


def test_five_hundred_who_come_while_the_broker_is_busy_wait_in_line(start):
    """BACKLOG: the kernel takes them though nobody accepts, and then all come in."""
    broker = start()
    broker.process.send_signal(signal.SIGSTOP)
    try:
        crowd = [Zmtp(broker.router, greets=False) for _ in range(CROWD)]  # TimeoutError where there is no place
    finally:
        broker.process.send_signal(signal.SIGCONT)
    for peer in crowd:
        peer.greet()
        peer.close()


def test_a_subscriber_that_is_busy_for_a_while_misses_nothing(start, link, name):
    """SNDHWM of PUB: thousands of events wait for it."""
    broker = start()
    room, speaker = name(), link(broker)
    speaker.hello(join=[room])
    speaker.subscribe(room)
    speaker.hears_presence_of(room)
    with Zmtp(broker.pub, kind=b"SUB", receive_bytes=4096) as busy:
        busy.send(frame(b"\1" + room.encode() + b"\0"))
        until(lambda: is_readable(busy.socket, 0.05), lambda _: speaker.ok("say", room=room, text="are you there?"), "an event")
        first = speaker.ok("say", room=room, text="x" * EVENT_BYTES)["seq"]
        for _ in range(EVENTS):
            speaker.send("say", room=room, text="x" * EVENT_BYTES)
        last = speaker.ok("say", room=room, text="that was all")["seq"]
        seqs = [0]
        while seqs[-1] < last:
            event = busy.published()
            seqs += [event["seq"]] if event["ev"] == "message" else []
        assert seqs[seqs.index(first):] == [*range(first, last + 1)]
