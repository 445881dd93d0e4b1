"""Limits, each crossed by exactly one, and floods: section 15 of docs/protocol.md."""
import time

from hub import SLOWNESS, until


def test_p79_the_welcome_tells_the_limits_of_the_document(start, link):
    limits = link(start(rate=None)).ok("hello")["limits"]
    assert limits == {"frame_bytes": 65536, "text_bytes": 4096, "nick_bytes": 32, "room_bytes": 32, "status_bytes": 128,
                      "rooms_per_session": 32, "sessions_per_link": 32768, "history_max": 200, "replay_max": 500,
                      "presence_named_members": 500, "rate_per_s": 50, "rate_burst": 200}


def test_p79_a_link_carries_32768_sessions(start, link):
    broker = start()
    peer = link(broker, hears=False)
    for begin in range(0, 32768, 4096):
        for sid in range(begin, begin + 4096):
            peer.send("hello", sid=sid, join=[])
        until(lambda: len(peer.replies) == begin + 4096, peer.take, f"{begin + 4096} welcomes", 60 * SLOWNESS)
    assert all(reply.get("ok") for reply in peer.replies.values())
    assert peer.ok("ping")["sessions"] == 32768
    assert peer.error("hello", sid=32768, join=[]) == "full"
    assert peer.error("hello", sid=2**31 - 1, join=[]) == "full"
    link(broker, hears=False).ok("hello")
    peer.ok("bye", sid=17)
    peer.ok("hello", sid=32768, join=[])


def test_the_operator_sees_how_full_it_is(start, link):
    broker = start("--set", "sessions_max=3", "--set", "rooms_max=2")
    peer = link(broker, hears=False)
    for sid in range(3):
        peer.ok("hello", sid=sid, join=[])
    assert peer.error("hello", sid=3) == "full"
    peer.ok("join", sid=0, room="one")
    peer.ok("join", sid=0, room="two")
    assert peer.error("join", sid=0, room="three") == "full"
    counters = broker.stats()["counters"]
    assert (counters["sessions"], counters["rooms"], counters["error_full"]) == (3, 2, 2)


def flood_of(peer, op, **fields):
    """Sends until refused; how many went through, and the refusal."""
    for count in range(10000):
        reply = peer.ask(op, **fields)
        if reply.get("error") == "flood":
            return count, reply
    raise AssertionError("no flood")


def test_p80_the_burst_is_exactly_what_the_welcome_says(start, link):
    peer = link(start("--set", "rate_burst=40", rate=1), hears=False)
    assert peer.ok("hello", join=[])["limits"]["rate_burst"] == 40
    begin = time.monotonic()
    count, reply = flood_of(peer, "rooms")
    gained = int(time.monotonic() - begin) + 1
    assert 40 - 1 <= count <= 40 + gained
    assert reply["retry_ms"] > 0 and reply["hint"]


def test_p80_after_retry_ms_it_works(start, link):
    peer = link(start("--set", "rate_burst=10", rate=20), hears=False)
    peer.ok("hello", join=[])
    for _ in range(5):
        _, reply = flood_of(peer, "rooms")
        peer.poller.poll(reply["retry_ms"] + 1)  # nothing comes, the time passes
        peer.ok("rooms")


def test_p80_left_tells_how_many_one_may_send(start, link):
    peer = link(start("--set", "rate_burst=30", rate=1), hears=False)
    peer.ok("hello", join=[])
    left = peer.ok("ping", sid=0)["left"]
    assert 28 <= left <= 30
    for _ in range(5):
        peer.ok("rooms")
    assert left - 5 <= peer.ok("ping", sid=0)["left"] <= left - 4
    flood_of(peer, "rooms")
    assert peer.ok("ping", sid=0)["left"] == 0


def test_p80_every_command_costs_what_the_document_says(start, link):
    peer = link(start("--set", "rate_burst=1000", rate=1), hears=False)
    peer.ok("hello", nick="ada", join=["tea"])
    peer.ok("join", room="den", private=True)
    costs = {"ping": 0, "replay": 0, "bye": 0, "stats": 0, "join": 2, "history": 2, "nick": 2, "invite": 2, "register": 5, "login": 5,
             "password": 5, "hello": 1, "resume": 1, "say": 1, "tell": 1, "part": 1, "who": 1, "rooms": 1, "status": 1, "kick": 1,
             "ban": 1, "mute": 1, "shutdown": 1}
    for op, cost in costs.items():
        if op == "bye":
            continue
        fields = {"ping": {"sid": 0}}.get(op, {})
        before = peer.ok("ping", sid=0)["left"]
        for _ in range(10):
            peer.ask(op, **fields)
        spent = before - peer.ok("ping", sid=0)["left"]
        assert 10 * cost - 1 <= spent <= 10 * cost, op


def test_p80_mistakes_cost_too_and_one_flood_hurts_nobody_else(start, link):
    peer = link(start("--set", "rate_burst=20", rate=1), hears=False)
    for sid in (1, 2):
        peer.ok("hello", sid=sid, join=[])
    count, _ = flood_of(peer, "say", sid=1)
    assert count <= 21
    peer.ok("rooms", sid=2)
    assert peer.ok("ping", sid=1)["left"] == 0
    peer.ok("replay", sid=2, room="@", first=1, last=1)
    peer.ok("bye", sid=1)


def test_p80_rate_0_lifts_the_limit(start, link):
    peer = link(start(rate=0), hears=False)
    assert peer.ok("hello", join=[])["limits"]["rate_per_s"] == 0
    requests = [peer.send("rooms") for _ in range(2000)]
    assert all("ok" in peer.reply(request) for request in requests)


def test_p78_who_does_not_read_is_dropped_and_nobody_waits(start, link):
    import zmq
    broker = start("--set", "link_backlog_bytes=262144")
    speaker = link(broker)
    speaker.hello("ada", join=["tea"])
    for _ in range(20):
        speaker.ok("say", room="tea", text="x" * 4096, data=b"d" * 28000)
    stuck = link(broker, hears=False, options=[(zmq.RCVHWM, 1), (zmq.RCVBUF, 4096)])
    stuck.ok("hello", nick="stuck", join=["tea"])
    speaker.change("stuck", "active")
    slowest = 0
    for turn in range(3000):
        stuck.send("replay", room="tea", first=1 + turn % 20, last=20)
        if turn % 50 == 0:
            begin = time.monotonic()
            speaker.ok("ping")
            slowest = max(slowest, time.monotonic() - begin)
    speaker.change("stuck", "detached")
    assert slowest < 1 * SLOWNESS
    assert broker.counter("links_slow") == 1
    assert broker.resident_bytes() < 200e6 * SLOWNESS
