"""Names and texts: section 7 of docs/protocol.md."""
import pytest

BAD = ["", " ", "a b", "a\tb", "a\nb", "a\u00a0b", "a\u3000b", "a\u2028b", "a|b", "a/b", "a[b", "a]b", "a@b", "#a", "a\x7f", "a\x85",
       "a\u200bb", "a\u200db", "a\u202eb", "a\ufeff", "\u115f", "a\uff0fb", "\uff20", "\ufdfa", "n" * 33, "\u0149" * 11,
       "a<b", "a>b", "ada\u2065", "ada\ufff0", "ada\U000e0002", "ada\ue000", "ada\ufffe", "ada\u2800", "ada\uffa0went.\uffa0mallory", "a\u3164b", "\u2800", "->", "\u0336", "\u0336ada"]


@pytest.mark.parametrize("nick", BAD, ids=ascii)
def test_p15_a_nick_that_cannot_be_is_refused(link, nick):
    peer = link(hears=False)
    assert peer.error("hello", nick=nick) == "nick_invalid"
    peer.ok("hello")
    assert peer.error("nick", nick=nick) == "nick_invalid"
    assert peer.error("tell", to=nick, text="a") == "no_such_nick"


def test_p15_a_nick_has_1_to_32_bytes(link):
    peer = link(hears=False)
    assert peer.ok("hello", nick="x")["nick"] == "x"
    assert peer.ok("nick", nick="N" * 32)["nick"] == "N" * 32
    assert peer.error("nick", nick="N" * 33) == "nick_invalid"
    assert peer.ok("nick", nick="é" * 16)["nick"] == "é" * 16
    assert peer.error("nick", nick="é" * 16 + "x") == "nick_invalid"


@pytest.mark.parametrize("room", BAD + ["$a", "!a", "\uff01a", "\ufe69a", "@", "@a"], ids=ascii)
def test_p16_a_room_that_cannot_be_is_refused(link, room):
    peer = link(hears=False)
    peer.ok("hello", join=[])
    for op, more in (("join", {}), ("part", {}), ("say", {"text": "a"}), ("who", {}), ("invite", {"nick": "x"})):
        assert peer.error(op, room=room, **more) == "room_invalid", op
    if room != "@":
        assert peer.error("history", room=room) == "room_invalid"
        assert peer.error("replay", room=room, first=1, last=1) == "room_invalid"


def test_p16_a_room_has_1_to_32_bytes(link):
    peer = link(hears=False)
    peer.ok("hello", join=[])
    assert peer.ok("join", room="r" * 32)["room"] == "r" * 32
    assert peer.error("join", room="r" * 33) == "room_invalid"
    assert peer.ok("join", room="t$!")["room"] == "t$!"


@pytest.mark.parametrize("one,other", [("Ada", "ada"), ("ADA1", "ada1"), ("Straße", "STRASSE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"),
                                       ("\uff22ob", "bob"), ("ﬁsh", "FISH"), ("e\u0301va", "Éva"), ("a\ufe0fnn", "ann"),
                                       ("张三", "张三")])
def test_p17_names_that_fold_to_the_same_are_one_person(link, one, other):
    first, second = link(hears=False), link(hears=False)
    assert first.ok("hello", nick=one, join=[])["nick"] == one
    assert second.error("hello", nick=other) == "nick_taken"
    second.ok("hello", join=[])
    assert second.error("nick", nick=other) == "nick_taken"
    second.ok("tell", to=other, text="is it you?")
    first.event("private", text="is it you?")
    first.ok("bye")
    assert second.ok("nick", nick=other)["nick"] == other
    second.ok("bye")


def test_p17_letters_that_only_look_alike_are_two_people(link):
    link(hears=False).ok("hello", nick="tara", join=[])
    link(hears=False).ok("hello", nick="t\u0430ra", join=[])


def test_p18_a_room_has_one_canonical_name_everywhere(client, link, name):
    peer, other = client(name(), join=[]), client(name(), join=[])
    peer.subscribe("straße9")
    peer.subscribe("strasse9")
    assert peer.ok("join", room="STRASSE9")["room"] == "strasse9"
    peer.hears_presence_of("strasse9")
    joined = other.ok("join", room="Straße9")
    assert joined["room"] == "strasse9" and list(joined["heads"]) == ["strasse9"]
    peer.ok("say", room="stRaSSe9", text="hello")
    assert peer.event("message", text="hello")["room"] == "strasse9"
    assert "strasse9" in [entry["room"] for entry in peer.ok("rooms")["rooms"]]
    assert peer.ok("history", room="STRAßE9")["events"][-1]["room"] == "strasse9"
    assert "strasse9" in peer.ok("ping", sid=0)["heads"]


def test_p18_people_keep_the_spelling_of_their_nick(client, room, name):
    peer = client("FräuleinX")
    peer.ok("say", room=room, text="hello")
    assert peer.event("message", text="hello")["from"] == "FräuleinX"
    assert [member["nick"] for member in peer.ok("who", room=room)["members"]] == ["FräuleinX"]


@pytest.mark.parametrize("text", ["x", "a\tb\nc", "\n", " ", "x" * 4096, "é" * 2048, "\u202e\u2028\u200d", "\U0001f468\u200d\U0001f469",
                                  "\u00a0", "\U0010ffff"], ids=lambda text: ascii(text)[:20])
def test_p19_a_text_is_carried_as_it_is(client, name, room, text):
    peer = client(name())
    peer.ok("say", room=room, text=text)
    assert peer.event("message")["text"] == text
    peer.ok("tell", to=peer.me["nick"], text=text)
    assert peer.event("private")["text"] == text


@pytest.mark.parametrize("text,answer", [("", "bad_request"), ("a\rb", "bad_request"), ("\x1b[2J", "bad_request"), ("a\0", "bad_request"),
                                         ("\x7f", "bad_request"), ("\x80", "bad_request"), ("\x9b2J", "bad_request"),
                                         ("x" * 4097, "too_long"), ("x" * 4095 + "é", "too_long"), ("x" * 60000, "too_long")],
                         ids=lambda text: ascii(text)[:20])
def test_p19_a_text_that_cannot_be_is_refused(client, name, room, text, answer):
    peer = client(name())
    assert peer.error("say", room=room, text=text) == answer
    assert peer.error("tell", to=peer.me["nick"], text=text) == answer
