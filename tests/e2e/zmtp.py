"""ZMTP 3.0 by hand (ZeroMQ RFC 23), so that a test can send what libzmq's own sockets never would."""
import contextlib
import re
import socket
import struct

import msgpack

from hub import PATIENCE_S

MORE, LONG, COMMAND = 1, 2, 4


def greeting(mechanism=b"NULL", version=(3, 0)):
    return b"\xff" + bytes(8) + b"\x7f" + bytes(version) + mechanism.ljust(20, b"\0") + bytes(32)


def frame(body, flags=0, size=None):
    """A frame as it is on the wire. `size`: what it says of its length, where that is a lie."""
    size = len(body) if size is None else size
    if size < 256:
        return bytes([flags, size]) + body
    return bytes([flags | LONG]) + struct.pack(">Q", size) + body


def ready(**properties):
    """The command that ends a handshake; `_` in a name is a dash."""
    body = b"\5READY"
    for name, value in properties.items():
        name = name.replace("_", "-").encode()
        body += bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
    return frame(body, COMMAND)


class Zmtp:
    """One TCP connection to a ZeroMQ endpoint (tcp://HOST:PORT), at whatever stage of the handshake one leaves it."""

    def __init__(self, endpoint, greets=True, kind=b"DEALER", routing_id=b"", receive_bytes=None):
        host, port = re.fullmatch(r"tcp://(.*):(\d+)", endpoint).groups()
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect((host, int(port)))
        self.data = b""
        if greets:
            self.greet(kind, routing_id)

    def greet(self, kind=b"DEALER", routing_id=b""):
        """The whole handshake with the mechanism NULL."""
        self.send(greeting())
        assert self.take(64)[10] >= 3
        self.send(ready(Socket_Type=kind, Identity=routing_id))
        assert self.receive()[1].startswith(b"\5READY")

    def send(self, data):
        self.socket.sendall(data)

    def message(self, *parts):
        """Sends a message of these frames."""
        self.send(b"".join(frame(part, MORE if number < len(parts) else 0) for number, part in enumerate(parts, 1)))

    def take(self, count):
        """Exactly so many bytes; ConnectionError where the connection ends before."""
        while len(self.data) < count:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed by the other end")
            self.data += data
        data, self.data = self.data[:count], self.data[count:]
        return data

    def receive(self):
        """The next frame: its flags and its body."""
        flags = self.take(1)[0]
        size = struct.unpack(">Q", self.take(8))[0] if flags & LONG else self.take(1)[0]
        return flags, self.take(size)

    def body(self):
        """The next message of one frame."""
        while True:
            flags, body = self.receive()
            if not flags & COMMAND:
                return body

    def reply(self):
        """The next message of a ROUTER of ours."""
        return msgpack.unpackb(self.body())

    def ask(self, op, **fields):
        """A command whose reply is the next that comes."""
        self.message(msgpack.packb({"op": op, **fields}))
        reply = self.reply()
        assert reply.get("re") == fields["id"] and "ok" in reply, reply
        return reply

    def published(self):
        """The next message of a PUB of ours."""
        return msgpack.unpackb(self.body().split(b"\0", 1)[1])

    def is_ended(self):
        """Waits until the other end has closed the connection; True."""
        with contextlib.suppress(ConnectionError):
            while True:
                self.take(1)
        return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
