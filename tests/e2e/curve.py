"""A CURVE client by hand (ZeroMQ RFC 26 over ZMTP 3.0), for what libzmq would not send: metadata of one's own making.
libsodium does the cryptography."""
import ctypes
import ctypes.util
import os
import socket

import msgpack
from zmq.utils import z85

sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
GREETING = b"\xff" + 8 * b"\0" + b"\x7f\x03\0" + b"CURVE".ljust(20, b"\0") + 32 * b"\0"


def pair():
    public, secret = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
    assert sodium.crypto_box_keypair(public, secret) == 0
    return public.raw, secret.raw


def seal(data, nonce, to, by):
    box = ctypes.create_string_buffer(len(data) + 16)
    assert sodium.crypto_box_easy(box, data, ctypes.c_ulonglong(len(data)), nonce, to, by) == 0
    return box.raw


def unseal(box, nonce, of, by):
    data = ctypes.create_string_buffer(len(box) - 16)
    assert sodium.crypto_box_open_easy(data, box, ctypes.c_ulonglong(len(box)), nonce, of, by) == 0
    return data.raw


def pack_metadata(metadata):
    return b"".join(bytes([len(name)]) + name + len(value).to_bytes(4, "big") + value for name, value in metadata)


def frame(body, command=True):
    """A command, or a frame of a message, as it is on the wire."""
    flags = 4 if command else 0
    return bytes([flags, len(body)]) + body if len(body) < 256 else bytes([flags | 2]) + len(body).to_bytes(8, "big") + body


class Last(bytes):
    """Nothing more is sent."""


class Refused(ConnectionError):
    """The handshake did not come to its end."""


def as_it_is(step, data):
    return data


class Peer:
    """A DEALER, or another `kind`; `keys` as of hub.Link. Its metadata is whatever it says. `spoil(step, bytes)` is given each
    step of the handshake (GREETING, HELLO, INITIATE) as it is on the wire and returns what is sent instead; after a Last
    nothing more is."""

    def __init__(self, endpoint, keys, metadata=(), kind=b"DEALER", spoil=as_it_is):
        host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=15)
        self.server, self.public, self.secret = (z85.decode(key) for key in keys)
        self.own, self.own_secret = pair()
        self.count, self.spoil = 0, spoil
        try:
            self.enter(kind, metadata)
        except BaseException:
            self.close()
            raise

    def enter(self, kind, metadata):
        self.step("GREETING", GREETING)
        self.read(64)
        self.step("HELLO", frame(b"\5HELLO\1\0" + 72 * b"\0" + self.own + self.nonce()[1]
                                 + seal(64 * b"\0", b"CurveZMQHELLO---" + self.last, self.server, self.own_secret)))
        self.theirs, cookie = self.welcome(self.frame()[1])
        self.step("INITIATE", frame(self.initiate(cookie, [(b"Socket-Type", kind), (b"Identity", b""), *metadata])))
        body = self.frame()[1]
        if not body.startswith(b"\5READY"):
            raise Refused(body)

    def nonce(self):
        self.count += 1
        self.last = self.count.to_bytes(8, "big")
        return self.count, self.last

    def welcome(self, body):
        if not body.startswith(b"\7WELCOME"):
            raise Refused(body)
        opened = unseal(body[24:], b"WELCOME-" + body[8:24], self.server, self.own_secret)
        return opened[:32], opened[32:]

    def initiate(self, cookie, metadata):
        random = os.urandom(16)
        vouch = random + seal(self.own + self.server, b"VOUCH---" + random, self.theirs, self.secret)
        _, short = self.nonce()
        return (b"\x08INITIATE" + cookie + short
                + seal(self.public + vouch + pack_metadata(metadata), b"CurveZMQINITIATE" + short, self.theirs, self.own_secret))

    def step(self, name, data):
        data = self.spoil(name, data)
        self.socket.sendall(data)
        if isinstance(data, Last):
            raise Refused(name)

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise Refused("the connection has ended")
            data += part
        return data

    def frame(self):
        flags = self.read(1)[0]
        return flags, self.read(int.from_bytes(self.read(8 if flags & 2 else 1), "big"))

    def sealed(self, plain):
        """A MESSAGE's body."""
        _, short = self.nonce()
        return b"\7MESSAGE" + short + seal(plain, b"CurveZMQMESSAGEC" + short, self.theirs, self.own_secret)

    def ask(self, op, **fields):
        self.socket.sendall(frame(self.sealed(b"\0" + msgpack.packb({"op": op, "id": self.count + 1, **fields})), command=False))
        while True:
            reply = msgpack.unpackb(self.message() or b"\x80")
            if reply.get("re") == self.count:
                return reply

    def message(self):
        """What the next frame says; None where it is a ping."""
        flags, body = self.frame()
        if flags & 4 or not body.startswith(b"\7MESSAGE"):
            return None
        return unseal(body[16:], b"CurveZMQMESSAGES" + body[8:16], self.theirs, self.own_secret)[1:]

    def close(self):
        self.socket.close()
