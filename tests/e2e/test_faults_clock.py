"""The broker's wall clock jumps by an hour, forth and back: nobody is kicked, nothing changes its order, no name comes twice."""
import pytest

from crowd import Undying
from faults import WallClock
from hub import SLOWNESS, until

HOUR_S = 3600
JUMPS = pytest.mark.parametrize("jumps", [(HOUR_S, 0), (-HOUR_S, 0), (HOUR_S, -HOUR_S, HOUR_S)],
                                ids=["forth", "back", "to and fro"])


@pytest.fixture
def clock(tmp_path):
    return WallClock(tmp_path / "clock")


@pytest.fixture
def broker(start, clock):
    return start(tcp=True, env=clock.env)


def test_the_clock_that_the_tests_move_is_the_brokers(broker, clock, client):
    ada = client("ada")
    before = ada.ok("tell", to="ada", text="now")["at"]
    clock.jump(HOUR_S)
    after = ada.ok("tell", to="ada", text="an hour later")["at"]
    assert HOUR_S * 1000 <= after - before < (HOUR_S + 60) * 1000


@JUMPS
def test_nobody_is_warned_kicked_or_inactive_when_the_clock_jumps(broker, clock, client, line, jumps, room):
    ada, telnet = client("ada", join=["lobby", room], kick=True), line(broker, nick="telnet")
    for jump in jumps:
        clock.jump(jump)
        telnet.say(f"still here at {jump}")
        telnet.line(f"still here at {jump}")
        members = ada.ok("who", room="lobby")["members"]
        assert {member["nick"]: member["state"] for member in members} == {"ada": "active", "telnet": "active"}
    assert not ada.find("warning") and not ada.find("kicked") and not telnet.is_closed
    assert not any("idle" in text or "within" in text for text in telnet.heard)


@JUMPS
def test_order_and_numbers_go_on_when_the_clock_jumps(broker, clock, client, jumps, room):
    ada, bob = client("ada"), client("bob")
    numbers, mids, pseqs = [], [], []
    for jump in (0, *jumps):
        clock.jump(jump)
        for turn in range(3):
            said = ada.ok("say", room=room, text=f"{turn} at {jump}")
            numbers.append((said["epoch"], said["seq"]))
            mids.append(ada.ok("tell", to="bob", text=f"{turn} at {jump}")["mid"])
            bob.ok("status", status=f"{turn} at {jump}")
            pseqs.append(ada.ok("who", room=room)["pseq"])
    assert [seq for _, seq in numbers] == list(range(1, len(numbers) + 1))
    assert len({epoch for epoch, _ in numbers}) == 1
    assert len(set(mids)) == len(mids)
    assert pseqs == sorted(set(pseqs))
    assert len(bob.texts(room, len(numbers))) == len(numbers)
    page = bob.ok("history", room=room)["events"]
    assert [(event["epoch"], event["seq"]) for event in page] == numbers


def test_a_room_made_again_an_hour_earlier_has_a_higher_epoch(broker, clock, client, room):
    epochs = []
    for jump in (0, HOUR_S, -HOUR_S):
        clock.jump(jump)
        ada = client("ada", join=[])
        epochs.append(ada.ok("join", room=room)["heads"][room][0])
        ada.ok("part", room=room)
        ada.ok("bye")
    assert epochs == sorted(set(epochs))


def test_a_client_whose_own_clock_jumps_stays(broker, clock, pipe, room):
    own = pipe("--nick", "ada", "--room", room, json_mode=True, to=broker.router, env=clock.env)
    own.sees({"ev": "joined", "room": room})
    for jump in (HOUR_S, -HOUR_S):
        clock.jump(jump)
        own.says([f"at {jump}"])
        own.sees({"ev": "message", "text": f"at {jump}"})
    assert len(own.messages("ready")) == 1 and not own.messages("down")


@pytest.mark.parametrize("durability", ["memory", "file"])
@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_broker_restarted_at_another_time_is_understood(clock, pipe, tmp_path, durability, jump_s):
    """As on a machine without a battery for its clock, or when somebody has set it."""
    house = Undying(tmp_path / "data", "--durability", durability, "--heartbeat-ms", int(300 * SLOWNESS), env=clock.env)
    ada = pipe("--nick", "ada", "--timeout", "0", json_mode=True, to=house.router)
    ada.says(["before 1", "before 2"])
    until(lambda: len(ada.messages()) == 2, ada.take, "two messages")
    house.kill()
    clock.jump(jump_s)
    house.start()
    until(lambda: len(ada.messages("ready")) == 2, ada.take, "ada again")
    bob = pipe("--nick", "bob", "--timeout", "0", json_mode=True, to=house.router)
    bob.says(["after 1", "after 2"])
    ada.sees({"ev": "message", "text": "after 2"})
    assert [event["text"] for event in ada.messages()] == ["before 1", "before 2", "after 1", "after 2"]
    bob.write({"op": "status", "status": "seen"})

    def is_seen():
        changes = [change for ev in ("presence", "members") for event in ada.messages(ev)
                   for change in (event.get("changes") or event.get("members") or ())]
        return any(change["nick"] == "bob" and change.get("status") == "seen" for change in changes)
    until(is_seen, ada.take, "bob's status")
    house.stop()
