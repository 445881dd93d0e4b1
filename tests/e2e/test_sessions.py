"""Links, sessions and people: hello, resume, bye. Sections 3, 8 and 9 of docs/protocol.md."""
import pathlib
import re

import pytest

LIMITS = {"frame_bytes", "text_bytes", "nick_bytes", "room_bytes", "status_bytes", "data_bytes", "x_bytes", "type_bytes", "nesting",
          "values", "rooms_per_session", "sessions_per_link", "invites_per_room", "invites_by_members", "history_max", "replay_max", "who_max", "rooms_page",
          "presence_named_members", "cid_window", "tokens_live", "password_min_bytes", "password_bytes",
          "hashes_waiting", "hashes_per_place", "verdicts", "roles_per_room", "verdicts_per_room", "slow_ms", "login_tries", "login_tries_address", "login_wait_ms", "rate_per_s", "rate_burst", "flood_refusals", "flood_window_ms",
          "flood_mute_ms", "greetings_per_s", "greetings_burst", "sessions_max", "links_max", "sessions_per_address", "rooms_max",
          "members_max", "accounts_max", "rooms_made_per_h", "accounts_made_per_h", "link_backlog_bytes", "replay_per_s", "pages_max", "pending_max"}
WELCOME = {"re", "ok", "nick", "uid", "session", "token", "version", "caps", "heartbeat_ms", "idle_ms", "resume_ms", "pub",
           "limits", "heads", "cid"}


def test_p01_pub_is_announced_with_its_real_port(broker, link):
    reply = link().ok("hello")
    assert reply["pub"] == broker.ready["pub"] and not reply["pub"][0].endswith(":0")


def test_p01_a_pub_that_listens_everywhere_is_announced_with_a_star(start, link):
    broker = start("--insecure", pub="tcp://*:*")
    ends = link(broker, hears=False).ok("ping")["pub"]
    port = broker.pub.rsplit(":", 1)[1]
    assert ends == [f"tcp://*:{port}"]
    peer = link(broker, pub=f"tcp://127.0.0.1:{port}")
    peer.hello("ada", join=["tea"])
    peer.ok("say", room="tea", text="hello")
    peer.event("message", text="hello")


def test_p01_an_operator_may_announce_another_pub(start, link):
    broker = start("--advertise-pub", "tcp://chat.example.org:5681")
    assert link(broker, hears=False).ok("hello")["pub"] == ["tcp://chat.example.org:5681"]


def test_hello_answers_all_that_the_document_says(link, name):
    nick = name()
    reply = link().ok("hello", nick=nick, proto=[1, 9], caps=["later"], agent="tests/1", join=["lobby", "Tea"])
    assert set(reply) == WELCOME
    assert reply["nick"] == nick and reply["version"] == 1 and reply["cid"] == 0
    assert isinstance(reply["token"], bytes) and len(reply["token"]) >= 16
    assert re.fullmatch("[a-z2-7]{16}", reply["uid"]) and re.fullmatch("[a-z2-7]{16}", reply["session"])
    assert (reply["heartbeat_ms"], reply["idle_ms"], reply["resume_ms"]) == (10000, 300000, 30000)
    assert set(reply["limits"]) == LIMITS and isinstance(reply["caps"], list)
    assert set(reply["heads"]) == {"lobby", "tea", "@"}
    assert all(len(head) == 3 and all(type(number) is int for number in head) for head in reply["heads"].values())
    assert reply["heads"]["@"][1:] == [0, 0]


def test_p25_a_guest_gets_a_name(link):
    nicks = {link(hears=False).ok("hello", join=[])["nick"] for _ in range(20)}
    assert len(nicks) == 20 and all(re.fullmatch("guest-[0-9a-f]{4,}", nick) for nick in nicks)


def test_a_name_in_use_is_taken(link, name):
    nick = name()
    link().ok("hello", nick=nick)
    other = link()
    assert other.error("hello", nick=nick.upper()) == "nick_taken"
    assert other.error("status", status="") == "no_session"


@pytest.mark.parametrize("proto,answer", [([1, 1], None), ([1, 7], None), ([0, 1], None), ([2, 3], "unsupported"), ([0, 0], "unsupported"),
                                          ([2, 1], "unsupported"), ([1], "bad_request"), ([1, 1, 1], "bad_request"), ([], "bad_request"),
                                          (["1", "1"], "bad_request"), ([-1, 1], "bad_request"), (1, "bad_request")], ids=repr)
def test_p26_the_versions_must_have_one_in_common(link, proto, answer):
    assert link().ask("hello", proto=proto).get("error") == answer


def test_p26_resume_asks_for_a_version_too(link, name):
    token = link().ok("hello", nick=name())["token"]
    assert link().error("resume", token=token, proto=[2, 3]) == "unsupported"
    assert link().ok("resume", token=token, proto=[1, 3])["version"] == 1


def test_p27_rooms_that_cannot_be_joined_are_left_out(link, name, room):
    owner = link()
    owner.ok("hello", nick=name(), join=[])
    owner.ok("join", room=room, private=True)
    heads = link().ok("hello", join=["lobby", "no such", room, "$all", "@", "", "Lobby", "x" * 33])["heads"]
    assert set(heads) == {"lobby", "@"}


def test_p27_without_join_one_is_in_the_lobby_and_with_an_empty_one_nowhere(link):
    assert set(link().ok("hello")["heads"]) == {"lobby", "@"}
    assert set(link().ok("hello", join=[])["heads"]) == {"@"}


def test_hello_refuses_lists_of_anything_but_strings(link):
    peer = link()
    for key in ("join", "caps"):
        for bad in ("lobby", [1], [b"lobby"], [["lobby"]], {}):
            assert peer.error("hello", **{key: bad}) == "bad_request"


def test_p28_an_address_is_shown_to_nobody(broker, client, link, name, room):
    peer = client(name())
    bridge = link()
    bridge.hello(name("guest"), join=[room], address="192.0.2.77:4711", kick=True)
    bridge.ok("say", room=room, text="hello")
    peer.event("message", text="hello")
    seen = repr([peer.ask("who", room=room), peer.ask("rooms"), peer.ask("history", room=room), peer.events, bridge.replies])
    assert "192.0.2.77" not in seen


def test_p29_a_sid_has_one_session(link, name):
    nick = name("Nick")
    peer = link()
    first = peer.ok("hello", nick=nick)
    assert peer.error("hello", nick=name()) == "bad_request"
    assert peer.error("hello") == "bad_request"
    again = peer.ok("hello", nick=nick.lower())
    assert (again["uid"], again["session"], again["nick"]) == (first["uid"], first["session"], nick)
    assert again["token"] != first["token"]
    assert peer.ok("ping")["sessions"] == 1
    assert link().ok("resume", token=again["token"])["uid"] == first["uid"]


def test_p20_no_sid_is_sid_0(link, name):
    nick = name()
    peer = link()
    peer.ok("hello", nick=nick, sid=0)
    peer.ok("status", status="without")
    assert peer.error("hello", nick=name()) == "bad_request"
    peer.ok("bye")
    assert peer.error("ping", sid=0) == "no_session"
    peer.ok("hello", nick=nick)
    peer.ok("status", sid=0, status="with")


def test_p21_without_a_session_nothing_is_applied(client, link, name, room):
    peer, stranger = client(name()), link()
    for op, more in {"say": {"room": room, "text": "ghost"}, "tell": {"to": peer.me["nick"], "text": "ghost"}, "join": {"room": room},
                     "part": {"room": room}, "who": {"room": room}, "rooms": {}, "history": {"room": room},
                     "replay": {"room": room, "first": 1, "last": 1}, "nick": {"nick": "ghost"}, "status": {"status": "ghost"},
                     "bye": {}, "invite": {"room": room, "nick": peer.me["nick"]}}.items():
        assert stranger.error(op, **more) == "no_session", op
        assert stranger.error(op, sid=3, **more) == "no_session", op
        assert stranger.error(op) == "no_session", op
    assert stranger.error("ping", sid=0) == "no_session"
    assert peer.hears_nothing_but("now", room)
    peer.flush()
    assert not peer.find("private")


def test_p22_events_name_the_sid_once_the_link_has_carried_another_than_0(link, name):
    nick = name()
    peer, other = link(), link()
    peer.ok("hello", nick=nick, join=[])
    other.ok("hello", nick=name(), join=[])
    other.ok("tell", to=nick, text="before")
    assert "sid" not in peer.event("private", text="before")
    second = peer.ok("hello", sid=2**31 - 1, join=[])["nick"]
    other.ok("tell", to=nick, text="after")
    assert peer.event("private", text="after")["sid"] == 0
    other.ok("tell", to=second, text="to the other")
    assert peer.event("private", text="to the other")["sid"] == 2**31 - 1
    peer.ok("bye", sid=2**31 - 1)
    other.ok("tell", to=nick, text="still")
    assert peer.event("private", text="still")["sid"] == 0


def test_p22_events_of_private_rooms_come_once_per_link_without_sid(link, name, room):
    peer = link(hears=False)
    nicks = {sid: peer.ok("hello", sid=sid, join=[])["nick"] for sid in (1, 2, 3)}
    peer.ok("join", sid=1, room=room, private=True)
    for sid in (2, 3):
        peer.ok("invite", sid=1, room=room, nick=nicks[sid])
        peer.ok("join", sid=sid, room=room)
    peer.ok("say", sid=1, room=room, text="to all of us")
    peer.flush()
    heard = [event for event in peer.events if event["ev"] == "message"]
    assert len(heard) == 1 and "sid" not in heard[0] and heard[0]["over"] == "router"


def test_p23_a_token_works_until_a_later_one_has_been_used(link, name):
    nick = name()
    first = link().ok("hello", nick=nick)["token"]
    second = link().ok("resume", token=first)["token"]
    third = link().ok("resume", token=first)["token"]  # the reply with `second` got lost, as it were
    assert len({first, second, third}) == 3
    fourth = link().ok("resume", token=third)["token"]
    assert link().error("resume", token=first) == "expired"
    assert link().error("resume", token=second) == "expired"
    assert link().ok("resume", token=fourth)["nick"] == nick
    assert link().error("resume", token=third) == "expired"


@pytest.mark.parametrize("token", [b"", b"\0", b"\0" * 32, b"x" * 1000, b"\xff" * 60000], ids=len)
def test_an_unknown_token_is_expired(link, token):
    assert link().error("resume", token=token) == "expired"


def test_a_token_with_one_bit_changed_is_expired(link, name):
    token = link().ok("hello", nick=name())["token"]
    for place in range(0, len(token), 5):
        wrong = bytearray(token)
        wrong[place] ^= 1
        assert link(hears=False).error("resume", token=bytes(wrong)) == "expired"


def test_p24_at_most_eight_tokens_are_live(link, name):
    nick = name()
    peer = link()
    tokens = [peer.ok("hello", nick=nick)["token"] for _ in range(9)]
    assert link().error("resume", token=tokens[0]) == "expired"
    assert link().ok("resume", token=tokens[1])["nick"] == nick


def test_p24_the_eighth_token_back_still_works(link, name):
    nick = name()
    peer = link()
    tokens = [peer.ok("hello", nick=nick)["token"] for _ in range(8)]
    assert link().ok("resume", token=tokens[0])["nick"] == nick


def test_p30_resume_keeps_who_one_is(client, link, name, room):
    peer = client(name(), resume_ms=12345)
    peer.ok("say", room=room, text="one", cid=1)
    peer.ok("tell", to=peer.me["nick"], text="two", cid=2)
    back = link()
    reply = back.ok("resume", token=peer.me["token"])
    assert set(reply) == WELCOME
    for key in ("nick", "uid", "session", "limits", "pub", "version"):
        assert reply[key] == peer.me[key]
    assert reply["resume_ms"] == 12345 and reply["cid"] == 2
    assert reply["heads"][room][1] == 1 and reply["heads"]["@"][1] == 1
    back.ok("say", room=room, text="three", cid=3)
    peer.event("message", text="three", uid=peer.me["uid"])


def test_p31_resume_takes_over_and_tells_the_old_link(client, link, name, room):
    peer = client(name())
    back = link()
    back.ok("resume", token=peer.me["token"])
    assert peer.event("kicked")["reason"] == "resumed"
    assert peer.error("say", room=room, text="ghost") == "no_session"
    assert peer.ok("ping")["sessions"] == 0 and back.ok("ping")["sessions"] == 1
    back.ok("tell", to=peer.me["nick"], text="mine")
    back.event("private", text="mine")
    peer.flush()
    assert not peer.find("private")


def test_p31_resume_by_another_sid_of_the_link_moves_the_session(link, name):
    nick = name()
    peer = link()
    token = peer.ok("hello", nick=nick, sid=1)["token"]
    peer.ok("resume", token=token, sid=2)
    assert peer.event("kicked", reason="resumed")["sid"] == 1
    assert peer.error("status", sid=1, status="") == "no_session"
    peer.ok("status", sid=2, status="")
    assert peer.ok("ping")["sessions"] == 1


def test_p32_resume_on_the_sid_of_another_session_is_refused(link, name):
    peer = link()
    mine = peer.ok("hello", nick=name(), sid=1)
    other = peer.ok("hello", nick=name(), sid=2)
    assert peer.error("resume", sid=2, token=mine["token"]) == "bad_request"
    again = peer.ok("resume", sid=1, token=mine["token"])
    assert again["uid"] == mine["uid"] and again["token"] != mine["token"]
    peer.flush()
    assert not peer.find("kicked")
    assert peer.ok("resume", sid=2, token=other["token"])["uid"] == other["uid"]


def test_p56_bye_ends_the_session_for_everybody(client, link, name, room):
    nick = name()
    watcher, peer = client(name()), client(nick)
    peer.ok("bye")
    gone = watcher.change(nick, "gone")
    assert gone["count"] == 1
    assert peer.error("say", room=room, text="ghost") == "no_session"
    assert link().error("resume", token=peer.me["token"]) == "expired"
    assert watcher.error("tell", to=nick, text="?") == "no_such_nick"
    again = peer.ok("hello", nick=nick)
    assert again["uid"] != peer.me["uid"] and again["session"] != peer.me["session"]


def test_p56_bye_ends_one_session_of_many(link, name):
    peer = link()
    nicks = [peer.ok("hello", nick=name(), sid=sid)["nick"] for sid in range(3)]
    peer.ok("bye", sid=1)
    assert peer.ok("ping")["sessions"] == 2
    peer.ok("tell", sid=0, to=nicks[2], text="still here")
    assert peer.error("tell", sid=0, to=nicks[1], text="?") == "no_such_nick"


def test_a_token_is_in_no_log(start, link):
    broker = start("--log-level", "debug")
    token = link(broker).ok("hello", nick="ada")["token"]
    link(broker).ok("resume", token=token)
    broker.process.terminate()
    broker.wait()
    assert token.hex() not in broker.log().lower()


def test_no_source_file_shows_routing_ids_to_peers():
    text = (pathlib.Path(__file__).parents[2] / "proto" / "keys.def").read_text()
    assert "routing" not in text
