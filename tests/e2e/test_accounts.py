"""Registered nicks: register, login, password, and hello with a password; section 9 of docs/protocol.md."""
import time

import pytest

from attack import UNNOTICED_S
from hub import Broker, Meanwhile, until


PASSWORD, ANOTHER = "correct horse", "battery staple"


@pytest.fixture
def registered(link, name):
    """Makes an account, whose nick is returned; nobody is in under it."""
    def make(to=None):
        nick = name("ada")
        peer = link(to) if to else link()
        peer.ok("hello", nick=nick, join=[])
        peer.ok("register", password=PASSWORD)
        peer.ok("bye")
        return nick
    return make


def test_p110_a_registered_nick_needs_its_password(link, registered):
    nick, peer = registered(), link()
    reply = peer.ask("hello", nick=nick.upper())
    assert reply["error"] == "nick_taken" and "password" in reply["hint"]
    assert peer.error("hello", nick=nick, password=ANOTHER) == "denied"
    welcome = peer.ok("hello", nick=nick.upper(), password=PASSWORD)
    assert welcome["nick"] == nick
    assert peer.error("register", password=ANOTHER) == "exists"


def test_p111_login_makes_a_guest_somebody_for_all_to_see(link, client, registered, name, room):
    nick, tea = registered(), room
    watcher, guest = client(name(), join=[tea]), link()
    was = guest.hello(name("guest"), join=[tea])["nick"]
    watcher.change(was, "active")
    reply = guest.ok("login", nick=nick, password=PASSWORD)
    assert reply["nick"] == nick and set(reply["heads"]) >= {tea, "@"}
    assert watcher.change(nick, "active", was=was)
    guest.ok("say", room=tea, text="it is me")
    assert watcher.event("message", text="it is me")["uid"] == reply["uid"]


def test_p112_who_logs_in_elsewhere_ends_the_older_session(link, registered):
    nick, old, new = registered(), link(), link()
    old.ok("hello", nick=nick, password=PASSWORD)
    new.ok("hello", nick=nick, password=PASSWORD)
    assert old.event("kicked")["reason"] == "login"
    assert old.error("rooms") == "no_session"
    assert "ok" in new.ask("rooms")


def test_p113_unknown_nicks_cost_as_much_as_wrong_passwords(start, link):
    broker = start()
    peer = link(broker)
    peer.ok("hello", nick="ada", join=[])
    peer.ok("register", password=PASSWORD)
    peer.ok("bye")
    stranger = link(broker)

    def cpu_s_of(nick):
        before = broker.cpu_s()
        hints = {stranger.ask("hello", nick=nick, password=ANOTHER)["hint"] for _ in range(3)}
        return broker.cpu_s() - before, hints
    wrong_s, wrong_hints = cpu_s_of("ada")
    unknown_s, unknown_hints = cpu_s_of("nobody")
    assert wrong_hints == unknown_hints
    assert wrong_s / 4 < unknown_s < 4 * wrong_s  # as many hashes: one costs tens of milliseconds, all else nothing
    assert broker.counter("logins_refused") == 6


def test_p114_a_password_is_changed(link, registered):
    nick, peer = registered(), link()
    peer.ok("hello", nick=nick, password=PASSWORD)
    assert peer.error("password", password=ANOTHER, new_password=ANOTHER) == "denied"
    peer.ok("password", password=PASSWORD, new_password=ANOTHER)
    peer.ok("bye")
    assert peer.error("hello", nick=nick, password=PASSWORD) == "denied"
    peer.ok("hello", nick=nick, password=ANOTHER)


def test_p115_accounts_and_what_they_were_told_survive_a_kill(start, link, tmp_path):
    options = ("--durability", "file", "--data", tmp_path / "data")
    broker = Broker(*options)
    ada, bob = link(broker), link(broker)
    ada.ok("hello", nick="Ada", join=["tea"])
    ada.ok("register", password=PASSWORD)
    ada.ok("bye")
    bob.ok("hello", nick="bob", join=[])
    bob.ok("tell", to="ada", text="while you were away")
    broker.kill()
    broker.forget()
    again = start(*options)
    back = link(again)
    assert back.error("hello", nick="ada") == "nick_taken"
    welcome = back.ok("hello", nick="ada", password=PASSWORD, join=[])
    assert welcome["nick"] == "Ada"
    assert [event["text"] for event in back.ok("history", room="@")["events"]] == ["while you were away"]


def test_p117_a_storm_of_logins_is_bounded_and_disturbs_nobody(start, link):
    broker = start()
    ada = link(broker)
    ada.ok("hello", nick="ada")
    ada.ok("register", password=PASSWORD)
    stormers = [link(broker, hears=False) for _ in range(8)]
    asked = [(peer, peer.send("hello", sid=sid, nick=f"who{peer_number}_{sid}", password=ANOTHER))
             for sid in range(40) for peer_number, peer in enumerate(stormers)]
    busy, begin, began_cpu_s = {"busy": 0, "denied": 0}, time.monotonic(), broker.cpu_s()
    with Meanwhile(lambda number: ada.ok("say", room="lobby", text=f"meanwhile {number}"), UNNOTICED_S) as talked:
        for peer, request in asked:
            reply = peer.reply(request)
            busy[reply["error"]] += 1
            assert (reply["error"] == "busy") == ("retry_ms" in reply)
    processors = (broker.cpu_s() - began_cpu_s) / (time.monotonic() - begin)
    assert processors < 1.4, processors  # one hashes, and the rest of all is little
    assert len(talked.took_s) > 20
    assert busy["denied"] >= 64 and busy["busy"] > 0
    assert ada.ok("rooms")


def test_p118_who_guesses_is_made_to_wait_and_the_owner_gets_in_after_it(start, link):
    broker = start()
    owner, stranger = link(broker), link(broker)
    owner.ok("hello", nick="ada", join=[])
    owner.ok("register", password=PASSWORD)
    owner.ok("bye")
    for _ in range(3):
        assert stranger.error("hello", nick="ada", password=ANOTHER) == "denied"
    reply = stranger.ask("hello", nick="ADA", password=PASSWORD)
    assert reply["error"] == "flood" and 0 < reply["retry_ms"] <= 1000
    assert broker.counter("logins_refused") == 3 and broker.counter("logins_delayed") == 1

    def is_in():
        answer = owner.ask("hello", nick="ada", password=PASSWORD)
        assert answer.get("error") in (None, "flood")
        return "error" not in answer
    until(is_in, time.sleep, "the owner is let in once the wait is over")


def test_passwords_are_in_no_recording_and_no_log(start, link, tmp_path):
    recording = tmp_path / "recording"
    broker = start("--record", recording, "--record-texts", "--log-level", "debug")
    peer = link(broker)
    peer.ok("hello", nick="ada")
    peer.ok("register", password=PASSWORD)
    peer.ok("password", password=PASSWORD, new_password=ANOTHER)
    peer.ok("say", room="lobby", text="a text that is recorded")
    broker.stop()
    content = recording.read_bytes()
    assert b"a text that is recorded" in content
    for secret in (PASSWORD, ANOTHER, "argon2id"):
        assert secret.encode() not in content and secret not in broker.log()


def test_passwords_are_stored_as_argon2id_alone(start, link, tmp_path):
    broker = start("--durability", "file", "--data", tmp_path / "data")
    peer = link(broker)
    peer.ok("hello", nick="ada")
    peer.ok("register", password=PASSWORD)
    broker.stop()
    content = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir() if file.is_file())
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in content and PASSWORD.encode() not in content
