"""A bridge is killed with everybody on it."""
from collections import Counter

import pytest

from crowd import Undying
from hub import SLOWNESS, until

PEOPLE = 200  # ./dev soak: 1 000
RESUME_MS = int(500 * SLOWNESS)


@pytest.fixture
def bridge(run):
    def begin(broker):
        program = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.router,
                      "--set", "connections_per_address=0")
        host, port = program.ready["tcp"][0].rsplit(":", 1)
        program.tcp = (host, int(port))
        return program
    return begin


def changes(person, state):
    """How often each was said to be in that state."""
    return Counter(change["nick"] for event in person.messages("presence") for change in event.get("changes", ())
                   if change["state"] == state)


def test_the_people_of_a_killed_bridge_leave_once_and_come_back_under_their_names(start, bridge, line, pipe):
    broker = start("--heartbeat-ms", int(200 * SLOWNESS), "--resume-ms", RESUME_MS)
    ada = pipe("--nick", "ada", json_mode=True, to=broker.router)
    ada.sees({"ev": "joined", "room": "lobby"})
    first, other = bridge(broker), bridge(broker)
    stays = line(other.tcp, nick="stays")
    nicks = {f"user{number}" for number in range(PEOPLE)}
    people = [line(first.tcp, nick=nick) for nick in sorted(nicks)]
    first.kill()
    ada.says(["who is left?"])
    stays.line("[ada]who is left?")
    until(lambda: set(changes(ada, "gone")) >= nicks, ada.take, "that all have gone")
    again = bridge(broker)
    for person in people:
        person.ends()
    for nick in sorted(nicks):
        line(again.tcp, nick=nick)
    ada.says(["welcome back"])
    stays.line("[ada]welcome back")
    gone = changes(ada, "gone")
    assert {nick: gone[nick] for nick in nicks} == dict.fromkeys(nicks, 1)
    assert not changes(ada, "detached")["stays"] and not gone["stays"] and not gone["ada"]
    other.stop()
    again.stop()


def test_telnet_users_hear_all_once_in_order_though_the_broker_is_killed(bridge, line, pipe, tmp_path):
    house = Undying(tmp_path / "data", "--heartbeat-ms", int(300 * SLOWNESS))
    program = bridge(house.broker)
    bob = line(program.tcp, nick="bob")
    ada = pipe("--nick", "ada", "--timeout", "0", json_mode=True, to=house.router)
    ada.sees({"ev": "joined", "room": "lobby"})
    texts = [f"line {number}" for number in range(300)]
    for part in (texts[:100], texts[100:200], texts[200:]):
        ada.write(*({"op": "say", "text": text, "id": text} for text in part))
        ada.sees({"reply": "say", "id": part[10], "ok": True})
        house.kill()  # the rest of them is on its way
        house.start()
    ada.says(["psst"], to="bob")
    for text in texts:
        ada.sees({"reply": "say", "id": text, "ok": True})
    for wanted in ("[ada -> you]psst", f"[ada]{texts[-1]}"):
        until(lambda wanted=wanted: wanted in bob.heard, bob.take, wanted)
    assert [text for text in bob.heard if text.startswith("[ada]")] == [f"[ada]{text}" for text in texts]
    assert bob.heard.count("[ada -> you]psst") == 1
    program.stop()
    house.stop()
