"""join, part, who, rooms, invite, private rooms: section 9 of docs/protocol.md."""
import pytest


def members(reply):
    return {member["nick"]: member for member in reply["members"]}


def test_p42_joining_again_changes_nothing(client, name, room):
    peer = client(name())
    first = peer.ok("join", room=room)
    assert set(first) == {"re", "ok", "room", "private", "heads", "count"}
    assert (first["room"], first["private"], first["count"], list(first["heads"])) == (room, False, 1, [room])
    peer.ok("say", room=room, text="hello")
    again = peer.ok("join", room=room.upper())
    assert again["count"] == 1 and again["heads"][room][1] == 1 and again["heads"][room][2] == first["heads"][room][2]
    assert peer.ok("who", room=room)["count"] == 1


def test_a_room_is_made_by_who_joins_it_first(client, name, room):
    peer = client(name(), join=[])
    assert peer.error("say", room=room, text="a") == "no_such_room"
    for op, more in (("who", {}), ("part", {}), ("history", {}), ("replay", {"first": 1, "last": 1}), ("invite", {"nick": "x"})):
        assert peer.error(op, room=room, **more) == "no_such_room", op
    reply = peer.ok("join", room=room)
    assert reply["heads"][room][1] == 0 and reply["count"] == 1
    other = client(name(), join=[])
    assert other.ok("join", room=room)["count"] == 2


def test_p43_a_public_room_cannot_be_joined_as_private(client, name, room):
    client(name())
    peer = client(name(), join=[])
    assert peer.error("join", room=room, private=True) == "exists"
    assert peer.ok("join", room=room, private=False)["private"] is False


def test_p43_a_session_is_in_32_rooms_at_most(client, name, room):
    peer = client(name(), join=[])
    assert peer.me["limits"]["rooms_per_session"] == 32
    for number in range(32):
        peer.ok("join", room=f"{room}-{number}")
    assert peer.error("join", room=f"{room}-32") == "full"
    peer.ok("join", room=f"{room}-0")
    peer.ok("part", room=f"{room}-5")
    peer.ok("join", room=f"{room}-32")
    assert peer.error("say", room=f"{room}-5", text="a") in ("no_such_room", "not_member")


def test_p43_hello_joins_32_rooms_and_leaves_the_rest_out(link, room):
    heads = link(hears=False).ok("hello", join=[f"{room}-{number}" for number in range(33)])["heads"]
    assert set(heads) == {f"{room}-{number}" for number in range(32)} | {"@"}


def test_p44_who_has_left_is_not_there_any_more(client, name, room):
    peer, other = client(name()), client(name())
    assert other.ok("part", room=room) == {"re": other.last_id, "ok": True}
    assert peer.change(other.me["nick"], "gone")["count"] == 1
    assert list(members(peer.ok("who", room=room))) == [peer.me["nick"]]
    assert other.error("say", room=room, text="a") == "not_member"
    assert other.error("part", room=room) == "not_member"
    assert room not in other.ok("ping", sid=0)["heads"]


def test_p44_who_has_left_a_private_room_hears_nothing_more(link, name, room):
    owner, peer = link(hears=False), link(hears=False)
    owner.ok("hello", nick=name(), join=[])
    nick = peer.ok("hello", nick=name(), join=[])["nick"]
    owner.ok("join", room=room, private=True)
    owner.ok("invite", room=room, nick=nick)
    peer.ok("join", room=room)
    owner.ok("say", room=room, text="both of us")
    peer.event("message", text="both of us")
    peer.ok("part", room=room)
    owner.ok("say", room=room, text="now I am alone")
    owner.ok("tell", to=nick, text="end")
    peer.event("private", text="end")
    assert not peer.find("message", text="now I am alone")
    assert peer.error("join", room=room) == "no_such_room"


def test_p45_an_empty_room_is_forgotten_and_its_next_epoch_is_higher(start, link, room):
    peer = link(start("--set", "room_keep_ms=0"), hears=False)
    peer.ok("hello", nick="ada", join=[])
    epochs = []
    for turn in range(3):
        epoch, seq, _ = peer.ok("join", room=room)["heads"][room]
        epochs.append(epoch)
        assert seq == 0
        peer.ok("say", room=room, text=f"turn {turn}")
        peer.ok("part", room=room)
        assert peer.error("who", room=room) == "no_such_room"
        assert room not in [entry["room"] for entry in peer.ok("rooms")["rooms"]]
    assert epochs == sorted(set(epochs))


def test_who_tells_nick_uid_state_since_and_status(client, name, room):
    import time
    before = int(time.time() * 1000) - 1000
    peer, other = client(name()), client(name())
    other.ok("status", status="tea time")
    reply = peer.ok("who", room=room.upper())
    assert set(reply) == {"re", "ok", "members", "count", "pseq"} and reply["count"] == 2
    mine, theirs = members(reply)[peer.me["nick"]], members(reply)[other.me["nick"]]
    assert set(theirs) == {"nick", "uid", "state", "since", "status"} and theirs["status"] == "tea time"
    assert theirs["uid"] == other.me["uid"] and mine["state"] == theirs["state"] == "active"
    assert mine == {**mine, "role": "owner"} and set(mine) == {"nick", "uid", "state", "since", "role"}
    assert before <= mine["since"] <= theirs["since"] <= before + 60000


def test_p46_paging_gives_everybody_exactly_once(link, name, room):
    peer = link(hears=False)
    for sid in range(1, 251):
        peer.send("hello", sid=sid, join=[room])
    peer.flush()
    seen, page, sizes = [], {}, []
    while True:
        reply = peer.ok("who", sid=1, room=room, limit=60, **page)
        assert reply["count"] == 250 and "pseq" in reply
        seen += [member["uid"] for member in reply["members"]]
        sizes.append(len(reply["members"]))
        if "next" not in reply:
            break
        page = {"page": reply["next"]}
    assert len(seen) == len(set(seen)) == 250 and sizes == [60, 60, 60, 60, 10]
    first = peer.ok("who", sid=1, room=room)
    assert len(first["members"]) == 200 and "next" in first
    assert len(peer.ok("who", sid=1, room=room, limit=2**63 - 1)["members"]) == 200
    assert len(peer.ok("who", sid=1, room=room, limit=250)["members"]) == 200
    assert len(peer.ok("who", sid=1, room=room, page=first["next"])["members"]) == 50


def test_p46_people_who_come_and_go_between_pages_disturb_nobody_else(link, room):
    peer = link(hears=False)
    staying = [peer.ok("hello", sid=sid, join=[room])["uid"] for sid in range(1, 41)]
    seen, page = [], {}
    for turn in range(100):
        reply = peer.ok("who", sid=1, room=room, limit=7, **page)
        seen += [member["uid"] for member in reply["members"]]
        if turn < 5:
            peer.ok("hello", sid=100 + turn, join=[room])
            peer.ok("bye", sid=36 + turn)
            staying.remove(staying[-1])
        if "next" not in reply:
            break
        page = {"page": reply["next"]}
    assert all(seen.count(uid) == 1 for uid in staying) and len(seen) == len(set(seen))


def test_a_page_that_never_was_is_a_bad_request(client, name, room):
    peer = client(name())
    for page in ("x", "-1", "99999999999999999999", "1 ", "\u0661"):
        assert peer.ask("who", room=room, page=page).get("error", "bad_request") == "bad_request"
        assert peer.ask("rooms", page=page).get("error", "bad_request") == "bad_request"
    peer.ok("who", room=room)


def test_p47_who_of_an_inbox_is_refused_and_public_rooms_answer_everybody(client, name, room):
    peer, stranger = client(name()), client(name(), join=[])
    assert peer.error("who", room="@") == "room_invalid"
    assert list(members(stranger.ok("who", room=room))) == [peer.me["nick"]]
    stranger.ok("history", room=room)
    stranger.ok("replay", room=room, first=1, last=1)


def test_p48_private_rooms_are_listed_to_their_members_only(client, name, room):
    owner, other = client(name(), join=[]), client(name(), join=[])
    owner.ok("join", room=room, private=True)
    owner.ok("say", room=room, text="a")
    listed = [entry for entry in owner.ok("rooms")["rooms"] if entry["room"] == room]
    assert listed == [{"room": room, "count": 1, "seq": 1}]
    assert room not in [entry["room"] for entry in other.ok("rooms")["rooms"]]
    owner.ok("invite", room=room, nick=other.me["nick"])
    assert room not in [entry["room"] for entry in other.ok("rooms")["rooms"]]


def test_rooms_come_in_pages_of_200_at_most(start, link):
    peer = link(start(), hears=False)
    for sid in range(1, 9):
        peer.ok("hello", sid=sid, join=[f"room-{sid}-{number}" for number in range(26)])
    first = peer.ok("rooms", sid=1)
    assert len(first["rooms"]) == 200 and len(peer.ok("rooms", sid=1, limit=201)["rooms"]) == 200
    seen, page = [], {}
    while True:
        reply = peer.ok("rooms", sid=1, limit=30, **page)
        seen += [entry["room"] for entry in reply["rooms"]]
        if "next" not in reply:
            break
        assert len(reply["rooms"]) == 30
        page = {"page": reply["next"]}
    assert len(seen) == len(set(seen)) >= 208


@pytest.fixture
def den(link, name, room):
    """A private room with its owner, somebody invited, and a stranger."""
    owner, invited, stranger = (link(hears=False) for _ in range(3))
    for peer in (owner, invited, stranger):
        peer.me = peer.ok("hello", nick=name(), join=[])
    assert owner.ok("join", room=room, private=True)["private"] is True
    owner.ok("say", room=room, text="secret")
    owner.ok("invite", room=room, nick=invited.me["nick"])
    return owner, invited, stranger


EVERYTHING = {"say": {"text": "a"}, "part": {}, "who": {}, "history": {}, "replay": {"first": 1, "last": 1}}


def test_p57_to_strangers_a_private_room_does_not_exist(den, room):
    owner, _, stranger = den
    for op, more in {**EVERYTHING, "join": {}, "invite": {"nick": owner.me["nick"]}}.items():
        reply = stranger.ask(op, room=room, **more)
        unknown = stranger.ask(op, room="nowhere-at-all", **more) if op != "join" else {**reply}
        assert reply["error"] == "no_such_room" and reply["hint"] == unknown["hint"], op
    assert reply["hint"] != stranger.ask("join", room=room)["hint"] == "it is private: somebody in there has to invite you"
    assert stranger.error("join", room=room, private=True) == "no_such_room"
    assert room not in stranger.ok("hello", sid=1, join=[room])["heads"]


def test_p57_the_invited_may_only_join(den, room):
    owner, invited, _ = den
    for op, more in {**EVERYTHING, "invite": {"nick": owner.me["nick"]}}.items():
        assert invited.error(op, room=room, **more) == "not_member", op
    reply = invited.ok("join", room=room)
    assert reply["private"] is True and reply["count"] == 2 and reply["heads"][room][1] == 1
    assert [event["text"] for event in invited.ok("history", room=room)["events"]] == ["secret"]
    invited.ok("part", room=room)
    assert invited.error("join", room=room) == "no_such_room"  # an invitation is for once


def test_p57_the_invited_may_come_by_hello_of_their_next_breath(den, room):
    owner, invited, _ = den
    assert invited.ok("join", room=room, private=True)["count"] == 2
    assert owner.change(invited.me["nick"], "active")["over"] == "router"


def test_p58_who_may_be_invited(den, client, name, room):
    owner, invited, stranger = den
    public = client(name(), join=["a-public-room"])
    assert public.error("invite", room="a-public-room", nick=stranger.me["nick"]) == "bad_request"
    assert owner.error("invite", room=room, nick=owner.me["nick"]) == "exists"
    assert owner.error("invite", room=room, nick="nobody-here") == "no_such_nick"
    assert owner.error("invite", room=room, nick="no body") in ("no_such_nick", "nick_invalid")
    owner.ok("invite", room=room, nick=invited.me["nick"])  # again: no harm
    invited.ok("join", room=room)
    assert owner.error("invite", room=room, nick=invited.me["nick"]) == "exists"
    invited.ok("invite", room=room, nick=stranger.me["nick"])  # any member may
    stranger.ok("join", room=room)


def test_p58_a_room_has_64_open_invitations_at_most(link, name, room):
    peer = link(hears=False)
    nicks = [peer.ok("hello", sid=sid, join=[])["nick"] for sid in range(67)]
    peer.ok("join", room=room, private=True)
    for nick in nicks[1:65]:
        peer.ok("invite", room=room, nick=nick)
    assert peer.error("invite", room=room, nick=nicks[65]) == "full"
    peer.ok("join", sid=1, room=room)
    peer.ok("invite", room=room, nick=nicks[65])
    peer.ok("bye", sid=2)
    peer.ok("invite", room=room, nick=nicks[66])


def test_p62_a_private_rooms_events_come_over_router_and_a_publics_over_pub(client, name, room):
    peer = client(name())
    peer.ok("join", room=f"{room}-den", private=True)
    peer.subscribe(f"{room}-den")
    for where, over in ((room, "pub"), (f"{room}-den", "router")):
        peer.ok("say", room=where, text="hello")
        assert peer.event("message", room=where)["over"] == over
        assert peer.event("head", room=where)["over"] == over


def test_p62_a_topic_ends_with_a_zero_byte(client, link, name):
    peer, longer = client(name(), join=["dev"]), client(name(), join=["dev-ops"])
    longer.ok("say", room="dev-ops", text="for ops alone")
    longer.event("message", room="dev-ops")
    assert peer.hears_nothing_but("end", "dev")
    assert {event["room"] for event in peer.events} <= {"dev"}
