"""hubbub-bridge beside its broker: over ipc it speaks ZMTP itself, where over tcp and with keys libzmq does."""
import contextlib
import re
import signal
import socket
import time

import pytest

from hub import SLOWNESS, Broker, until

MANY = 400


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


@pytest.fixture
def ends(tmp_path):
    """The endpoints of a broker that may be started again."""
    return f"ipc://{tmp_path}/router", f"ipc://{tmp_path}/pub"


def start_broker(ends, *options):
    router, pub = ends
    return Broker("--router", router, "--pub", pub, "--heartbeat-ms", "300", *options)


@pytest.fixture
def bridge(run, ends):
    def begin(*options, ready=True):
        program = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", ends[0], *options, ready=ready)
        if ready:
            program.tcp = address(program.ready["tcp"][0])
        return program
    return begin


def talk_many(speaker, hearer):
    for number in range(MANY):
        speaker.say(f"{number:06d}" + "x" * 1000)
    for number in range(MANY):
        hearer.line(f"[{speaker.nick}]{number:06d}x")


def test_people_talk_and_rooms_come_and_go(bridge, ends, line, link):
    broker, program = start_broker(ends), bridge()
    ada, bob, native = line(program.tcp, nick="ada"), line(program.tcp, nick="bob"), link(broker)
    native.hello("nat", join=["lobby", "tea"])
    ada.say("hello")
    bob.line("[ada]hello")
    assert native.event("message", text="hello")["from"] == "ada"
    for times in range(3):
        ada.say("/join tea")
        native.ok("say", room="tea", text=f"tea {times}")
        ada.line(f"tea {times}")
        ada.say("/part tea")
        ada.say("/join lobby")
    ada.say("to|bob|psst")
    bob.line("[ada -> you]psst")
    talk_many(ada, bob)
    program.stop()
    bob.line("*")
    bob.ends()
    broker.stop()


def test_p90_people_stay_when_the_broker_is_killed_and_miss_nothing(bridge, ends, line):
    broker, program = start_broker(ends, "--durability", "file"), bridge()
    ada, bob = line(program.tcp, nick="ada"), line(program.tcp, nick="bob")
    ada.say("before")
    bob.line("[ada]before")
    broker.kill()
    for person in (ada, bob):
        person.line("does not answer; you stay connected", within_s=30 * SLOWNESS)
    ada.say("into the void")
    ada.line("Not sent")
    again = start_broker(ends, "--durability", "file", "--data", f"{broker.directory.name}/hubbub")
    for person in (ada, bob):
        person.line("is back. You are", within_s=30 * SLOWNESS)
    ada.say("after")
    bob.line("[ada]after")
    talk_many(ada, bob)
    program.stop()
    again.stop()
    broker.forget()


def test_p90_it_may_start_before_its_broker(bridge, ends, line):
    program = bridge(ready=False)
    until(lambda: "tcp=" in program.log(), time.sleep, "the port in the log")
    early = line(address(re.search(r"tcp=(\S+)", program.log()).group(1)), greeted=False)
    early.line("does not answer yet")
    broker = start_broker(ends)
    early.line("ou are guest-", within_s=30 * SLOWNESS)
    early.say("finally")
    early.line("]finally")
    assert program.read_ready()["router"] == [ends[0]]
    program.stop()
    broker.stop()


def test_a_broker_that_hangs_is_given_up_and_found_again(bridge, ends, line):
    broker, program = start_broker(ends), bridge()
    ada = line(program.tcp, nick="ada")
    broker.process.send_signal(signal.SIGSTOP)
    ada.line("does not answer; you stay connected", within_s=30 * SLOWNESS)
    broker.process.send_signal(signal.SIGCONT)
    ada.line("is back. You are", within_s=30 * SLOWNESS)
    ada.say("back")
    ada.line("[ada]back")
    program.stop()
    broker.stop()


def test_its_broker_may_publish_over_tcp_alone(run, broker, line, name):
    program = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.door)
    ada, bob = (line(address(program.ready["tcp"][0]), nick=name(nick)) for nick in ("ada", "bob"))
    ada.say("hello")
    bob.line(f"[{ada.nick}]hello")
    program.stop()


def test_who_listens_at_the_path_and_speaks_no_zmtp_is_left_alone(bridge, ends):
    """Something else sits at the path: the bridge waits for its broker, without using up a processor."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(ends[0].removeprefix("ipc://"))
        other.listen()
        program = bridge(ready=False)
        for _ in range(3):
            peer, _ = other.accept()
            with peer, contextlib.suppress(ConnectionError):  # it hangs up, be there more to read or not
                peer.sendall(b"220 mail.example.org ESMTP" + b" " * 100)
                while peer.recv(4096):
                    pass
        assert program.process.poll() is None
        assert program.cpu_s() < 2 * SLOWNESS
    program.stop()
