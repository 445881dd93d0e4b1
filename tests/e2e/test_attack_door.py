"""What hostile connections do at the telnet port and at the TLS port: a named line or the end of the connection,
counters that tell, memory and sessions that go back to where they were, and nobody else notices."""
import contextlib
import ctypes
import http.client
import os
import random
import re
import socket
import ssl
import struct
import time
import unicodedata

import pytest

from attack import REPETITIONS, REPETITIONS_MAX, UNNOTICED_S, growth
from hub import PATIENCE_S, SLOWNESS, Meanwhile, until

LEAK_BYTES = 128 << 10  # what may stay after an attack: blocks of slabs, logs of rooms
SAID_BYTES = 1 << 20    # and what was said in it, which the room remembers
EXCHANGE_BYTES = 1 << 10  # likewise of two lines of those who talk meanwhile
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
FLOOD_BYTES = 10 << 20  # that each of eight sends
WARM = 5
FLAT_BYTES = 256 << 10  # what ten repetitions may leave
SEED = 5


@pytest.fixture(scope="module")
def options(certificate):
    return {"tcp": True, "door": ["--tls-listen", "127.0.0.1:0", "--tls-cert", certificate[0], "--tls-key", certificate[1],
                                  "--set", "connections_per_address=0", "--set", "enter_ms=2000"]}


@pytest.fixture(params=["plain", "tls"])
def port(request, broker):
    """Where the attack goes."""
    return broker.tcp if request.param == "plain" else broker.tls


@pytest.fixture(params=["plain", "tls"])
def inside(request, broker, certificate):
    """Opens a connection that is past the handshake, where there is one."""
    def begin():
        if request.param == "plain":
            return socket.create_connection(broker.tcp)
        context = ssl.create_default_context(cafile=certificate[0])
        return context.wrap_socket(socket.create_connection(broker.tls), server_hostname="localhost")
    return begin


@pytest.fixture
def unnoticed(broker, line, secured, name):
    """Runs an attack ten times while two honest people talk: they hear each other, and nothing else; afterwards sessions,
    descriptors and memory are what they were."""
    ada, bob = line(broker, nick=name("ada")), secured(broker, nick=name("bob"))

    def talk(text):
        ada.say(text)
        said = bob.before(f"[{ada.nick}]{text}")
        bob.say(f"re: {text}")
        said += ada.before(f"[{bob.nick}]re: {text}")
        return [line for line in said if line.startswith("[") and not re.match(rf"\[({ada.nick}|{bob.nick})\]", line)]

    def settled():
        return broker.counter("sessions") == 2 and broker.stats()

    def run(attack, times=REPETITIONS, says=False):
        until(settled, lambda _: None, "two sessions")
        attack()  # whatever is made once is made now
        before = until(settled, lambda _: None, "two sessions again")["memory"]["in_use"]
        bridge = broker.bridge or broker
        descriptors, resident, exchanges = bridge.descriptors(), [], 0

        def is_growing():
            return times == REPETITIONS and growth(resident) > (SAID_BYTES if says else FLAT_BYTES)
        while len(resident) < times or is_growing():
            number, heard = len(resident), []
            assert number < REPETITIONS_MAX, resident
            with Meanwhile(lambda count: heard.extend(talk(f"round {number}.{count}")), UNNOTICED_S) as talked:
                attack()
            assert says or heard == []
            exchanges += len(talked.took_s)
            resident.append(bridge.resident_bytes() if SLOWNESS == 1 else 0)  # a sanitizer keeps what is freed
        until(lambda: bridge.descriptors() <= descriptors, lambda _: None, "descriptors")
        bound = before + LEAK_BYTES + exchanges * EXCHANGE_BYTES + (SAID_BYTES if says else 0)

        def is_given_back():  # what a storm made grow goes with a calm turn; what has leaked stays
            stats = settled()
            return stats and stats["memory"]["in_use"] < bound
        until(is_given_back, lambda _: None, f"memory below {bound}")
    return run


def shut(sock, within_s=PATIENCE_S):
    """Reads until the other end has closed; what came."""
    sock.settimeout(within_s)
    heard = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := sock.recv(65536):
            heard += data
    sock.close()
    return heard


def send_all(sock, data):
    """True if all of it went."""
    sock.settimeout(PATIENCE_S)
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        sock.sendall(data)
        return True
    return False


def finish(sock):
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)


# Other protocols, and none.

def test_random_bytes(port, unnoticed):
    chance = random.Random(SEED)

    def attack():
        for _ in range(20):
            with socket.create_connection(port) as sock:
                send_all(sock, chance.randbytes(chance.randrange(1, 20000)))
                finish(sock)
                shut(sock)
    unnoticed(attack, says=True)  # some of it is text, and is said


PROTOCOLS = {
    "http": b"GET / HTTP/1.1\r\nHost: chat\r\n\r\nhello from a page\r\n",
    "post": b"POST / HTTP/1.1\r\nHost: chat\r\nContent-Length: 40\r\n\r\nrename|ada\r\nhello from a page\r\n",
    "options": b"OPTIONS * HTTP/1.1\r\nhello: from a page\r\n",
    "propfind": b"PROPFIND / HTTP/1.1\r\nhello: from a page\r\n",
    "zmtp": b"\xff" + bytes(7) + b"\x01\x7f\x03\x00NULL\r\nhello\r\n" + bytes(48),
    "proxy": b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12) + b"hello\r\n",
    "tls": HELLO + b"\r\nhello\r\n" + bytes(600),
}


@pytest.fixture(params=PROTOCOLS)
def protocol(request):
    """What a client of another protocol sends first, with what would be said behind it."""
    return PROTOCOLS[request.param]


def test_p152_another_protocol_says_nothing(broker, unnoticed, protocol):
    def attack():
        sock = socket.create_connection(broker.tcp)
        sock.recv(1)
        send_all(sock, protocol)
        finish(sock)
        assert b"people who type" in shut(sock)
    unnoticed(attack)


def test_p152_another_protocol_says_nothing_in_whatever_segments_it_comes(broker, line, unnoticed, protocol):
    """A connection for each place where it may be cut in two, and one that sends byte by byte."""
    def attack():
        witness = line(broker)
        cuts = range(1, 21)
        socks = [socket.create_connection(broker.tcp) for _ in [*cuts, "bytes"]]
        for sock in socks:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.recv(1)
        for cut, sock in zip(cuts, socks):
            send_all(sock, protocol[:cut])
        witness.say("/rooms")
        witness.line("Rooms")  # what came before has been read
        witness.close()
        for cut, sock in zip(cuts, socks):
            send_all(sock, protocol[cut:])
        for byte in protocol[:cuts[-1]]:
            send_all(socks[-1], bytes([byte]))
        send_all(socks[-1], protocol[cuts[-1]:])
        for sock in socks:
            finish(sock)
            assert b"people who type" in shut(sock)
    unnoticed(attack)


@pytest.mark.parametrize("request_line, rest", [(b"GET / HTTP/1.1", b""), (b"GET /" + b"x" * 20000 + b" HTTP/1.1", b"\r\nhello: from a page\r\n")],
                         ids=["unended", "endless"])
def test_p152_a_request_line_may_be_unended_or_longer_than_one_reading(broker, unnoticed, request_line, rest):
    def attack():
        sock = socket.create_connection(broker.tcp)
        sock.recv(1)
        send_all(sock, request_line + rest)
        finish(sock)
        assert b"people who type" in shut(sock)
    unnoticed(attack)


def test_p152_a_browser_gets_no_answer_it_could_take_for_one(broker):
    browser = http.client.HTTPConnection(*broker.tcp, timeout=PATIENCE_S)
    browser.request("GET", "/")
    with pytest.raises((http.client.HTTPException, OSError)):
        browser.getresponse()


def test_zmtp_and_http_at_the_tls_port(broker, unnoticed):
    def attack():
        for first in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" + bytes(8) + b"\x7f", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c"):
            sock = socket.create_connection(broker.tls)
            send_all(sock, first)
            finish(sock)
            assert b"This port speaks TLS" in shut(sock)
    unnoticed(attack)


# Floods.

def test_an_endless_line(inside, unnoticed):
    """50 MB and no end: refused once, the rest is thrown away."""
    def attack():
        sock = inside()
        block = b"x" * (1 << 20)
        for _ in range(50):
            assert send_all(sock, block)
        assert send_all(sock, b"\r\n/quit\r\n")
        heard = shut(sock)
        assert heard.count(b"longer than 4096 bytes") == 1 and b"* Bye." in heard
    unnoticed(attack, times=1)


@pytest.mark.parametrize("flood", [b"\xff\xfd\x03", b"\xff\xfb\x18", b"\xff\xfa\x18", b"\xff\xf6", b"\xff\xf4\xff\xf2", b"\xff",
                                   b"\x1b[2J", b"\0", b"\r"],
                         ids=["do", "will", "subnegotiation", "are-you-there", "interrupt", "iac", "escape", "zero", "return"])
def test_floods_of_telnet_commands_and_controls(inside, unnoticed, flood):
    def attack():
        sock = inside()
        sent = send_all(sock, flood * ((1 << 20) // len(flood)))
        finish(sock) if sent else None
        if isinstance(sock, ssl.SSLSocket):
            sock.close()
        else:
            assert len(shut(sock)) < 4 << 20  # nobody makes us chatter
    unnoticed(attack, says=True)


def test_storms_of_connections_and_resets(port, unnoticed):
    def attack():
        for number in range(300):
            sock = socket.create_connection(port)
            if number % 3 == 0:
                send_all(sock, HELLO if number % 2 else b"\x1b[2J\xff\xfa")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
    unnoticed(attack)


def test_half_handshakes(broker, certificate, unnoticed):
    """Everything up to a random byte of a true hello, held open until the bridge has had enough."""
    chance = random.Random(SEED)
    context = ssl.create_default_context(cafile=certificate[0])
    out = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    hello = out.read()

    def attack():
        socks = [socket.create_connection(broker.tls) for _ in range(100)]
        for sock in socks:
            send_all(sock, hello[:chance.randrange(1, len(hello))])
        for sock in socks:
            shut(sock)
    unnoticed(attack, times=1)


def test_a_handshake_with_a_byte_that_is_wrong(broker, certificate, unnoticed):
    chance = random.Random(SEED)
    context = ssl.create_default_context(cafile=certificate[0])

    def attack():
        for _ in range(50):
            incoming, out = ssl.MemoryBIO(), ssl.MemoryBIO()
            client = context.wrap_bio(incoming, out, server_hostname="localhost")
            with contextlib.suppress(ssl.SSLWantReadError):
                client.do_handshake()
            hello = bytearray(out.read())
            hello[chance.randrange(1, len(hello))] ^= 1 << chance.randrange(8)
            with socket.create_connection(broker.tls) as sock:
                send_all(sock, bytes(hello))
                finish(sock)
                shut(sock)
    unnoticed(attack)


def test_records_that_are_wrong_after_the_handshake(broker, certificate, unnoticed):
    """Over a true TLS connection, on the raw socket behind it."""
    chance = random.Random(SEED)
    context = ssl.create_default_context(cafile=certificate[0])

    def attack():
        for first in (b"\x17\x03\x03\xff\xff", b"\x17\x03\x03\x00\x00", b"\x16\x03\x03\x00\x20" + bytes(32), b"hello\r\n",
                      b"\x15\x03\x03\x00\x02\x01\x00", b"\x14\x03\x03\x00\x01\x01" * 1000):
            raw = socket.create_connection(broker.tls)
            with context.wrap_socket(raw, server_hostname="localhost") as sock:
                sock.recv(1)
                with socket.socket(fileno=os.dup(sock.fileno())) as under:
                    send_all(under, first + chance.randbytes(1000))
                    finish(under)
                    shut(under)
    unnoticed(attack)


def openssl():
    """libssl itself: Python does not change keys."""
    library = ctypes.CDLL("libssl.so.3")
    for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


@pytest.mark.parametrize("is_answer_asked", [0, 1])
def test_floods_of_changed_keys(broker, unnoticed, is_answer_asked):
    """TLS 1.3 lets both ends change keys whenever they like; each change may ask for one of the other end."""
    library = openssl()
    context = ctypes.c_void_p(library.SSL_CTX_new(ctypes.c_void_p(library.TLS_client_method())))

    def attack():
        with socket.create_connection(broker.tls) as sock:
            line = ctypes.c_void_p(library.SSL_new(context))
            library.SSL_set_fd(line, sock.fileno())
            assert library.SSL_connect(line) == 1
            changes = 0
            while changes < 5000 and library.SSL_key_update(line, is_answer_asked) == 1 and library.SSL_do_handshake(line) == 1:
                changes += 1
            library.SSL_free(line)
        assert changes > 100
    unnoticed(attack, times=2)
    library.SSL_CTX_free(context)


def test_eight_senders_of_floods_of_lines(inside, broker, line, name):
    """As fast as they can until each has sent ten megabytes; private lines still come."""
    ada, bob = line(broker, nick=name("ada")), line(broker, nick=name("bob"))
    floods = {inside(): 0 for _ in range(8)}
    lines = b"/nonsense and more of it\r\n" * 500

    def talk(number):
        ada.say(f"to|{bob.nick}|{number}.")
        bob.line(f"[{ada.nick} -> you]{number}.")
    for sock in floods:
        sock.setblocking(False)
    with Meanwhile(talk, UNNOTICED_S) as talked:
        until(lambda: min(floods.values()) > FLOOD_BYTES and len(talked.took_s) > 20, lambda _: push(floods, lines), "ten megabytes each, and talk",
              60 * SLOWNESS)
    for sock in floods:
        sock.close()


def push(floods, lines):
    """Each sends what it can, and reads what it is told."""
    for sock in floods:
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            floods[sock] += sock.send(lines)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sock.recv(1 << 16)


def mixture(broker, inside, chance):
    """A little of everything above, and of what people do meanwhile: they come, speak, are refused, go. Nothing is said that stays:
    rooms remember."""
    noise = b"/nonsense " + chance.randbytes(5000).replace(b"\n", b".")
    for port in (broker.tcp, broker.tls):
        for number in range(40):
            with socket.create_connection(port) as sock:
                send_all(sock, [HELLO, noise, b"GET / HTTP/1.1\r\n", b"\xff\xfd\x03" * 3000, b"x" * 30000][number % 5])
                if number % 2:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    people = [inside() for _ in range(20)]
    for number, sock in enumerate(people):
        send_all(sock, f"/join den{number}\r\nhello\r\n/nonsense\r\n{'y' * 5000}\r\nto|nobody|x\r\n/quit\r\n".encode())
    for sock in people:
        shut(sock)


def test_resident_memory_is_flat_over_ten_repetitions(broker, inside):
    chance, sizes = random.Random(SEED), []
    bridge = broker.bridge or broker
    for _ in range(REPETITIONS + WARM):
        idle = bridge.descriptors()
        mixture(broker, inside, chance)
        until(lambda: broker.counter("sessions") == 0 and bridge.descriptors() <= idle + 1, time.sleep, "all of them gone")
        sizes.append(bridge.resident_bytes())
    least = min(sizes[WARM:])
    if SLOWNESS == 1:  # a sanitizer keeps what is freed
        until(lambda: bridge.resident_bytes() < least + FLAT_BYTES, time.sleep, f"less than {least} and a bit: holes in the heap go, leaks stay")


# What is painted.

CONTROLS = "".join(map(chr, [*range(32), *range(127, 160)]))
FORMATS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\u061c"
HOSTILE = ["\x1b[2J\x1b[1;1Howned", "\x1b]0;title\x07x", "\x1bP1$r\x1b\\x", "\x9b31mred", "\x9d0;title\x9cx", "\x08\x08\x08x",
           "a\rb", "a\x85b", "\x0e\x0fx", "\x7fx", "\xff\xfb\x01x", "a\u202etxet", "a\u2066b\u2069", "a\u2028[bob]forged",
           "a\n[bob]forged", "a\r\n[bob]forged", "a\x0b[bob]forged", "\x1b", "\x1b[", "x\x1b[31"]


class Terminal:
    """All bytes that one person's terminal got."""

    def __init__(self, address):
        self.socket = socket.create_connection(address)
        self.bytes = b""

    def sees(self, text):
        self.socket.settimeout(PATIENCE_S)
        while text.encode() not in self.bytes:
            data = self.socket.recv(65536)
            assert data, self.bytes
            self.bytes += data

    def check(self):
        """Text only, and no line that looks like one of bob's, who is not here."""
        text = self.bytes.decode()  # UTF-8, all of it
        bad = [char for char in text if char not in "\r\n\t" and (unicodedata.category(char) == "Cc" or char in FORMATS)]
        assert bad == []
        assert not re.search(r"\r(?!\n)|(?<!\r)\n", text)
        for line in text.split("\r\n"):
            assert not re.match(r"(\| |#\S+ )*\[bob\]", line), line


def test_p86_nobody_paints_by_what_the_wire_allows(broker, link, room):
    """From a ZeroMQ client: whatever the broker lets through."""
    victim = Terminal(broker.tcp)
    victim.sees("Welcome")
    mallory = link()
    mallory.hello("mallory", join=["lobby"])
    victim.socket.sendall(b"rename|victim\r\n")
    victim.sees("You are now victim.")
    for text in HOSTILE:
        mallory.ask("say", room="lobby", text=text)
        mallory.ask("tell", to="victim", text=text)
        mallory.ask("status", status=text[:40])
        mallory.ask("nick", nick=text[:10])
        mallory.ask("join", room=text[:10])
        mallory.ask("say", room="lobby", text="x", type=text[:20])
        victim.socket.sendall(b"who\r\n/rooms\r\n")
    for char in CONTROLS + FORMATS:
        mallory.ask("say", room="lobby", text=f"a{char}b")
        mallory.ask("status", status=f"a{char}b")
        mallory.ask("nick", nick=f"m{char}")
    mallory.ok("say", room="lobby", text="that was all")
    victim.socket.sendall(b"who\r\n/rooms\r\n/history 100\r\n")
    victim.sees("that was all")
    victim.socket.sendall(b"/status the end\r\n")
    victim.sees("Your status is now: the end")
    victim.check()
    victim.socket.close()


def test_p86_nobody_paints_by_what_is_typed(broker, inside, name):
    victim = Terminal(broker.tcp)
    victim.sees("Welcome")
    typist = inside()
    nick = name("typist")
    assert send_all(typist, f"rename|{nick}\r\n".encode())
    for text in HOSTILE:
        for form in (text.encode(), text.encode("latin-1", "replace")):
            for line in (form, b"/status " + form, b"rename|" + form, b"/join " + form, b"/join lobby", b"/nonsense" + form,
                         f"rename|{nick}".encode()):
                assert send_all(typist, line + b"\r\n")
    assert send_all(typist, b"/join lobby\r\nthat was typed\r\n")
    victim.sees("that was typed")
    victim.socket.sendall(b"who\r\n/rooms\r\n/history 100\r\n/status seen\r\n")
    victim.sees("Your status is now: seen")
    victim.check()
    typist.close()
    victim.socket.close()


@pytest.mark.parametrize("lookalike, says", [
    ("ADA", "Somebody here has that name"), ("\uff41\uff44\uff41", "Somebody here has that name"),
    ("a\u200bda", "A name has"), ("ada\u202e", "A name has"), ("\u202aada", "A name has"), ("ada\u00a0", "A name has"),
    ("a\u0064\u0061\u200d", "A name has"), ("[ada]", "A name has"), ("a\tda", "A name has"), ("ada\u2060", "A name has"),
])
def test_p17_names_that_look_like_somebodys_are_refused_at_the_door(start, line, lookalike, says):
    broker = start(tcp=True)
    line(broker, nick="ada")
    other = line(broker)
    other.say(f"rename|{lookalike}")
    other.say("/status looked")
    heard = other.before("Your status is now")
    assert any(says in text for text in heard) and not any("You are now" in text for text in heard), heard
