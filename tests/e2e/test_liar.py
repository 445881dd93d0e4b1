"""hubbub, and the bridge, before a broker that lies: a ROUTER of the test's own."""
import random
import socket
import threading
import time

import msgpack
import pytest
import zmq

from attack import REPETITIONS, REPETITIONS_MAX, growth
from hub import SLOWNESS, Program, until
from pipe import Pipe

HEAD = [1000, 5, 5]
NOTHING = object()
FLAT_BYTES = 256 << 10  # what ten repetitions may leave in the bridge
SEED = 5


class Liar:
    """Answers as a broker does, but for the ops in `lies`: op -> what the reply has instead; NOTHING: it is not answered."""

    def __init__(self, lies):
        self.lies, self.asked, self.is_over = lies, {}, threading.Event()
        self.context = zmq.Context()
        self.router, self.pub = self.context.socket(zmq.ROUTER), self.context.socket(zmq.PUB)
        for sock in (self.router, self.pub):
            sock.linger = 0
        self.port, self.pub_port = (sock.bind_to_random_port("tcp://127.0.0.1") for sock in (self.router, self.pub))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def answer(self, request):
        pub = [f"tcp://127.0.0.1:{self.pub_port}"]
        welcome = {"nick": request.get("nick", "guest"), "uid": "a" * 16, "session": "b" * 16, "token": b"t" * 32, "version": 1, "caps": [], "pub": pub,
                   "heartbeat_ms": 10000, "idle_ms": 300000, "resume_ms": 30000, "limits": {}, "cid": 0, "heads": {"lobby": HEAD, "@": [1000, 0, 0]}}
        truth = {"hello": welcome, "ping": {"heads": {}, "pub": pub, "sessions": 1}, "who": {"members": [], "count": 0, "pseq": 5}, "rooms": {"rooms": []},
                 "replay": {"events": [], "more": False, "oldest": 6, "head": 5}}
        reply = {"re": request["id"], "ok": True, **({"sid": request["sid"]} if "sid" in request else {}),
                 **(self.lies.get(request["op"]) or truth.get(request["op"], {}))}
        return {key: value for key, value in reply.items() if value is not None}

    def beside(self, request):
        """What it sends unasked behind a reply."""
        return ()

    def run(self):
        while not self.is_over.is_set():
            if self.router.poll(50):
                who, body = self.router.recv_multipart()
                request = msgpack.unpackb(body)
                self.asked[request["op"]] = self.asked.get(request["op"], 0) + 1
                if self.lies.get(request["op"]) is not NOTHING:
                    self.router.send_multipart([who, msgpack.packb(self.answer(request))])
                    for frame in self.beside(request):
                        self.router.send_multipart([who, frame])

    def close(self):
        self.is_over.set()
        self.thread.join()
        self.router.close()
        self.pub.close()
        self.context.term()


@pytest.fixture
def before():
    """Starts hubbub before a liar."""
    made = []

    def begin(lies, *options, json_mode=True):
        liar = Liar(lies)
        pipe = Pipe(f"tcp://127.0.0.1:{liar.port}", "--nick", "ada", *options, json_mode=json_mode)
        made.extend([pipe, liar])
        return pipe, liar
    yield begin
    for one in made:
        one.close()


@pytest.mark.parametrize("op,rows", [("who", "members"), ("rooms", "rooms")])
def test_a_list_that_has_no_end_ends_with_an_empty_page(before, op, rows):
    pipe, liar = before({op: {rows: [], "count": 9, "pseq": 5, "next": "z"}})
    pipe.write({"op": op, "id": 1, **({"room": "lobby"} if op == "who" else {})})
    pipe.sees({"reply": op, "id": 1, "ok": True})
    assert liar.asked[op] < 10


@pytest.mark.parametrize("op, line", [("say", "hello"), ("who", "/who"), ("join", "/join tea"), ("history", "/history")])
def test_a_broker_that_answers_pings_only_is_waited_for_as_long_as_wanted(before, op, line):
    """The lines behind it were read, and are counted."""
    pipe, liar = before({op: NOTHING}, "--timeout", "500", json_mode=False)
    pipe.write(line, "and more")
    status, _, errors = pipe.end()
    assert status == 1
    assert errors.splitlines()[0] == f"hubbub: the broker at tcp://127.0.0.1:{liar.port} is there but has not answered a request for 500 ms"
    assert op != "say" or errors.splitlines()[-1] == "hubbub: 2 messages were not acknowledged and may be lost"


def test_a_broker_that_never_welcomes_is_waited_for_as_long_as_wanted(before):
    pipe, liar = before({"hello": NOTHING}, "--timeout", "500", json_mode=False)
    pipe.write("hello")
    status, _, errors = pipe.end()
    assert status == 1 and f"no broker answers at tcp://127.0.0.1:{liar.port}" in errors


def test_a_request_that_the_broker_wants_later_is_waited_for(before):
    pipe, liar = before({"say": {"ok": None, "error": "flood", "hint": "later", "retry_ms": 600}}, "--timeout", "500", json_mode=False)
    pipe.write("hello")
    until(lambda: liar.asked.get("say", 0) > 3, pipe.take, "the same again and again")
    assert pipe.process.poll() is None


# The bridge.

def event(ev, **fields):
    return msgpack.packb({"ev": ev, "room": "lobby", "epoch": 1000, **fields})


class Storyteller(Liar):
    """Behind each reply it tells what it likes: rubbish, events in order, twice and with holes, people without number."""

    chance, seq = random.Random(SEED), HEAD[1]

    def beside(self, request):
        chance, sid = self.chance, request.get("sid", 0)
        self.seq = seq = self.seq + chance.choice((0, 1, 1, 1, 1, 2))
        people = [{"nick": f"n{number}", "uid": f"{number:016x}", "state": "active"} for number in range(seq % 200)]
        return chance.sample([
            chance.randbytes(200), b"\xdd\x00\xff\xff\xff", msgpack.packb({"re": request["id"], "ok": True}), msgpack.packb({"re": 1 << 60, "ok": True}),
            event("message", seq=seq, text="x" * 4000, **{"from": "eve", "uid": "e" * 16}), event("head", seq=seq, pseq=seq),
            event("presence", pseq=seq, at=1, count=len(people), changes=people), event("kicked", sid=sid, reason="kick", text="y" * 500),
            event("private", sid=sid, room="@", seq=seq, text="x" * 4000, to="ada", mid="m", **{"from": "eve", "uid": "e" * 16}),
            event("warning", sid=sid, idle_in_ms=5), event("nonsense", sid=sid, x={"y": 1}), event("message", seq=-1, text=7)], 5)


TALES = {
    "as they are": {},
    "errors": {op: {"ok": None, "error": "nonsense", "hint": "h" * 300} for op in ("say", "tell", "join", "who", "rooms", "history", "status", "kick", "nick")},
    "empty": {op: {"heads": {}, "members": {}, "rooms": 7} for op in ("who", "rooms", "history", "join")},
    "a hello of nothing": {"hello": {"token": None, "heads": {f"den{number}": [1, 2, 3] for number in range(500)}}},
    "always more": {"replay": {"events": [], "more": True, "oldest": 1, "head": 1 << 40}, "rooms": {"rooms": [{"room": "r", "count": 1}], "next": "z"}},
}
TYPED = b"hello\r\n/who\r\n/rooms\r\n/join tea\r\nhi\r\n/history\r\nto|eve|psst\r\n/status x\r\n/kick eve\r\n/part\r\nrename|bob\r\n/quit\r\n"


@pytest.mark.parametrize("tale", TALES)
def test_a_broker_that_lies_leaves_nothing_in_the_bridge(tale):
    liar = Storyteller(TALES[tale])
    bridge = Program("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", f"tcp://127.0.0.1:{liar.port}", "--set", "connections_per_address=0",
                     "--set", "connections_per_s=0")
    host, port = bridge.ready["tcp"][0].rsplit(":", 1)
    idle, resident = bridge.descriptors(), []
    while len(resident) < REPETITIONS or growth(resident) > FLAT_BYTES:
        assert len(resident) < REPETITIONS_MAX, resident
        people = [socket.create_connection((host, int(port))) for _ in range(10)]
        asked = sum(liar.asked.values())
        for sock in people:
            sock.sendall(TYPED)
        until(lambda: sum(liar.asked.values()) > asked + 10, time.sleep, "requests")
        for sock in people:
            sock.close()
        until(lambda: bridge.descriptors() <= idle + 1, time.sleep, "the descriptors back")
        resident.append(bridge.resident_bytes() if SLOWNESS == 1 else 0)  # a sanitizer tells at the end
    bridge.stop()
    liar.close()
