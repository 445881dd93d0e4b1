"""PROXY headers: who may send one, who must, and whose address counts then."""
import socket
import struct

import pytest

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def header(source, port=40312, command=0x21):
    """A PROXY header, version 2."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    there = "2001:db8::1" if ":" in source else "198.51.100.1"
    body = socket.inet_pton(family, source) + socket.inet_pton(family, there) + struct.pack("!HH", port, 8888)
    return SIGNATURE + struct.pack("!BBH", command, 0x21 if ":" in source else 0x11, len(body)) + body


@pytest.fixture
def behind(start):
    """A broker whose bridge is behind a proxy on this machine."""
    return lambda *door, **more: start(tcp=True, door=["--proxy-from", "192.0.2.0/24,127.0.0.1", *door], **more)


@pytest.mark.parametrize("source", ["203.0.113.7", "2001:db8::7"])
def test_p157_the_address_in_the_header_counts(behind, line, source):
    broker = behind("--show-addresses")
    guest = line(broker, first=header(source))
    assert guest.nick == f"{source}:40312"


def test_p157_limits_see_who_is_behind_the_proxy(behind, line):
    broker = behind("--set", "connections_per_address=1")
    line(broker, first=header("203.0.113.7"))
    second = line(broker, greeted=False, first=header("203.0.113.7"))
    second.line("Too many connections")
    second.finish()
    second.ends()
    line(broker, first=header("203.0.113.8"))
    line(broker, first=header("203.0.113.8", command=0x20))  # LOCAL: the proxy itself, which is another
    broker.stop()
    assert (broker.bridge_counter("proxied"), broker.bridge_counter("refused")) == (3, 1)


def test_p157_a_household_of_ipv6_addresses_comes_at_one_pace(behind, line):
    broker = behind("--set", "connections_per_s=1")
    for number in range(4):
        line(broker, first=header(f"2001:db8:0:1::{number}"))
    fifth = line(broker, greeted=False, first=header("2001:db8:0:1:ffff::5"))
    fifth.line("Too many connections from your address in a short time")
    fifth.finish()
    fifth.ends()
    line(broker, first=header("2001:db8:0:2::5"))


def test_p157_a_header_comes_before_tls(behind, certificate, secured):
    broker = behind("--show-addresses", "--tls-listen", "127.0.0.1:0", "--tls-cert", certificate[0], "--tls-key", certificate[1])
    assert secured(broker, first=header("203.0.113.7")).nick == "203.0.113.7:40312"


def test_p158_a_proxy_must_say_for_whom_it_comes(behind, line):
    broker = behind("--set", "enter_ms=300")
    silent = line(broker, greeted=False)
    silent.ends()
    half = line(broker, greeted=False, first=header("203.0.113.7")[:20])
    half.ends()
    person = line(broker, greeted=False, first=b"hello, is this the chat?\r\n")
    person.ends()
    broker.stop()
    assert (broker.bridge_counter("entered_late"), broker.bridge_counter("proxies_wrong")) == (2, 1)
    assert "event=proxy.wrong address=127.0.0.1" in broker.bridge_log()


def test_p158_what_follows_the_header_at_once_is_read(behind, line):
    broker = behind()
    bob = line(broker, nick="bob", first=header("203.0.113.9"))
    quick = line(broker, greeted=False, first=header("203.0.113.7") + b"rename|ada\r\nhello\r\n")
    bob.line("[ada]hello")
    quick.line("[ada]hello")


def test_p159_a_header_from_a_stranger_is_refused(start, line):
    broker = start(tcp=True, door=["--proxy-from", "192.0.2.0/24"])
    ada = line(broker, nick="ada")
    liar = line(broker, greeted=False, first=header("203.0.113.7") + b"hello\r\n")
    liar.line("for people who type")
    liar.finish()
    liar.ends()
    ada.say("who was that?")
    assert not any("hello" in text for text in ada.before("[ada]who was that?"))
    broker.stop()
    assert broker.bridge_counter("proxies_refused") == 1
    assert "event=proxy.stranger address=127.0.0.1" in broker.bridge_log()


def test_a_network_that_is_none_is_refused(run):
    program = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--proxy-from", "10.0.0.0/33", ready=False)
    assert program.wait() == 1 and "--proxy-from 10.0.0.0/33: an address or a network is needed" in program.log()
