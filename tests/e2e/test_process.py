"""hubbubd as a program: its options, its ports, its end."""
import os
import signal
import socket
import subprocess
import time

import pytest

from hub import BIN, SLOWNESS, Program

LOOPBACK = ["--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*"]


def fails(*options, env=None):
    done = subprocess.run([BIN / "hubbubd", *options], capture_output=True, timeout=20 * SLOWNESS, text=True,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stderr


def test_the_ready_line_names_the_real_ports(broker):
    assert broker.router.startswith("tcp://127.0.0.1:") and not broker.router.endswith((":0", "*"))
    assert broker.pub.startswith("tcp://127.0.0.1:") and not broker.pub.endswith((":0", "*"))


@pytest.mark.parametrize("options", [["--colour", "blue"], ["--idle-ms", "soon"], ["--idle-ms", "-5"], ["--idle-ms"], ["--heartbeat-ms", "0"],
                                     ["--heartbeat-ms", "99999999999999999999"], ["--durability", "sometimes"], ["--log-level", "loud"],
                                     ["--set", "colour=blue"], ["--set", "rate_per_s"], ["--set", "rate_per_s=many"], ["lobby"]], ids=" ".join)
def test_an_impossible_option_is_named_and_ends_with_2(options):
    status, said = fails(*LOOPBACK, *options)
    assert status == 2
    word = options[1].split("=")[0] if options[0] == "--set" else options[0]
    assert word.lstrip("-") in said.replace("-", "_") or word.lstrip("-") in said
    assert len([line for line in said.splitlines() if line.strip()]) <= 2


PAINTS = "a\x1b[31mb\x07\u202ec\x9b31m\n* forged"


ALL = ["hubbubd", "hubbub-bridge", "hubbub", "hubbubctl"]
SERVERS = ALL[:2]
ARGUMENTS = [(ALL, ["--" + PAINTS]), (ALL, [PAINTS]), (ALL[:3], ["--set", PAINTS]), (ALL[:3], ["--set", PAINTS + "=1"]), (ALL[:3], ["--router", PAINTS]),
             (SERVERS, ["--idle-ms", PAINTS]), (SERVERS, ["--user", PAINTS]), (SERVERS, ["--tls-listen", "127.0.0.1:0", "--tls-cert", PAINTS]),
             (["hubbubd"], ["--tcp", PAINTS]), (["hubbub-bridge"], ["--listen", PAINTS]), (["hubbub"], ["--nick", PAINTS]), (["hubbub"], ["--room", PAINTS]),
             (["hubbubd"], ["--durability", "file", "--data", "/dev/null/" + PAINTS]), (["hubbubd"], ["--check", "--data", "/dev/null/" + PAINTS]),
             (["hubbubd"], ["--record", "/dev/null/" + PAINTS]), (["hubbub-bridge", "hubbub"], ["--key", "/dev/null/" + PAINTS])]


@pytest.mark.parametrize("program,options", [(program, options) for programs, options in ARGUMENTS for program in programs],
                         ids=lambda value: value if isinstance(value, str) else value[-2].replace(PAINTS, "PAINTS") if value[1:] else "word")
def test_an_argument_that_paints_is_told_without_it(program, options):
    done = subprocess.run([BIN / program, *(LOOPBACK if program == "hubbubd" else []), *options], capture_output=True, timeout=20 * SLOWNESS, stdin=subprocess.DEVNULL)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode != 0 and said.strip()
    assert not any(sign in said for sign in ("\x1b", "\x07", "\u202e", "\x9b", "\n* forged"))


@pytest.mark.parametrize("variable,value", [("HUBBUB_IDLE_MS", "soon"), ("HUBBUB_LOG_LEVEL", "loud"), ("HUBBUB_RATE_PER_S", "-1")])
def test_the_environment_is_checked_alike(variable, value):
    status, said = fails(*LOOPBACK, env={variable: value})
    assert status == 2 and variable in said


def test_the_environment_sets_and_the_command_line_wins(start, link):
    broker = start("--heartbeat-ms", "4000", env={"HUBBUB_IDLE_MS": "123000", "HUBBUB_HEARTBEAT_MS": "5000"})
    reply = link(broker).ok("hello")
    assert (reply["idle_ms"], reply["heartbeat_ms"]) == (123000, 4000)


@pytest.mark.parametrize("option", ["--router", "--pub"])
def test_a_port_that_is_taken_is_named_and_ends_with_1(option):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        options = {"--router": "tcp://127.0.0.1:*", "--pub": "tcp://127.0.0.1:*", option: f"tcp://127.0.0.1:{port}"}
        status, said = fails(*[word for pair in options.items() for word in pair])
    assert status == 1 and port in said and ("in use" in said or "EADDRINUSE" in said)


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1", "tcp://127.0.0.1:99999", "tcp://127.0.0.1:-1", "tcp://:", "carrier://pigeon", "5680", "ipc://",
                                      "inproc://x"])
@pytest.mark.parametrize("option", ["--router", "--pub", "--advertise-pub"])
def test_what_is_no_endpoint_is_named_and_ends_with_2(option, endpoint):
    status, said = fails(option, endpoint)
    assert status == 2 and option in said and endpoint in said


@pytest.mark.parametrize("endpoint", ["tcp://no.such.host.invalid:1", "ipc:///no/such/dir/x"])
def test_an_endpoint_that_cannot_be_had_is_named_and_ends_with_1(endpoint):
    status, said = fails("--router", endpoint, "--insecure")
    assert status == 1 and endpoint in said


@pytest.mark.parametrize("where", ["x", "127.0.0.1", "127.0.0.1:70000"])
def test_what_is_no_telnet_address_is_named_and_ends_with_2(where):
    status, said = fails(*LOOPBACK, "--tcp", where)
    assert status == 2 and "--tcp" in said and where in said


def test_an_ipc_path_is_not_taken_over_and_is_gone_with_its_broker(start, tmp_path):
    path = tmp_path / "router"
    first = start("--router", f"ipc://{path}")
    status, said = fails("--router", f"ipc://{path}", "--pub", "tcp://127.0.0.1:*")
    assert status == 1 and str(path) in said and "in use" in said
    assert path.exists()
    first.stop()
    assert not path.exists()


def test_help_and_version_end_with_0():
    for option, word in (("--help", "--heartbeat-ms"), ("--help", "--advertise-pub"), ("--version", ".")):
        done = subprocess.run([BIN / "hubbubd", option], capture_output=True, text=True, timeout=20 * SLOWNESS)
        assert done.returncode == 0 and word in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_p63_a_signal_tells_everybody_and_ends_with_0_within_2_s(start, link, number):
    broker = start()
    first, many = link(broker), link(broker)
    first.hello("ada", join=["tea"])
    for sid in range(1, 4):
        many.ok("hello", sid=sid, join=["tea"])
    request = first.send("say", room="tea", text="the last word")
    begin = time.monotonic()
    first.reply(request)
    broker.process.send_signal(number)
    for peer in (first, many):
        event = peer.event("shutdown")
        assert event["over"] == "router" and "sid" not in event and event["after_ms"] >= 0
    assert broker.wait() == 0
    assert time.monotonic() - begin < 2 * SLOWNESS
    first.event("message", text="the last word") if first.find("message") else None
    many.take(0.1)
    assert not many.find("shutdown")


def test_a_signal_ends_it_though_somebody_does_not_read(start, link):
    import zmq
    broker = start()
    speaker = link(broker, hears=False)
    speaker.hello("ada", join=["tea"])
    for _ in range(20):
        speaker.ok("say", room="tea", text="x", data=b"d" * 30000)
    stuck = link(broker, hears=False, options=[(zmq.RCVHWM, 1), (zmq.RCVBUF, 4096)])
    stuck.ok("hello", join=["tea"])
    for _ in range(300):
        stuck.send("replay", room="tea", first=1, last=20)
    speaker.ok("ping")
    begin = time.monotonic()
    broker.process.terminate()
    assert broker.wait() == 0
    assert time.monotonic() - begin < 2 * SLOWNESS


def test_a_second_broker_takes_the_place_of_the_first_at_once():
    first = Program("hubbubd", *LOOPBACK)
    router, pub = first.ready["router"][0], first.ready["pub"][0]
    first.stop()
    second = Program("hubbubd", "--router", router, "--pub", pub)
    assert second.ready["router"] == [router]
    second.stop()


def test_p21_what_was_queued_for_a_broker_that_restarts_is_not_applied(link):
    first = Program("hubbubd", *LOOPBACK)
    router, pub = first.ready["router"][0], first.ready["pub"][0]
    peer = link(first, router=router, pub=pub)
    token = peer.ok("hello", nick="ada")["token"]
    first.kill()
    request = peer.send("say", room="lobby", text="queued")
    second = Program("hubbubd", "--router", router, "--pub", pub)
    assert peer.reply(request)["error"] == "no_session"
    assert peer.error("resume", token=token) == "expired"
    assert peer.ok("hello", nick="ada")["heads"]["lobby"][1] == 0
    second.stop()


def test_logs_are_lines_of_key_value_without_texts(start, link):
    broker = start("--log-level", "debug")
    peer = link(broker)
    peer.hello("ada", join=["tea"])
    peer.ok("say", room="tea", text="nobody's business")
    peer.send_raw(b"garbage")
    peer.flush()
    broker.process.terminate()
    broker.wait()
    log = broker.log()
    assert "nobody's business" not in log and log.strip()
    assert all("=" in line for line in log.splitlines() if line.strip()), log
