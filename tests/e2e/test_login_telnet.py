"""Accounts at the telnet port: /register, /login, /password, and what is shown while a password is typed.
P-122 and P-123 of docs/protocol.md."""
import pytest

from hub import Line

PASSWORD, ANOTHER = "correct horse", "battery staple"
HIDE, SHOW = b"\xff\xfb\x01", b"\xff\xfc\x01"


@pytest.fixture(scope="module")
def options():
    return {"tcp": True}


class RawLine(Line):
    """Keeps what came as it came."""

    def __init__(self, *args, **more):
        self.raw = b""
        super().__init__(*args, **more)

    def receive(self):
        data = super().receive()
        self.raw += data or b""
        return data


@pytest.fixture
def line(broker):
    lines = []

    def make():
        lines.append(RawLine(broker.tcp))
        return lines[-1]
    yield make
    for each in lines:
        each.close()


@pytest.fixture
def registered(line, name):
    """A nick that is registered, and nobody is in under it."""
    ada = line().rename(name("ada"))
    ada.say(f"/register {PASSWORD}")
    ada.line(f"The name {ada.nick} is yours now")
    ada.say("/quit")
    ada.ends()
    return ada.nick


def test_p122_a_password_is_asked_for_and_hidden_and_never_said(line, registered, name):
    hears, ada = line().rename(name("bob")), line()
    ada.say(f"/login {registered}")
    ada.line(f"* The password of {registered}")
    assert ada.raw.endswith(b"ends this):\r\n") and ada.raw.count(HIDE) == 1 and SHOW not in ada.raw
    assert ada.raw.index(HIDE) < ada.raw.index(b"* The password of")
    ada.send(b"\xff\xfd\x01")  # DO ECHO, as telnet answers
    ada.say(PASSWORD)
    ada.line(f"* You are {registered}, logged in.")
    assert ada.raw.count(SHOW) == 1 and ada.raw.index(SHOW) < ada.raw.index(b"logged in")
    assert PASSWORD.encode() not in ada.raw
    ada.send(b"\xff\xfe\x01")
    ada.say("it is me")
    before = hears.before(f"[{registered}]it is me")
    assert PASSWORD not in "".join(before)


@pytest.mark.parametrize("typed", ["/quit", "who", "to|bob|hello", "/login x y", "hello all"])
def test_p122_whatever_it_looks_like_the_next_line_is_the_password(line, registered, name, typed):
    hears, ada = line().rename(name("bob")), line()
    ada.say(f"/login {registered}")
    ada.line("* The password of")
    ada.say(typed)
    ada.line("* That name and password do not go together.")
    ada.say("still here")
    assert typed not in "".join(hears.before("still here"))


def test_an_empty_line_ends_the_question(line, registered):
    ada = line()
    ada.say(f"/login {registered}")
    ada.line("* The password of")
    ada.say("")
    ada.line("* Nothing was done.")
    assert ada.raw.count(HIDE) == ada.raw.count(SHOW) == 1
    ada.say("who")
    ada.line(f"*   {ada.nick}")


def test_a_new_password_is_asked_for_twice_and_changed(line, registered):
    ada = line()
    ada.say(f"/login {registered} {PASSWORD}")
    ada.line("logged in")
    ada.say("/password")
    ada.line("* Your password as it is")
    ada.say(PASSWORD)
    ada.line("* A new password")
    ada.say(ANOTHER)
    ada.line("* Once more:")
    ada.say(ANOTHER)
    ada.line("* Your password is changed.")
    assert ada.raw.count(HIDE) == ada.raw.count(SHOW) == 1
    ada.say("/password")
    ada.line("* Your password as it is")
    ada.say(ANOTHER)
    ada.line("* A new password")
    ada.say("one of them")
    ada.line("* Once more:")
    ada.say("another one")
    ada.line("* Those were not the same; nothing was done.")
    ada.say("/quit")
    again = line()
    again.say(f"/login {registered} {PASSWORD}")
    again.line("do not go together")
    again.say(f"/login {registered} {ANOTHER}")
    again.line("logged in")


def test_registering_asks_and_says_what_is_wrong(line, name):
    ada = line().rename(name("ada"))
    ada.say("/register short")
    ada.line("* A password has 8 to 128 bytes.")
    ada.say("/register")
    ada.line("* A new password, of 8 bytes or more")
    assert ada.raw.count(HIDE) == 1 and SHOW not in ada.raw
    ada.say(PASSWORD)
    ada.line("* Once more:")
    assert SHOW not in ada.raw
    ada.say(PASSWORD)
    ada.line(f"* The name {ada.nick} is yours now. Next time: /login {ada.nick}")
    assert ada.raw.count(HIDE) == ada.raw.count(SHOW) == 1 and ada.raw.index(SHOW) < ada.raw.index(b"is yours now")
    assert PASSWORD.encode() not in ada.raw
    ada.say(f"/register {PASSWORD}")
    ada.line("* This name is registered already, and is yours.")


def test_after_a_login_one_is_in_the_accounts_rooms(line, name):
    ada, room = line().rename(name("ada")), name("tea")
    ada.say(f"/register {PASSWORD}")
    ada.line("is yours now")
    ada.say(f"/join {room}")
    ada.line(f"* You are in {room}.")
    ada.say("left here")
    ada.line("left here")
    ada.say("/quit")
    ada.ends()
    again = line()
    again.say(f"/login {ada.nick} {PASSWORD}")
    again.line(f"* You are in {room}.")
    again.line("logged in")
    other = line().rename(name("bob"))
    other.say(f"/join {room}")
    other.line(f"* You are in {room}.")
    other.say("anybody?")
    again.line("anybody?")


def test_who_logs_in_elsewhere_is_told_and_gone_here(line, registered):
    old, new = line(), line()
    for each in (old, new):
        each.say(f"/login {registered} {PASSWORD}")
        each.line("logged in")
    old.line("* Somebody has logged in as you elsewhere.")
    old.ends()


def test_p123_who_guesses_is_told_how_long_to_wait(line, registered):
    ada = line()
    for _ in range(3):
        ada.say(f"/login {registered} wrong-password")
        ada.line("do not go together")
    ada.say(f"/login {registered} wrong-password")
    ada.line("* Too many wrong passwords: wait 1 second, then try again")
    ada.say("and may go on talking")
    ada.line("and may go on talking")


def test_the_end_of_the_connection_amid_a_question_leaves_nothing_behind(line, broker, registered):
    ada = line()
    ada.say(f"/login {registered}")
    ada.line("* The password of")
    ada.send(b"half a passw")
    ada.reset()
    again = line()
    again.say("who")
    again.line(f"*   {again.nick}")
