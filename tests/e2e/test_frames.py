"""Frames, requests and replies: sections 4 and 6 of docs/protocol.md."""
import msgpack
import pytest

from hub import until


def frame_of(size, op="ping", number=900):
    """A request of exactly `size` bytes."""
    frame = msgpack.packb({"op": op, "id": number, "z": "x" * (size - 100)})
    return msgpack.packb({"op": op, "id": number, "z": "x" * (size - 100 + size - len(frame))})


def silent(link, *frames):
    """Sends a message that must get no reply, and looks that it is counted."""
    before = link.broker.counter("malformed")
    link.send_raw(*frames)
    link.last_id = 1000
    link.ok("ping")
    assert set(link.replies) <= {1, 1001}
    assert link.broker.counter("malformed") == before + 1


PING = msgpack.packb({"op": "ping", "id": 7})


def test_p03_more_than_one_frame_gets_no_reply(link):
    silent(link(), PING, PING)


def test_p03_an_empty_delimiter_as_of_req_gets_no_reply(link):
    silent(link(), b"", PING)


@pytest.mark.parametrize("frame", [b"", b"hello", PING[:-1], PING + b"\xc0", b"\xc1", b"\x90", b"\xdd\x00\xff\xff\xff",
                                   b"\xdf\xff\xff\xff\xff", b"\x81\x01\x02", bytes(1000), b"\xff" * 60000], ids=repr)
def test_p03_what_is_no_map_gets_no_reply(link, frame):
    silent(link(), frame)


def test_p04_eight_levels_are_read_and_nine_get_no_reply(link):
    def nested(levels):
        value = 0
        for _ in range(levels):
            value = [value]
        return value
    peer = link()
    peer.ok("ping", deep=nested(7))
    silent(link(), msgpack.packb({"op": "ping", "id": 7, "deep": nested(8)}))


def test_p04_32768_values_are_read_and_one_more_gets_no_reply(link):
    others = 1 + 2 + 2 + 2  # the map; op and id; the list with its key
    link().ok("ping", many=[None] * (32768 - others))
    silent(link(), msgpack.packb({"op": "ping", "id": 7, "many": [None] * (32768 - others + 1)}))


@pytest.mark.parametrize("number", [-1, 2**63, "7", 7.0, None, True, [7], b"7"], ids=repr)
def test_p05_without_a_usable_id_there_is_no_reply(link, number):
    silent(link(), msgpack.packb({"op": "ping", "id": number}))


def test_p05_without_an_id_or_with_two_there_is_no_reply(link):
    silent(link(), msgpack.packb({"op": "ping"}))
    packer = msgpack.Packer()
    silent(link(), packer.pack_map_pairs([("op", "ping"), ("id", 7), ("id", 7)]))


def test_p06_a_frame_of_frame_bytes_is_read_and_one_more_ends_the_link(link, name):
    nick = name()
    peer, other = link(), link()
    assert peer.hello(nick)["limits"]["frame_bytes"] == 65536
    other.hello(name())
    peer.send_raw(frame_of(65536))
    assert peer.reply(900)["ok"]
    peer.replies.clear()
    peer.send_raw(frame_of(65537, number=901))

    def again(seconds):  # what is sent before the socket has noticed is lost with the connection
        peer.send("status", status="still here")
        peer.take(seconds)
    until(lambda: peer.replies.get(peer.last_id), again, "the socket's return as a new link")
    assert peer.replies[peer.last_id]["error"] == "no_session" and 901 not in peer.replies
    other.ok("status", status="not my fault")


def test_p07_integers_count_in_every_width(link):
    peer = link()
    for number in (b"\x07", b"\xcc\x07", b"\xcd\x00\x07", b"\xce\x00\x00\x00\x07", b"\xcf" + bytes(7) + b"\x07",
                   b"\xd0\x07", b"\xd1\x00\x07", b"\xd2\x00\x00\x00\x07", b"\xd3" + bytes(7) + b"\x07"):
        peer.replies.clear()
        peer.send_raw(b"\x82\xa2op\xa4ping\xa2id" + number)
        assert peer.reply(7)["ok"]


def test_p08_strings_hold_no_control_characters(client, name, room):
    peer = client(name())
    for key in ("type", "rel", "agent", "page"):
        for bad in ("a\nb", "a\0", "\x7f", "\x85", b"\xff\xfe".decode("latin1") + "\x9b"):
            assert peer.error("say", room=room, text="a", **{key: bad}) == "bad_request"
    assert peer.error("say", room=room, text="a", type="t" * 65) == "bad_request"
    peer.ok("say", room=room, text="a", type="t" * 64)


def test_p09_every_request_gets_exactly_one_reply(client, name, room):
    peer = client(name())
    requests = [peer.send("say", room=room, text=str(i)) for i in range(500)]
    requests += [peer.send("dance"), peer.send("say"), peer.send("ping"), peer.send("who", room="@")]
    for request in requests:
        assert peer.reply(request)["re"] == request
    peer.flush()
    assert set(peer.reply_count.values()) == {1}


def test_p09_the_sid_comes_back_where_there_was_one(link, name):
    peer = link()
    peer.hello(name(), sid=5)
    assert "sid" not in peer.ask("ping")
    assert peer.ask("ping", sid=5)["sid"] == 5
    assert peer.ask("ping", sid=0)["sid"] == 0
    assert peer.ask("dance", sid=9)["sid"] == 9


def test_p09_ids_may_repeat_and_run_backwards(link):
    peer = link()
    for number in (2**63 - 1, 0, 5, 5, 4):
        peer.replies.clear()
        peer.send_raw(msgpack.packb({"op": "ping", "id": number}))
        assert peer.reply(number)["ok"]


def test_p10_an_error_has_a_name_and_a_hint(link):
    reply = link().ask("say", room="lobby", text="hello")
    assert reply["error"] == "no_session" and reply["hint"] and "\n" not in reply["hint"]
    assert "ok" not in reply and "retry_ms" not in reply


def test_p11_unknown_keys_are_ignored(client, name, room):
    peer = client(name())
    peer.ok("say", room=room, text="hello", colour="blue", nested={"a": [{"b": None}]})
    assert "colour" not in peer.event("message", text="hello")


def test_p11_must_names_keys_that_have_to_be_understood(client, name, room):
    peer = client(name())
    peer.ok("say", room=room, text="a", must=["room", "text", "op", "id", "sid", "must", "cid", "x"])
    peer.ok("ping", must=[])
    assert peer.error("say", room=room, text="a", must=["colour"]) == "unsupported"
    assert peer.error("say", room=room, text="a", must=["room", "colour"], colour="blue") == "unsupported"
    assert peer.error("ping", must=["text"]) == "unsupported"
    assert peer.error("ping", must=["ok"]) == "unsupported"
    for bad in ("text", [1], [b"text"], ["text", None], {"text": 1}, 1):
        assert peer.error("say", room=room, text="a", must=bad) == "bad_request"


def test_p12_a_known_key_of_the_wrong_type_is_refused_wherever_it_stands(client, name, room):
    peer = client(name())
    for key, bad in {"cid": "1", "ref": -1, "thread": 1.5, "type": 3, "data": "text", "x": [], "rel": 1, "to": 1,
                     "heads": 1, "token": "text", "private": 1, "limit": 0, "first": "1", "page": "", "re": "x",
                     "sessions": -1, "version": 0, "kick": "yes", "resume_ms": 86400001, "join": "lobby",
                     "epoch": 2**63, "ok": 1, "members": {}, "nick": b"ada"}.items():
        assert peer.error("say", room=room, text="a", **{key: bad}) == "bad_request", key
    assert peer.error("ping", active=1) == "bad_request"


def test_p12_a_key_twice_is_refused(client, name, room):
    peer = client(name())
    packer = msgpack.Packer()
    for number, twice in enumerate(("text", "room", "cid", "heads", "op"), 700):
        pairs = [("op", "say"), ("id", number), ("room", room), ("text", "a"), (twice, "a"), (twice, "a")]
        peer.send_raw(packer.pack_map_pairs(pairs))
        assert peer.reply(number)["error"] == "bad_request"


def test_p13_op_must_be_there_and_known(link):
    peer = link()
    for number, (request, answer) in enumerate([({}, "bad_request"), ({"op": 1}, "bad_request"), ({"op": ""}, "bad_request"),
                                                ({"op": b"ping"}, "bad_request"), ({"op": "p" * 33}, "bad_request"),
                                                ({"op": "p" * 32}, "unsupported"), ({"op": "PING"}, "unsupported"),
                                                ({"op": "mark"}, "unsupported"), ({"op": "typing"}, "unsupported")], 50):
        peer.send_raw(msgpack.packb({**request, "id": number}))
        assert peer.reply(number)["error"] == answer, request


def test_p14_the_first_fault_in_the_documents_order_is_answered(start, link):
    peer = link(start("--set", "rate_burst=20", rate=1))
    assert peer.error("dance", sid="x") == "unsupported"              # op before the sid
    assert peer.error("say", sid="x", must=["colour"]) == "bad_request"   # the sid before the rest
    assert peer.error("say", must=["colour"], room=1) == "no_session"    # a session before must
    peer.hello("ada")
    assert peer.error("say", must=["colour"], room=1) == "unsupported"   # must before types
    assert peer.error("kick", must=["colour"]) == "unsupported"          # must before rights
    assert peer.error("kick", nick=1) == "denied"                        # rights before types
    assert peer.error("register", password=1) == "bad_request"
    assert peer.error("say", room="no such", cid="x") == "bad_request"   # types before needs, both before the command
    assert peer.error("say", room="no such") == "bad_request"
    assert peer.error("say", room="no such", text="a") == "room_invalid"
    assert peer.error("say", room="nowhere", text="a", cid=9) == "out_of_order"  # the cid before the room
    assert peer.error("say", room=1, cid=9) == "out_of_order"                    # and before types
    while peer.ask("say", room="lobby").get("error") != "flood":         # tokens before arguments
        pass
    assert peer.error("say", must=["colour"], room=1) == "flood"
    assert peer.error("dance") == "unsupported"


# What docs/protocol.md says of each command, written down once more: proto/commands.def must not be its own judge.
PAYLOAD = "cid type data ref rel thread x"
WHOM = "nick account key network "
TAKES = {  # op: (needs, may have)
    "hello": ("", "nick password proto caps agent join kick address resume_ms"), "resume": ("token", "proto caps agent"),
    "ping": ("", "active"), "say": ("room text", PAYLOAD), "tell": ("to text", PAYLOAD), "join": ("room", "private"), "part": ("room", ""),
    "who": ("room", "page limit"), "rooms": ("", "page limit"), "history": ("room", "before after since until limit"),
    "replay": ("room first last", "epoch"), "nick": ("nick", ""), "status": ("status", ""), "bye": ("", ""), "invite": ("room nick", "until"),
    "stats": ("", ""), "kick": ("", WHOM + "room reason"), "ban": ("", WHOM + "room reason until"), "mute": ("", WHOM + "room reason until"),
    "unban": ("", WHOM + "room"), "unmute": ("", WHOM + "room"), "bans": ("", "room page limit"), "audit": ("", "before after since until limit"),
    "accounts": ("", "page limit"), "account_add": ("nick password", "role"), "account_remove": ("account", ""),
    "account_role": ("account role", ""), "account_password": ("account new_password", ""), "room_remove": ("room", "reason"), "shutdown": ("", "reason")}
DENIED = [op for op in TAKES if op.startswith(("account", "audit", "bans", "kick", "ban", "unban", "mute", "unmute", "room_remove", "shutdown"))]
GOOD = {"room": "lobby", "password": "x", "new_password": "x", "account": "nobody-at-all", "role": "member", "text": "a", "to": "nobody-at-all", "token": b"x", "nick": "nobody-at-all", "status": "x", "first": 1, "last": 1}
NEEDS = [(op, key) for op, (needs, _) in TAKES.items() for key in needs.split() if op not in DENIED]


@pytest.mark.parametrize("op,key", NEEDS)
def test_a_needed_key_that_is_missing_is_a_bad_request_that_names_it(client, name, op, key):
    peer = client(name(), join=["lobby"])
    others = {other: GOOD[other] for other in TAKES[op][0].split() if other != key}
    sid = {"sid": 1} if op == "resume" else {}
    reply = peer.ask(op, **others, **sid)
    assert reply.get("error") == "bad_request" and key in reply["hint"], reply


@pytest.mark.parametrize("op", TAKES)
def test_p11_must_may_name_every_key_that_the_command_takes(broker, link, client, name, op):
    peer = client(name(), join=["lobby"])
    taken = " ".join(TAKES[op]).split() + ["op", "id", "sid", "must"]
    fields = {key: GOOD[key] for key in TAKES[op][0].split()}
    for key in taken:
        assert peer.ask(op, must=[key], **fields).get("error") != "unsupported", key
        if op == "bye":
            peer.hello()
    for key in {key for takes in TAKES.values() for key in " ".join(takes).split()} - set(taken):
        assert peer.error(op, must=[key], **fields) == "unsupported", key
