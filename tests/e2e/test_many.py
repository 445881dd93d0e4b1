"""Many sessions on one link, many links, storms."""
import time

from hub import SLOWNESS, until


def test_a_thousand_sessions_on_one_link(link, name, room):
    peer, watcher = link(), link()
    watcher.hello(name(), join=[room])
    requests = {sid: peer.send("hello", sid=sid, join=[]) for sid in range(1, 1001)}
    welcomes = {sid: peer.reply(request) for sid, request in requests.items()}
    assert len({welcome["uid"] for welcome in welcomes.values()}) == 1000
    assert all(welcome["sid"] == sid for sid, welcome in welcomes.items())
    assert peer.ok("ping")["sessions"] == 1000
    peer.subscribe(room)
    for request in [peer.send("join", sid=sid, room=room) for sid in requests]:
        assert peer.reply(request)["ok"]
    assert watcher.ok("who", room=room)["count"] == 1001
    until(lambda: any(event.get("count") == 1001 for event in peer.events), peer.take, "all of them")
    for request in [peer.send("say", sid=sid, room=room, text=f"from {sid}", cid=1) for sid in requests]:
        assert peer.reply(request)["ok"]
    for hearer in (peer, watcher):
        assert sorted(hearer.texts(room, 1000)) == sorted(f"from {sid}" for sid in requests)
    for request in [peer.send("tell", sid=sid, to=welcomes[1001 - sid]["nick"], text=f"to {1001 - sid}") for sid in requests]:
        assert peer.reply(request)["ok"]
    told = []

    def all_told():
        told.extend(event for event in peer.events if event["ev"] == "private")
        peer.events.clear()
        return len(told) >= 2000
    until(all_told, peer.take, "2000 copies")
    for event in told:
        assert event["sid"] in (int(event["text"].split()[1]), 1001 - int(event["text"].split()[1]))
    for request in [peer.send("bye", sid=sid) for sid in requests]:
        assert peer.reply(request)["ok"]
    assert peer.ok("ping")["sessions"] == 0
    until(lambda: any(event.get("count") == 1 for event in watcher.events), watcher.take, "all gone")


def test_a_storm_of_arrivals_settles_quickly(start, link):
    broker = start()
    watcher, crowd = link(broker), link(broker, hears=False)
    watcher.hello("watcher", join=["tea"])
    begin = time.monotonic()
    for sid in range(1, 10001):
        crowd.send("hello", sid=sid, join=["tea"])
    until(lambda: any(event.get("count") == 10001 for event in watcher.events), watcher.take, "10 000 arrivals", 60 * SLOWNESS)
    assert time.monotonic() - begin < 20 * SLOWNESS
    assert sum(event["ev"] == "presence" for event in watcher.events) < 500 * SLOWNESS


def test_two_hundred_links_hear_the_same(start, link):
    broker = start()
    links = [link(broker) for _ in range(200)]
    for number, peer in enumerate(links):
        peer.hello(f"peer{number}")
        peer.subscribe("tea")
    for peer in links:
        peer.ok("join", room="tea")
    for peer in links:
        peer.hears_presence_of("tea")
    for number in range(0, 200, 20):
        links[number].ok("say", room="tea", text=f"from {number}")
    heard = {tuple(peer.texts("tea", 10)) for peer in links}
    assert len(heard) == 1


def test_a_link_that_sends_without_end_does_not_starve_the_others(start, link):
    broker = start()
    busy, other = link(broker, hears=False), link(broker, hears=False)
    busy.hello("busy")
    other.hello("other")
    slowest = 0
    for _ in range(20):
        for _ in range(2000):
            busy.send("rooms")
        begin = time.monotonic()
        other.ok("rooms")
        slowest = max(slowest, time.monotonic() - begin)
        busy.take(0)
    assert slowest < 1 * SLOWNESS


def test_memory_comes_back_when_everybody_has_left(start, link):
    broker = start()
    peer = link(broker, hears=False)

    def crowd(turn):
        for sid in range(1, 5001):
            peer.send("hello", sid=sid, join=[f"room{sid % 50}"])
        for sid in range(1, 5001):
            peer.send("bye", sid=sid)
        peer.flush()
        peer.replies.clear()
        counters = broker.stats()["counters"]
        assert (counters["sessions"], counters["identities"]) == (0, 0)
        return broker.stats()["memory"]["in_use"]
    first = crowd(1)
    assert max(crowd(turn) for turn in range(2, 6)) < first * 1.2 + 1e6
