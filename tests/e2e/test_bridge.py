"""hubbub-bridge as a process of its own, and idle people."""
import re
import time

import pytest

from hub import SLOWNESS, Broker, until


@pytest.fixture
def bridge(run):
    """Starts a bridge for a broker; .tcp is where it listens."""
    def begin(broker, *options):
        program = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.router, *options)
        program.tcp = address(program.ready["tcp"][0])
        return program
    return begin


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def test_the_ready_line_names_both_ends(broker, bridge):
    program = bridge(broker)
    assert program.ready["router"] == [broker.router] and program.tcp[1] > 0
    program.stop()


def test_a_bridge_of_its_own_serves_people(broker, bridge, line, client, name, room):
    program = bridge(broker)
    ada, peer = line(program.tcp, nick=name("ada")), client(name(), join=["lobby"])
    ada.say("hello")
    assert peer.event("message", text="hello")["from"] == ada.nick
    peer.ok("tell", to=ada.nick, text="psst")
    ada.line(f"[{peer.me['nick']} -> you]psst")
    program.stop()
    ada.line("*")
    ada.ends()


def test_all_its_people_are_one_link(start, bridge, line):
    broker = start()
    program = bridge(broker)
    people = [line(program.tcp) for _ in range(20)]
    counters = broker.stats()["counters"]
    assert (counters["links"], counters["sessions"]) == (1, 20)
    people[0].say("hello")
    for person in people:
        person.line(f"[{people[0].nick}]hello")
    program.stop()


def test_two_bridges_and_the_broker_are_one_room(broker, bridge, line, name):
    first, second = bridge(broker), bridge(broker)
    ada, bob = line(first.tcp, nick=name("ada")), line(second.tcp, nick=name("bob"))
    ada.say("over there?")
    bob.line(f"[{ada.nick}]over there?")
    bob.say(f"to|{ada.nick}|yes")
    ada.line(f"[{bob.nick} -> you]yes")
    first.stop()
    second.stop()


def test_p90_people_stay_when_the_broker_restarts_and_go_on_under_their_names(bridge, line, link):
    broker = Broker("--heartbeat-ms", "300")
    pub = broker.pub
    program = bridge(broker)
    ada, bob = line(program.tcp, nick="ada"), line(program.tcp, nick="bob")
    ada.say("before")
    bob.line("[ada]before")
    made = int(time.time())
    until(lambda: int(time.time()) > made, time.sleep, "the next second: a room made again has another epoch")
    broker.kill()
    for person in (ada, bob):
        person.line("does not answer; you stay connected", within_s=30 * SLOWNESS)
    ada.say("into the void")
    ada.line("Not sent")
    again = Broker("--heartbeat-ms", "300", router=broker.router, pub=pub)
    for person, nick in ((ada, "ada"), (bob, "bob")):
        assert nick in person.line("is back", within_s=30 * SLOWNESS)
    ada.say("after")
    heard = bob.before("[ada]after")
    assert not any("into the void" in text for text in heard)
    assert not any("does not answer" in text for text in heard)
    peer = link(again)
    peer.hello("peer", join=["lobby"])
    bob.say("to natives too")
    assert peer.event("message", text="to natives too")["from"] == "bob"
    program.stop()
    again.stop()


def test_p99_whose_room_is_gone_after_a_restart_says_nothing_elsewhere(bridge, line, link):
    broker = Broker("--heartbeat-ms", "300")
    pub = broker.pub
    program = bridge(broker)
    ada, bob = line(program.tcp, nick="ada"), line(program.tcp, nick="bob")
    owner = link(broker)
    owner.hello("owner", join=["lobby"])
    owner.ok("join", room="den", private=True)
    owner.ok("invite", room="den", nick="ada")
    ada.say("/join den")
    ada.line("You are in den.")
    broker.kill()
    ada.line("does not answer; you stay connected", within_s=30 * SLOWNESS)
    again = Broker("--heartbeat-ms", "300", router=broker.router, pub=pub)
    ada.line("is back", within_s=30 * SLOWNESS)
    ada.say("my password is 1234")
    ada.line("You have left den.")
    ada.line("You talk in no room now; /join lobby goes on in lobby.")
    ada.line("Not sent: you talk in no room now")
    bob.line("is back", within_s=30 * SLOWNESS)
    ada.say("/join lobby")
    ada.say("hello again")
    assert not [text for text in bob.before("[ada]hello again") if "password" in text]
    program.stop()
    again.stop()


def test_p90_a_bridge_may_start_before_its_broker(run, line):
    probe = Broker()
    router, pub = probe.router, probe.pub
    probe.stop()
    program = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", router, ready=False)
    until(lambda: "tcp=" in program.log(), time.sleep, "the port in the log")
    early = line(address(re.search(r"tcp=(\S+)", program.log()).group(1)), greeted=False)
    early.line("does not answer yet")
    broker = Broker(router=router, pub=pub)
    early.line("ou are guest-", within_s=30 * SLOWNESS)
    early.say("finally")
    early.line("]finally")
    assert program.read_ready()["router"] == [router]
    program.stop()
    broker.stop()


def test_p90_a_killed_bridge_leaves_nobody_behind(start, run, line, link):
    broker = start("--heartbeat-ms", "200")
    watcher = link(broker)
    watcher.hello("watcher", join=["lobby"])
    program = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.router)
    ada = line(address(program.ready["tcp"][0]), nick="ada")
    watcher.change("ada", "active")
    program.kill()

    def beat(seconds):
        watcher.send("ping")
        watcher.take(min(seconds, 0.1))
    until(lambda: any(change["nick"] == "ada" and change["state"] == "gone" for event in watcher.events
                      for change in event.get("changes", ())), beat, "ada's end", 30 * SLOWNESS)
    ada.ends()


def test_p89_who_says_nothing_is_warned_told_why_and_disconnected(start, line, link):
    idle_ms = int(2000 * SLOWNESS)
    broker = start("--idle-ms", idle_ms, tcp=True)
    watcher, talker = link(broker), line(broker)
    watcher.hello("watcher", join=["lobby"])
    begin = time.monotonic()
    idler = line(broker)
    nick = idler.nick
    while not any("said nothing" in text for text in idler.heard):
        talker.say("talking")
        idler.take(0.2)
        watcher.take(0)
        assert time.monotonic() - begin < 10 * SLOWNESS
    assert time.monotonic() - begin >= (idle_ms - 1) / 1000  # the broker counts whole milliseconds
    assert any("Say something within" in text for text in idler.heard)
    idler.ends()
    states = []

    def gone():
        states.extend(change["state"] for event in watcher.events for change in event.get("changes", ()) if change["nick"] == nick)
        watcher.events.clear()
        return "gone" in states
    until(gone, watcher.take, "gone")
    assert "inactive" in states
    talker.say("still here")
    talker.line("]still here")


def test_p89_telnet_options_alone_are_no_sign_of_life(start, line):
    broker = start("--idle-ms", int(1000 * SLOWNESS), tcp=True)
    idler = line(broker)
    begin = time.monotonic()
    while not any("said nothing" in text for text in idler.heard):
        if not idler.is_closed:
            idler.send(b"\xff\xf1") if time.monotonic() - begin < 0.9 * SLOWNESS else None
        idler.take(0.1)
        assert time.monotonic() - begin < 10 * SLOWNESS


@pytest.mark.parametrize("half", [b"GET / HT", b"\x16", b"\xff\0\0", b"\r\n\r\n\0\r\nQ"], ids=["http", "tls", "zmtp", "proxy"])
def test_p152_a_beginning_that_stays_half_ends_as_silence_does(start, line, half):
    broker = start("--idle-ms", int(500 * SLOWNESS), tcp=True)
    idler = line(broker)
    idler.send(half)
    idler.line("said nothing for too long")
    idler.ends()


@pytest.mark.parametrize("options,word", [(["--colour", "blue"], "colour"), (["--listen", "nowhere"], "listen"), (["--language", "xx"], "language")])
def test_an_impossible_option_is_named_and_ends_with_2(run, options, word):
    program = run("hubbub-bridge", *options, ready=False)
    assert program.wait() == 2 and word in program.log()


def test_a_port_that_is_taken_is_named_and_ends_with_1(broker, run, bridge):
    program = bridge(broker)
    port = str(program.tcp[1])
    second = run("hubbub-bridge", "--listen", f"127.0.0.1:{port}", "--router", broker.router, ready=False)
    assert second.wait() == 1 and port in second.log()
    program.stop()


def test_people_hear_that_the_server_stops(start, line):
    broker = start(tcp=True)
    guest = line(broker)
    broker.process.terminate()
    guest.line("stop")
    guest.ends()
    assert broker.wait() == 0
