"""Keys: who may come from beyond the machine, and who may not any more. Traffic stays on loopback; a port bound on
all addresses is under the same rules as one on the network."""
import os
import pathlib
import re
import shutil
import stat
import subprocess
import time

import msgpack
import pytest
import zmq

import curve
import hub
from hub import BIN, Broker, Late, Link, until

NO_HANDSHAKE = (zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL, zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
FAR = dict(router="tcp://0.0.0.0:*", pub="tcp://0.0.0.0:*")


def ctl(data, *words, fails=False, env=None):
    done = subprocess.run([BIN / "hubbubctl", "--data", data, *words], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(env or {})})
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout.rstrip("\n")


class Keys:
    """A data directory with keys; `of(name)` makes a pair and enrols it."""

    def __init__(self, directory):
        self.data = directory
        self.server = ctl(directory, "server-key").encode()

    def of(self, name, *options):
        public, secret = zmq.curve_keypair()
        ctl(self.data, "enroll", name, public.decode(), *options)
        return self.server, public, secret

    def stranger(self):
        return (self.server, *zmq.curve_keypair())


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Keys(str(tmp_path_factory.mktemp("data")))


def near(endpoint):
    """How we reach what was bound on all addresses."""
    return endpoint.replace("0.0.0.0", "127.0.0.1")


@pytest.fixture(scope="module")
def broker(keys):
    """One under CURVE only, but for its ipc door."""
    broker = Broker("--data", keys.data, "--set", "heartbeat_ms=2000", **FAR)
    broker.router, broker.pub = near(broker.router), near(broker.pub)
    yield broker
    broker.stop()


@pytest.fixture
def enter(link, keys, room, name):
    """Enrols somebody, whose link is in the test's room."""
    def make(stem, *options):
        who = name(stem)
        own = keys.of(who, *options)
        made = link(keys=own)
        made.keys = own
        made.me = made.hello(who, join=[room])
        made.subscribe(room)
        made.hears_presence_of(room)
        made.events.clear()
        made.name = who
        return made
    return make


def starts(*options, data, status=2):
    """What hubbubd says that does not start."""
    done = subprocess.run([BIN / "hubbubd", "--data", data, *options], capture_output=True, text=True, timeout=30)
    assert done.returncode == status and "ready" not in done.stdout
    assert done.stderr.count("\n") == 1
    return done.stderr


# What may be bound.

@pytest.mark.parametrize("endpoint", ["tcp://0.0.0.0:*", "tcp://*:*", "tcp://[::]:*", "tcp://192.0.2.1:5680",
                                      "tcp://eth0:*", "tcp://127.0.0.1.example.org:5680", "tcp://128.0.0.1:1"])
@pytest.mark.parametrize("option", ["--router", "--pub"])
def test_an_endpoint_beyond_loopback_without_keys_is_refused_and_told_how_to_enrol(option, endpoint, tmp_path):
    said = starts(option, endpoint, data=str(tmp_path))
    assert option in said and endpoint in said
    assert f"hubbubctl --data {tmp_path} invite NAME" in said and "--insecure" in said


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:*", "tcp://127.9.9.9:*", "ipc://{}/door"])
def test_loopback_and_ipc_need_no_keys(endpoint, start, tmp_path):
    start("--router", endpoint.format(tmp_path), "--data", tmp_path / "data")


def test_insecure_binds_anywhere_and_warns_at_every_start(start, tmp_path):
    for _ in range(2):
        broker = start("--insecure", "--data", tmp_path, "--log-level", "error", **FAR)
        assert "--insecure: whoever reaches tcp://0.0.0.0:* may come in" in broker.log()
        broker.stop()


def test_insecure_and_curve_contradict_each_other(tmp_path):
    assert "contradict" in starts("--insecure", "--curve", data=str(tmp_path))


def test_a_router_that_nobody_could_hear_is_refused(keys):
    said = starts("--router", "tcp://0.0.0.0:*", "--pub", "tcp://127.0.0.1:*", data=keys.data)
    assert "add a --pub" in said


def test_a_broker_key_that_others_can_read_is_refused(tmp_path):
    ctl(tmp_path, "server-key")
    (tmp_path / "broker.key_secret").chmod(0o640)
    said = starts("--router", "tcp://0.0.0.0:*", data=str(tmp_path))
    assert "broker.key_secret" in said and "others may read" in said


def test_curve_puts_loopback_under_keys_too(start, tmp_path, link):
    keys = Keys(str(tmp_path))
    broker = start("--curve", "--data", tmp_path)
    assert link(broker, keys=keys.of("ada")).hello("ada")["nick"] == "ada"
    assert refusal(link(broker)) in NO_HANDSHAKE


# Who comes in.

def refusal(made):
    """The event that tells why a DEALER cannot come in."""
    made.dealer.disconnect(made.dealer.last_endpoint)
    events = (zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
              | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_SUCCEEDED)
    monitor = made.dealer.get_monitor_socket(events)
    made.dealer.connect(made.broker.router)
    assert monitor.poll(hub.PATIENCE_S * 1000)
    event = int.from_bytes(monitor.recv_multipart()[0][:2], "little")
    made.dealer.disable_monitor()
    return event


def test_an_enrolled_key_is_in(enter, room):
    ada, bob = enter("ada"), enter("bob")
    ada.ok("say", room=room, text="under lock and key")
    assert bob.event("message", room=room)["text"] == "under lock and key"


def test_a_key_that_is_not_enrolled_is_refused(link, keys, broker):
    before = broker.counter("handshakes_refused")
    assert refusal(link(keys=keys.stranger())) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    assert broker.counter("handshakes_refused") > before


def test_who_has_no_key_is_refused(link):
    assert refusal(link()) in NO_HANDSHAKE


def test_who_takes_another_for_the_broker_is_refused(link, keys, name):
    _, public, secret = keys.of(name("ada"))
    assert refusal(link(keys=(zmq.curve_keypair()[0], public, secret))) in NO_HANDSHAKE


def test_a_public_key_alone_is_not_enough(link, keys, name):
    server, public, _ = keys.of(name("ada"))
    assert refusal(link(keys=(server, public, zmq.curve_keypair()[1]))) in NO_HANDSHAKE


def test_p101_strangers_hear_nothing(enter, link, keys, room):
    ada = enter("ada")
    outside = [link(keys=keys.stranger()), link()]
    for stranger in outside:
        stranger.sub.subscribe(b"")
        stranger.send("hello", nick="mallory")
        stranger.send("say", room=room, text="let me in")
    for number in range(20):
        ada.ok("say", room=room, text=f"secret {number}")
    assert ada.texts(room, 20) == [f"secret {number}" for number in range(20)]
    assert refusal(outside[0]) == zmq.EVENT_HANDSHAKE_FAILED_AUTH  # so much time has passed
    for stranger in outside:
        stranger.take(0)
        assert not stranger.events and not stranger.replies


def test_p104_what_is_told_of_pub_takes_keys(enter, broker, link):
    ada = enter("ada")
    port = broker.pub.rsplit(":", 1)[1]
    assert ada.me["pub"] == [f"tcp://*:{port}"]
    local = link(router=broker.door, hears=False)
    assert local.ok("ping")["pub"] == []  # this broker has none without keys


# Who is in no more.

def revoke(keys, made):
    ctl(keys.data, "revoke", made.name)


def test_p103_a_revoked_keys_sessions_end_at_once(enter, keys, room, broker):
    ada, bob = enter("ada"), enter("bob")
    revoke(keys, ada)
    assert ada.event("kicked")["reason"] == "revoked"
    assert [member["nick"] for member in bob.ok("who", room=room)["members"]] == [bob.name]
    assert bob.error("tell", to=ada.name, text="are you there") == "no_such_nick"
    assert refusal(ada) == zmq.EVENT_HANDSHAKE_FAILED_AUTH


def test_p103_who_is_revoked_hears_no_more_and_others_miss_nothing(enter, keys, room):
    ada, bob = enter("ada"), enter("bob")
    revoke(keys, ada)
    ada.event("kicked")
    assert refusal(ada) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    ada.events.clear()
    bob.hears_presence_of(room)  # connected again
    for number in range(20):
        bob.ok("say", room=room, text=f"without you {number}")
    assert bob.texts(room, 20)[-1] == "without you 19"
    ada.take(0)
    assert not ada.find("message")
    history = bob.ok("history", room=room)["events"]
    assert [event["seq"] for event in history] == list(range(1, 21))


def test_what_a_revoked_key_still_sends_is_not_done(enter, keys, room, broker):
    ada, bob = enter("ada"), enter("bob")
    revoke(keys, ada)
    ada.event("kicked")
    ada.replies.clear()
    before = broker.counter("frames_revoked")
    for op in ("ping", "hello", "rooms", "say"):  # over the connection that libzmq keeps
        ada.send(op, room=room, text="still here", nick="mallory")
    until(lambda: broker.counter("frames_revoked") == before + 4, bob.take, "four frames that were dropped")
    members = [member["nick"] for member in bob.ok("who", room=room)["members"]]
    assert members == [bob.name]
    ada.take(0)
    assert not ada.replies


def test_who_is_revoked_while_away_cannot_come_back(enter, keys, link, name):
    ada = enter("ada")
    token = ada.me["token"]
    ada.close()
    revoke(keys, ada)
    ctl(keys.data, "enroll", name("ada"), ada.keys[1].decode())  # the same key again
    assert link(keys=ada.keys).error("resume", token=token) == "expired"


def test_a_name_with_another_key_is_another(enter, keys, link):
    ada = enter("ada")
    path = pathlib.Path(keys.data, "keys", ada.name)
    public, secret = zmq.curve_keypair()
    fresh = path.with_name("." + ada.name)
    fresh.write_text(path.read_text().replace(ada.keys[1].decode(), public.decode()))
    fresh.replace(path)
    assert ada.event("kicked")["reason"] == "revoked"
    assert link(keys=(keys.server, public, secret)).hello(ada.name)


def test_a_key_under_a_new_name_stays_in(enter, keys, room, name):
    ada = enter("ada")
    path = pathlib.Path(keys.data, "keys", ada.name)
    path.rename(path.with_name(name("eve")))
    enter("bob")  # the broker has seen the directory change
    assert ada.ok("say", room=room, text="still here")


# What belongs to a key.

def test_p102_a_stolen_token_is_no_good_under_another_key(enter, link, broker, room):
    ada, mallory = enter("ada"), enter("mallory")
    elsewhere = link(keys=mallory.keys, hears=False)
    assert elsewhere.error("resume", token=ada.me["token"]) == "expired"
    local = link(router=broker.door, hears=False)
    assert local.error("resume", token=ada.me["token"]) == "expired"
    assert ada.ok("say", room=room, text="still me")
    assert link(keys=ada.keys, hears=False).ok("resume", token=ada.me["token"])["nick"] == ada.name


def test_a_token_from_ipc_is_no_good_under_a_key(enter, link, broker, name):
    local = link(router=broker.door, hears=False)
    token = local.hello(name("ada"))["token"]
    mallory = enter("mallory")
    assert link(keys=mallory.keys, hears=False).error("resume", token=token) == "expired"


def test_a_stolen_routing_id_brings_nothing(enter, link, keys, name, room):
    own = keys.of(name("ada"))
    ada = link(keys=own, options=[(zmq.ROUTING_ID, b"ada's")])
    nick = name("ada")
    ada.hello(nick, join=[room])
    mallory = enter("mallory")
    ada.close()

    def answer_to_thief():
        """None as long as libzmq has not noticed that ada is gone: it turns a second bearer of a routing id away."""
        thief = link(keys=mallory.keys, hears=False, options=[(zmq.ROUTING_ID, b"ada's")])
        try:
            return thief.reply(thief.send("say", room=room, text="I am ada"), within_s=2)
        except Late:
            return None
    assert until(answer_to_thief, time.sleep, "an answer to the thief")["error"] == "no_session"


def test_nobody_says_who_they_are_but_by_their_key(enter, keys, broker, name):
    operator, mallory = enter("ada", "--operator"), enter("mallory")
    claims = [(b"User-Id", operator.keys[1]), (b"user-id", operator.keys[1]), (b"X-User-Id", operator.keys[1])]
    thief = curve.Peer(broker.router, mallory.keys, claims)
    assert thief.ask("resume", token=operator.me["token"])["error"] == "expired"
    thief.ask("hello", nick=name("mallory"))
    assert thief.ask("stats")["error"] == "denied"
    thief.close()
    honest = curve.Peer(broker.router, operator.keys, [])
    assert honest.ask("stats")["ok"]
    honest.close()


def test_an_operators_key_may_ask_for_stats(enter):
    assert enter("ada", "--operator").ok("stats")["counters"]["frames"] > 0
    assert enter("bob").error("stats") == "denied"


def test_p134_what_an_operator_did_is_told_with_the_key(enter, keys, name):
    ada, whom = enter("ada", "--operator"), name("mallory")
    ada.ok("ban", nick=whom)
    assert f" {ada.name} ({ada.keys[1].decode()}) ban nick={whom}" in ctl(keys.data, "audit")


# The files, and hubbubctl.

def test_a_broker_takes_up_what_is_enrolled_while_it_runs(link, keys, name, broker):
    who = name("ada")
    public, secret = zmq.curve_keypair()
    own = (keys.server, public, secret)
    assert refusal(link(keys=own)) == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    ctl(keys.data, "enroll", who, public.decode())
    assert link(keys=own).hello(who)["nick"] == who
    assert broker.process.poll() is None


def test_key_files_are_for_their_owner_alone(tmp_path):
    data, config = tmp_path / "data", tmp_path / "config"
    public = ctl(data, "key", "new", env={"XDG_CONFIG_HOME": str(config)})
    assert re.fullmatch(r"\S{40}", public)
    ctl(data, "enroll", "ada", public)
    ctl(data, "invite", "bob")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"client.key_secret", "broker.key_secret", "ada", "bob"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_dir()} == {0o700}
    assert "secret-key" not in (data / "keys/ada").read_text() + (data / "keys/bob").read_text()


def test_certificates_are_czmqs(tmp_path, keys):
    """As pyzmq reads them too."""
    path = tmp_path / "mine.key_secret"
    public = ctl(tmp_path, "key", "new", str(path))
    loaded = zmq.auth.load_certificate(path) if hasattr(zmq, "auth") else __import__("zmq.auth").auth.load_certificate(path)
    assert loaded[0].decode() == public and zmq.curve_public(loaded[1]).decode() == public
    assert ctl(tmp_path, "key", "show", str(path)) == public


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "key"
    ctl(tmp_path, "key", "new", str(path))
    before = path.read_text()
    assert "is kept" in ctl(tmp_path, "key", "new", str(path), fails=True)
    assert path.read_text() == before


@pytest.mark.parametrize("words, says", [
    (["enroll", "ada", "short"], "40 characters"),
    (["enroll", "../ada", "0" * 40], "a name is"),
    (["enroll", ".ada", "0" * 40], "a name is"),
    (["enroll", "ada"], "usage"),
    (["revoke", "nobody"], "no such name"),
    (["revoke", "../broker.key_secret"], "no such name"),
    (["invite", "ada", "--expires", "0"], "days"),
    (["invite", "ada", "--router", "carrier://pigeon"], "tcp://"),
    (["invite", "ada", "--router", "tcp://a\"b:1"], "tcp://"),
    (["dance"], "no command"),
    (["keys", "--loud"], "no such option"),
])
def test_hubbubctl_says_what_is_wrong(words, says, tmp_path):
    said = ctl(tmp_path, *words, fails=True)
    assert says in said and said.count("\n") == 1
    assert not (tmp_path / "keys").exists() or not list((tmp_path / "keys").iterdir())


def test_hubbubctl_tells_who_is_enrolled(tmp_path):
    public = [zmq.curve_keypair()[0].decode() for _ in range(2)]
    ctl(tmp_path, "enroll", "bob", public[0])
    ctl(tmp_path, "enroll", "ada", public[1], "--operator")
    assert "same" not in ctl(tmp_path, "keys")
    assert "under that name" in ctl(tmp_path, "enroll", "eve", public[0], fails=True)
    assert "already" in ctl(tmp_path, "enroll", "bob", zmq.curve_keypair()[0].decode(), fails=True)
    lines = [line.split() for line in ctl(tmp_path, "keys").splitlines()]
    assert [line[:3] for line in lines] == [["ada", public[1], "operator"], ["bob", public[0], "member"]]
    ctl(tmp_path, "revoke", "bob")
    assert [line.split()[0] for line in ctl(tmp_path, "keys").splitlines()] == ["ada"]


def test_help_tells_every_command():
    said = ctl("/nowhere", "--help")
    for word in ("key new", "enroll NAME PUBLICKEY [--operator]", "invite NAME", "revoke NAME", "keys", "server-key",
                 "kick WHOM", "ban WHOM", "unban WHOM", "mute WHOM", "unmute WHOM", "bans", "audit", "stats", "shutdown"):
        assert f"  {word}" in said
    assert max(len(line) for line in said.splitlines()) <= 80


def test_a_file_that_is_no_key_harms_nobody(enter, keys, broker, name):
    ada = enter("ada")
    folder = pathlib.Path(keys.data, "keys")
    (folder / name("garbage")).write_bytes(b"\xff\0garbage" * 1000)
    os.mkfifo(folder / name("pipe"))
    (folder / name("folder")).mkdir()
    (folder / name("loop")).symlink_to(folder / "nowhere")
    enter("bob")
    assert ada.ok("ping")
    assert "key.unreadable" in broker.log()


def test_all_keys_gone_is_everybody_out(start, tmp_path, link):
    keys = Keys(str(tmp_path))
    broker = start("--data", tmp_path, **FAR)
    broker.router, broker.pub = near(broker.router), near(broker.pub)
    ada = link(broker, keys=keys.of("ada"))
    ada.hello("ada")
    shutil.rmtree(tmp_path / "keys")
    assert ada.event("kicked")["reason"] == "revoked"
    assert refusal(ada) == zmq.EVENT_HANDSHAKE_FAILED_AUTH


# Our own programs.

@pytest.fixture
def chat(broker, tmp_path):
    """Runs the client with some input, as a person with a home of their own."""
    def run(*options, lines="", home="home", router=broker.router, invite=None):
        env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / home)}
        if invite:
            env["HUBBUB_INVITE"] = invite
        options = [*(["--router", router] if router else []), *options]
        return subprocess.run([BIN / "hubbub", *options], input=lines, capture_output=True, text=True, env=env, timeout=60)
    return run


def test_an_invitation_is_all_a_new_client_needs(keys, broker, chat, name, room):
    who = name("ada")
    line = ctl(keys.data, "invite", who, "--router", broker.router)
    first = chat("--invite", line, "--nick", who, "--room", room, lines="hello\n", router=None)
    assert first.returncode == 0 and f"[{who}] hello" in first.stdout
    second = chat("--nick", who, "--room", room, lines="again\n", router=None)  # the key file says where
    assert second.returncode == 0 and f"[{who}] again" in second.stdout
    assert "invited" not in next(entry for entry in ctl(keys.data, "keys").splitlines() if entry.startswith(who + " "))


def test_an_invitation_may_be_read_from_input_or_environment(keys, broker, chat, name):
    line = ctl(keys.data, "invite", name("ada"), "--router", broker.router)
    assert chat("--invite", "-", lines=line + "\nhello\n", router=None).returncode == 0
    line = ctl(keys.data, "invite", name("ada"), "--router", broker.router)
    assert chat(lines="hello\n", router=None, home="other", invite=line).returncode == 0


def test_an_invitation_overwrites_no_key(keys, broker, chat, name):
    lines = [ctl(keys.data, "invite", name("ada"), "--router", broker.router) for _ in range(2)]
    assert chat("--invite", lines[0], lines="hello\n").returncode == 0
    assert chat("--invite", lines[0], lines="hello\n").returncode == 0  # the same does no harm
    other = chat("--invite", lines[1], lines="hello\n")
    assert other.returncode == 2 and "another key" in other.stderr


def test_an_invitation_that_was_not_used_in_time_is_void(keys, broker, chat, name):
    used, unused = name("ada"), name("ada")
    lines = {who: ctl(keys.data, "invite", who, "--router", broker.router) for who in (used, unused)}
    assert chat("--invite", lines[used], lines="hello\n", home="a").returncode == 0
    for who in lines:
        path = pathlib.Path(keys.data, "keys", who)
        late = path.with_name("." + who)
        late.write_text(re.sub('expires-at = ".*"', 'expires-at = "2020-01-01T00:00:00Z"', path.read_text()))
        late.replace(path)
    assert chat(lines="hello\n", home="a").returncode == 0
    void = chat("--invite", lines[unused], lines="hello\n", home="b")
    assert void.returncode == 1 and "invitation has lapsed" in void.stderr
    assert "lapsed" in ctl(keys.data, "keys")


@pytest.mark.parametrize("line", ["hello", "hubbub1:", "hubbub1:tcp://127.0.0.1:1:abc:def"])
def test_what_is_no_invitation_is_refused(chat, line, tmp_path):
    done = chat("--invite", line)
    assert done.returncode == 2 and "no whole invitation" in done.stderr
    assert not (tmp_path / "home").exists()


def test_hubbub_invite_is_hubbubctls(keys, broker, chat, name, tmp_path):
    who = name("ada")
    done = subprocess.run([BIN / "hubbub", "invite", who, "--data", keys.data, "--router", broker.router],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stdout.startswith(f"hubbub1:{broker.router}:")
    assert chat("--invite", done.stdout, lines="hello\n").returncode == 0


def own_file(path, keys, name):
    """A key file of a person who was enrolled by hand."""
    public = ctl(keys.data, "key", "new", str(path))
    who = name("ada")
    ctl(keys.data, "enroll", who, public)
    return who


def test_the_client_comes_with_a_key_of_its_own(keys, chat, name, tmp_path):
    own_file(tmp_path / "mine", keys, name)
    server = keys.server.decode()
    done = chat("--key", tmp_path / "mine", "--server-key", server, "--nick", name("ada"), lines="hello\n")
    assert done.returncode == 0 and "hello" in done.stdout


def test_a_key_that_is_refused_is_told_at_once(keys, chat, tmp_path):
    ctl(keys.data, "key", "new", str(tmp_path / "mine"))
    done = chat("--key", tmp_path / "mine", "--server-key", keys.server.decode(), "--timeout", "60000", lines="hello\n")
    assert done.returncode == 1 and "the broker does not know this key" in done.stderr


def test_no_key_where_one_is_wanted_is_told_in_time(chat):
    done = chat("--timeout", "1000", lines="hello\n")
    assert done.returncode == 1 and "it wants a key" in done.stderr


def test_a_wrong_server_key_is_told_in_time(keys, chat, name, tmp_path):
    own_file(tmp_path / "mine", keys, name)
    wrong = zmq.curve_keypair()[0].decode()
    done = chat("--key", tmp_path / "mine", f"--server-key={wrong}", "--timeout", "1000", lines="hello\n")
    assert done.returncode == 1 and "it has another key" in done.stderr


def test_a_key_that_others_can_read_is_not_used(keys, chat, name, tmp_path):
    own_file(tmp_path / "mine", keys, name)
    (tmp_path / "mine").chmod(0o644)
    done = chat("--key", tmp_path / "mine", "--server-key", keys.server.decode())
    assert done.returncode == 2 and "others may read" in done.stderr


def test_a_client_whose_key_is_revoked_is_told(keys, broker, name, tmp_path):
    who = own_file(tmp_path / "mine", keys, name)
    client = subprocess.Popen([BIN / "hubbub", "--json", "--router", broker.router, "--key", tmp_path / "mine",
                               "--server-key", keys.server.decode()], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert b'"ready"' in client.stdout.readline()
    ctl(keys.data, "revoke", who)
    assert client.wait(hub.PATIENCE_S) == 1  # its input is still open: it does not end for that
    assert b'"revoked"' in client.stdout.read()


def test_a_bridge_comes_with_a_key(keys, broker, run, line, enter, name, room, tmp_path):
    own_file(tmp_path / "bridge", keys, name)
    bridge = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.router, "--key", tmp_path / "bridge",
                 "--server-key", keys.server.decode())
    host, port = bridge.ready["tcp"][0].rsplit(":", 1)
    ada, bob = enter("ada"), line((host, int(port)))
    bob.say(f"/join {room}")
    bob.say("hello from telnet")
    assert ada.event("message", room=room)["text"] == "hello from telnet"
    ada.ok("say", room=room, text="hello from afar")
    bob.line("hello from afar")
    bridge.stop()


def test_a_bridge_whose_key_is_refused_says_so(keys, broker, run, tmp_path):
    ctl(keys.data, "key", "new", str(tmp_path / "bridge"))
    bridge = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.router, "--key", tmp_path / "bridge",
                 "--server-key", keys.server.decode(), ready=False)
    until(lambda: "the broker does not know our key" in bridge.log(), lambda seconds: bridge.process.poll(), "a reason")
    bridge.kill()


def test_a_bridges_people_are_out_with_its_key(keys, broker, run, line, enter, name, room, tmp_path):
    who = own_file(tmp_path / "bridge", keys, name)
    bridge = run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.router, "--key", tmp_path / "bridge",
                 "--server-key", keys.server.decode())
    host, port = bridge.ready["tcp"][0].rsplit(":", 1)
    people = [line((host, int(port))) for _ in range(3)]
    for one in people:
        one.say(f"/join {room}")
        one.line(room)
    ada = enter("ada")
    ctl(keys.data, "revoke", who)
    for one in people:
        one.line("An operator has disconnected you.")
        one.ends()
    assert [member["nick"] for member in ada.ok("who", room=room)["members"]] == [ada.name]
    bridge.stop()


def test_the_python_example_speaks_curve(keys, broker, name, tmp_path):
    own_file(tmp_path / "mine", keys, name)
    env = {**os.environ, "HUBBUB_ROUTER": broker.router, "HUBBUB_PUB": broker.pub, "HUBBUB_KEY": str(tmp_path / "mine"),
           "HUBBUB_SERVER_KEY": keys.server.decode()}
    example = subprocess.Popen(["/usr/bin/python3", "-u", "examples/hello.py", "hello", "under", "lock"], env=env,
                               stdout=subprocess.PIPE, text=True)
    try:
        assert example.stdout.readline().startswith("I am guest-")
        assert "hello under lock" in example.stdout.readline()
    finally:
        example.kill()
        example.communicate()


# Many of them, and what is said of people.

def enrolled(data, count):
    """Writes what `hubbubctl enroll` would."""
    folder = pathlib.Path(data, "keys")
    folder.mkdir(mode=0o700, exist_ok=True)
    pairs = [zmq.curve_keypair() for _ in range(count)]
    for number, (public, _) in enumerate(pairs):
        path = folder / f"n{number}"
        path.write_text(f'metadata\n    name = "n{number}"\ncurve\n    public-key = "{public.decode()}"\n')
        path.chmod(0o600)
    return pairs


def test_hundreds_are_let_in_at_once_among_ten_thousand_keys(tmp_path, start, link):
    """zauth, which looks at each certificate, takes 16 a second: it would need half a minute. What ours takes: ./dev bench handshakes."""
    keys = Keys(str(tmp_path))
    pairs = enrolled(tmp_path, 10000)
    broker = start("--data", tmp_path, "--curve")
    assert broker.counter("keys_enrolled") == 10000
    begin = time.monotonic()
    links = [link(broker, keys=(keys.server, *pairs[number * 20]), hears=False) for number in range(500)]
    asked = [one.send("ping") for one in links]
    for one, request in zip(links, asked):
        assert one.reply(request)["ok"]
    assert time.monotonic() - begin < 12 * hub.SLOWNESS
    assert broker.counter("handshakes_admitted") == 500


def test_a_verdict_on_an_account_meets_it_under_any_key(keys, broker, enter, name, room):
    """A ban is of the account, wherever it comes from."""
    ada, other = enter("ada"), enter("bob")
    account = ada.me["nick"]
    ada.ok("register", password="correct horse")
    ctl(keys.data, "mute", f"account={account}")
    assert ada.error("say", room=room, text="x", cid=1) == "muted"
    ctl(keys.data, "ban", f"account={account}", "--reason", "enough")
    assert ada.event("kicked")["text"] == "enough"
    other.ok("bye")
    refused = other.ask("hello", nick=account, password="correct horse")
    assert (refused["error"], refused["hint"]) == ("banned", "enough")
    ctl(keys.data, "unban", f"account={account}")
    assert other.ok("hello", nick=account, password="correct horse")["nick"] == account
