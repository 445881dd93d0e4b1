"""hubbub before a broker that lies: a ROUTER of the test's own."""
import threading

import msgpack
import pytest
import zmq

from hub import until
from pipe import Pipe

HEAD = [1000, 5, 5]
NOTHING = object()


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

    def run(self):
        while not self.is_over.is_set():
            if self.router.poll(50):
                who, body = self.router.recv_multipart()
                request = msgpack.unpackb(body)
                self.asked[request["op"]] = self.asked.get(request["op"], 0) + 1
                if self.lies.get(request["op"]) is not NOTHING:
                    self.router.send_multipart([who, msgpack.packb(self.answer(request))])

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
