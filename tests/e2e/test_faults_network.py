"""The network and the machines at its ends fail: nothing acknowledged is lost, and everything comes once and in order.

Clocks run fast here. The same with real times is `./dev soak` (tests/soak)."""
import signal
import time

import pytest

from faults import Lossy, Namespace
from hub import SLOWNESS, Broker, until

HEARTBEAT_MS = int(200 * SLOWNESS)
AWAY = "127.0.0.2"  # the address by which the one to be cut off reaches the broker
TIMES = ("--heartbeat-ms", HEARTBEAT_MS)
SHORT, LONG = int(1000 * SLOWNESS), int(60000 * SLOWNESS)  # resume_ms that pass, and that do not


@pytest.fixture
def talk(pipe, room):
    """Starts hubbub --json in the test's room."""
    def begin(broker, nick, to=None, **more):
        person = pipe("--nick", nick, "--room", room, "--timeout", "0", json_mode=True, to=to or broker.router, **more)
        person.sees({"ev": "joined", "room": room})
        return person
    return begin


@pytest.fixture
def namespace():
    made = Namespace()
    yield made
    made.close()


def numbered(count, stem="line"):
    return [f"{stem} {number} " + "." * 200 for number in range(count)]


def state_of(person, nick):
    """What was last heard of somebody."""
    changes = [change for event in person.messages("presence") for change in event.get("changes", ())]
    return next((change["state"] for change in reversed(changes) if change["nick"] == nick), None)


def waits_until(person, nick, state):
    until(lambda: state_of(person, nick) == state, person.take, f"{nick} {state}")


def hears_all(person, texts, within_s=None):
    """All of these, once, in this order, under numbers without holes; returns how long that took."""
    begin = time.monotonic()
    until(lambda: any(event["text"] == texts[-1] for event in person.messages()), person.take, texts[-1], within_s)
    heard = person.messages()
    assert [event["text"] for event in heard if event["text"] in set(texts)] == texts
    numbers = [event["seq"] for event in heard]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert not person.messages("lost") and not person.messages("undone")
    return time.monotonic() - begin


def test_a_pub_that_loses_a_third_of_the_frames_loses_nothing_for_people(talk):
    lossy = Lossy(0.3, seed=1)
    broker = Broker("--heartbeat-ms", int(1000 * SLOWNESS), "--advertise-pub", lossy.endpoint)
    lossy.hear(broker.pub)
    try:
        ada, bob = talk(broker, "ada"), talk(broker, "bob")
        texts = numbered(1000)
        ada.says(texts)
        assert hears_all(bob, texts) < 2 * SLOWNESS, "two heartbeats"
        hears_all(ada, texts)
        until(lambda: lossy.dropped > 200, ada.take, "what is lost, by one who is slower than what replays it")
    finally:
        lossy.close()
        broker.stop()


@pytest.mark.parametrize("until_when, resume_ms", [("detached", LONG), ("gone", SHORT)])
def test_who_was_stopped_hears_on_waking_what_was_said_meanwhile(start, talk, until_when, resume_ms):
    broker = start(*TIMES, "--resume-ms", resume_ms)
    ada, bob = talk(broker, "ada"), talk(broker, "bob")
    ada.says(["before"])
    bob.sees({"ev": "message", "text": "before"})
    bob.process.send_signal(signal.SIGSTOP)
    waits_until(ada, "bob", "detached")
    texts = numbered(6000)  # more than PUB and the sockets between hold for one
    ada.says(texts)
    if until_when == "detached":
        ada.says(["psst 1", "psst 2"], to="bob")
    waits_until(ada, "bob", until_when)
    bob.process.send_signal(signal.SIGCONT)
    hears_all(bob, ["before", *texts])
    readies = [event.get("new", False) for event in bob.messages("ready")]
    assert readies == [True, until_when == "gone"]
    if until_when == "detached":
        bob.sees({"ev": "private", "text": "psst 2"})
    assert [event["text"] for event in bob.messages("private")] == (
        ["psst 1", "psst 2"] if until_when == "detached" else [])
    waits_until(ada, "bob", "active")
    assert bob.messages("ready")[-1]["nick"] == "bob"


@pytest.mark.parametrize("until_when, resume_ms", [("detached", LONG), ("gone", SHORT)])
def test_what_the_stopped_was_to_say_is_said_once(start, talk, until_when, resume_ms):
    broker = start(*TIMES, "--resume-ms", resume_ms)
    ada, bob = talk(broker, "ada"), talk(broker, "bob")
    bob.process.send_signal(signal.SIGSTOP)
    texts = [f"mine {number}" for number in range(64)]
    bob.write(*({"op": "say", "text": text, "id": text} for text in texts))
    waits_until(ada, "bob", until_when)
    bob.process.send_signal(signal.SIGCONT)
    hears_all(ada, texts)
    hears_all(bob, texts)
    for text in texts:
        bob.sees({"reply": "say", "id": text, "ok": True})


@pytest.mark.parametrize("until_when, resume_ms", [("detached", LONG), ("gone", SHORT)])
def test_a_network_that_was_cut_and_mended_loses_nothing(start, talk, namespace, tmp_path, until_when, resume_ms):
    pub = f"ipc://{tmp_path}/pub"
    broker = start(*TIMES, "--insecure", "--resume-ms", resume_ms, "--pub", pub, router="tcp://0.0.0.0:*", pub="tcp://0.0.0.0:*",
                   within=namespace.within)
    away = broker.router.replace("0.0.0.0", AWAY)
    near = broker.router.replace("0.0.0.0", "127.0.0.1")
    ada = talk(broker, "ada", to=near, within=namespace.within)
    bob = talk(broker, "bob", to=away, within=namespace.within)
    ada.says(["before"])
    bob.sees({"ev": "message", "text": "before"})
    namespace.cut(AWAY)
    mine = [f"mine {number}" for number in range(10)]
    bob.write(*({"op": "say", "text": text, "id": text} for text in mine))
    waits_until(ada, "bob", "detached")
    texts = numbered(500)
    ada.says(texts)
    waits_until(ada, "bob", until_when)
    namespace.mend()
    hears_all(bob, ["before", *texts])
    waits_until(ada, "bob", "active")
    if until_when == "detached":
        hears_all(ada, mine)
    ada.says(["after"])
    bob.sees({"ev": "message", "text": "after"})
    assert len(bob.messages()) == len({event["seq"] for event in bob.messages()})


def test_a_connection_that_died_without_a_word_is_made_anew(start, talk, namespace):
    """A SUB never sends, so it would wait for ever: it is connected anew whenever the link was lost."""
    broker = start(*TIMES, "--insecure", "--resume-ms", LONG, router="tcp://0.0.0.0:*", pub="tcp://0.0.0.0:*",
                   within=namespace.within)
    bob = talk(broker, "bob", to=broker.router.replace("0.0.0.0", AWAY), within=namespace.within)
    ada = talk(broker, "ada", to=broker.router.replace("0.0.0.0", "127.0.0.1"), within=namespace.within)
    ports = {endpoint.rsplit(":", 1)[1] for endpoint in (broker.router, broker.pub)}
    old = namespace.connections(AWAY)
    assert {far for _, far in old} >= ports
    namespace.forget(AWAY)
    waits_until(ada, "bob", "detached")
    until(lambda: {far for _, far in namespace.connections(AWAY) - old} >= ports, ada.take, "both connections anew")
    ada.says(["after"])
    bob.sees({"ev": "message", "text": "after"})
    waits_until(ada, "bob", "active")


def test_the_kernel_watches_the_connections_that_never_send(start, talk, namespace, run):
    broker = start("--insecure", router="tcp://0.0.0.0:*", pub="tcp://0.0.0.0:*", within=namespace.within)
    router = broker.router.replace("0.0.0.0", AWAY)
    bob = talk(broker, "bob", to=router, within=namespace.within)
    run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", router, within=namespace.within)
    port = broker.pub.rsplit(":", 1)[1]

    def are_watched():
        rows = namespace.run("ss", "--tcp", "--numeric", "--options", "--no-header", "dport", "=", f":{port}").splitlines()
        return len(rows) == 2 and all("timer:(keepalive" in row for row in rows)
    until(are_watched, bob.take, "keepalive on both")
