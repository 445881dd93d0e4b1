"""Who takes their time at the ZeroMQ ports: half a handshake ends, whatever is dripped into it, and so does a connection that answers
no heartbeat. The times are fixed settings (broker/shell/sockets.def)."""
import select
import time

import pytest

import curve
from hub import SLOWNESS, Broker, Meanwhile, is_readable, until
from test_keys import Keys
from zmtp import COMMAND, Zmtp, frame, greeting

HANDSHAKE_S, HEARTBEAT_S, DEAD_S = 10, 10, 30
LATE_S = 5 * SLOWNESS  # on a machine that does much else
DRIP_S = 1


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
    with Zmtp(broker.pub, kind=b"SUB") as peer:
        peer.send(frame(b"\1x", size=size))
        assert peer.is_ended()
    peer = curve.Peer(keyed.pub, keyed.keys.of(f"sub-{size}"), kind=b"SUB")
    peer.socket.sendall(frame(b"\7MESSAGE", size=max(size, 1025)))
    with pytest.raises(ConnectionError):
        while True:
            peer.frame()


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


def test_what_nobody_reads_does_not_hold_up_the_end(start, link):
    """LINGER: answers that wait for one who does not read."""
    broker = start()
    deaf = Zmtp(broker.router)
    deaf.message(b"\x83\xa2op\xa5hello\xa2id\x01\xa4join\x90")
    for _ in range(3000):
        deaf.message(b"\x82\xa2op\xa3who\xa2id\x07")
    link(broker).ok("hello")  # all of it has been asked for
    begin = time.monotonic()
    broker.stop()
    assert time.monotonic() - begin < 6 * SLOWNESS
    deaf.close()
