#!/usr/bin/env python3
"""Writes seeds that a fuzzer would be long to find: for fuzz_frame the golden vectors and a dictionary of every name of the tables, for
fuzz_client_link conversations as a broker has them."""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "vectors"))
import make

NAMES = [("commands.def", "COMMAND"), ("keys.def", "KEY"), ("events.def", "EVENT")]


KEYS = [name for name in re.findall(r"^KEY\((\w+),", (HERE.parents[1] / "proto/keys.def").read_text(), re.M)]
NAMED = {"ada": 0, "bob": 1, "lobby": 2, "tea": 3, "@": 4, "den": 7}  # as fuzz_client_link.c has them
WORDS = ["message", "private", "presence", "head", "warning", "kicked", "shutdown", "dance", "active", "gone", "silent", "flood", "expired",
         "no_session", "banned", "tcp://*:5681", "tcp://h:1", "nick_taken", "denied", "busy",
         "bad_request", "not_member", "out_of_order", "resumed"]


def word(text):
    if text in NAMED:
        return bytes([NAMED[text]])
    return bytes([next(byte for byte in range(128, 256) if byte % len(WORDS) == WORDS.index(text))])


def key(name):
    return bytes([KEYS.index(name) or len(KEYS)])


def heads(*rooms):
    return key("heads") + bytes([len(rooms)]) + b"".join(word(room) + bytes([epoch, seq, pseq]) for room, epoch, seq, pseq in rooms)


def reply(number, *pairs, ok=True):
    """To the request that was sent as the `number`th, from 0."""
    return b"\2\0" + bytes([number % 16, ok]) + b"".join(pairs) + b"\0"


def event(ev, *pairs):
    return b"\2\1" + word(ev) + b"".join(pairs) + b"\0"


def publish(room, ev, epoch, seq, *more):
    return b"\3" + word(room) + word(ev) + key("epoch") + bytes([epoch]) + key("seq") + bytes([seq]) + b"".join(more) + b"\0"


def ask(what, op):
    return b"\4" + word(what) + bytes([op])


def conversations():
    """A link comes up (it asks by a ping), says hello and is welcome; then this and that."""
    pong = reply(0, key("pub") + b"\1\1" + word("tcp://*:5681"))
    welcome = reply(1, key("nick") + word("ada"), key("token") + b"\4abcd", heads(("lobby", 1, 5, 3), ("@", 1, 0, 0)), key("heartbeat_ms") + b"\xff")
    begin = b"\6" + word("ada") + pong + welcome
    said = [publish("lobby", "message", 1, seq) for seq in (6, 7)]
    late, hole = b"\5\1", publish("lobby", "message", 1, 10)
    page = reply(2, key("events") + b"\3" + b"\2\1\6" + b"\2\1\7" + b"\2\1\10", key("head") + b"\12", key("more") + b"\0")
    private = event("private", key("room") + word("@"), key("epoch") + b"\1", key("seq") + b"\3")
    yield "said", begin + b"".join(said) + said[0] + publish("lobby", "head", 1, 7, key("pseq") + b"\4")
    yield "hole", begin + hole + late + page + said[0] + hole
    yield "lost", begin + hole + late + reply(2, key("lost") + b"\2\7", key("events") + b"\0", key("head") + b"\12")
    yield "refused-replay", begin + hole + late + reply(2, key("error") + word("busy"), key("retry_ms") + b"\5", ok=False) + late + page
    yield "new-epoch", begin + said[0] + publish("lobby", "message", 2, 7) + publish("lobby", "head", 3, 1) + late
    yield "presence", begin + b"\3" + word("lobby") + word("presence") + key("pseq") + b"\4\0" + b"\3" + word("lobby") + word("presence") + key("pseq") + b"\7\0"
    yield "inbox", begin + private + late + event("private", key("room") + word("@"), key("epoch") + b"\1", key("seq") + b"\1") + event("head", key("room") + word("@"), key("epoch") + b"\1", key("seq") + b"\5") + late
    yield "kicked", begin + event("kicked", key("reason") + word("flood")) + event("warning", key("idle_in_ms") + b"\5") + event("shutdown", key("after_ms") + b"\1")
    yield "silent", begin + event("kicked", key("reason") + word("silent")) + reply(2, key("nick") + word("ada"), heads(("lobby", 1, 6, 3)))
    yield "expired", begin + b"\10" + late * 3 + reply(2, key("pub") + b"\1\1" + word("tcp://h:1")) + reply(3, key("error") + word("expired"), ok=False) \
        + reply(4, key("nick") + word("bob"), heads(("lobby", 2, 1, 3), ("@", 2, 0, 0)))
    yield "joined", begin + ask("tea", 2) + reply(2, key("room") + word("tea"), heads(("tea", 1, 3, 1)), key("private") + b"\1") + ask("tea", 3) + reply(3)
    yield "login", begin + ask("bob", 9) + reply(2, key("nick") + word("bob"), heads(("lobby", 1, 5, 3), ("den", 1, 2, 1), ("@", 3, 4, 0)),
                                                  key("rooms") + b"\1\1" + word("den")) + publish("den", "message", 1, 3)
    yield "answers", begin + ask("lobby", 0) + ask("bob", 1) + ask("ada", 5) + reply(2, key("seq") + b"\6") + reply(3, key("error") + word("flood"), key("retry_ms") + b"\1", ok=False) + late * 2 + reply(4) + reply(5)
    yield "refused", b"\6" + word("ada") + pong + reply(1, key("error") + word("nick_taken"), ok=False) + reply(2, key("error") + word("banned"), key("retry_ms") + b"\1", ok=False)


def commands():
    """op -> (its number, the keys it may have in the order that fuzz_core counts them in)."""
    table = (HERE.parents[1] / "proto/commands.def").read_text()
    for number, (op, sets) in enumerate(re.findall(r"^COMMAND\((\w+), \w+, (.*?), \d+, \"", table, re.M)):
        names = set(re.findall(r"K\((\w+)\)", sets.replace("TARGET", "K(nick) | K(account) | K(key) | K(network)"))) | {"must"}
        yield op, (number, sorted(names, key=KEYS.index))


OPS = dict(commands())
NICKS = {"ada": 0, "bob": 1, "carl": 2, "lobby": 3, "tea": 4}
PLACES = {"192.0.2.7": 0, "192.0.2.0/24": 1, "2001:db8::7": 3, "nowhere": 7}
OPERATOR, GUEST, ANOTHER = 0, 1, 2  # links
TURN = b"\21\0" + b"\22\0"


def request(link, op, **values):
    """A byte for each value, or the bytes themselves."""
    number, names = OPS[op]
    pairs = b"".join(bytes([names.index(name) or 16]) + (value if isinstance(value, bytes) else bytes([value])) for name, value in values.items())
    return bytes([0, link, 1, number]) + pairs + b"\0" + TURN


OWNER, MODERATOR, MEMBER = 0, 1, 2  # as fuzz_core.c has them
LOBBY, TEA, LONG_AGO, LATER = 3, 4, 1, 250


def rooms():
    """What owners and moderators do in a room."""
    hello = [request(GUEST, "hello", nick=0), request(ANOTHER, "hello", nick=1)]
    both = [request(link, "join", room=TEA) for link in (GUEST, ANOTHER)]
    for store in (0, 8):
        begin = bytes([store]) + b"".join(hello + both)
        again = b"\30\0" + b"".join(hello)
        for op in ("kick", "ban", "mute"):
            back = {"kick": "bans", "ban": "unban", "mute": "unmute"}[op]
            end = {"until": LATER} if op != "kick" else {}
            yield f"room-{op}-{store}", begin + request(GUEST, op, room=TEA, nick=1, reason=0, **end) + request(ANOTHER, "say", room=TEA, text=0) \
                + request(ANOTHER, "join", room=TEA) + request(GUEST, "bans", room=TEA) + request(GUEST, "bans", room=TEA, page=b"\0") \
                + request(GUEST, back, room=TEA, **({"nick": 1} if op != "kick" else {})) + request(ANOTHER, "join", room=TEA)
            yield f"room-{op}-denied-{store}", begin + request(ANOTHER, op, room=TEA, nick=0) + request(GUEST, op, room=TEA, nick=0) \
                + request(GUEST, op, room=TEA, nick=2) + request(GUEST, op, room=TEA) + request(GUEST, op, room=TEA, network=1) + request(GUEST, op, room=9, nick=1) \
                + request(GUEST, op, room=TEA, nick=6)
            yield f"room-{op}-account-{store}", begin + request(ANOTHER, "register", password=2) + request(GUEST, op, room=TEA, account=1) + again \
                + request(OPERATOR, op, room=TEA, account=1) + request(OPERATOR, op, room=TEA, account=2) + request(OPERATOR, "unban", room=TEA, account=1)
        yield f"room-over-{store}", begin + request(GUEST, "mute", room=TEA, nick=1, until=LATER) + b"\24\377" * 3 + request(GUEST, "bans", room=TEA) \
            + request(GUEST, "mute", room=TEA, nick=1, until=LONG_AGO) + request(GUEST, "unmute", room=TEA, nick=2) + request(GUEST, "unban", room=TEA, nick=1)
        for role in (OWNER, MODERATOR, MEMBER, 4):
            yield f"role-{role}-{store}", begin + request(GUEST, "role", room=TEA, nick=1, role=role) + request(GUEST, "who", room=TEA) \
                + request(ANOTHER, "role", room=TEA, nick=0, role=MEMBER) + request(ANOTHER, "mute", room=TEA, nick=0) + request(GUEST, "bye") \
                + request(OPERATOR, "role", room=TEA, nick=1, role=OWNER) + request(OPERATOR, "role", room=TEA, nick=2, role=OWNER) + again
        yield f"role-account-{store}", begin + request(ANOTHER, "register", password=2) + request(GUEST, "role", room=TEA, nick=1, role=OWNER) + request(ANOTHER, "bye") \
            + request(OPERATOR, "role", room=TEA, nick=1, role=MEMBER) + again + request(ANOTHER, "login", nick=1, password=2) + request(OPERATOR, "account_remove", account=1)
        yield f"slow-{store}", begin + request(GUEST, "slow", room=TEA, slow_ms=200) + request(ANOTHER, "say", room=TEA, text=0) * 2 + request(ANOTHER, "part", room=TEA) \
            + request(ANOTHER, "join", room=TEA) + request(ANOTHER, "say", room=TEA, text=0) + request(ANOTHER, "rooms") + again + request(GUEST, "slow", room=TEA, slow_ms=0) \
            + request(GUEST, "slow", room=TEA, slow_ms=252)
        yield f"remove-{store}", begin + request(GUEST, "say", room=TEA, text=0) + request(OPERATOR, "room_remove", room=TEA, reason=0) + request(GUEST, "join", room=TEA) \
            + b"\22\0" * 3 + request(OPERATOR, "room_remove", room=TEA) + request(ANOTHER, "join", room=TEA) + again + request(OPERATOR, "room_remove", room=3)


def lives():
    """What operators do, and to whom."""
    yield from rooms()
    hello = [request(GUEST, "hello", nick=0, address=PLACES["192.0.2.7"]), request(ANOTHER, "hello", nick=1, address=PLACES["2001:db8::7"])]
    account = request(GUEST, "register", password=2)
    for store in (0, 8):
        begin = bytes([store]) + b"".join(hello)
        again = b"\30\0"
        for op in ("kick", "ban", "mute"):
            back = {"kick": b"", "ban": request(OPERATOR, "unban", nick=0), "mute": request(OPERATOR, "unmute", nick=0)}[op]
            yield f"{op}-nick-{store}", begin + request(OPERATOR, op, nick=0, reason=0) + request(OPERATOR, "bans") + again + request(GUEST, "hello", nick=0) + back
            yield f"{op}-network-{store}", begin + request(OPERATOR, op, network=1) + request(GUEST, "say", room=3, text=0) + request(OPERATOR, "bans")
            yield f"{op}-key-{store}", begin + request(OPERATOR, op, key=b"\4") + request(OPERATOR, "bans", limit=1) + request(OPERATOR, "bans", page=b"\0")
            yield f"{op}-account-{store}", begin + account + request(OPERATOR, op, account=0) + request(OPERATOR, "bans") + again
            yield f"{op}-wrong-{store}", begin + request(OPERATOR, op) + request(OPERATOR, op, network=7) + request(OPERATOR, op, nick=0, network=1) \
                + request(OPERATOR, op, account=2) + request(OPERATOR, op, network=3) + request(GUEST, op, nick=1) + request(OPERATOR, op, nick=0, until=1) if op != "kick" else begin
        yield f"until-{store}", begin + request(OPERATOR, "ban", nick=2, until=250) + request(OPERATOR, "mute", nick=0, until=250) + request(OPERATOR, "bans") + request(GUEST, "hello", nick=2)
        yield f"accounts-{store}", begin + request(OPERATOR, "account_add", nick=2, password=2) + request(OPERATOR, "account_add", nick=2, password=2) \
            + request(OPERATOR, "account_role", account=2) + request(OPERATOR, "account_password", account=2, new_password=2) \
            + request(OPERATOR, "accounts", limit=1) + request(OPERATOR, "accounts") + again + request(OPERATOR, "account_remove", account=2)
        yield f"audit-{store}", begin + request(OPERATOR, "ban", nick=2) + request(OPERATOR, "audit") + request(OPERATOR, "audit", after=0, limit=1) + request(OPERATOR, "shutdown")
        yield f"login-{store}", begin + account + request(ANOTHER, "login", nick=0, password=2) + request(ANOTHER, "password", password=2, new_password=2) + again


def main():
    broker = HERE / "corpus" / "core"
    for name, data in lives():
        (broker / name).write_bytes(data)
    talks = HERE / "corpus" / "client_link"
    talks.mkdir(parents=True, exist_ok=True)
    for name, data in conversations():
        (talks / name).write_bytes(data)
    corpus = HERE / "corpus" / "frame"
    corpus.mkdir(parents=True, exist_ok=True)
    for _, _, _, name, data in make.read():
        if len(data) < 600:
            (corpus / re.sub(r"\W+", "-", name)).write_bytes(data)
    words = set()
    for table, macro in NAMES:
        words |= set(re.findall(rf"^{macro}\((\w+)", (HERE.parents[1] / "proto" / table).read_text(), re.M))
    words = [f'"\\x{0xa0 | len(word):02x}{word}"\n' for word in sorted(words)]
    forms = [f'"\\x{first:02x}"\n' for first in (*range(0xc0, 0xe0), 0x80, 0x90, 0xa0)]
    (HERE / "frame.dict").write_text("".join(words + forms))


if __name__ == "__main__":
    main()
