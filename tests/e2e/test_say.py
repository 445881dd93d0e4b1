"""say and tell, what is carried, cids, order: sections 9 and 11 of docs/protocol.md."""
import msgpack
import pytest

from hub import until

CARRIED = {"type": "image/png", "data": b"\x89PNG\0\xff", "ref": 2**63 - 1, "rel": "react", "thread": 0,
           "x": {"": None, "list": [True, False, -1, -2**63, 2**64 - 1, 1.5, "é", b"\xff", {"deep": [[]]}], "t": {"u": {}}}}
RESULT = {"re", "ok", "epoch", "seq", "at"}


def test_p36_the_event_has_what_was_said_and_the_replys_numbers(client, name, room):
    peer, other = client(name()), client(name())
    reply = peer.ok("say", room=room, text="hello", cid=1, **CARRIED)
    assert set(reply) == RESULT
    for hearer in (peer, other):
        event = hearer.event("message", text="hello")
        expected = {"ev": "message", "room": room, "from": peer.me["nick"], "uid": peer.me["uid"], "text": "hello", "cid": 1,
                    **CARRIED, **{key: reply[key] for key in ("epoch", "seq", "at")}}
        assert {key: value for key, value in event.items() if key not in ("over", "heard_s")} == expected


def test_p36_what_was_not_said_is_not_carried(client, name, room):
    peer = client(name())
    peer.ok("say", room=room, text="hello", agent="x", nick="somebody")
    event = peer.event("message", text="hello")
    assert set(event) - {"over", "heard_s"} == {"ev", "room", "epoch", "seq", "at", "from", "uid", "text"}


def test_p36_the_clock_of_a_message_is_the_wall_clock(client, name, room):
    import time
    before = time.time() * 1000
    at = client(name()).ok("say", room=room, text="hello")["at"]
    assert before - 1000 <= at <= time.time() * 1000 + 1000


@pytest.mark.parametrize("rel", ["reply", "edit", "redact", "react"])
def test_p37_the_four_relations_are_carried(client, name, room, rel):
    peer = client(name())
    peer.ok("say", room=room, text="a", ref=1, rel=rel)
    assert peer.event("message")["rel"] == rel


@pytest.mark.parametrize("rel", ["", "likes", "Reply", "reply ", "r" * 17, 1])
def test_p37_other_relations_are_refused(client, name, room, rel):
    peer = client(name())
    assert peer.error("say", room=room, text="a", ref=1, rel=rel) == "bad_request"
    assert peer.error("tell", to=peer.me["nick"], text="a", ref=1, rel=rel) == "bad_request"


def test_p37_data_has_at_most_32768_bytes(client, name, room):
    peer = client(name())
    peer.ok("say", room=room, text="a", data=b"d" * 32768)
    assert len(peer.event("message")["data"]) == 32768
    peer.ok("tell", to=peer.me["nick"], text="a", data=b"d" * 32768)
    assert peer.error("say", room=room, text="a", data=b"d" * 32769) == "too_long"
    assert peer.error("tell", to=peer.me["nick"], text="a", data=b"d" * 32769) == "too_long"


@pytest.mark.parametrize("x", [{1: 2}, {"a": {1: 2}}, {"a": [{b"k": 2}]}, {None: 1}, {"a": msgpack.ExtType(5, b"12")}, [1], "x", 1, None,
                               {"a": msgpack.Timestamp(1)}], ids=repr)
def test_p38_an_x_that_could_harm_a_careless_reader_is_refused(client, name, room, x):
    peer = client(name())
    assert peer.error("say", room=room, text="a", x=x) == "bad_request"
    assert peer.error("tell", to=peer.me["nick"], text="a", x=x) == "bad_request"


@pytest.mark.parametrize("raw", [b"\x81\xa1\xff\x01", b"\x81\xa1a\xa1\xff", b"\x81\xa1a\x91\xa2\xc3("])
def test_p38_strings_in_x_are_utf8(client, name, room, raw):
    peer = client(name())
    packer = msgpack.Packer()
    frame = packer.pack_map_header(5) + b"".join(map(packer.pack, ("op", "say", "id", 700, "room", room, "text", "a", "x"))) + raw
    peer.send_raw(frame)
    assert peer.reply(700)["error"] == "bad_request"


def test_p38_x_has_at_most_8192_bytes(client, name, room):
    peer = client(name())
    fits = {"k": "v" * (8192 - 1 - 2 - 3)}
    assert len(msgpack.packb(fits)) == 8192
    peer.ok("say", room=room, text="a", x=fits)
    assert peer.event("message")["x"] == fits
    assert peer.error("say", room=room, text="a", x={"k": fits["k"] + "v"}) == "too_long"


def test_p38_the_longest_message_of_all_goes_through(client, name, room):
    peer = client(name("n" * 26))
    whole = {"text": "t" * 4096, "data": b"d" * 32768, "x": {"k": "v" * 8186}, "type": "t" * 64, "cid": 1, "ref": 2**63 - 1,
             "thread": 2**63 - 1, "rel": "redact"}
    peer.ok("say", room=room, **whole)
    assert whole.items() <= peer.event("message").items()
    peer.ok("tell", to=peer.me["nick"], **{**whole, "cid": 2})
    assert peer.ok("history", room=room)["events"][0]["data"] == whole["data"]


def test_p39_one_speaks_only_where_one_is(client, name, room):
    peer, other = client(name()), client(name(), join=[])
    assert other.error("say", room=room, text="a") == "not_member"
    assert other.error("say", room="nowhere-at-all", text="a") == "no_such_room"
    assert other.error("say", room="no where", text="a") == "room_invalid"
    assert other.error("say", room="@", text="a") == "room_invalid"
    assert peer.hears_nothing_but("now", room)


def test_p40_a_private_message_has_two_copies_and_one_mid(client, name, room):
    ada, bob, eve = client(name()), client(name()), client(name())
    for turn in (1, 2):
        reply = ada.ok("tell", to=bob.me["nick"], text=f"psst {turn}", **CARRIED)
        assert set(reply) == RESULT | {"mid"} and reply["seq"] == turn
        mine, theirs = ada.event("private", text=f"psst {turn}"), bob.event("private", text=f"psst {turn}")
        assert mine["mid"] == theirs["mid"] == reply["mid"]
        assert (mine["seq"], mine["epoch"], mine["at"]) == (reply["seq"], reply["epoch"], reply["at"])
        for event in (mine, theirs):
            assert event["room"] == "@" and event["to"] == bob.me["nick"] and event["from"] == ada.me["nick"]
            assert event["uid"] == ada.me["uid"] and event["over"] == "router" and CARRIED.items() <= event.items()
        assert theirs["seq"] == turn
    eve.ok("tell", to=bob.me["nick"], text="third")
    assert bob.event("private", text="third")["seq"] == 3
    assert eve.ok("history", room="@")["head"] == 1
    assert bob.ok("history", room="@")["head"] == 3
    ada.flush()
    assert not ada.find("private")


def test_p40_to_oneself_it_is_one_copy(client, name):
    peer = client(name())
    reply = peer.ok("tell", to=peer.me["nick"].upper(), text="note")
    assert reply["seq"] == 1 and peer.event("private", text="note")["seq"] == 1
    peer.flush()
    assert not peer.find("private") and peer.ok("history", room="@")["head"] == 1


def test_p40_between_two_sessions_of_one_link_both_get_theirs(link, name):
    peer = link(hears=False)
    nicks = {sid: peer.ok("hello", sid=sid, nick=name(), join=[])["nick"] for sid in (1, 2)}
    peer.ok("tell", sid=1, to=nicks[2], text="psst")
    peer.flush()
    assert sorted(event["sid"] for event in peer.events if event["ev"] == "private") == [1, 2]


def test_p02_a_private_message_is_never_on_pub(broker, client, name, link):
    spy = link()
    spy.sub.subscribe(b"")
    spy.hello(name(), join=["spies"])
    ada, bob = client(name()), client(name())
    ada.ok("tell", to=bob.me["nick"], text="top secret")
    bob.event("private", text="top secret")
    ada.ok("join", room="den", private=True)
    ada.ok("say", room="den", text="top secret")
    spy.hears_nothing_but("end", "spies")
    until_end = repr(spy.events)
    assert "top secret" not in until_end and "den" not in [event.get("room") for event in spy.events]
    assert not [event for event in spy.events if event["over"] == "pub" and event["ev"] in ("private", "kicked", "warning")]


def test_p41_nobody_of_that_name(client, name):
    peer = client(name())
    for nick in ("nobody-at-all", "no body", "", "x" * 33, "@", "a|b"):
        assert peer.error("tell", to=nick, text="a") == "no_such_nick", nick
    assert peer.error("tell", to=1, text="a") == "bad_request"
    assert peer.error("tell", text="a") == "bad_request"
    assert peer.error("tell", to=peer.me["nick"]) == "bad_request"


def test_p64_seq_has_no_holes_and_everybody_hears_the_same(client, name, room):
    peers = [client(name()) for _ in range(3)]
    requests = [(peer, peer.send("say", room=room, text=f"{index} {turn}")) for turn in range(100) for index, peer in enumerate(peers)]
    replies = [peer.reply(request) for peer, request in requests]
    assert sorted(reply["seq"] for reply in replies) == list(range(1, 301))
    heard = []
    for peer in peers:
        events = [peer.event("message") for _ in range(300)]
        assert [event["seq"] for event in events] == list(range(1, 301))
        heard.append([(event["seq"], event["epoch"], event["text"]) for event in events])
    assert heard[0] == heard[1] == heard[2]
    for index in range(3):
        mine = [text for _, _, text in heard[0] if text.startswith(f"{index} ")]
        assert mine == [f"{index} {turn}" for turn in range(100)]


def test_p64_a_refused_say_takes_no_seq(client, name, room):
    peer = client(name())
    assert peer.ok("say", room=room, text="a")["seq"] == 1
    for bad in ({"text": ""}, {"text": "x" * 4097}, {"text": "a", "x": {1: 1}}, {"text": "a", "must": ["z"]}, {"text": "a", "cid": 7}):
        peer.error("say", room=room, **bad)
    assert peer.ok("say", room=room, text="b")["seq"] == 2


def test_p66_a_known_cid_gets_its_first_answer_again(client, name, room):
    peer = client(name())
    first = peer.ok("say", room=room, text="once", cid=1)
    assert "dup" not in first
    for again in ({"text": "once"}, {"text": "other"}, {"room": "nowhere"}, {"room": 1}, {}):
        reply = peer.ok("say", **{"room": room, **again}, cid=1)
        assert reply == {**first, "re": reply["re"], "dup": True}
    told = peer.ok("tell", to=peer.me["nick"], text="psst", cid=2)
    again = peer.ok("tell", to="nobody", text="psst", cid=2)
    assert again == {**told, "re": again["re"], "dup": True}
    across = peer.ok("say", room=room, text="x", cid=2)  # one counter for both
    assert across == {**told, "re": across["re"], "dup": True}
    peer.event("message", text="once")
    assert peer.hears_nothing_but("end", room)


def test_p66_a_known_cid_of_a_refusal_is_refused_alike(client, name, room):
    peer = client(name())
    refusals = [({"room": "nowhere-here", "text": "a"}, "no_such_room"), ({"room": room, "text": ""}, "bad_request"),
                ({"room": room, "text": "x" * 4097}, "too_long"), ({"room": "no where", "text": "a"}, "room_invalid"),
                ({"room": room}, "bad_request"), ({"room": room, "text": 1}, "bad_request")]
    for cid, (request, answer) in enumerate(refusals, 1):
        first = peer.ask("say", cid=cid, **request)
        assert first["error"] == answer and "dup" not in first
    for cid, (_, answer) in enumerate(refusals, 1):
        again = peer.ask("say", cid=cid, room=room, text="now it is right")
        assert again["error"] == answer and again["dup"] is True and again["hint"]
    assert peer.hears_nothing_but("end", room)


def test_p66_the_last_1024_cids_are_known_and_no_more(client, name, room):
    peer = client(name())
    requests = [peer.send("say", room=room, text=str(cid), cid=cid) for cid in range(1, 1025)]
    first = [peer.reply(request) for request in requests]
    assert peer.ok("say", room=room, text="1", cid=1)["seq"] == first[0]["seq"]
    peer.ok("say", room=room, text="1025", cid=1025)
    assert peer.error("say", room=room, text="1", cid=1) == "bad_request"
    again = peer.ok("say", room=room, text="2", cid=2)
    assert again["dup"] and again["seq"] == first[1]["seq"]


def test_p67_a_cid_too_far_ahead_is_out_of_order(client, name, room):
    peer = client(name())
    assert peer.error("say", room=room, text="a", cid=2) == "out_of_order"
    peer.ok("say", room=room, text="a", cid=1)
    assert peer.error("say", room=room, text="a", cid=3) == "out_of_order"
    assert peer.error("tell", to="nobody", text="a", cid=2**63 - 1) == "out_of_order"
    peer.ok("say", room=room, text="b", cid=2)
    peer.ok("say", room=room, text="c")
    assert "dup" not in peer.ok("say", room=room, text="d", cid=3)
    assert peer.texts(room, 4) == ["a", "b", "c", "d"]


def test_p67_cid_0_is_a_bad_request(client, name, room):
    peer = client(name())
    assert peer.error("say", room=room, text="a", cid=0) == "bad_request"
    peer.ok("say", room=room, text="a", cid=1)


def test_p68_what_may_work_later_does_not_take_the_cid(start, link):
    broker = start("--set", "rate_burst=10", rate=1)
    peer = link(broker)
    token = peer.ok("hello", nick="ada", join=[])["token"]
    cid, reply = 0, {"ok": True}
    while "ok" in reply:
        cid += 1
        reply = peer.ask("tell", to="ada", text=str(cid), cid=cid)
    assert reply["error"] == "flood" and reply["retry_ms"] > 0
    assert link(broker).ok("resume", token=token)["cid"] == cid - 1


def test_p68_a_pipeline_with_a_refusal_in_it_keeps_its_order(start, client, room):
    broker = start("--set", "rate_burst=10", rate=100)
    peer = client("ada", to=broker)
    said, cid = [], 1
    while cid <= 60:
        requests = [(number, peer.send("say", room=room, text=str(number), cid=number)) for number in range(cid, min(cid + 8, 61))]
        for number, request in requests:
            reply = peer.reply(request)
            if "ok" in reply:
                said.append(number)
                cid = max(cid, number + 1)
            else:
                assert reply["error"] in ("flood", "out_of_order"), reply
                peer.poller.poll(reply.get("retry_ms", 0))
    assert said == list(range(1, 61))
    assert peer.texts(room, 60) == [str(number) for number in range(1, 61)]


def test_p68_every_other_refusal_takes_the_cid(client, name, room):
    peer = client(name())
    assert peer.error("say", room="nowhere-here", text="a", cid=1) == "no_such_room"
    assert peer.error("tell", to="nobody", text="a", cid=2) == "no_such_nick"
    assert peer.error("say", room=room, text="", cid=3) == "bad_request"
    assert "dup" not in peer.ok("say", room=room, text="a", cid=4)


def test_p68_a_refusal_by_must_takes_the_cid_too(client, name, room):
    peer = client(name())
    assert peer.error("say", room=room, text="a", cid=1, must=["sealed"]) == "unsupported"
    assert peer.error("say", room=room, text="a", cid=2, must="sealed") == "bad_request"
    assert peer.ok("say", room=room, text="b", cid=3)["seq"] == 1


def test_p69_cids_survive_resume(client, link, name, room):
    peer = client(name())
    first = peer.ok("say", room=room, text="once", cid=1)
    peer.error("say", room="nowhere-here", text="a", cid=2)
    back = link()
    assert back.ok("resume", token=peer.me["token"])["cid"] == 2
    again = back.ok("say", room=room, text="once", cid=1)
    assert again["dup"] and again["seq"] == first["seq"]
    assert back.ask("say", room=room, text="a", cid=2)["dup"]
    assert back.error("say", room=room, text="a", cid=4) == "out_of_order"
    assert "dup" not in back.ok("say", room=room, text="twice", cid=3)


def test_p69_every_session_counts_for_itself(link, name, room):
    peer = link(hears=False)
    for sid in (1, 2):
        peer.ok("hello", sid=sid, nick=name(), join=[room])
    assert peer.ok("say", sid=1, room=room, text="a", cid=1)["seq"] == 1
    assert peer.ok("say", sid=2, room=room, text="a", cid=1)["seq"] == 2


def test_p65_a_room_that_falls_quiet_says_its_head_once(client, name, room):
    peer = client(name())
    peer.event("head", room=room)  # of one's own arrival
    reply = peer.ok("say", room=room, text="the last word")
    said = peer.event("message", text="the last word")
    head = peer.event("head", room=room)
    assert (head["epoch"], head["seq"], head["over"]) == (reply["epoch"], reply["seq"], "pub")
    assert set(head) - {"over", "heard_s"} == {"ev", "room", "epoch", "seq", "pseq"}
    assert head["heard_s"] - said["heard_s"] > 0.15
    peer.join(f"{room}-other")
    until(lambda: peer.find("head", room=f"{room}-other"), peer.take, "the head of another room")
    assert not peer.find("head", room=room)
    peer.ok("status", status="presence moves it too")
    moved = peer.event("presence", room=room)
    again = peer.event("head", room=room)
    assert again["pseq"] == moved["pseq"] and again["seq"] == reply["seq"]


def test_p65_the_head_of_an_inbox_comes_over_router(client, name):
    ada, bob = client(name(), join=[]), client(name(), join=[])
    reply = ada.ok("tell", to=bob.me["nick"], text="psst")
    for peer, seq in ((ada, reply["seq"]), (bob, 1)):
        head = peer.event("head", room="@")
        assert (head["seq"], head["pseq"], head["over"]) == (seq, 0, "router")
