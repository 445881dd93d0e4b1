"""What is for operators and for accounts: section 9 of docs/protocol.md."""
import pytest

from hub import SLOWNESS


@pytest.mark.parametrize("op,fields", [("register", {"password": "x"}), ("login", {"nick": "ada", "password": "x"}),
                                       ("password", {"password": "x", "new_password": "y"}), ("register", {}), ("login", {"nick": 1})])
def test_p59_a_broker_without_accounts_says_so(start, link, op, fields):
    peer = link(start("--accounts-max", "0"))
    peer.hello("ada")
    assert peer.error(op, **fields) == "unsupported"


def test_p59_a_password_is_never_silently_ignored(start, link):
    peer = link(start("--accounts-max", "0"))
    assert peer.error("hello", nick="ada", password="long enough") == "unsupported"
    assert peer.error("status", status="") == "no_session"


@pytest.mark.parametrize("op", ["kick", "ban", "unban", "mute", "unmute", "bans", "audit", "shutdown"])
@pytest.mark.parametrize("fields", [{}, {"nick": "nobody"}, {"nick": 1}, {"nick": "a b", "until": 1, "reason": "x"}], ids=repr)
def test_p61_operators_commands_are_denied_whatever_the_arguments(client, name, op, fields):
    peer = client(name())
    assert peer.error(op, **fields) == "denied"
    assert peer.ok("ping")["sessions"] == 1


def test_p61_operators_commands_are_denied_over_ipc_too(broker, link, name):
    peer = link(router=broker.door)
    peer.ok("hello", nick=name())
    assert peer.error("shutdown") == "denied"


def test_p60_stats_answer_over_ipc_alone(broker, link, name):
    local, remote = link(router=broker.door), link()
    reply = local.ok("stats")
    assert set(reply) == {"re", "ok", "counters", "memory"}
    for values in (reply["counters"], reply["memory"]):
        assert values and all(isinstance(key, str) and type(value) is int and value >= 0 for key, value in values.items())
    assert reply["memory"]["in_use"] > 0 or SLOWNESS > 1  # a sanitizer's allocator tells nothing
    remote.ok("hello", nick=name())
    assert remote.error("stats") == "denied"
    local.ok("hello", nick=name())
    local.ok("stats", sid=0)


def test_p60_the_counters_count(start, link):
    broker = start()
    peer = link(broker)
    peer.hello("ada", join=["tea"])
    before = broker.stats()["counters"]
    for number in range(1, 11):
        peer.ok("say", room="tea", text="a", cid=number)
    peer.ok("say", room="tea", text="a", cid=10)
    peer.error("say", room="nowhere", text="a")
    peer.error("say", room="no where", text="a")
    peer.send_raw(b"garbage")
    after = broker.stats()["counters"]
    grown = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert grown["op_say"] == 12 and grown["duplicates"] == 1 and grown["malformed"] == 1
    assert grown["appended"] == grown["committed"] == 10 and grown["error_no_such_room"] == grown["error_room_invalid"] == 1
    assert grown["ev_message"] == 10 and after["sessions"] == 1 and after["rolled_back"] == 0


def test_a_native_client_may_come_by_ipc(broker, link, name, room):
    peer = link(router=broker.door)
    peer.hello(name(), join=[room])
    peer.ok("say", room=room, text="hello")
    peer.event("message", text="hello")
