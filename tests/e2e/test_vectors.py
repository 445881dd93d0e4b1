"""Every request of tests/vectors, sent to a real broker, gets the answer that stands beside it."""
import pathlib
import sys

import msgpack
import pytest

from hub import until

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "vectors"))
import make

VECTORS = [vector[2:] for vector in make.read() if vector[0] == "request"]
SIDS = (0, 1, 2, 3, 4, 5, 9, 2**31 - 1)


@pytest.fixture
def vera(link):
    """Vera, sid 0, in the lobby; gone with all that the vector made when the test is over."""
    vera = link(hears=False)
    vera.ok("hello", nick="Vera", join=["lobby"])
    yield vera
    for sid in SIDS:
        vera.ask("bye", sid=sid)


def sid_of(frame):
    request = msgpack.unpackb(frame, raw=True, strict_map_key=False)
    sid = request.get(b"sid")
    return sid if type(sid) is int and 0 <= sid < 2**31 else None


@pytest.mark.parametrize("answer,name,frame", VECTORS, ids=[vector[1] for vector in VECTORS])
def test_a_vector_gets_its_answer(vera, answer, name, frame):
    def replies():
        return {number: reply for number, reply in vera.replies.items() if number not in (1, 1001)}
    vera.send_raw(frame)
    if answer != "malformed":
        until(replies, vera.take, "a reply")
    vera.last_id = 1000
    vera.ok("ping")
    if answer == "malformed":
        assert replies() == {}
        return
    (number, reply), = replies().items()
    assert vera.reply_count[number] == 1
    assert reply.get("error", "ok") == answer, reply
    assert reply.get("sid") == sid_of(frame)
