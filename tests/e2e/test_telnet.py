"""People with nothing but telnet or nc: section 20 of docs/protocol.md, on the bridge inside the broker."""
import re
import socket
import time

import pytest

from hub import SLOWNESS, until


@pytest.fixture(scope="module")
def options():
    return {"tcp": True, "options": ["--set", "connections_per_address=0"]}


def hears(line, nick, text):
    return line.line(f"[{nick}]{text}")


def test_p81_a_greeting_with_ones_name_comes_at_once(line):
    guest = line()
    assert re.fullmatch("guest-[0-9a-f]{4,}", guest.nick)


def test_p82_what_is_said_comes_back_to_everybody_and_oneself(line, name):
    ada, bob = line(nick=name("ada")), line(nick=name("bob"))
    ada.say("hello, world")
    for hearer in (ada, bob):
        assert hears(hearer, ada.nick, "hello, world") == f"[{ada.nick}]hello, world"


def test_p82_private_lines_name_both_ends(line, name):
    ada, bob, eve = line(nick=name("ada")), line(nick=name("bob")), line(nick=name("eve"))
    ada.say(f"to|{bob.nick}|psst")
    assert bob.line("psst") == f"[{ada.nick} -> you]psst"
    assert ada.line("psst") == f"[you -> {bob.nick}]psst"
    ada.say("end")
    assert not [heard for heard in eve.before("end") if "psst" in heard]


def test_p82_every_line_of_a_text_has_its_speakers_name(client, line, name):
    peer = client(name(), join=["lobby"])
    guest = line()
    peer.ok("say", room="lobby", text="one\n[admin]two\n\nthree")
    nick = peer.me["nick"]
    assert guest.line("one") == f"[{nick}]one"
    assert guest.line("two") == f"[{nick}][admin]two"
    assert guest.line("three") == f"[{nick}]three"
    peer.ok("tell", to=guest.nick, text="a\n* You are banned.")
    assert guest.line("banned") == f"[{nick} -> you]* You are banned."


def test_p82_who_comes_goes_and_is_renamed_is_told_in_a_line(line, name):
    watcher, other = line(nick=name("w")), line()
    watcher.line(f"* {other.nick} came")
    guest, nick = other.nick, name("x")
    other.rename(nick)
    watcher.line(f"* {guest} is now {nick}")
    other.close()
    watcher.line(f"* {nick} went")


def test_the_models_who_lists_everybody(line, name):
    ada, bob = line(nick=name("ada")), line(nick=name("bob"))
    ada.say("who")
    ada.line("here in lobby")
    until(lambda: all(ada.find(f"*   {nick}") is not None for nick in (ada.nick, bob.nick)), ada.take, "both rows")
    ada.say("/who nowhere-at-all")
    ada.line("no such room")


def test_the_slash_commands_do_what_help_says(line, client, name, room):
    ada, bob = line(nick=name("ada")), line(nick=name("bob"))
    ada.say("/help")
    ada.line("//TEXT")
    ada.say(f"/join {room}")
    ada.line(f"You are in {room}")
    bob.say(f"/join {room}")
    ada.line(f"{bob.nick} came")
    ada.say("in the other room")
    assert bob.line("in the other room") == f"#{room} [{ada.nick}]in the other room"
    ada.say("/rooms")
    ada.line(f"{room} (2)")
    ada.say("/status tea time")
    ada.line("status")
    bob.say("/who")
    assert ada.nick in bob.line("tea time")
    ada.say(f"/tell {bob.nick} psst | psst")
    assert bob.line("psst").endswith("you]psst | psst")
    ada.say("/history 5")
    assert ada.line("| [") == f"| [{ada.nick}]in the other room"
    ada.say("//slash")
    assert bob.line("slash").endswith(f"[{ada.nick}]/slash")
    ada.say("/part")
    ada.line(f"left {room}")
    ada.say("/dance")
    ada.line("no command /dance")
    ada.say(f"/nick {name('new')}")
    ada.line("You are now")
    ada.say("/quit")
    ada.line("Bye")
    ada.ends()


@pytest.mark.parametrize("typed,usage", [("to", "to|NAME|TEXT"), ("to|", "to|NAME|TEXT"), ("to|bob", "to|NAME|TEXT"), ("to|bob|", "to|NAME|TEXT"),
                                         ("to||x", "to|NAME|TEXT"), ("rename", "rename|NAME"), ("rename|", "rename|NAME"), ("/nick", "/nick NAME"),
                                         ("/tell", "/tell NAME TEXT"), ("/tell bob", "/tell NAME TEXT"), ("/join", "/join ROOM"),
                                         ("/history x", "/history")])
def test_p83_a_field_too_few_is_answered_by_how_to_do_it(line, typed, usage):
    guest = line()
    guest.say(typed)
    assert usage in guest.line("Usage")
    guest.say("still here")
    hears(guest, guest.nick, "still here")


@pytest.mark.parametrize("text", ["a|b", "|", "a||b|", "to|bob|x"])
def test_p83_the_text_of_a_private_line_may_hold_bars(line, name, text):
    ada, bob = line(nick=name("ada")), line(nick=name("bob"))
    ada.say(f"to|{bob.nick}|{text}")
    assert bob.line("-> you]") == f"[{ada.nick} -> you]{text}"


def test_errors_are_lines_that_say_what_to_do(line, name):
    ada, bob = line(nick=name("ada")), line(nick=name("bob"))
    for typed, part in ((f"rename|{bob.nick.upper()}", "has that name"), ("rename|a b", "no blanks"), ("rename| ", "NAME"),
                        ("to|nobody-here|x", "Nobody of that name"), ("/join #x", "A room has")):
        ada.say(typed)
        assert part in ada.line("*"), typed


@pytest.mark.parametrize("data,lines", [(b"one\r\ntwo\r\n", ["one", "two"]), (b"one\ntwo\n", ["one", "two"]), (b"one\r\0two\r\0", ["one", "two"]),
                                        (b"one\ntwo\r\nthree\r\0", ["one", "two", "three"]), (b"one\n\n\r\n  \r\ntwo\n", ["one", "two"])])
def test_p84_each_end_of_line_counts_and_so_does_each_line_of_a_segment(line, data, lines):
    guest = line()
    guest.send(data + b"end\n")
    heard = [text for text in guest.before(f"[{guest.nick}]end") if text.startswith(f"[{guest.nick}]")]
    assert heard == [f"[{guest.nick}]{text}" for text in lines]


def test_p84_half_a_line_waits_for_its_other_half(line, name):
    guest, other = line(), line(nick=name())
    for byte in b"one byte at a tim":
        guest.send(bytes([byte]))
        guest.take(0)
    other.say("meanwhile")
    assert not any("one byte" in heard for heard in guest.before("meanwhile"))
    guest.send(b"e\r")
    guest.send(b"\n")
    assert hears(other, guest.nick, "one byte at a time")


@pytest.mark.parametrize("typed", ["GETTING old", "POST", "O", "GET / HTTP is a protocol", "GET /", "GET / HTTP/1.1 is its line"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r\0"], ids=["crlf", "lf", "crnul"])
def test_p152_who_types_a_line_that_only_begins_like_another_protocol_loses_nothing(line, typed, end):
    """Character by character, and at once."""
    slow, fast = line(), line()
    slow.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for character in typed + end:
        slow.send(character)
        slow.take(0.001)
    fast.send(typed + end)
    for guest in (slow, fast):
        assert hears(guest, guest.nick, typed) == f"[{guest.nick}]{typed}"
        guest.say("and more")
        assert hears(guest, guest.nick, "and more")


def test_p152_empty_lines_first_are_no_header_of_a_proxy(line):
    guest = line()
    for character in "\r\n\r\n\0\r\nQUITTING\r\n":
        guest.send(character)
        guest.take(0.001)
    assert hears(guest, guest.nick, "QUITTING")


def test_p84_a_character_may_come_in_two_pieces(line):
    guest = line()
    whole = "caf\u00e9 \U0001f600\r\n".encode()
    for place in range(len(whole)):
        guest.send(whole[place:place + 1])
    assert hears(guest, guest.nick, "caf") == f"[{guest.nick}]caf\u00e9 \U0001f600"


def test_p85_after_end_of_file_everything_is_still_handled(line, name):
    watcher, guest = line(nick=name()), line()
    guest.send(b"first\r\nsecond\r\nlast words")
    guest.finish()
    for text in ("first", "second", "last words"):
        hears(watcher, guest.nick, text)
    watcher.line(f"* {guest.nick} went")
    guest.ends()


def test_p85_who_resets_the_connection_is_gone_at_once(line, name):
    watcher, guest = line(nick=name()), line()
    watcher.line(f"{guest.nick} came")
    begin = time.monotonic()
    guest.reset()
    watcher.line(f"* {guest.nick} went", within_s=5 * SLOWNESS)
    assert time.monotonic() - begin < 2 * SLOWNESS
    watcher.say("who")
    watcher.line("here in lobby")
    watcher.say("end")
    assert not any(guest.nick in row for row in watcher.before("]end"))


def test_p85_one_leaves_exactly_once(line, name):
    watcher, guest = line(nick=name()), line()
    nick = guest.nick
    guest.finish()
    guest.ends()
    watcher.line(f"* {nick} went")
    heir = line(nick=nick)
    watcher.line(f"is now {nick}")
    guest.close()
    heir.say("the name is mine")
    before = watcher.before("the name is mine")
    assert not any("went" in text and nick in text for text in before)


@pytest.mark.parametrize("data,text", [
    (b"\xff\xfb\x01\xff\xfd\x03hello\r\n", "hello"),                           # WILL ECHO, DO SUPPRESS-GO-AHEAD
    (b"he\xff\xf1llo\r\n", "hello"),                                           # NOP
    (b"\xff\xfa\x18\x00vt100\r\n\xff\xf0hello\r\n", "hello"),                  # a subnegotiation with a line end in it
    (b"\xff\xfb\xc9hello\r\n", "hello"),
    (b"hello\xff\xf9\r\n", "hello"),                                           # GA
    ("\u4f60\u597d\r\n".encode(), "\u4f60\u597d"),
    (b"a\xffb\r\n".replace(b"\xff", b"\xff\xff"), "a\ufffdb"),                   # an escaped 255 is no UTF-8
    (b"\x1b[31mred\x1b[0m\r\n", "red"), (b"a\x1b]0;title\x07b\r\n", "ab"), (b"a\x1b]0;title\x1b\\b\r\n", "ab"),
    (b"a\x1bP1$r\x1b\\b\r\n", "ab"), (b"a\x07\x08\x7fb\r\n", "ab"), ("a\x9b31mb\r\n".encode(), "ab"), (b"a\tb\r\n", "a\tb"),
    (b"a\xffb\r\n"[:1] + b"\xc3(b\r\n", "a\ufffd(b"), (b"\xe4\xbd\r\n", "\ufffd"), (b"a\x0bb\x0cc\r\n", "abc"),
], ids=repr)
def test_p86_only_text_reaches_the_text(client, line, name, data, text):
    peer = client(name(), join=["lobby"])
    guest = line()
    guest.send(data)
    until(lambda: [event for event in peer.events if event.get("from") == guest.nick], peer.take, "the text")
    assert peer.event("message", **{"from": guest.nick})["text"] == text
    assert guest.line(f"[{guest.nick}]") == f"[{guest.nick}]{text}"


def test_p86_no_option_is_answered_for_ever(line):
    guest = line()
    for _ in range(100):
        guest.send(b"\xff\xfb\x01\xff\xfb\x01")
    guest.say("end")
    hears(guest, guest.nick, "end")
    assert guest.negotiated <= 200  # at most one answer to each


@pytest.mark.parametrize("text", ["\u202eevil\u202c", "a\u2028b", "a\u2029b", "\u2066a\u2069"])
def test_p86_what_natives_say_cannot_reorder_a_line(client, line, name, text):
    peer = client(name(), join=["lobby"])
    guest = line()
    guest.say("I am here")
    guest.line("]I am here")
    peer.ok("say", room="lobby", text=text + "!")
    heard = guest.line(f"[{peer.me['nick']}]")
    assert not set(heard) & set("\u202e\u202c\u2028\u2029\u2066\u2069") and heard.startswith(f"[{peer.me['nick']}]")


def test_p87_a_line_over_the_limit_is_refused_once_and_skipped(line):
    guest = line()
    guest.send(b"x" * 4096 + b"\r\n")
    assert guest.line("]" + "x" * 4096)
    guest.send(b"y" * 4097 + b"\r\n")
    guest.line("longer than 4096 bytes")
    guest.send(b"z" * 1000000)
    guest.send(b"\r\nafter\r\n")
    before = guest.before(f"[{guest.nick}]after")
    assert len([text for text in before if "longer than" in text]) == 1
    assert not any("zz" in text for text in before)


def test_p88_who_does_not_read_delays_nobody_and_is_disconnected(broker, client, line, name):
    speaker = client(name(), join=["lobby"])
    stuck = line(receive_bytes=4096)
    reader = line(nick=name())
    slowest = 0
    begin = time.monotonic()
    for number in range(60):
        for request in [speaker.send("say", room="lobby", text=f"{number} " + "x" * 4000) for _ in range(20)]:
            speaker.reply(request)
        moment = time.monotonic()
        speaker.ok("say", room="lobby", text=f"mark {number}.")
        reader.line(f"mark {number}.")
        slowest = max(slowest, time.monotonic() - moment)
    assert slowest < 1 * SLOWNESS
    gone = until(lambda: [event for event in speaker.events for change in event.get("changes", ())
                          if change["nick"] == stuck.nick and change["state"] == "gone"], speaker.take, "the end of who does not read",
                 40 * SLOWNESS)
    assert gone[0]["heard_s"] - begin >= 9.5


def test_p88_who_reads_too_slowly_is_told_what_was_skipped(client, line, name):
    speaker = client(name(), join=["lobby"])
    slow = line(receive_bytes=4096)
    for begin in range(0, 5000, 100):
        for request in [speaker.send("say", room="lobby", text=f"{number} " + "x" * 4000) for number in range(begin, begin + 100)]:
            speaker.reply(request)
    skipped = int(re.search(r"\.\.\. (\d+) lines skipped", slow.line("lines skipped")).group(1))
    assert skipped > 100
    speaker.ok("say", room="lobby", text="at the end again")
    assert slow.line("at the end") == f"[{speaker.me['nick']}]at the end again"


def test_p91_addresses_are_not_shown(client, line, name):
    peer = client(name(), join=["lobby"])
    guest = line()
    guest.say("hello")
    peer.event("message", text="hello")
    assert "127.0.0.1" not in repr([peer.events, peer.ask("who", room="lobby"), peer.ask("rooms")]) + guest.nick


def test_p91_an_operator_may_show_them(start, line):
    broker = start("--show-addresses", tcp=True)
    assert "127.0.0.1" in line(broker, greeted=False).line("Welcome")


def test_the_bridge_speaks_chinese(start, line):
    broker = start("--language", "zh", tcp=True)
    guest = line(broker, greeted=False)
    guest.line("欢迎")
    guest.say("who")
    guest.line("lobby 有")


def test_connections_from_one_address_are_limited(start, line):
    broker = start("--set", "connections_per_address=2", tcp=True)
    line(broker), line(broker)
    third = line(broker, greeted=False)
    third.line("Too many connections")
    third.ends()


def test_a_flooding_line_is_slowed_and_nothing_is_lost(start, line):
    broker = start("--set", "rate_burst=20", rate=100, tcp=True)
    ada, bob = line(broker, nick="ada"), line(broker, nick="bob")
    ada.send("".join(f"number {number}.\r\n" for number in range(100)))
    for number in range(100):
        assert bob.line(f"number {number}.")


def test_a_late_comer_is_shown_the_last_lines(start, line):
    broker = start(tcp=True)
    ada = line(broker, nick="ada")
    for number in range(15):
        ada.say(f"line {number}.")
    ada.line("line 14.")
    late = line(broker)
    shown = late.before("line 14.")
    assert [text for text in shown if "line " in text][0] == "| [ada]line 5."


def test_the_owner_of_a_room_looks_after_it(line, name, room):
    ada, bob = line(nick=name("ada")), line(nick=name("bob"))
    ada.say(f"/join {room}")
    ada.line(f"You are in {room}.")
    bob.say(f"/join {room}")
    bob.line(f"You are in {room}.")
    bob.say(f"/kick {ada.nick}")
    bob.line("That is for the room's owner and moderators")
    ada.say(f"/invite {bob.nick}")
    ada.line("Nobody has to be invited here: the room is open to all.")
    ada.say(f"/mute {bob.nick} 10x")
    ada.line("Not done: a time is a number with s, m, h, d or w behind it")
    ada.say(f"/mute {bob.nick}")
    ada.line(f"{bob.nick} is muted in {room} until somebody lifts it.")
    bob.line(f"{ada.nick} has muted you in {room} until somebody lifts it.")
    bob.say("unheard")
    bob.line("You may read here but not speak.")
    ada.say("/bans")
    ada.line("Banned or muted here:")
    ada.line(f"{bob.nick} muted for ever, by {ada.nick}")
    ada.say(f"/mute {bob.nick} 90m too loud")
    ada.line(f"{bob.nick} is muted in {room} for 90 minutes.")
    bob.line(f"{ada.nick} has muted you in {room} for 90 minutes: too loud")
    ada.say(f"/unmute {bob.nick}")
    bob.line(f"{ada.nick} lets you speak in {room} again.")
    ada.line("Done.")
    ada.say(f"/role {bob.nick} moderator")
    bob.line(f"{ada.nick} has made you a moderator of {room}.")
    ada.say(f"/role {bob.nick} member")
    bob.line(f"{ada.nick} has taken your role in {room} from you.")
    ada.say(f"/mute {bob.nick} 90m too loud")
    ada.say("/bans")
    assert re.search(rf"  {bob.nick} muted until 20\d\d-\d\d-\d\d \d\d:\d\d UTC, by {ada.nick}: too loud", ada.line("until"))
    ada.say("who")
    ada.line(f"{ada.nick} (owner)")
    ada.say("/slow 60")
    bob.line(f"{room} is slow now: one message in 1 minute.")
    ada.line(f"{room} is slow now: one message in 1 minute.")
    ada.say("/rooms")
    ada.line(f"{room} (2), slow")
    carl = line(nick=name("carl"))
    carl.say(f"/join {room}")
    carl.line("It is slow: one message in 1 minute.")
    ada.say("/slow off")
    bob.line(f"{room} is not slow any more.")
    ada.say(f"/ban {bob.nick} too loud")
    bob.line(f"{ada.nick} has banned you from {room}: too loud")
    bob.say(f"/join {room}")
    bob.line("You may not come in here: too loud")
    ada.line(f"{bob.nick} is banned from {room} until somebody lifts it.")
    ada.say(f"/ban {carl.nick} 1h")
    ada.line(f"{carl.nick} is banned from {room} for 1 hour.")
    ada.say("/kick nobody-here")
    ada.line("Nobody of that name is here")
    ada.say(f"/unban {carl.nick}")
    ada.line("Done.")


def test_p142_who_takes_a_banned_nick_in_a_room_is_put_out_and_talks_nowhere(client, line, name, room):
    owner, bob, foul = client(name("owner"), join=[room]), line(nick=name("bob")), name("foul")
    bob.say(f"/join {room}")
    bob.line(f"You are in {room}.")
    owner.ok("ban", room=room, nick=foul, reason="spam")
    bob.say(f"/nick {foul}")
    bob.line(f"{owner.me['nick']} has banned you from {room}: spam")
    bob.say("unheard")
    bob.line("Not sent")


def test_p146_who_has_to_wait_is_told_for_what_and_who_is_banned_for_a_while_goes_on(client, line, name, room):
    owner, bob = client(name("owner"), join=[room]), line(nick=name("bob"))
    bob.say(f"/join {room}")
    owner.ok("slow", room=room, slow_ms=3600000)
    bob.send("one\r\ntwo\r\n")
    assert re.fullmatch(r"\* Not sent: this room is slow, and your next message may come in 1 hour; then send it again.",
                        bob.line("Not sent"))
    owner.ok("ban", room=room, nick=bob.nick, until=(int(time.time()) + 7200) * 1000, reason="spam")
    bob.line("has banned you")
    bob.send(f"/join {room}\r\nto|{bob.nick}|still here\r\n")
    assert re.fullmatch(r"\* You may not come in here for 2 hours more: spam", bob.line("may not come in"))
    bob.line("still here")
    bob.say(f"/nick {owner.me['nick']}")
    bob.line("Somebody here has that name")


@pytest.fixture
def private_room(client, line, name, room):
    """A private room with its owner, one who was invited and talks there, and one who is in the lobby only."""
    owner, ada, lobby = client(name("owner"), join=[]), line(nick=name("ada")), line(nick=name("bob"))
    owner.ok("join", room=room, private=True)
    owner.ok("invite", room=room, nick=ada.nick)
    ada.say(f"/join {room}")
    ada.line(f"You are in {room}.")
    return owner, ada, lobby


def test_p57_who_has_a_role_in_a_private_room_leaves_it_and_comes_back(private_room, room):
    owner, ada, lobby = private_room
    for says in ("That room is private", f"You are in {room}."):
        ada.say(f"/part {room}")
        ada.line(f"You have left {room}.")
        ada.say(f"/join {room}")
        ada.line(says)
        if says.startswith("That"):
            owner.ok("role", room=room, nick=ada.nick, role="moderator")
            owner.ok("invite", room=room, nick=ada.nick)
            ada.say(f"/join {room}")
            ada.line(f"You are in {room}.")
    owner.ok("part", room=room)
    assert owner.ok("join", room=room)["private"]
    lobby.say(f"/join {room}")
    lobby.line("That room is private")


@pytest.mark.parametrize("op, says", [("kick", "has put you out of"), ("ban", "has banned you from")])
def test_p99_what_is_typed_while_one_is_put_out_of_a_room_is_said_nowhere(private_room, room, op, says):
    owner, ada, lobby = private_room
    owner.ok(op, room=room, nick=ada.nick)
    ada.say("my password is 1234")  # whether or not the bridge knows already
    ada.line(f"{says} {room}")
    assert ada.line("You talk in no room") == "* You talk in no room now; /join lobby goes on in lobby."
    ada.say("my other one is 5678")
    not_sent = ada.line("Not sent")  # of the second line, or of both where the bridge read them at once
    assert not_sent in [f"* Not sent{lines}: you talk in no room now; /join lobby goes on in lobby." for lines in ("", ", 2 lines")]
    for order in ("who", "/history", "/part", "/slow 10"):
        ada.say(order)
        ada.line("* You talk in no room now; /join lobby")
    ada.say("/join lobby")
    ada.line("You talk in lobby now.")
    ada.say("hello again")
    assert not [text for text in lobby.before("hello again") if "my " in text]


def test_p99_who_is_put_out_of_another_room_goes_on_talking(private_room, room):
    owner, ada, lobby = private_room
    ada.say("/join lobby")
    ada.line("You talk in lobby now.")
    owner.ok("kick", room=room, nick=ada.nick)
    ada.line("has put you out")
    ada.say("still here")
    hears(lobby, ada.nick, "still here")
    assert not [text for text in ada.before("still here") if "no room" in text]


def test_p99_who_leaves_by_themselves_goes_on_in_another_room(private_room, room):
    owner, ada, lobby = private_room
    ada.say(f"/part {room}")
    ada.say("hello")
    ada.line(f"You have left {room}.")
    assert ada.line("You talk in").endswith(" lobby now.")
    hears(lobby, ada.nick, "hello")
    ada.say("/part")
    ada.line("You have left lobby.")
    ada.say("unheard")
    ada.line("You are in no room; /join ROOM enters one.")
    ada.say("/join lobby")
    ada.line("You are in lobby.")


def test_p99_who_is_put_out_of_their_only_room_is_told_how_to_enter_one(private_room, room):
    owner, ada, lobby = private_room
    ada.say("/part lobby")
    ada.line("You have left lobby.")
    owner.ok("kick", room=room, nick=ada.nick)
    ada.line("has put you out")
    ada.line("You are in no room; /join ROOM enters one.")
    ada.say("/join lobby")
    ada.line("You are in lobby.")
    ada.say("hello")
    hears(lobby, ada.nick, "hello")


@pytest.fixture
def outside(client, line, name, room):
    """Two in the lobby who were not invited to the private room there is."""
    client(name("owner"), join=[]).ok("join", room=room, private=True)
    return line(nick=name("ada")), line(nick=name("bob"))


NOWHERE = "you talk in no room now; /join lobby goes on in lobby."


@pytest.mark.parametrize("order, says", [("/join {}", "That room is private"), ("/join a/b", "A room has")])
def test_p99_what_is_typed_behind_a_refused_join_is_said_nowhere(outside, room, order, says):
    ada, bob = outside
    ada.send(f"{order.format(room)}\nmy password is 1234\n\nmy other one is 5678\n".replace("\n", "\r\n"))
    assert not [text for text in ada.before(says) if "Not sent" in text]
    assert ada.line("Not sent") == f"* Not sent, 2 lines: {NOWHERE}"
    ada.say("who")
    assert ada.line("no room") == f"* Y{NOWHERE[1:]}"
    ada.send(f"/join {room}\r\nmy third")  # a line that has not ended
    ada.line("That room is private")
    ada.send(" is 9\r\n/join lobby\r\nhello again\r\n")
    assert ada.line("Not sent") == f"* Not sent: {NOWHERE}"
    ada.line("You talk in lobby now.")
    hears(ada, ada.nick, "hello again")
    assert not [text for text in bob.before("hello again") if "my " in text]


def unsaid(texts):
    """How many lines were not said, of what was told."""
    told = [re.search(r"Not sent(, (\d+) lines)?: you talk in no room", text) for text in texts]
    return sum(int(found[2] or 1) for found in told if found)


def test_p99_nor_is_any_of_more_than_is_read_at_once(outside, room):
    ada, bob = outside
    lines = 200
    ada.send(f"/join {room}\r\n" + "".join(f"my {number} {'x' * 100}\r\n" for number in range(lines)) + "/join lobby\r\n")
    told = ada.before("You talk in lobby now.")
    assert unsaid(told) == lines and len(told) < lines / 10
    ada.say("hello")
    assert not [text for text in bob.before("hello") if "my " in text]


def test_p99_nor_is_what_comes_in_packets_of_its_own(outside, room):
    """Nagle's algorithm holds it back until the answer to the first line comes."""
    ada, bob = outside
    for text in (f"/join {room}", "my password", "my other one", "/join lobby", "hello"):
        ada.say(text)
    assert unsaid(ada.before("You talk in lobby now.")) == 2
    assert not [text for text in bob.before("hello") if "my " in text]


def test_p99_nor_is_anything_done_in_the_room_one_was_in_before(outside, room):
    ada, bob = outside
    ada.send(f"/join {room}\r\n/part\r\n/kick {bob.nick}\r\nwho\r\n")
    ada.line("That room is private")
    for _ in range(3):
        assert ada.line("no room") == f"* Y{NOWHERE[1:]}"


def test_p99_who_sees_the_refusal_first_goes_on_talking(outside, room):
    ada, bob = outside
    ada.say(f"/join {room}")
    ada.line("That room is private")
    read = time.monotonic()
    until(lambda: time.monotonic() - read > 1.1, time.sleep, "the time in which nobody can have read that")
    ada.say("still here")
    hears(bob, ada.nick, "still here")


def test_who_may_not_enter_the_lobby_is_told_why_and_where_they_are(start, line):
    broker = start("--set", "members_max=1", tcp=True)
    line(broker).line("came")
    bob = line(broker)
    bob.line("* You are in no room; /join ROOM enters one.")
    bob.line("* That is full; a limit has been reached.")
    bob.say("/join tea")
    bob.line("* You are in tea.")


def test_p99_what_is_typed_behind_a_join_is_said_there(outside, room):
    ada, bob = outside
    tea = f"{room}-tea"
    ada.send(f"/join {room}\r\n/join {tea}\r\nhello\r\n/join {tea}\r\nagain\r\n")
    ada.line(f"You are in {tea}.")
    assert ada.line("hello") == f"#{tea} [{ada.nick}]hello"
    assert ada.line("again") == f"#{tea} [{ada.nick}]again"


def test_p99_who_is_refused_in_no_room_is_told_how_to_enter_one(outside, room):
    ada, bob = outside
    ada.say("/part")
    ada.line("You have left lobby.")
    ada.send(f"/join {room}\r\none\r\ntwo\r\n")
    assert ada.line("Not sent") == "* Not sent, 2 lines: you are in no room; /join ROOM enters one."


def test_p99_nor_is_the_last_line_before_end_of_file(outside, room):
    ada, bob = outside
    ada.send(f"/join {room}\r\nmy first\r\nmy last")
    ada.socket.shutdown(socket.SHUT_WR)
    ada.ends()
    assert [text for text in ada.heard if "Not sent" in text] in ([f"* Not sent, 2 lines: {NOWHERE}"], 2 * [f"* Not sent: {NOWHERE}"])
    bob.say("is that all?")
    assert not [text for text in bob.before("is that all?") if "my " in text]
