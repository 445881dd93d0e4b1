"""The broker out of descriptors: nobody new for a while, and whoever is in notices nothing."""
import re
import socket
import time

import pytest

from hub import Link, until

TALKS_S = 2
LIMIT = 160  # of descriptors; the broker has about thirty for itself
FEW = {"within": ("prlimit", f"--nofile={LIMIT}:{LIMIT}")}


def address(endpoint):
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    return (host, int(port))


def connected(endpoint):
    """A connection that is kept, or None: there is no answer, or it is closed at once."""
    try:
        made = socket.create_connection(address(endpoint), timeout=0.5)
        return made if made.recv(1) else None  # libzmq speaks first
    except OSError:
        return None


@pytest.fixture
def crowd():
    """Connections that say nothing; a little at a time, as far as they are taken."""
    sockets = []

    def grow(broker, count):
        for _ in range(count):
            one = connected(broker.router)
            if one is None:
                return False
            sockets.append(one)
        return True
    grow.sockets = sockets
    yield grow
    for one in sockets:
        one.close()


def fills(broker, crowd):
    """Until it refuses; asking it something meanwhile."""
    until(lambda: not crowd(broker, 8), lambda _: broker.stats(), "that the broker takes no more", 30)


def test_few_descriptors_and_nobody_new_comes_in_but_who_is_in_goes_on(start, client, crowd, room):
    broker = start(**FEW)
    ada, bob = client("ada", to=broker), client("bob", to=broker)
    assert broker.counter("doors_rested") == 0
    fills(broker, crowd)
    assert broker.counter("doors_rested") == 1
    assert broker.descriptors() < LIMIT, "the reserve is used up"
    ada.ok("say", room=room, text="still here")
    assert bob.event("message", text="still here")
    waiting = socket.socket()
    waiting.setblocking(False)
    waiting.connect_ex(address(broker.router))  # and is not taken: what a listener that spins would see again and again
    cpu_s, begin = broker.cpu_s(), time.monotonic()
    while time.monotonic() < begin + TALKS_S:
        ada.ok("say", room=room, text="another line")
        ada.take(0.02)
    assert broker.cpu_s() - cpu_s < TALKS_S / 2, "it spins"
    waiting.close()
    assert broker.log().count("event=files.few") == 1
    assert connected(broker.pub) is None


def test_with_room_again_a_new_client_gets_in(start, crowd):
    broker = start(**FEW)
    fills(broker, crowd)
    late = Link(broker)  # tries again and again, as libzmq does
    for one in crowd.sockets:
        one.close()
    crowd.sockets.clear()
    assert late.hello("late")["nick"] == "late"
    until(lambda: "event=files.enough" in broker.log(), late.take, "that it says so")
    assert re.search(r"event=files.enough rests=1\b", broker.log())
    late.close()


def test_ipc_stays_open_for_the_operator(start, crowd):
    broker = start(**FEW)
    fills(broker, crowd)
    operator = Link(broker, router=broker.door, hears=False)
    assert operator.ok("stats")["counters"]["doors_rested"] == 1
    operator.close()
