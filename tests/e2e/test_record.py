"""The flight recorder: what hubbubd --record writes is replayed by the simulator."""
import stat
import subprocess

import pytest

from hub import BIN, PATIENCE_S, Broker

# What the core counts by what people do; the rest goes on between `stats` and the end.
SETTLED = ("malformed", "appended", "committed", "rolled_back", "duplicates", "sessions_opened",
           "sessions_resumed", "sessions_left", "rooms_made", "rooms_forgotten")


def replay(path):
    done = subprocess.run([BIN / "tests" / "sim", path], capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return {key: int(value) for key, value in (word.split("=") for word in done.stdout.split())}


def chat(broker, link):
    ada, bob = link(broker), link(broker)
    token = ada.hello("ada", join=["tea"])["token"]
    bob.hello("bob", join=["tea"])
    for number in range(1, 6):
        ada.ok("say", room="tea", text="the secret of the tea", cid=number, data=b"a secret, too", x={"the": ["secret"]})
    ada.ok("say", room="tea", text="the secret of the tea", cid=5)
    ada.ok("status", status="in secret")
    bob.ok("tell", to="ada", text="psst: a secret")
    assert ada.error("say", room="tea", text="a\x1b[2Jsecret") == "bad_request"
    ada.send_raw(b"garbage with a secret")
    other = link(broker)
    assert other.ok("resume", token=token)["cid"] == 5
    other.ok("history", room="tea")
    bob.ok("bye")
    return broker.stats()["counters"]


@pytest.fixture
def recording(tmp_path):
    return tmp_path / "flight"


@pytest.mark.parametrize("durability", ["memory", "file"])
def test_a_recording_replays_to_the_same_counters(start, link, recording, tmp_path, durability):
    data = ["--durability", durability] + (["--data", tmp_path / "data"] if durability == "file" else [])
    broker = start("--record", recording, *data)
    counters = chat(broker, link)
    broker.stop()
    assert stat.S_IMODE(recording.stat().st_mode) == 0o600
    replayed = replay(recording)
    assert {key: replayed[key] for key in SETTLED} == {key: counters[key] for key in SETTLED}
    assert counters["appended"] == 7 and counters["malformed"] == 1


def test_a_broker_that_takes_up_its_store_is_replayed_too(start, link, recording, tmp_path):
    data = ["--durability", "file", "--data", tmp_path / "data"]
    first = start(*data)
    chat(first, link)
    first.stop()
    second = start("--record", recording, *data)
    peer = link(second)
    peer.hello("carl", join=["tea"])
    assert len(peer.ok("history", room="tea")["events"]) == 5
    counters = second.stats()["counters"]
    second.stop()
    replayed = replay(recording)
    assert {key: replayed[key] for key in SETTLED} == {key: counters[key] for key in SETTLED}


def test_texts_are_recorded_only_when_they_are_asked_for(start, link, recording, tmp_path):
    broker = start("--record", recording)
    chat(broker, link)
    broker.stop()
    assert b"secret" not in recording.read_bytes()
    whole = tmp_path / "whole"
    broker = start("--record", whole, "--record-texts")
    chat(broker, link)
    broker.stop()
    assert b"the secret of the tea" in whole.read_bytes()


def test_a_recording_that_is_there_is_not_written_over(start, recording):
    recording.write_text("precious")
    done = subprocess.run([BIN / "hubbubd", "--record", recording, "--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*"],
                          capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1 and "--record" in done.stderr and recording.read_text() == "precious"


def test_what_the_core_was_told_last_is_in_the_recording_of_a_killed_broker(link, recording):
    broker = Broker("--record", recording)
    counters = chat(broker, link)
    broker.kill()
    replayed = replay(recording)
    assert {key: replayed[key] for key in SETTLED} == {key: counters[key] for key in SETTLED}
