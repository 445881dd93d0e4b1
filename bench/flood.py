"""What two people notice of eight who send ten megabytes a second each: from saying something to hearing it.

Usage: ./dev bench flood

Two native clients, or two telnet users, at 40 messages a second, alone and beside eight floods of their own kind: messages to the
ROUTER, lines to the telnet port. Limits are the default ones, so that floods are refused, muted and kicked; they come again at once.
The floods sleep while they may not or cannot send, yet they take their part of the processors: `elsewhere` is the pair while the
same floods go to another server on the machine, which is the floor: what any server would notice of sharing the processors."""
import contextlib, multiprocessing, select, socket, time

import msgpack, zmq

import harness
from harness import Target

FLOODS, BYTES_PER_S, LINE_BYTES = 8, 10e6, 4000
PAUSE_MS = 1  # of a flood that has sent what it wanted by now
ROUNDS, PER_S = 800, 40
FRAME = msgpack.packb({"op": "say", "id": 1, "room": "flood", "text": "x" * LINE_BYTES})
HELLO = msgpack.packb({"op": "hello", "id": 1, "join": ["flood"]})


class Native:
    """One who speaks and one who hears."""

    def __init__(self, router, pub):
        self.context = zmq.Context()
        self.ada, self.sub = self.context.socket(zmq.DEALER), self.context.socket(zmq.SUB)
        self.ada.connect(router)
        self.sub.connect(pub)
        self.sub.subscribe(b"tea\0")
        self.ask(op="hello", join=["tea"])
        for number in range(100):  # until the SUB is heard of
            self.ask(op="say", room="tea", text="ready?")
            if self.sub.poll(100):
                break
        while self.sub.poll(100):
            self.sub.recv()

    def ask(self, **request):
        self.ada.send(msgpack.packb({"id": 1, **request}))
        if not self.ada.poll(20000):
            raise SystemExit("flood: no answer")
        return self.ada.recv()

    def round(self, text):
        self.ada.send(msgpack.packb({"op": "say", "id": 1, "room": "tea", "text": text}))
        while True:
            if not self.sub.poll(20000):
                raise SystemExit("flood: nothing was heard")
            if msgpack.unpackb(self.sub.recv().split(b"\0", 1)[1]).get("text") == text:
                return self.ada.recv()

    def close(self):
        self.context.destroy(0)


class Telnet:
    def __init__(self, port):
        self.people = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
        for number, person in enumerate(self.people):
            person.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            person.settimeout(20)
            person.sendall(b"/join tea\r\n")
            self.until(person, b"You are in tea")
            person.sendall(b"/part lobby\r\n")  # where the floods are to be heard
            self.until(person, b"You have left lobby")

    @staticmethod
    def until(person, part):
        data = b""
        while part not in data:
            data += person.recv(65536)

    def round(self, text):
        self.people[0].sendall(text.encode() + b"\r\n")
        for person in self.people:
            self.until(person, f"]{text}\r\n".encode())

    def close(self):
        for person in self.people:
            person.close()


def flood_native(router, stop):
    context = zmq.Context()
    dealers = []
    for _ in range(FLOODS):
        dealer = context.socket(zmq.DEALER)
        dealer.linger = 0
        dealer.connect(router)
        dealer.send(HELLO)
        dealers.append([dealer, 0])
    poller = zmq.Poller()
    for dealer, _ in dealers:
        poller.register(dealer, zmq.POLLIN)
    begin = time.monotonic()
    while not stop.is_set():
        poller.poll(PAUSE_MS)
        allowed = BYTES_PER_S * (time.monotonic() - begin)
        for peer in dealers:
            with contextlib.suppress(zmq.Again):
                while peer[1] < allowed:
                    peer[0].send(FRAME, zmq.NOBLOCK)
                    peer[1] += len(FRAME)
            with contextlib.suppress(zmq.Again):
                while b"no_session" not in peer[0].recv(zmq.NOBLOCK):
                    pass
                peer[0].send(HELLO, zmq.NOBLOCK)  # kicked: again
    context.destroy(0)


def connected(port):
    person = socket.create_connection(("127.0.0.1", port))
    person.setblocking(False)
    return person


def flood_telnet(port, stop):
    people = [[connected(port), 0] for _ in range(FLOODS)]
    lines = (b"y" * LINE_BYTES + b"\r\n") * 4
    begin = time.monotonic()
    while not stop.is_set():
        select.select([person for person, _ in people], [], [], PAUSE_MS / 1e3)
        allowed = BYTES_PER_S * (time.monotonic() - begin)
        for peer in people:
            try:
                while peer[1] < allowed:
                    peer[1] += peer[0].send(lines)
            except BlockingIOError:
                pass
            except ConnectionError:
                peer[0].close()
                peer[0] = connected(port)
            with contextlib.suppress(BlockingIOError, ConnectionError):
                while peer[0].recv(65536):
                    pass
    for person, _ in people:
        person.close()


def measure(pair):
    times = []
    for number in range(ROUNDS):
        begin = time.monotonic()
        pair.round(f"round {number}")
        times.append(time.monotonic() - begin)
        time.sleep(max(0, 1 / PER_S - times[-1]))
    times.sort()
    return {"p50_ms": 1e3 * times[ROUNDS // 2], "p99_ms": 1e3 * times[ROUNDS * 99 // 100], "max_ms": 1e3 * times[-1]}


@contextlib.contextmanager
def beside(flood, where):
    """While eight flood from a process of their own, where there is a flood."""
    stop = multiprocessing.Event()
    process = multiprocessing.Process(target=flood, args=(where, stop)) if flood else None
    if process:
        process.start()
        time.sleep(1)
    try:
        yield
    finally:
        stop.set()
        if process:
            process.join()


def served(durability):
    return harness.limited("--tcp", "127.0.0.1:0", durability=durability)


def door(ready, native):
    return ready["router"][0] if native else int(harness.port_of(ready["tcp"][0]))


def run(flooded):
    """The pair at a server of its own; the flood at the same one, at another on this machine, or none."""
    def once(case):
        kind, durability = case.split()
        native = kind == "native"
        with served(durability) as (_, ready), served(durability) as (_, other):
            pair = Native(ready["router"][0], ready["pub"][0]) if native else Telnet(door(ready, native))
            flood = (flood_native if native else flood_telnet) if flooded else None
            with contextlib.closing(pair), beside(flood, door(other if flooded == "elsewhere" else ready, native)):
                return measure(pair)
    return once


COLUMNS = {"p50_ms": ("p50 ms", ".2f"), "p99_ms": ("p99 ms", ".2f"), "max_ms": ("max ms", ".2f")}
TARGETS = [Target("flooded", "p99_ms", "<=", 2.0, "alone"), Target("flooded", "p99_ms", "<=", 2.0, "elsewhere")]
KINDS = {"alone": run(None), "elsewhere": run("elsewhere"), "flooded": run("here")}

if __name__ == "__main__":
    harness.Benchmark("flood", ["native memory", "native file", "telnet memory", "telnet file"], KINDS, COLUMNS, TARGETS).run()
