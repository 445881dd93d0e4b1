"""Presence, nick, status: sections 9 and 12 of docs/protocol.md."""
import time

from hub import until


def test_p73_arrival_is_active_and_leaving_is_gone(client, name, room):
    watcher, peer = client(name()), client(name())
    event = watcher.change(peer.me["nick"], "active")
    assert set(event) - {"over", "heard_s", "change"} == {"ev", "room", "pseq", "at", "count", "changes"}
    assert event["count"] == 2 and event["over"] == "pub"
    assert event["change"] == {"nick": peer.me["nick"], "uid": peer.me["uid"], "state": "active"}
    assert abs(event["at"] - time.time() * 1000) < 60000
    peer.ok("part", room=room)
    event = watcher.change(peer.me["nick"], "gone")
    assert event["count"] == 1 and event["change"] == {"nick": peer.me["nick"], "uid": peer.me["uid"], "state": "gone"}


def test_p54_a_rename_is_announced_in_all_rooms_and_the_old_name_is_free(client, name, room):
    old, new = name("Old"), name("New")
    watcher, peer = client(name(), join=[room, f"{room}-2"]), client(old, join=[room, f"{room}-2"])
    assert peer.ok("nick", nick=new) == {"re": peer.last_id, "ok": True, "nick": new}
    events = {watcher.change(new, "active", was=old)["room"] for _ in range(2)}
    assert events == {room, f"{room}-2"}
    other = client(name())
    assert other.ok("nick", nick=old.upper())["nick"] == old.upper()
    peer.ok("say", room=room, text="it is me")
    event = watcher.event("message", text="it is me")
    assert event["from"] == new and event["uid"] == peer.me["uid"]
    other.ok("tell", to=new, text="you?")
    peer.event("private", text="you?")


def test_p54_a_name_in_use_or_impossible_changes_nothing(client, name, room):
    watcher, peer = client(name()), client(name())
    assert peer.error("nick", nick=watcher.me["nick"].upper()) == "nick_taken"
    assert peer.error("nick", nick="no way") == "nick_invalid"
    peer.ok("say", room=room, text="still me")
    assert watcher.event("message", text="still me")["from"] == peer.me["nick"]


def test_p54_another_case_is_a_rename_and_the_same_name_is_none(client, name, room):
    nick = name("nick")
    watcher, peer = client(name()), client(nick)
    watcher.change(nick, "active")
    assert peer.ok("nick", nick=nick)["nick"] == nick
    peer.ok("say", room=room, text="now")
    watcher.take(0)
    until(lambda: watcher.find("message", text="now"), watcher.take, "now")
    assert not watcher.find("presence")
    assert peer.ok("nick", nick=nick.upper())["nick"] == nick.upper()
    assert watcher.change(nick.upper(), "active")["change"]["was"] == nick


def test_p55_a_status_is_announced_and_shown(client, name, room):
    watcher, peer = client(name()), client(name())
    watcher.change(peer.me["nick"], "active")
    for status in ("s" * 128, "é" * 64, "tea time", ""):
        assert peer.ok("status", status=status) == {"re": peer.last_id, "ok": True}
        assert watcher.change(peer.me["nick"], "active", status=status)
        member = [member for member in watcher.ok("who", room=room)["members"] if member["nick"] == peer.me["nick"]][0]
        assert member.get("status", "") == status
    for status, answer in (("s" * 129, "too_long"), ("a\nb", "bad_request"), ("a\tb", "bad_request"), ("\x1b[2J", "bad_request"),
                           (1, "bad_request")):
        assert peer.error("status", status=status) == answer
    assert peer.error("status") == "bad_request"


def test_p55_who_comes_with_a_status_is_announced_with_it(client, name, room):
    watcher, peer = client(name()), client(name(), join=[])
    peer.ok("status", status="tea time")
    peer.ok("join", room=room)
    assert watcher.change(peer.me["nick"], "active")["change"]["status"] == "tea time"


def test_p74_changes_are_gathered(link, name, room):
    watcher, crowd = link(), link(hears=False)
    watcher.hello(name(), join=[room])
    watcher.events.clear()
    begin = time.monotonic()
    for sid in range(1, 401):
        crowd.send("hello", sid=sid, join=[room])
    seen, events = set(), 0
    until(lambda: any(event["count"] == 401 for event in watcher.events if event["ev"] == "presence"), watcher.take, "all of them")
    took = time.monotonic() - begin
    for event in watcher.events:
        if event["ev"] == "presence":
            events += 1
            seen |= {change["uid"] for change in event["changes"]}
    assert len(seen) == 400
    assert events <= took / 0.05 + 2


def test_p74_changes_cancel_out_within_one_event(link, name, room):
    watcher, peer = link(), link(hears=False)
    watcher.hello(name(), join=[room])
    nick = peer.ok("hello", nick=name(), join=[room])["nick"]
    watcher.change(nick, "active")
    requests = [peer.send("nick", nick=f"{nick}-{turn}") for turn in range(20)]
    for request in requests:
        peer.reply(request)
    changes = []

    def all_seen():
        changes.extend(change for event in watcher.events for change in event.get("changes", ()))
        watcher.events.clear()
        return changes and changes[-1]["nick"] == f"{nick}-19"
    until(all_seen, watcher.take, "the last name")
    assert len(changes) < 20
    known = nick
    for change in changes:
        assert change["was"] == known  # the chain of names has no hole
        known = change["nick"]


def test_p74_a_members_arrival_comes_before_their_first_message(link, name, room):
    watcher, peer = link(), link(hears=False)
    watcher.hello(name(), join=[room])
    for sid in range(1, 50):
        nick = name()
        peer.send("hello", sid=sid, nick=nick, join=[room])
        peer.send("say", sid=sid, room=room, text=f"I am {nick}")
        known = until(lambda: watcher.find("message", text=f"I am {nick}"), watcher.take, nick)
        before = watcher.events[:watcher.events.index(known)]
        assert nick in [change["nick"] for event in before for change in event.get("changes", ())]
        watcher.events.clear()


def test_p74_who_tells_what_has_been_announced(link, name, room):
    watcher, peer = link(), link(hears=False)
    watcher.hello(name(), join=[room])
    known, pseq = {}, 0
    for sid in range(1, 30):
        peer.ok("hello", sid=sid, join=[room])
        reply = watcher.ok("who", room=room)
        until(lambda: any(event.get("pseq") == reply["pseq"] for event in watcher.events) or pseq == reply["pseq"], watcher.take,
              "the event of that pseq")
        for event in watcher.events:
            for change in event.get("changes", ()):
                known[change["uid"]] = change["state"]
            pseq = max(pseq, event.get("pseq", 0))
        watcher.events.clear()
        assert pseq == reply["pseq"] and len(reply["members"]) == sid + 1
        assert {member["uid"] for member in reply["members"]} >= set(known)


def test_p74_a_snapshot_and_the_events_after_it_give_the_truth(link, name, room):
    watcher, crowd = link(), link(hears=False)
    watcher.ok("hello", nick=name(), join=[])
    for sid in range(1, 41):
        crowd.send("hello", sid=sid, join=[room])
    crowd.flush()
    watcher.subscribe(room)
    watcher.ok("join", room=room)
    watcher.hears_presence_of(room)
    for sid in range(1, 21):
        crowd.send("part", sid=sid, room=room)
    for sid in range(41, 61):
        crowd.send("hello", sid=sid, join=[room])
    people, page = {}, {}
    while True:
        reply = watcher.ok("who", room=room, limit=9, **page)
        for member in reply["members"]:
            people[member["uid"]] = (reply["pseq"], member["state"])
        if "next" not in reply:
            break
        page = {"page": reply["next"]}
    crowd.flush()
    final = watcher.ok("who", room=room)
    until(lambda: any(event.get("pseq") == final["pseq"] for event in watcher.events), watcher.take, "the last change")
    for event in watcher.events:
        for change in event.get("changes", ()):
            if event["pseq"] > people.get(change["uid"], (0, ""))[0]:
                people[change["uid"]] = (event["pseq"], change["state"])
    present = {uid for uid, (_, state) in people.items() if state != "gone"}
    assert present == {member["uid"] for member in final["members"]}


def test_p75_over_500_members_presence_is_a_count(link, name, room):
    watcher, crowd = link(), link(hears=False)
    assert watcher.hello(name(), join=[room])["limits"]["presence_named_members"] == 500

    def come(sids, count):
        watcher.events.clear()
        for sid in sids:
            crowd.send("hello", sid=sid, join=[room])
        until(lambda: any(event.get("count") == count for event in watcher.events), watcher.take, f"{count} members")
        return [event for event in watcher.events if event["ev"] == "presence"]
    for begin in range(1, 500, 100):
        come(range(begin, min(begin + 100, 500)), min(begin + 100, 500))
    assert all("changes" in event for event in watcher.events if event["ev"] == "presence")
    assert all("changes" not in event for event in come([500], 501))
    watcher.events.clear()
    crowd.ok("status", sid=500, status="nobody needs to know")
    assert "changes" not in watcher.event("presence", room=room)
    crowd.ok("part", sid=500, room=room)
    assert "changes" not in watcher.event("presence", room=room, count=500)  # 501 before
    crowd.ok("part", sid=499, room=room)
    assert "changes" in watcher.event("presence", room=room, count=499)


def test_p76_pseq_grows_by_one(client, link, name, room):
    watcher, peer = client(name()), link(hears=False)
    peer.hello(name())
    pseqs = []
    for _ in range(5):
        peer.ok("join", room=room)
        pseqs.append(watcher.event("presence", room=room, count=2)["pseq"])
        peer.ok("part", room=room)
        pseqs.append(watcher.event("presence", room=room, count=1)["pseq"])
    assert pseqs == list(range(pseqs[0], pseqs[0] + 10))


def test_p76_pseq_does_not_go_back_when_the_broker_starts_again(start, link):
    pseqs = []
    for _ in range(2):
        broker = start()
        peer = link(broker)
        peer.hello("ada", join=["tea"])
        peer.ok("status", status="x")
        pseqs.append(peer.event("presence", room="tea")["pseq"])
        assert pseqs[-1] > (time.time() - 3600) * 1000
    assert pseqs[1] > pseqs[0]


def test_presence_is_not_in_history(client, name, room):
    peer = client(name())
    peer.ok("status", status="x")
    reply = peer.ok("history", room=room)
    assert reply["events"] == [] and reply["head"] == 0
