"""history, replay, gaps made on purpose: sections 9 and 11 of docs/protocol.md."""
import pytest


def seqs(reply):
    return [event["seq"] for event in reply["events"]]


@pytest.fixture
def ten(client, name, room):
    """Somebody in a room where ten things have been said."""
    peer = client(name())
    peer.said = [peer.ok("say", room=room, text=f"line {number}") for number in range(1, 11)]
    for number in range(1, 11):
        peer.event("message", text=f"line {number}")
    return peer


def page(peer, room, **fields):
    reply = peer.ok("history", room=room, **fields)
    return seqs(reply), reply["more"]


def test_history_gives_the_maps_that_were_sent(ten, room):
    reply = ten.ok("history", room=room)
    assert set(reply) == {"re", "ok", "events", "more", "oldest", "head"}
    assert (reply["oldest"], reply["head"], reply["more"]) == (1, 10, False)
    assert reply["events"][0] == {"ev": "message", "room": room, "epoch": ten.said[0]["epoch"], "seq": 1, "at": ten.said[0]["at"],
                                  "from": ten.me["nick"], "uid": ten.me["uid"], "text": "line 1"}


def test_history_of_an_empty_room(client, name, room):
    reply = client(name()).ok("history", room=room)
    assert (reply["events"], reply["more"], reply["oldest"], reply["head"]) == ([], False, 1, 0)


def test_p49_the_bounds_exclude_what_they_name(ten, room):
    assert page(ten, room, before=4) == ([1, 2, 3], False)
    assert page(ten, room, after=7) == ([8, 9, 10], False)
    assert page(ten, room, after=3, before=6) == ([4, 5], False)
    assert page(ten, room, before=1) == ([], False)
    assert page(ten, room, after=10) == ([], False)
    assert page(ten, room, after=2**63 - 1) == ([], False)
    assert page(ten, room, before=2**63 - 1)[0] == list(range(1, 11))
    assert page(ten, room, before=0) == ([], False)
    at = [reply["at"] for reply in ten.said]
    assert page(ten, room, since=at[0] - 1)[0] == list(range(1, 11))
    assert page(ten, room, since=at[9]) == ([], False)
    assert page(ten, room, until=at[0]) == ([], False)
    assert page(ten, room, until=at[9] + 1)[0] == list(range(1, 11))
    assert page(ten, room, since=at[4]) == ([number for number in range(1, 11) if at[number - 1] > at[4]], False)
    assert page(ten, room, until=at[4])[0] == [number for number in range(1, 11) if at[number - 1] < at[4]]


def test_p50_without_a_beginning_a_page_ends_where_asked_and_more_is_older(ten, room):
    assert page(ten, room, limit=3) == ([8, 9, 10], True)
    assert page(ten, room, limit=3, before=5) == ([2, 3, 4], True)
    assert page(ten, room, limit=4, before=5) == ([1, 2, 3, 4], False)
    assert page(ten, room, limit=10) == (list(range(1, 11)), False)
    assert page(ten, room, limit=9) == (list(range(2, 11)), True)
    assert page(ten, room, limit=2, until=ten.said[9]["at"] + 1) == ([9, 10], True)


def test_p50_with_a_beginning_a_page_starts_there_and_more_is_newer(ten, room):
    assert page(ten, room, limit=3, after=0) == ([1, 2, 3], True)
    assert page(ten, room, limit=3, after=7) == ([8, 9, 10], False)
    assert page(ten, room, limit=2, after=7) == ([8, 9], True)
    assert page(ten, room, limit=2, after=2, before=6) == ([3, 4], True)
    assert page(ten, room, limit=3, after=2, before=6) == ([3, 4, 5], False)
    assert page(ten, room, limit=2, since=ten.said[0]["at"] - 1) == ([1, 2], True)


def test_p51_a_limit_is_clamped_and_0_is_refused(client, name, room):
    peer = client(name())
    for request in [peer.send("say", room=room, text=str(number)) for number in range(1, 202)]:
        peer.reply(request)
    assert peer.error("history", room=room, limit=0) == "bad_request"
    assert peer.me["limits"]["history_max"] == 200
    assert page(peer, room, limit=200) == (list(range(2, 202)), True)
    assert page(peer, room, limit=201) == (list(range(2, 202)), True)
    assert page(peer, room) == (list(range(2, 202)), True)
    assert page(peer, room, limit=2**63 - 1, after=0) == (list(range(1, 201)), True)
    assert page(peer, room, limit=199)[0] == list(range(3, 202))


def test_p51_a_page_never_exceeds_a_frame(client, name, room):
    peer = client(name())
    for number in range(1, 6):
        peer.ok("say", room=room, text="t" * 4096, data=bytes([number]) * 30000)
    reply = peer.ok("history", room=room)
    assert reply["more"] and seqs(reply)[-1] == 5 and len(seqs(reply)) == 1
    reply = peer.ok("history", room=room, after=0)
    assert reply["more"] and seqs(reply) == [1]
    reply = peer.ok("replay", room=room, first=2, last=5)
    assert reply["more"] and seqs(reply) == [2]
    for number in range(100):
        peer.ok("say", room=room, text="x" * 1000)
    whole, after = [], 5
    while True:
        reply = peer.ok("history", room=room, after=after)
        whole += seqs(reply)
        if not reply["more"]:
            break
        after = whole[-1]
    assert whole == list(range(6, 106))


def test_p52_a_replay_gives_what_there_is(ten, room):
    def replay(first, last):
        reply = ten.ok("replay", room=room, first=first, last=last)
        assert set(reply) == {"re", "ok", "events", "more", "oldest", "head"}
        assert (reply["oldest"], reply["head"]) == (1, 10)
        return seqs(reply), reply["more"]
    assert replay(3, 5) == ([3, 4, 5], False)
    assert replay(10, 10) == ([10], False)
    assert replay(9, 1000) == ([9, 10], False)
    assert replay(11, 20) == ([], False)
    assert replay(1, 2**63 - 1)[0] == list(range(1, 11))
    assert replay(0, 2)[0] == [1, 2]
    assert ten.error("replay", room=room, first=5, last=4) == "bad_request"
    assert ten.error("replay", room=room, first=5) == "bad_request"
    assert ten.error("replay", room=room, last=5) == "bad_request"


def test_p52_a_replay_has_500_events_at_most(client, name, room):
    peer = client(name())
    for request in [peer.send("say", room=room, text=str(number)) for number in range(1, 503)]:
        peer.reply(request)
    assert peer.me["limits"]["replay_max"] == 500
    reply = peer.ok("replay", room=room, first=1, last=501)
    assert seqs(reply) == list(range(1, 501)) and reply["more"]
    reply = peer.ok("replay", room=room, first=1, last=500)
    assert seqs(reply) == list(range(1, 501)) and not reply["more"]
    assert seqs(peer.ok("replay", room=room, first=501, last=900)) == [501, 502]


def test_p53_an_epoch_that_never_was_is_refused(ten, room):
    epoch = ten.said[0]["epoch"]
    assert seqs(ten.ok("replay", room=room, first=1, last=2, epoch=epoch)) == [1, 2]
    for wrong in (0, epoch - 1, epoch + 1, 2**63 - 1):
        assert ten.error("replay", room=room, first=1, last=2, epoch=wrong) == "bad_request", wrong


def test_p53_what_is_no_longer_kept_is_said(start, link):
    peer = link(start("--set", "ring_events=64"), hears=False)
    peer.ok("hello", nick="ada", join=["tea"])
    for request in [peer.send("say", room="tea", text=str(number)) for number in range(1, 201)]:
        peer.reply(request)
    history = peer.ok("history", room="tea")
    oldest = history["oldest"]
    assert 1 < oldest <= 137 and history["head"] == 200 and seqs(history)[0] == oldest
    assert "lost" not in history and not history["more"]
    reply = peer.ok("replay", room="tea", first=1, last=200)
    assert reply["lost"] == [1, oldest - 1] and seqs(reply) == list(range(oldest, 201))
    reply = peer.ok("replay", room="tea", first=5, last=10)
    assert reply["lost"] == [5, 10] and seqs(reply) == []
    assert "lost" not in peer.ok("replay", room="tea", first=oldest, last=200)
    reply = peer.ok("history", room="tea", after=0, limit=3)
    assert reply["lost"] == [1, oldest - 1] and seqs(reply) == [oldest, oldest + 1, oldest + 2]


def test_a_gap_made_by_subscribing_late_is_found_by_ping_and_filled(link, name, room):
    speaker, late = link(), link()
    speaker.hello(name(), join=[room])
    late.ok("hello", nick=name(), join=[])
    joined = late.ok("join", room=room)["heads"][room]  # not subscribed: what comes now is missed
    for number in range(5):
        speaker.ok("say", room=room, text=f"missed {number}")
    late.subscribe(room)
    late.hears_presence_of(room)
    assert not [event for event in late.events if event["ev"] == "message"]
    epoch, seq, _ = late.ok("ping", sid=0)["heads"][room]
    assert (epoch, seq) == (joined[0], joined[1] + 5)
    reply = late.ok("replay", room=room, first=joined[1] + 1, last=seq, epoch=epoch)
    assert [event["text"] for event in reply["events"]] == [f"missed {number}" for number in range(5)]


def test_a_gap_made_by_unsubscribing_is_seen_in_the_numbers_and_filled(link, name, room):
    speaker, peer = link(), link()
    speaker.hello(name(), join=[room])
    peer.hello(name(), join=[room])
    speaker.ok("say", room=room, text="heard")
    last = peer.event("message", text="heard")["seq"]
    peer.sub.unsubscribe(room.encode() + b"\0")
    peer.join(f"{room}-barrier")  # the broker has seen it
    for number in range(3):
        speaker.ok("say", room=room, text=f"missed {number}")
    peer.subscribe(room)
    peer.hears_presence_of(room)
    speaker.ok("say", room=room, text="heard again")
    seq = peer.event("message")["seq"]
    assert seq > last + 1
    reply = peer.ok("replay", room=room, first=last + 1, last=seq - 1)
    assert seqs(reply) == list(range(last + 1, seq)) and not reply["more"]


def test_a_lost_last_message_is_found_by_the_head_event(link, name, room):
    speaker, peer = link(), link()
    speaker.hello(name(), join=[room])
    peer.ok("hello", nick=name(), join=[])
    peer.ok("join", room=room)
    speaker.ok("say", room=room, text="the last word")
    peer.subscribe(room)
    head = peer.event("head", room=room)
    assert [event["text"] for event in peer.ok("replay", room=room, first=1, last=head["seq"])["events"]] == ["the last word"]


def test_the_inbox_is_replayed_and_read_back_as_a_room_is(client, name):
    ada, bob, eve = client(name()), client(name()), client(name())
    for number in range(1, 6):
        ada.ok("tell", to=bob.me["nick"], text=f"note {number}")
    reply = bob.ok("history", room="@", limit=2)
    assert seqs(reply) == [4, 5] and reply["more"] and reply["head"] == 5
    event = bob.ok("replay", room="@", first=2, last=2)["events"][0]
    assert (event["ev"], event["room"], event["text"], event["to"]) == ("private", "@", "note 2", bob.me["nick"])
    assert seqs(ada.ok("history", room="@")) == [1, 2, 3, 4, 5]
    assert seqs(eve.ok("history", room="@")) == []
    assert bob.me["heads"]["@"][0] == event["epoch"]
    assert bob.error("replay", room="@", first=1, last=2, epoch=1) == "bad_request"


def test_a_reader_of_much_history_delays_nobody(client, name, room):
    import time
    reader, speaker = client(name()), client(name())
    for request in [speaker.send("say", room=room, text="x" * 2000) for _ in range(500)]:
        speaker.reply(request)
    wanted = [reader.send("replay", room=room, first=1, last=500) for _ in range(500)]
    slowest = 0
    for _ in range(50):
        begin = time.monotonic()
        speaker.ok("ping")
        slowest = max(slowest, time.monotonic() - begin)
    assert slowest < 2
    refused = [reader.reply(request).get("error") for request in wanted]
    assert set(refused) <= {None, "busy", "flood"}
