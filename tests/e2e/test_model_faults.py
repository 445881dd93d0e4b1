"""The faults of the model server, seen on a running copy: none of them here."""
import time

import pytest

from hub import SLOWNESS, until


@pytest.fixture(scope="module")
def options():
    return {"tcp": True, "options": ["--set", "connections_per_address=0"]}


def alive(broker, line):
    guest = line()
    guest.say("is anybody here?")
    guest.line(f"[{guest.nick}]is anybody here?")
    assert broker.process.poll() is None


def test_model_fault_to_without_a_third_field_crashes_the_server(broker, line, name):
    bob, ada = line(nick=name("bob")), line()
    for typed in (f"to|{bob.nick}", f"to|{bob.nick}|", "to|", "to", "to||", "|", "||", "rename|", "rename|a|b"):
        ada.say(typed)
    alive(broker, line)


def test_model_fault_a_private_text_with_a_bar_is_cut(line, name):
    ada, bob = line(nick=name("ada")), line(nick=name("bob"))
    ada.say(f"to|{bob.nick}|a|b|c")
    assert bob.line("-> you]").endswith("you]a|b|c")


def test_model_fault_two_win_the_same_name_at_once(line, name):
    nick = name("both")
    people = [line() for _ in range(30)]
    for person in people:
        person.send(f"rename|{nick}\r\n")
    won = 0
    for person in people:
        until(lambda: any(f"You are now {nick}" in text or "has that name" in text for text in person.heard), person.take, "an answer")
        won += any(f"You are now {nick}" in text for text in person.heard)
    assert won == 1


def test_model_fault_a_rename_is_not_announced(line, name):
    watcher, guest = line(nick=name()), line()
    old, new = guest.nick, name("new")
    guest.rename(new)
    watcher.line(f"* {old} is now {new}")


@pytest.mark.parametrize("nick", ["", " ", "   ", "\t", "\u3000", "\u200b", "a b"])
def test_model_fault_a_blank_name_is_accepted(line, nick):
    guest = line()
    guest.say(f"rename|{nick}")
    guest.line("*")
    guest.say("who am I?")
    guest.line(f"[{guest.nick}]who am I?")


def test_model_fault_after_end_of_file_it_goes_offline_twice_and_removes_an_heir(line, name):
    nick = name("heir")
    first = line(nick=nick)
    first.send(b"bye\r\n")
    first.finish()
    first.ends()
    heir = None

    def inherit(_):
        nonlocal heir
        heir = line()
        heir.say(f"rename|{nick}")
        until(lambda: any("You are now" in text or "has that name" in text for text in heir.heard), heir.take, "an answer")
    until(lambda: heir and any("You are now" in text for text in heir.heard), inherit, "the name")
    first.close()
    for number in range(5):
        heir.say(f"still {number}")
        heir.line(f"[{nick}]still {number}")
    heir.say("who")
    heir.line(nick)


def test_model_fault_one_that_stops_reading_freezes_everybody(client, line, name):
    speaker = client(name(), join=["lobby"])
    for _ in range(5):
        line(receive_bytes=4096)
    reader = line(nick=name())
    for number in range(30):
        for request in [speaker.send("say", room="lobby", text="x" * 4000) for _ in range(20)]:
            speaker.reply(request)
        begin = time.monotonic()
        speaker.ok("say", room="lobby", text=f"mark {number}.")
        reader.line(f"mark {number}.")
        assert time.monotonic() - begin < 2 * SLOWNESS


def test_model_fault_one_read_is_taken_for_one_line(line):
    guest = line()
    guest.send(b"one\r\ntwo\nthr")
    guest.send(b"ee\r")
    guest.send(b"\nfour\r\0end\r\n")
    heard = [text.split("]")[1] for text in guest.before(f"[{guest.nick}]end") if text.startswith(f"[{guest.nick}]")]
    assert heard == ["one", "two", "three", "four"]


def test_model_fault_who_leaves_by_a_reset_stays_as_a_ghost(broker, line, client, name):
    peer = client(name(), join=["lobby"])
    ghosts = [line() for _ in range(20)]
    nicks = {ghost.nick for ghost in ghosts}
    for ghost in ghosts:
        ghost.reset()

    def present(_):
        return {member["nick"] for member in peer.ok("who", room="lobby")["members"]}
    until(lambda: not present(None) & nicks, peer.take, "the ghosts' end")


def test_model_fault_leaving_leaks_a_descriptor(broker, line, client, name):
    peer = client(name(), join=["lobby"])

    def visit():
        guests = [line() for _ in range(50)]
        for number, guest in enumerate(guests):
            (guest.reset, guest.finish, guest.close)[number % 3]()
        until(lambda: peer.ok("who", room="lobby")["count"] <= 1 + others, peer.take, "everybody's leaving")
    others = peer.ok("who", room="lobby")["count"] - 1
    visit()
    before = broker.descriptors()
    for _ in range(5):
        visit()
    until(lambda: broker.descriptors() <= before + 2, peer.take, "the descriptors' return")


def test_model_fault_kicked_users_burn_cores_for_ever(start, line):
    broker = start("--idle-ms", int(600 * SLOWNESS), tcp=True)
    kicked = [line(broker) for _ in range(3)]
    for person in kicked:
        person.line("said nothing for too long")
        person.ends()
    watcher = line(broker)
    before, begin = broker.cpu_s(), time.monotonic()
    while time.monotonic() - begin < 1:
        watcher.take(0.2)
    assert broker.cpu_s() - before < 0.3 * SLOWNESS


def test_model_fault_arrivals_are_told_to_everybody_at_once(start, line, link):
    broker = start("--set", "connections_per_address=0", tcp=True)
    watcher = link(broker)
    watcher.hello("watcher", join=["lobby"])
    begin = time.monotonic()
    people = [line(broker, greeted=False) for _ in range(400)]
    until(lambda: any(event.get("count") == 401 for event in watcher.events), watcher.take, "400 arrivals")
    assert time.monotonic() - begin < 10 * SLOWNESS
    assert sum(event["ev"] == "presence" for event in watcher.events) < 250 * SLOWNESS
    people[0].say("end")
    people[-1].line("]end")


@pytest.mark.parametrize("data", [b"\x1b[2J\x1b[Hgotcha", b"\x07\x07gotcha", b"\xff\xfb\x01gotcha", b"\x1b]0;gotcha\x07gotcha", b"\x9b2Jgotcha",
                                  "\x9b2Jgotcha".encode(), b"a\rgotcha", b"\x1b[gotcha"[:2] + b"31mgotcha", b"\x00\x01\x02gotcha"], ids=repr)
def test_model_fault_control_bytes_reach_everybodys_terminal(line, name, data):
    watcher, guest = line(nick=name()), line()
    guest.send(data + b"\r\n")
    heard = watcher.line("gotcha")
    assert not [byte for byte in heard if ord(byte) < 32 or 127 <= ord(byte) < 160]
