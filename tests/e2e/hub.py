"""What the end-to-end tests share: the real programs, a raw pyzmq client, a plain socket.

No sleeps: a test waits for a fact (`until`), with one generous patience for all. That something does *not* come is
shown by something later that does come over the same channel.
"""
import contextlib
import os
import pathlib
import re
import select
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import msgpack
import zmq

SLOWNESS = float(os.environ.get("HUBBUB_SLOWNESS", "1"))
PATIENCE_S = 15 * SLOWNESS
BIN = pathlib.Path(os.environ.get("HUBBUB_BIN", "build/dev/bin"))
BRIDGE_APART = bool(os.environ.get("HUBBUB_BRIDGE_APART"))  # the bridge's tests on a process of its own
# Where the machine's own broker keeps its history is not a test's business: who wants a store asks for one,
# by --data or, for all tests, by this variable.
os.environ.setdefault("HUBBUB_DURABILITY", "memory")
FAULTS = ("Sanitizer", "runtime error:", "Assertion", "assertion")


class Late(AssertionError):
    """A fact did not come."""


def until(fact, step, what, within_s=None):
    """Calls `step(seconds)` until `fact()` is true, and returns that."""
    end = time.monotonic() + (within_s or PATIENCE_S)
    while True:
        value = fact()
        if value:
            return value
        left = end - time.monotonic()
        if left <= 0:
            raise Late(f"did not come: {what}")
        step(min(left, 0.2))


def put_under(sock, keys):
    """Puts a socket under CURVE: `keys` are the broker's public key, and one's own public and secret one."""
    if keys:
        sock.curve_serverkey, sock.curve_publickey, sock.curve_secretkey = keys


def is_readable(stream, seconds):
    """Waits that long at most. poll(): select() knows 1 024 descriptors only."""
    poller = select.poll()
    poller.register(stream, select.POLLIN)
    return bool(poller.poll(seconds * 1000))


class Meanwhile:
    """While the block runs, `act(number)` is done again and again in a thread of its own, to which what it uses belongs for so
    long. It has to have been done once at least, each time within `within_s`; what it raised is raised."""

    PAUSE_S = 0.01  # the processors are for who is tested

    def __init__(self, act, within_s):
        self.act, self.within_s = act, within_s * SLOWNESS
        self.took_s, self.failure = [], None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            while not self.is_over.is_set() or not self.took_s:
                begin = time.monotonic()
                self.act(len(self.took_s))
                self.took_s.append(time.monotonic() - begin)
                self.is_over.wait(self.PAUSE_S)
        except BaseException as failure:  # pytest's own, too
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.is_over.set()
        self.thread.join()
        if self.failure and kind is None:
            raise self.failure
        assert kind or max(self.took_s) < self.within_s, sorted(self.took_s)[-5:]


class Program:
    """One of our programs. Its standard error goes to a file, and must hold no sanitizer's report."""

    def __init__(self, name, *options, stdin=None, env=None, ready=True, within=()):
        self.name = name
        self.log_file = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*within, BIN / name, *map(str, options)], stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=self.log_file, env={**os.environ, **(env or {})})
        self.ready = self.read_ready() if ready else {}

    def read_ready(self):
        if not is_readable(self.process.stdout, PATIENCE_S):
            self.process.kill()
            raise Late(f"{self.name} says nothing\n{self.log()}")
        line = self.process.stdout.readline().decode()
        words = line.split()
        assert words[:1] == ["ready"], f"{line!r}\n{self.log()}"
        ready = {}
        for word in words[1:]:
            key, value = word.split("=", 1)
            ready.setdefault(key, []).extend(value.split(","))
        return ready

    def log(self):
        """All of it so far. The program writes at the same place of the same open file: reading must not move that."""
        file = self.log_file.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace")

    def wait(self, within_s=None):
        return self.process.wait(within_s or PATIENCE_S)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM, then exit status 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise Late(f"{self.name} does not stop\n{self.log()}") from None
        log = self.log()
        assert status == 0, f"{self.name}: exit status {status}\n{log}"
        assert not any(fault in log for fault in FAULTS), log
        self.process.stdout.close()

    def resident_bytes(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Broker(Program):
    """hubbubd on free ports, with an ipc door for `stats`. No limit of commands per second unless asked for."""

    def __init__(self, *options, tcp=False, door=(), rate=0, router="tcp://127.0.0.1:*", pub="tcp://127.0.0.1:*",
                 **program):
        """`door`: options of whoever has the telnet port; so that `options` may be for the broker alone."""
        self.directory = tempfile.TemporaryDirectory(prefix="hub")
        self.door = f"ipc://{self.directory.name}/router"
        doors = ["--router", router, "--router", self.door, "--pub", pub]
        doors += ["--tcp", "127.0.0.1:0"] if tcp and not BRIDGE_APART else []
        limits = ["--set", f"rate_per_s={rate}"] if rate is not None else []
        # HUBBUB_DURABILITY=file runs the same tests on a store.
        program["env"] = {"XDG_STATE_HOME": self.directory.name, **program.get("env", {})}
        super().__init__("hubbubd", *doors, *limits, *options, *(() if BRIDGE_APART else door), **program)
        self.router = next(end for end in self.ready["router"] if end.startswith("tcp"))
        self.pub = self.ready["pub"][0]
        self.operator = None
        self.bridge = None
        if tcp and BRIDGE_APART:
            self.bridge = Program("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", self.router, *limits, *options,
                                  *door)
        if tcp:
            self.tcp = self.place("tcp")
            self.tls = self.place("tls")

    def place(self, name):
        """Where the bridge listens, as an address of a socket's; None: it does not."""
        if name not in (self.bridge or self).ready:
            return None
        host, port = (self.bridge or self).ready[name][0].rsplit(":", 1)
        return (host, int(port))

    def bridge_log(self):
        return (self.bridge or self).log()

    def bridge_counter(self, name):
        """What a counter of the bridge was when it stopped."""
        return int(re.findall(rf" {name}=(\d+)", self.bridge_log())[-1])

    def stats(self):
        if self.operator is None:
            self.operator = Link(self, router=self.door, hears=False)
        return self.operator.ok("stats")

    def counter(self, name):
        return self.stats()["counters"][name]

    def stop(self):
        if self.operator:
            self.operator.close()
        if self.bridge:
            self.bridge.stop()
        super().stop()
        self.forget()

    def forget(self):
        """Of one that has ended, and not by stop()."""
        if self.operator:
            self.operator.close()
        self.process.stdout.close()
        self.directory.cleanup()


class Link:
    """One DEALER and one SUB, nothing hidden: requests matched by id, events kept in the order they came."""

    def __init__(self, broker, router=None, pub=None, hears=True, options=(), keys=None):
        self.broker = broker
        context = zmq.Context.instance()
        self.dealer = context.socket(zmq.DEALER)
        self.dealer.linger = 0
        put_under(self.dealer, keys)
        for option, value in options:
            self.dealer.setsockopt(option, value)
        self.dealer.connect(router or broker.router)
        self.poller = zmq.Poller()
        self.poller.register(self.dealer, zmq.POLLIN)
        self.sub = None
        if hears:
            self.sub = context.socket(zmq.SUB)
            self.sub.linger = 0
            self.sub.rcvhwm = 0
            put_under(self.sub, keys)
            self.sub.connect(pub or broker.pub)
            self.poller.register(self.sub, zmq.POLLIN)
        self.last_id = 0
        self.replies = {}
        self.reply_count = {}
        self.events = []

    def close(self):
        self.dealer.close()
        if self.sub:
            self.sub.close()

    # Out.

    def send_raw(self, *frames):
        self.dealer.send_multipart(frames)

    def send(self, op, **fields):
        self.last_id += 1
        self.send_raw(msgpack.packb({"op": op, "id": self.last_id, **fields}))
        return self.last_id

    # In.

    def take(self, seconds):
        """Reads what there is, waiting at most so long for the first."""
        for sock, _ in self.poller.poll(seconds * 1000):
            try:
                while True:
                    frames = sock.recv_multipart(zmq.NOBLOCK)
                    self.sort(sock, frames)
            except zmq.Again:
                pass

    def sort(self, sock, frames):
        assert len(frames) == 1, frames
        assert len(frames[0]) <= 65536
        over, body = "router", frames[0]
        if sock is self.sub:
            room, body = frames[0].split(b"\0", 1)
            over = "pub"
        message = msgpack.unpackb(body)
        if "re" in message:
            assert over == "router" and ("ok" in message) != ("error" in message), message
            assert message.get("ok", True) is True and ("hint" in message) == ("error" in message), message
            self.replies[message["re"]] = message
            self.reply_count[message["re"]] = self.reply_count.get(message["re"], 0) + 1
            return
        if over == "pub":
            assert room.decode() == message["room"], frames
        self.events.append({**message, "over": over, "heard_s": time.monotonic()})

    def reply(self, request, within_s=None):
        until(lambda: request in self.replies, self.take, f"the reply to request {request}", within_s)
        return self.replies[request]

    def ask(self, op, **fields):
        return self.reply(self.send(op, **fields))

    def ok(self, op, **fields):
        reply = self.ask(op, **fields)
        assert reply.get("ok"), f"{op} {fields}: {reply}"
        return reply

    def error(self, op, **fields):
        """The name of the error that the request must get."""
        reply = self.ask(op, **fields)
        assert "error" in reply, f"{op} {fields}: {reply}"
        return reply["error"]

    def hello(self, nick=None, join=(), **fields):
        """Says hello without missing anything: subscribe, join, hear oneself come."""
        named = {"nick": nick} if nick else {}
        reply = self.ok("hello", join=[], **named, **fields)
        for room in join:
            self.join(room, **({"sid": fields["sid"]} if "sid" in fields else {}))
        return reply

    def subscribe(self, room):
        self.sub.subscribe(room.encode() + b"\0")

    def join(self, room, **fields):
        """Subscribes and joins; returns when one's own arrival has been heard, so that nothing later is missed."""
        if self.sub:
            self.subscribe(room)
        reply = self.ok("join", room=room, **fields)
        room = reply["room"]
        if self.sub:
            self.hears_presence_of(room, fields.get("sid"))
        return reply

    def hears_presence_of(self, room, sid=None):
        named = {} if sid is None else {"sid": sid}
        for turn in range(20):
            try:
                self.event("presence", room=room, within_s=0.5 * SLOWNESS)
                return
            except Late:
                self.ok("status", status=f"listening {turn}", **named)
        raise Late(f"the events of {room}")

    def find(self, ev, **fields):
        for event in self.events:
            if event["ev"] == ev and all(event.get(key) == value for key, value in fields.items()):
                return event
        return None

    def event(self, ev, within_s=None, **fields):
        """The next event like that; it and all before it are forgotten."""
        event = until(lambda: self.find(ev, **fields), self.take, f"{ev} {fields}; came: {self.events}", within_s)
        del self.events[:self.events.index(event) + 1]
        return event

    def change(self, nick, state, within_s=None, **fields):
        """The presence event that says so of `nick`; with the change under `change`."""
        def fact():
            for event in self.events:
                for change in event.get("changes", ()):
                    wanted = {"nick": nick, "state": state, **fields}
                    if event["ev"] == "presence" and wanted.items() <= change.items():
                        return {**event, "change": change}
            return None
        event = until(fact, self.take, f"{nick} {state} {fields}; came: {self.events}", within_s)
        while self.events.pop(0)["heard_s"] != event["heard_s"]:
            pass
        return event

    def texts(self, room, count, within_s=None):
        """The texts of the next `count` messages of a room."""
        def heard():
            return [event for event in self.events if event["ev"] == "message" and event["room"] == room]
        until(lambda: len(heard()) >= count, self.take, f"{count} messages in {room}", within_s)
        messages = heard()[:count]
        del self.events[:self.events.index(messages[-1]) + 1]
        return [message["text"] for message in messages]

    def hears_nothing_but(self, text, room, speaker=None):
        """All messages of the room up to one that is said now, which comes last."""
        (speaker or self).ok("say", room=room, text=text)
        until(lambda: self.find("message", room=room, text=text), self.take, text)
        messages = [event["text"] for event in self.events if event["ev"] == "message" and event["room"] == room]
        self.event("message", room=room, text=text)
        return messages == [text]

    def flush(self):
        """Everything that ROUTER had for us has come."""
        self.ok("ping")


class Line:
    """A person with nothing but a TCP connection."""

    def __init__(self, address, greeted=True, receive_bytes=None, first=b""):
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(address)
        if first:
            self.socket.sendall(first)
        self.secure()
        self.part = b""      # of a line that has not ended yet
        self.heard = []      # lines that nobody has asked for yet
        self.negotiated = 0  # telnet options that were answered
        self.is_closed = False
        self.nick = None
        if greeted:
            greeting = self.line("Welcome, you are ")
            self.nick = greeting.split("you are ")[1].split(". Type")[0]

    def secure(self):
        """Nothing, in clear."""

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def say(self, line):
        self.send(line + "\r\n")

    def take(self, seconds):
        if self.is_closed or not is_readable(self.socket, seconds):
            return
        data = self.receive()
        if data is None:
            return
        self.is_closed = not data
        data, count = re.subn(rb"\xff[\xfb-\xfe].", b"", self.part + data, flags=re.DOTALL)
        self.negotiated += count
        *lines, self.part = data.split(b"\r\n")
        self.heard += [line.decode() for line in lines]

    def receive(self):
        """What has come; empty: the end; None: nothing yet."""
        try:
            return self.socket.recv(65536)
        except ConnectionError:
            return b""

    def find(self, part):
        return next((index for index, line in enumerate(self.heard) if part in line), None)

    def before(self, part, within_s=None):
        """The lines that come before the next one that has `part` in it; all of them are forgotten."""
        looked_at = 0

        def is_there():
            nonlocal looked_at
            while looked_at < len(self.heard) and part not in self.heard[looked_at]:
                looked_at += 1
            return looked_at < len(self.heard)

        if not is_there():
            try:
                until(is_there, self.take, f"a line with {part!r}", within_s)
            except Late as late:
                raise Late(f"{late}; came: {self.heard[-20:]} {self.part!r}") from None
        lines, self.last, self.heard = self.heard[:looked_at], self.heard[looked_at], self.heard[looked_at + 1:]
        return lines

    def line(self, part, within_s=None):
        """The next line that has `part` in it; it and all before it are forgotten."""
        self.before(part, within_s)
        return self.last

    def rename(self, nick):
        self.say(f"rename|{nick}")
        self.line(f"You are now {nick}.")
        self.nick = nick
        return self

    def ends(self, within_s=None):
        until(lambda: self.is_closed, self.take, "the end of the connection", within_s)

    def drips(self, data, every_s=0.05):
        """Sends it byte by byte, slowly, until the other end has had enough; how many bytes that were."""
        sent = 0

        def drip(seconds):
            nonlocal sent
            with contextlib.suppress(OSError):
                self.socket.sendall(data[sent:sent + 1])
                sent += 1
            self.take(min(seconds, every_s))
        until(lambda: self.is_closed, drip, "the end of the connection")
        return sent

    def finish(self):
        """No more from us."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Goes without a goodbye: RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def close(self):
        self.socket.close()


class TlsLine(Line):
    """The same person, encrypted. `certificate` is a file with the one that the server must have."""

    def __init__(self, address, certificate, versions=(None, None), **more):
        self.context = ssl.create_default_context(cafile=certificate)
        least, most = versions
        self.context.minimum_version = least or ssl.TLSVersion.TLSv1_2
        self.was_goodbye = False  # the end was said, not only reached
        self.context.maximum_version = most or ssl.TLSVersion.MAXIMUM_SUPPORTED
        super().__init__(address, **more)

    def secure(self):
        self.socket.settimeout(PATIENCE_S)
        self.socket = self.context.wrap_socket(self.socket, server_hostname="localhost", suppress_ragged_eofs=False)

    def receive(self):
        self.socket.settimeout(0)
        try:
            data = self.socket.recv(65536)
            self.was_goodbye = not data
            return data
        except ssl.SSLWantReadError:
            return None  # a record that has no text in it, or not all of one
        except (ssl.SSLError, ConnectionError):
            return b""
        finally:
            self.socket.settimeout(PATIENCE_S)


def certificate(directory, name="cert"):
    """Makes a certificate for localhost and its key: the two files."""
    files = directory / f"{name}.pem", directory / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", files[1], "-out",
                    files[0]], check=True, stderr=subprocess.DEVNULL)
    return files
