"""Accounts in the program hubbub, in libhubbub below it, and in the Python example."""
import os
import subprocess
import sys

import pytest

from hub import Broker
from pipe import Pipe
from test_client import Terminal, program

PASSWORD, ANOTHER = "correct horse", "battery staple"


@pytest.fixture
def json_pipe(broker):
    pipes = []

    def make(*options, to=None, **more):
        pipes.append(Pipe((to or broker).router, *options, json_mode=True, **more))
        return pipes[-1]
    yield make
    for pipe in pipes:
        pipe.close()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def registered(link, name):
    nick, peer = name("ada"), link()
    peer.ok("hello", nick=nick, join=[])
    peer.ok("register", password=PASSWORD)
    peer.ok("bye")
    return nick


def test_json_registers_logs_in_and_changes_the_password(json_pipe, name):
    ada, nick = json_pipe(), name("ada")
    ada.write({"op": "nick", "nick": nick, "id": 1}, {"op": "register", "password": PASSWORD, "id": 2},
              {"op": "password", "password": PASSWORD, "new_password": ANOTHER, "id": 3})
    for number in (1, 2, 3):
        ada.sees({"id": number, "ok": True})
    bob = json_pipe()
    bob.write({"op": "login", "nick": nick, "password": PASSWORD, "id": 1})
    bob.sees({"reply": "login", "id": 1, "error": "denied"})
    bob.write({"op": "login", "nick": nick, "password": ANOTHER, "id": 2}, {"op": "say", "text": "me again", "id": 3})
    bob.sees({"reply": "login", "id": 2, "ok": True})
    bob.sees({"ev": "message", "from": nick, "text": "me again"})
    ada.sees({"ev": "kicked", "reason": "login"})


def test_a_password_file_is_for_its_owner_and_needs_a_nick(json_pipe, registered, secret):
    ada = json_pipe("--nick", registered, "--password-file", str(secret))
    ada.sees({"ev": "ready", "nick": registered})
    secret.chmod(0o640)
    done = program("--nick", registered, "--password-file", str(secret))
    assert done.returncode == 1 and "others can read it: chmod 600" in done.stderr
    done = program("--password-file", str(secret))
    assert done.returncode == 2 and "needs --nick" in done.stderr


def test_a_wrong_password_is_told(json_pipe, registered, secret):
    secret.write_text("wrong horse\n")
    json_pipe("--nick", registered, "--password-file", str(secret)).sees({"ev": "refused", "error": "denied"})


def test_who_gave_a_password_is_back_under_the_account_when_a_session_is_lost(json_pipe, link, tmp_path, secret):
    options = ("--durability", "file", "--data", tmp_path / "data", "--set", "resume_ms=0")
    port = {}
    broker = Broker(*options)
    port["router"] = broker.router
    peer = link(broker)
    peer.ok("hello", nick="ada")
    peer.ok("register", password=PASSWORD)
    peer.ok("bye")
    ada = json_pipe("--nick", "ada", "--password-file", str(secret), to=broker)
    ada.sees({"ev": "ready", "nick": "ada"})
    broker.kill()
    broker.forget()
    again = Broker(*options, router=port["router"])
    ada.sees({"ev": "ready", "nick": "ada", "new": True})
    ada.write({"op": "say", "text": "still me", "id": 9})
    ada.sees({"ev": "message", "from": "ada", "text": "still me"})
    again.stop()


def test_a_person_types_the_password_unseen(broker, registered):
    screen = Terminal(broker.router, "--nick", registered, "--login")
    try:
        screen.sees(f"Password of {registered}:")
        screen.keys(PASSWORD, "Enter")
        screen.sees("lobby>")
        screen.keys("hello there", "Enter")
        screen.sees(f"[{registered}] hello there")
        assert PASSWORD not in "\n".join(screen.lines())
    finally:
        screen.close()


@pytest.fixture
def screen(broker, name):
    nick = name()
    screen = Terminal(broker.router, "--nick", nick)
    screen.nick = nick
    screen.is_in("lobby")
    yield screen
    screen.close()


def everything(screen):
    """With what has gone up."""
    return screen.tmux("capture-pane", "-p", "-S", "-", "-t", "t")


@pytest.mark.parametrize("is_left_out", [False, True], ids=["behind the word", "left out"])
def test_no_password_is_shown_at_the_terminal(screen, broker, link, name, is_left_out):
    """It can be mended; what comes in meanwhile is shown above; the arrow keys do not bring it back."""
    begins = ("Enter",) if is_left_out else (" ",)
    nick, friend = screen.nick, link()
    friend.nick = friend.hello(name("bob"), join=["lobby"])["nick"]
    screen.keys("/register", *begins)
    screen.sees("lobby> /register (not shown):")
    screen.keys("first-xx", "Left", "BSpace", "BSpace")
    friend.ok("say", room="lobby", text="meanwhile")
    screen.sees(f"[{friend.nick}] meanwhile", "lobby> /register (not shown):")
    screen.keys("secret", "Enter")
    screen.sees(f"* The name {nick} is yours now; next time start with --nick {nick} --login.", "lobby>")
    screen.keys("/password", *begins, "first-secret second secret", "Enter")
    screen.sees("* Your password is changed.", "lobby>")
    screen.keys(f"/login {nick}", *begins, "wrong-secret", "Enter")
    screen.keys("Up", "Up", "Up", "C-u", "and on", "Enter")
    screen.sees(f"[{nick}] and on")
    assert "secret" not in everything(screen)
    assert link().ok("hello", nick=nick, password="second secret")["nick"] == nick


def test_a_password_at_the_terminal_can_be_left_by_backspace(screen):
    screen.keys("/register ")
    screen.sees("lobby> /register (not shown):")
    screen.keys("BSpace")
    screen.sees("lobby> /register")
    screen.keys("C-u", "on we go", "Enter")
    screen.sees("[" + screen.nick + "] on we go")


def test_the_python_example_logs_in(broker, registered):
    env = {**os.environ, "HUBBUB_ROUTER": broker.router, "HUBBUB_PUB": broker.pub, "HUBBUB_NICK": registered}
    process = subprocess.Popen([sys.executable, "examples/hello.py", "hi"], stdout=subprocess.PIPE, text=True,
                               env={**env, "HUBBUB_PASSWORD": PASSWORD})
    assert process.stdout.readline() == f"I am {registered}\n"
    assert process.stdout.readline() == f"[{registered}]hi\n"
    process.kill()
    process.wait()
    done = subprocess.run([sys.executable, "examples/hello.py"], capture_output=True, text=True,
                          env={**env, "HUBBUB_PASSWORD": ANOTHER}, timeout=60)
    assert done.returncode == 1 and done.stderr.startswith("denied: ")
