"""Who says nothing: inactive, warned, kicked. Section 12 of docs/protocol.md. Clocks run fast here."""
import time

import pytest

from hub import SLOWNESS, until

IDLE_MS = int(1000 * SLOWNESS)
GRAIN_S = 0.002  # the broker counts whole milliseconds


@pytest.fixture(scope="module")
def options():
    return {"options": ["--idle-ms", IDLE_MS]}


def stays(watcher, peer=None):
    """A step that keeps the watcher active, and only keeps the other's link."""
    def step(seconds):
        watcher.send("ping", active=True, sid=0)
        watcher.take(min(seconds, 0.1))
        if peer:
            peer.send("ping")
            peer.send("ping", sid=0)
            peer.take(0)
    return step


def sees(watcher, nick, state, peer=None):
    until(lambda: any(change["nick"] == nick and change["state"] == state for event in watcher.events
                      for change in event.get("changes", ())), stays(watcher, peer), f"{nick} {state}")
    return watcher.change(nick, state)


def test_p70_who_says_nothing_for_idle_ms_is_inactive(client, name, room):
    watcher, peer = client(name()), client(name())
    before = time.monotonic()
    peer.ok("status", status="last sign")
    assert sees(watcher, peer.me["nick"], "inactive", peer)["heard_s"] - before >= IDLE_MS / 1000 - GRAIN_S
    state = {member["nick"]: member["state"] for member in watcher.ok("who", room=room)["members"]}
    assert state == {watcher.me["nick"]: "active", peer.me["nick"]: "inactive"}
    peer.ok("say", room=room, text="back")
    sees(watcher, peer.me["nick"], "active")
    assert not peer.find("warning") and not peer.find("kicked")


@pytest.mark.parametrize("op,fields", [("ping", {"active": True, "sid": 0}), ("rooms", {}), ("say", {"room": "x", "text": ""})])
def test_p70_a_command_or_the_act_of_a_person_makes_one_active_again(client, name, room, op, fields):
    watcher, peer = client(name()), client(name())
    sees(watcher, peer.me["nick"], "inactive", peer)
    peer.ask("ping", sid=0)
    peer.ask("ping", sid=0, active=False)
    peer.ask("ping")
    assert "inactive" in [member["state"] for member in watcher.ok("who", room=room)["members"]]
    peer.ask(op, **fields)
    sees(watcher, peer.me["nick"], "active")


def test_p70_resume_makes_one_active_again(client, link, name, room):
    watcher, peer = client(name()), client(name())
    sees(watcher, peer.me["nick"], "inactive", peer)
    link().ok("resume", token=peer.me["token"])
    sees(watcher, peer.me["nick"], "active")


def test_p71_who_asked_for_it_is_warned_and_kicked(client, link, name, room):
    watcher, peer = client(name()), client(name(), kick=True)
    before = time.monotonic()
    peer.ok("status", status="last sign")
    inactive = sees(watcher, peer.me["nick"], "inactive", peer)["heard_s"] - before
    assert IDLE_MS / 2000 - GRAIN_S <= inactive < IDLE_MS / 1000
    gone = sees(watcher, peer.me["nick"], "gone", peer)["heard_s"] - before
    assert gone >= IDLE_MS / 1000 - GRAIN_S
    warning = peer.event("warning")
    assert warning["heard_s"] - before >= IDLE_MS * 0.9 / 1000 - GRAIN_S and 0 < warning["idle_in_ms"] <= IDLE_MS // 10
    kicked = peer.event("kicked")
    assert kicked["reason"] == "idle" and kicked["over"] == "router"
    assert peer.error("say", room=room, text="a") == "no_session"
    assert link().error("resume", token=peer.me["token"]) == "expired"
    assert link().ok("hello", nick=peer.me["nick"])


def test_p71_the_warning_is_taken_back_by_any_command(client, name, room):
    peer = client(name(), kick=True)
    peer.event("warning")
    peer.ok("say", room=room, text="I am here")
    peer.event("message", text="I am here")
    until(lambda: peer.find("warning"), peer.take, "the next warning")
    assert not peer.find("kicked")


def test_p71_one_session_of_a_link_is_kicked_alone(link, name):
    peer = link(hears=False)
    nicks = [peer.ok("hello", sid=sid, nick=name(), join=[], kick=True)["nick"] for sid in (1, 2)]

    def step(seconds):
        peer.send("ping", sid=2, active=True)
        peer.take(min(seconds, 0.1))
    until(lambda: peer.find("kicked"), step, "kicked")
    assert peer.event("warning")["sid"] == 1
    assert peer.event("kicked")["sid"] == 1
    assert peer.ok("ping")["sessions"] == 1
    assert peer.error("tell", sid=2, to=nicks[0], text="?") == "no_such_nick"


def test_p72_others_are_kicked_only_where_the_operator_says_so(start, client):
    broker = start("--idle-ms", 10 * IDLE_MS, "--kick-ms", 2 * IDLE_MS)
    peer = client("ada", to=broker)
    before = time.monotonic()
    peer.ok("status", status="last sign")

    def step(seconds):
        peer.send("ping")
        peer.take(min(seconds, 0.1))
    until(lambda: peer.find("kicked"), step, "kicked")
    warning, kicked = peer.event("warning"), peer.event("kicked")
    assert kicked["reason"] == "idle"
    assert 2 * IDLE_MS / 1000 - GRAIN_S <= kicked["heard_s"] - before
    assert 2 * IDLE_MS * 0.9 / 1000 - GRAIN_S <= warning["heard_s"] - before
