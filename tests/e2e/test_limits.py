"""Limits, each crossed by exactly one, and floods: section 15 of docs/protocol.md."""
import time

from hub import SLOWNESS, until


def test_p79_the_welcome_tells_the_limits_of_the_document(start, link):
    limits = link(start(rate=None)).ok("hello")["limits"]
    assert limits == {"frame_bytes": 65536, "text_bytes": 4096, "nick_bytes": 32, "room_bytes": 32, "status_bytes": 128,
                      "data_bytes": 32768, "x_bytes": 8192, "type_bytes": 64, "nesting": 8, "values": 32768, "invites_per_room": 64,
                      "who_max": 200, "rooms_page": 200, "cid_window": 1024, "tokens_live": 8,
                      "password_min_bytes": 8, "password_bytes": 128, "hashes_waiting": 64, "hashes_per_place": 16, "invites_by_members": 48, "verdicts": 10000, "roles_per_room": 32, "verdicts_per_room": 64, "slow_ms": 3600000, "login_tries": 3, "login_tries_address": 10, "login_wait_ms": 300000,
                      "rooms_per_session": 32, "sessions_per_link": 32768, "history_max": 200, "replay_max": 500,
                      "presence_named_members": 500, "rate_per_s": 50, "rate_burst": 200, "flood_refusals": 1000,
                      "flood_window_ms": 10000, "flood_mute_ms": 30000, "greetings_per_s": 1000, "greetings_burst": 40000,
                      "sessions_max": 200000, "links_max": 10000, "sessions_per_address": 0, "rooms_max": 10000,
                      "members_max": 200000, "accounts_max": 10000, "rooms_made_per_h": 100, "accounts_made_per_h": 20, "link_backlog_bytes": 8388608, "replay_per_s": 20000,
                      "pages_max": 1024, "pending_max": 65536}


def test_p166_the_welcome_tells_what_the_operator_has_set(start, link):
    wanted = {"flood_refusals": 11, "flood_window_ms": 1000, "flood_mute_ms": 5000, "greetings_per_s": 7, "greetings_burst": 33,
              "sessions_max": 12, "links_max": 13, "sessions_per_address": 14, "rooms_max": 15, "members_max": 16, "rooms_made_per_h": 20, "accounts_made_per_h": 21,
              "link_backlog_bytes": 65536, "replay_per_s": 17, "pages_max": 18, "pending_max": 19}
    options = [word for name, value in wanted.items() for word in ("--set", f"{name}={value}")]
    limits = link(start(*options), hears=False).ok("hello")["limits"]
    assert {name: limits[name] for name in wanted} == wanted


def test_p160_who_goes_on_flooding_is_muted_then_kicked(start, link):
    broker = start("--set", "rate_burst=20", "--set", "flood_refusals=50", rate=1)
    peer, other = link(broker), link(broker)
    peer.hello("ada", sid=1)
    peer.ok("hello", nick="bob", sid=2, join=[])
    other.hello("carl")
    for _ in range(50):
        peer.send("rooms", sid=1)
    answers = []
    while not peer.find("kicked"):
        answers.append(peer.ask("rooms", sid=1))
        assert len(answers) < 200, answers[-1]
    errors = [answer.get("error") for answer in answers]
    assert peer.event("kicked")["reason"] == "flood"
    assert "flood" in errors and errors.count("muted") in (51, 52)
    assert errors.index("muted") > errors.index("flood")
    assert all(0 < answer["retry_ms"] <= 30000 for answer in answers if answer.get("error") == "muted")
    assert peer.error("rooms", sid=1) == "no_session"
    peer.ok("rooms", sid=2)
    other.ok("rooms")
    counters = broker.stats()["counters"]
    assert (counters["sessions_muted"], counters["sessions_flooding"], counters["error_muted"]) == (1, 1, errors.count("muted"))


def test_p160_a_burst_that_is_under_way_when_flood_is_told_mutes_nobody(start, link):
    peer = link(start(rate=None), hears=False)
    peer.ok("hello", join=[])
    requests = [peer.send("rooms") for _ in range(1100)]
    errors = [peer.reply(request).get("error") for request in requests]
    assert errors.count("flood") > 500 and "muted" not in errors
    last = peer.reply(requests[-1])
    peer.poller.poll(last["retry_ms"] + 1)
    peer.ok("rooms")


def test_p161_hellos_of_one_link_have_an_allowance(start, link):
    broker = start("--set", "greetings_per_s=1", "--set", "greetings_burst=32", rate=50)
    peer, other = link(broker, hears=False), link(broker, hears=False)
    replies = [peer.ask("hello", sid=sid, join=[]) for sid in range(40)]
    made = [reply for reply in replies if reply.get("ok")]
    assert 32 <= len(made) < 40
    refused = next(reply for reply in replies if "error" in reply)
    assert refused["error"] == "flood" and 0 < refused["retry_ms"] <= 1000
    assert peer.error("resume", sid=50, token=made[0]["token"]) == "flood"
    peer.ok("rooms", sid=0)
    other.ok("hello")
    bare = link(broker, hears=False)
    pings = [bare.reply(request) for request in [bare.send("ping") for _ in range(200)]]
    assert pings[0]["ok"] and pings[-1]["error"] == "flood"
    assert broker.counter("greetings_refused") > 100


def test_p162_a_link_without_a_session_takes_nobodys_place(start, link):
    broker = start("--set", "links_max=1", rate=50)
    idle = link(broker, hears=False)
    idle.ok("ping")
    late = link(broker, hears=False)
    assert late.error("hello") == "full" and broker.counter("full_links") == 1
    until(lambda: late.ask("hello", join=[]).get("ok"), lambda seconds: late.poller.poll(seconds * 1000), "a place", 30 * SLOWNESS)
    assert broker.counter("links_bare") >= 1
    idle.ok("ping")


def test_p163_one_address_has_so_many_sessions(start, link):
    broker = start("--set", "sessions_per_address=2")
    one, other = link(broker, hears=False), link(broker, hears=False)
    one.ok("hello", sid=1, address="192.0.2.7")
    other.ok("hello", sid=1, address="192.0.2.7")
    assert one.error("hello", sid=2, address="192.0.2.7") == "full"
    one.ok("hello", sid=2, address="192.0.2.8")
    assert broker.counter("full_address") == 1
    other.ok("bye", sid=1)
    one.ok("hello", sid=3, address="192.0.2.7")


def test_p164_a_room_has_so_many_members(start, link):
    broker = start("--set", "members_max=2")
    peer = link(broker, hears=False)
    for sid in (1, 2, 3):
        peer.ok("hello", sid=sid, join=["tea"])
    assert peer.error("join", sid=3, room="tea") == "full"
    assert broker.counter("full_members") == 1
    peer.ok("part", sid=1, room="tea")
    peer.ok("join", sid=3, room="tea")


def test_so_many_pages_may_be_asked_of_the_store_at_a_time(start, link, tmp_path):
    broker = start("--data", tmp_path, "--durability", "file", "--set", "ring_events=16", "--set", "pages_max=1")
    peer = link(broker, hears=False)
    peer.ok("hello", join=["tea"])
    said = [peer.send("say", room="tea", text=str(number)) for number in range(300)]
    peer.reply(said[-1])
    pages = [peer.reply(request) for request in [peer.send("history", room="tea", before=100) for _ in range(300)]]
    refused = [page for page in pages if "error" in page]
    assert refused and all(page["error"] == "busy" and page["retry_ms"] > 0 for page in refused)
    assert all(len(page["events"]) == 99 for page in pages if "ok" in page)
    peer.poller.poll(refused[-1]["retry_ms"])
    assert len(peer.ok("history", room="tea", before=100)["events"]) == 99
    assert broker.counter("error_busy") == len(refused)


def test_p165_what_is_refused_is_counted_by_its_limit(start, link):
    broker = start("--set", "sessions_max=2", "--set", "rooms_max=1")
    peer = link(broker, hears=False)
    peer.ok("hello", sid=1)
    peer.ok("hello", sid=2)
    assert peer.error("hello", sid=3) == "full"
    assert peer.error("join", sid=1, room="tea") == "full"
    counters = broker.stats()["counters"]
    assert (counters["full_sessions"], counters["full_rooms"], counters["error_full"]) == (1, 1, 2)


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
