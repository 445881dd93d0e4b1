"""What hostile connections do at ports under CURVE: no key, a key that nobody enrolled, handshakes that are cut, spoilt, out of
order, and what an enrolled program can send that is none of libzmq's. Two who are enrolled talk meanwhile."""
import contextlib
import os
import random

import msgpack
import pytest

import curve
from attack import Rounds, between
from hub import PATIENCE_S, Broker, Link
from test_keys import Keys
from zmtp import Zmtp, greeting

SEED = 5
STEPS = {"GREETING": 64, "HELLO": 202, "INITIATE": 259 + len(curve.pack_metadata([(b"Socket-Type", b"DEALER"), (b"Identity", b"")]))}
PORTS = [("router", b"DEALER"), ("pub", b"SUB")]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Keys(str(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def broker(keys):
    broker = Broker("--data", keys.data, "--curve", "--set", "heartbeat_ms=60000", "--set", "resume_ms=0")
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def talkers(broker, keys):
    """Two who are enrolled, in a room."""
    made = []
    for nick in ("ada", "bob"):
        made.append(Link(broker, keys=keys.of(nick)))
        made[-1].me = made[-1].hello(nick, join=["tea"])
        made[-1].subscribe("tea")
        made[-1].hears_presence_of("tea")
    yield made
    for one in made:
        one.close()


@pytest.fixture
def unnoticed(broker, talkers):
    return Rounds(broker, between(*talkers, "tea"))


@pytest.fixture(params=PORTS, ids=[port for port, _ in PORTS])
def door(request, broker):
    """An endpoint, and the kind of socket that belongs there."""
    name, kind = request.param
    return getattr(broker, name), kind


@pytest.fixture
def own(keys, name):
    """Keys that are enrolled."""
    return keys.of(name())


@pytest.fixture
def refused(broker):
    """How many handshakes the gatekeeper refused while the block ran."""
    @contextlib.contextmanager
    def count(least, most=None):
        before = broker.counter("handshakes_refused")
        yield
        assert least <= broker.counter("handshakes_refused") - before <= (least if most is None else most)
    return count


def spoilt(endpoint, keys, kind, spoil):
    """A handshake that must not come to its end."""
    with pytest.raises((curve.Refused, ConnectionError)):
        curve.Peer(endpoint, keys, kind=kind, spoil=spoil).close()
        pytest.fail("it is in")


# Who has no key.

@pytest.mark.parametrize("first", [
    b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600), b"\xff" * 1000, bytes(1000),
    greeting(b"NULL"), greeting(b"PLAIN"), greeting(b"GSSAPI"), greeting(b"CURVE", (2, 0)), greeting(b"CURVE")[:11] + os.urandom(53)],
    ids=["http", "tls", "ff", "zeros", "null", "plain", "gssapi", "zmtp 2", "random"])
def test_another_protocol_or_mechanism_is_closed(door, unnoticed, first):
    def attack():
        for _ in range(10):
            with Zmtp(door[0], greets=False) as peer, contextlib.suppress(ConnectionError):
                peer.send(first + bytes(300))
                peer.is_ended()
    unnoticed(attack)


def test_random_bytes_instead_of_commands(door, unnoticed):
    chance = random.Random(SEED)

    def attack():
        for number in range(40):
            with Zmtp(door[0], greets=False) as peer, contextlib.suppress(ConnectionError):
                peer.send(curve.GREETING if number % 2 else b"")
                peer.send(chance.randbytes(chance.randrange(1, 20000)))
    unnoticed(attack)


def test_two_hundred_silent_connections_delay_no_handshake(door, unnoticed, broker, own):
    def attack():
        peers = [Zmtp(door[0], greets=False) for _ in range(200)]
        for peer in peers[:100]:
            peer.send(curve.GREETING)
        curve.Peer(broker.router, own).close()
        for peer in peers:
            peer.close()
    unnoticed(attack)


def test_a_flood_of_keys_that_nobody_enrolled(door, unnoticed, keys, refused):
    def attack():
        with refused(100):
            for _ in range(100):
                spoilt(door[0], keys.stranger(), door[1], curve.as_it_is)
    unnoticed(attack)


def test_who_knows_a_public_key_only_is_refused(door, unnoticed, keys, own, refused, broker):
    """The vouch is sealed by another secret key than the one that belongs to the enrolled public one: libzmq sees that, and the
    gatekeeper is not asked."""
    server, public, _ = own
    _, _, secret = keys.stranger()

    def attack():
        admitted = broker.counter("handshakes_admitted")
        with refused(0):
            for _ in range(20):
                spoilt(door[0], (server, public, secret), door[1], curve.as_it_is)
        assert broker.counter("handshakes_admitted") == admitted
    unnoticed(attack)


# Handshakes.

class Hasty(curve.Peer):
    """Says something as soon as it could seal it, without having said who it is."""

    def initiate(self, cookie, metadata):
        return self.sealed(b"\0" + msgpack.packb({"op": "hello", "id": 1, "nick": "hasty"}))


@pytest.mark.parametrize("is_command", [True, False], ids=["command", "message"])
def test_a_message_before_the_end_of_the_handshake_is_not_read(door, unnoticed, broker, own, is_command):
    def attack():
        for _ in range(20):
            with pytest.raises((curve.Refused, ConnectionError)):
                Hasty(door[0], own, kind=door[1], spoil=lambda name, data: data if is_command or name != "INITIATE"
                      else bytes([data[0] & ~4]) + data[1:])
    unnoticed(attack)
    assert broker.counter("sessions") == 2  # those who talk


@pytest.mark.parametrize("step", STEPS)
def test_a_handshake_that_is_cut_at_any_byte(door, unnoticed, own, step):
    def attack():
        for size in range(0, STEPS[step], 3):
            spoilt(door[0], own, door[1], lambda name, data: curve.Last(data[:size]) if name == step else data)
    unnoticed(attack)


@pytest.mark.parametrize("step", ["HELLO", "INITIATE"])
def test_a_handshake_with_a_bit_that_is_wrong_is_refused(door, unnoticed, own, step):
    """Wherever it is, but in the frame's length, and in what the mechanism does not look at: the padding of a HELLO."""
    chance = random.Random(SEED)
    places = {"HELLO": [*range(2, 10), *range(10 + 72, STEPS[step])], "INITIATE": range(9, STEPS[step])}[step]

    def attack():
        for place in chance.sample(places, 60):
            def flip(name, data):
                if name != step:
                    return data
                return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1:]
            spoilt(door[0], own, door[1], flip)
    unnoticed(attack)


@pytest.mark.parametrize("step", ["HELLO", "INITIATE"])
@pytest.mark.parametrize("spoil", [lambda data: curve.frame(data[2:] + b"\0"), lambda data: curve.frame(data[2:] + bytes(60000)),
                                   lambda data: b"\6" + (2**63).to_bytes(8, "big") + data[2:], lambda data: data + data,
                                   lambda data: curve.frame(b"\5HELLO"), lambda data: curve.frame(b"\x08INITIATE" + bytes(500)),
                                   lambda data: curve.frame(b"\7MESSAGE" + bytes(100)), lambda data: curve.frame(b"\5READY" + bytes(30)),
                                   lambda data: curve.frame(b"\5ERROR\xff"), lambda data: curve.frame(b"\7WELCOME" + bytes(160)),
                                   lambda data: b"\0\5hello", lambda data: b"\4\0"],
                         ids=["longer", "much longer", "2^63", "twice", "short hello", "initiate", "message", "ready", "error", "welcome",
                              "no command", "empty"])
def test_commands_that_are_out_of_order_or_shape_are_refused(door, unnoticed, keys, step, spoil):
    own = keys.stranger()

    def attack():
        for _ in range(5):
            spoilt(door[0], own, door[1], lambda name, data: spoil(data) if name == step else data)
    unnoticed(attack)


# Who is enrolled.

def sealed(peer, body, counts=True):
    """A MESSAGE of this peer's, as it is on the wire; without counting it has the nonce of the one before."""
    if counts:
        peer.nonce()
    body = b"\7MESSAGE" + peer.last + curve.seal(body, b"CurveZMQMESSAGEC" + peer.last, peer.theirs, peer.own_secret)
    return b"\0" + bytes([len(body)]) + body if len(body) < 256 else b"\2" + len(body).to_bytes(8, "big") + body


def wrong_messages(peer):
    good = sealed(peer, b"\0hello")
    flipped = bytearray(good)
    flipped[-1] ^= 1
    return {"flipped": bytes(flipped), "again": good + good, "in clear": b"\0\5hello", "empty": sealed(peer, b""),
            "short": b"\0\x09\7MESSAGE" + b"x", "a late READY": curve.frame(b"\5READY"), "a late HELLO": curve.frame(b"\5HELLO" + bytes(194)),
            "4 GB": b"\2" + (2**32).to_bytes(8, "big"), "2^64-1": b"\2" + b"\xff" * 8}


@pytest.mark.parametrize("wrong", ["flipped", "again", "in clear", "empty", "short", "a late READY", "a late HELLO", "4 GB", "2^64-1"])
def test_what_an_enrolled_program_sends_that_is_no_message_ends_its_connection(door, unnoticed, own, wrong):
    def attack():
        for _ in range(5):
            peer = curve.Peer(door[0], own, kind=door[1])
            peer.socket.sendall(wrong_messages(peer)[wrong])
            peer.socket.settimeout(PATIENCE_S)
            with pytest.raises(ConnectionError):
                while True:
                    peer.frame()
            peer.close()
    unnoticed(attack)
