"""What operators do, by hubbubctl and by the wire: P-125 to P-137 of docs/protocol.md."""
import os
import re
import stat
import subprocess

import msgpack
import pytest
import zmq

from hub import BIN, Broker, Line, until

PASSWORD = "correct horse"


def ctl(data, *words, status=0):
    done = subprocess.run([BIN / "hubbubctl", "--data", data, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, (done.stdout, done.stderr)
    return (done.stdout if status == 0 else done.stderr).rstrip("\n")


@pytest.fixture
def data(tmp_path):
    return str(tmp_path / "data")


@pytest.fixture
def begin(start, data):
    """A broker that keeps what it is told in `data`; more than one, one after the other."""
    def make(*options, **more):
        return start("--durability", "file", "--data", data, *options, **more)
    return make


@pytest.fixture
def operator(link, data):
    def make(broker):
        return link(broker, router=f"ipc://{data}/operator", hears=False)
    return make


def test_the_operators_endpoint_is_for_its_owner_alone(begin, data):
    begin()
    mode = os.stat(f"{data}/operator").st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


def test_p136_over_the_operators_endpoint_no_session_is_needed_and_elsewhere_nothing_helps(begin, link, operator):
    broker = begin()
    peer, local, ours = link(broker), link(broker, router=broker.door), operator(broker)
    peer.hello("ada")
    local.hello("local")
    for other in (peer, local):
        assert other.error("bans") == "denied"
        assert other.error("kick", nick="ada", is_operator=True, role="operator") == "denied"
    assert ours.ok("bans")["bans"] == []
    assert ours.ok("stats")["counters"]["sessions"] == 2
    assert peer.ok("ping")["sessions"] == 1


def test_kick_says_why_and_lets_come_back(begin, link, data):
    broker = begin()
    ada, bob = link(broker), link(broker)
    ada.hello("Ada", join=["tea"])
    bob.hello("bob", join=["tea"])
    assert ctl(data, "kick", "ADA", "--reason", "mind your language") == "kicked ADA: 1 here"
    assert ada.event("kicked")["text"] == "mind your language"
    bob.change("Ada", "gone")
    assert "nobody who is here" in ctl(data, "kick", "ada", status=1)
    ada.ok("hello", nick="ada")


def test_p128_a_ban_by_network_ends_telnet_users_and_keeps_them_out(begin, data):
    broker = begin(tcp=True)
    ada = Line(broker.tcp)
    assert ctl(data, "ban", "127.0.0.0/8", "--reason", "a flood of bots", "--for", "2h") == "banned 127.0.0.0/8 for 2 hours: 1 here"
    assert "a flood of bots" in ada.line("* You are banned")
    ada.ends()
    late = Line(broker.tcp, greeted=False)
    late.line("You cannot come in: a flood of bots")
    late.ends()
    listed = ctl(data, "bans")
    assert re.fullmatch(r"\S+ ban network=127\.0\.0\.0/8 by @operator until \S+: a flood of bots", listed)
    ctl(data, "unban", "network=127.0.0.0/8")
    again = Line(broker.tcp)
    assert again.nick
    for line in (ada, late, again):
        line.close()


def test_p131_bans_and_what_was_done_survive_a_kill(begin, link, data):
    options = ("--durability", "file", "--data", data)
    broker = Broker(*options)
    ctl(data, "ban", "mallory", "--reason", "spam")
    ctl(data, "mute", "bob", "--for", "1h")
    broker.kill()
    broker.forget()
    broker = begin()
    peer = link(broker)
    refused = peer.ask("hello", nick="Mallory")
    assert (refused["error"], refused["hint"]) == ("banned", "spam") and "retry_ms" not in refused
    peer.ok("hello", nick="bob")
    muted = peer.ask("say", room="lobby", text="hi")
    assert muted["error"] == "muted" and "retry_ms" not in muted
    deeds = ctl(data, "audit").split("\n")
    assert [re.sub(r"^\S+ ", "", deed).split(" until")[0] for deed in deeds] == [
        "@operator ban nick=mallory: spam", "@operator mute nick=bob"]


def test_p129_the_operator_may_mean_a_key_by_its_name(begin, data):
    begin()
    assert "neither a public key nor the name" in ctl(data, "ban", "key=nobody", status=1)
    ctl(data, "enroll", "robot", "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7")
    assert ctl(data, "ban", "key=robot") == "banned key=robot for ever: 0 here"
    assert "key=rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7" in ctl(data, "bans")


def test_p134_an_audit_of_many_pages_is_told_whole(begin, operator, data):
    ours = operator(begin())
    for number in range(450):
        ours.ok("ban", nick=f"n{number}")
    lines = ctl(data, "audit").split("\n")
    assert [re.search(r"nick=n(\d+)", line)[1] for line in lines] == [str(number) for number in range(450)]
    assert len(ctl(data, "bans").split("\n")) == 450


def test_p135_shutdown_tells_everybody_and_ends(link, data):
    broker = Broker("--durability", "file", "--data", data)
    peer = link(broker)
    peer.hello("ada")
    assert ctl(data, "shutdown", "--reason", "new disk") == "the broker stops"
    assert "after_ms" in peer.event("shutdown")
    broker.wait()
    assert broker.process.returncode == 0
    assert not os.path.exists(f"{data}/operator")
    broker.forget()


def test_stats_are_told_a_line_each(begin, data):
    begin()
    told = dict(line.split(" ") for line in ctl(data, "stats").split("\n"))
    assert told["sessions"] == "0" and int(told["memory_in_use"]) >= 0


def test_without_a_broker_hubbubctl_says_what_to_do(data):
    said = ctl(data, "bans", status=1)
    assert f"{data}/operator: no broker answers there; is hubbubd running" in said


@pytest.mark.parametrize("words,part", [
    (("ban", "bob", "--for", "soon"), "a time is needed, such as 90s"),
    (("ban", "bob", "--for", "0h"), "a time is needed"),
    (("ban",), "usage: hubbubctl ban WHOM"),
])
def test_what_is_wrong_is_said_before_anybody_is_asked(data, words, part):
    assert part in ctl(data, *words, status=2)


def test_a_broker_without_a_data_directory_has_no_such_endpoint(start, tmp_path):
    broker = start("--durability", "memory", env={"XDG_STATE_HOME": str(tmp_path / "none")})
    assert "operators.none" in broker.log()


def test_a_refusal_is_told_by_its_name(begin, data):
    begin()
    assert ctl(data, "unban", "bob", status=1) == "hubbubctl: no_such_ban: there is no such ban or mute"
    assert "one household has a /64" in ctl(data, "ban", "2001:db8::7", status=1)


def test_who_is_muted_by_an_operator_is_told_so_at_the_bridge(begin, data):
    broker = begin(tcp=True)
    ada = Line(broker.tcp)
    ada.rename("ada")
    ctl(data, "mute", "ada", "--for", "1d", "--reason", "too loud")
    ada.line("An operator has muted you for 1 day: too loud")
    ada.say("hello?")
    ada.line("You may read here but not speak")
    ctl(data, "unmute", "ada")
    ada.line("An operator lets you speak again.")
    ada.say("hello again")
    ada.line("hello again")
    ada.close()


def test_time_goes_on_for_a_ban_of_seconds(begin, link, data):
    broker = begin()
    ctl(data, "ban", "bob", "--for", "3s")
    peer = link(broker)
    refused = peer.ask("hello", nick="bob")
    assert refused["error"] == "banned" and 0 < refused["retry_ms"] <= 3000
    until(lambda: "ok" in peer.ask("hello", nick="bob"), peer.take, "the end of the ban")
    assert ctl(data, "bans") == ""


def add(data, nick, password=PASSWORD, *options, status=0):
    done = subprocess.run([BIN / "hubbubctl", "--data", data, "account", "add", nick, *options], input=password + "\n",
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stderr
    return (done.stderr if status else done.stdout).rstrip("\n")


def test_p200_accounts_are_made_listed_and_removed(begin, link, data, tmp_path):
    broker = begin()
    secret = tmp_path / "secret"
    secret.write_text("battery staple\n")
    assert add(data, "Ada") == "registered Ada"
    assert add(data, "root", PASSWORD, "--operator") == "registered root"
    assert add(data, "ada", status=1) == "hubbubctl: exists: that is there already"
    assert add(data, "eve", "short", status=1).endswith("a password has 8 to 128 bytes")
    secret.chmod(0o644)
    assert "others can read it: chmod 600" in ctl(data, "account", "password", "ada", "--password-file", secret, status=1)
    secret.chmod(0o600)
    assert ctl(data, "account", "password", "ada", "--password-file", secret) == "a new password for ada"
    peer = link(broker)
    peer.ok("hello", nick="ada", password="battery staple", join=[])
    assert ctl(data, "account", "list").split("\n") == ["Ada member active", "root operator -"]
    assert ctl(data, "account", "role", "ada", "operator") == "operator ada"
    assert peer.ok("bans")["bans"] == []
    assert ctl(data, "account", "remove", "ada") == "removed ada"
    assert peer.event("kicked")["reason"] == "kicked"
    assert ctl(data, "account", "list") == "root operator -"
    assert [line.split()[2] for line in ctl(data, "audit").split("\n")] == [
        "account_add", "account_add", "account_password", "account_role", "account_remove"]
    roles = [line.split(" ", 2)[2] for line in ctl(data, "audit").split("\n") if " role=" in line]
    assert roles == ["account_add account=root role=operator", "account_role account=Ada role=operator"]


def test_hubbubctl_shows_what_others_wrote_without_what_paints(begin, link, data):
    broker = begin()
    other = link(broker, router=f"ipc://{data}/operator", hears=False)
    paints = "\u202eturned\u2066 \u2028 2026-01-01 another line"
    assert other.ok("ban", nick="eve", reason=paints)["count"] == 0
    for listed in (ctl(data, "bans"), ctl(data, "audit")):
        assert listed.endswith(": turned  2026-01-01 another line") and "\n" not in listed
    assert ctl(data, "ban", "mal\x1b]0;title\x07lory", status=1).isprintable()
    assert ctl(data, "revoke", "a\x1b[2Jb\u202e", status=1) == "hubbubctl: ab: no such name is enrolled"
    assert ctl(data, "a\x1b[2Jb", status=2).startswith("hubbubctl: there is no command `ab`")


OPEN = ("\x1b]0;", "\x1b[", "\x1bP", "\x9d0;")  # sequences that do not end


@pytest.mark.parametrize("painting", OPEN)
def test_a_sequence_that_does_not_end_hides_nothing_behind_its_own_field(painting, tmp_path):
    """Whatever a broker answers, where the decoder lets it pass, and whatever a word was copied from."""
    foul = f"eve{painting}"
    answers = {
        ("account", "list"): ({"accounts": [{"nick": foul, "role": "member"}]}, "eve member -"),
        ("bans",): ({"bans": [{"at": 1000, "verdict": "ban", "account": foul, "by": "root", "in": foul, "reason": "why"}]},
                    "1970-01-01T00:00:01Z ban account=eve by root in eve: why"),
        ("audit",): ({"events": [{"seq": 1, "at": 1000, "op": "ban", "nick": foul, "by": "root", "until": 2000}]},
                     "1970-01-01T00:00:01Z root ban nick=eve until 1970-01-01T00:00:02Z"),
        ("stats",): ({"counters": {foul: 5}}, "eve 5"),
        ("kick", foul): ({"count": 3}, "kicked eve: 3 here"),
    }
    for words, (answer, told) in answers.items():
        with zmq.Context() as context, context.socket(zmq.ROUTER) as broker:
            broker.bind(f"ipc://{tmp_path}/operator")
            asked = subprocess.Popen([BIN / "hubbubctl", "--data", tmp_path, *words], stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True)
            assert broker.poll(30_000)
            peer, request = broker.recv_multipart()
            broker.send_multipart([peer, msgpack.packb({"re": msgpack.unpackb(request)["id"], "ok": True, **answer})])
            assert asked.communicate(timeout=30)[0] == told + "\n", words
    assert ctl(tmp_path, "revoke", foul, status=1) == "hubbubctl: eve: no such name is enrolled"
    assert ctl(tmp_path, "keys", f"--{foul}", status=2) == "hubbubctl: --eve: there is no such option; see hubbubctl --help"
    assert ctl(tmp_path, foul, status=2) == "hubbubctl: there is no command `eve`; see hubbubctl --help"


def test_p214_a_room_is_removed_while_people_talk_in_it(begin, link, data):
    broker = begin()
    ada, bob = link(broker), link(broker)
    ada.ok("hello", join=["junk"])
    for number in range(20):
        ada.ok("say", room="junk", text=f"junk {number}")
    assert ctl(data, "room", "remove", "Junk", "--reason", "no junk here") == "removed Junk"
    assert ada.event("kicked", room="junk")["text"] == "no junk here"
    assert "no_such_room" in ctl(data, "room", "remove", "junk", status=1)
    assert bob.ok("hello", join=["junk"])["heads"]["junk"][1] == 0
    assert bob.ok("history", room="junk")["events"] == []
    assert [line.split()[2] for line in ctl(data, "audit").split("\n")] == ["room_remove"]


def test_p124_without_guests_one_comes_in_by_nick_and_password(begin, link, data):
    broker = begin("--guests=no")
    peer = link(broker)
    refused = peer.ask("hello", nick="ada")
    assert refused["error"] == "denied" and "password are needed" in refused["hint"]
    add(data, "ada")
    assert peer.ok("hello", nick="ada", password=PASSWORD)["nick"] == "ada"


def test_hubbub_says_how_one_comes_in_where_there_are_no_guests(begin, tmp_path):
    broker = begin("--guests=no")
    (tmp_path / "secret").write_text("battery staple\n")
    (tmp_path / "secret").chmod(0o600)
    hubbub = [BIN / "hubbub", "--router", broker.router]
    stranger = subprocess.run(hubbub, input="", capture_output=True, text=True, timeout=60)
    assert stranger.stderr.endswith("password are needed; start with --nick NAME --login\n")
    mistaken = subprocess.run([*hubbub, "--nick", "ada", "--password-file", tmp_path / "secret"], input="",
                              capture_output=True, text=True, timeout=60)
    assert "do not go together" in mistaken.stderr and "--login" not in mistaken.stderr


def test_what_has_a_slash_is_meant_as_a_network(begin, data):
    begin()
    assert "a network is an address or a range" in ctl(data, "ban", "192.0.2.0/99", status=1)


def test_nobody_could_come_in_without_guests_and_accounts(run):
    program = run("hubbubd", "--guests=no", "--accounts-max", "0", ready=False)
    program.wait()
    assert program.process.returncode == 2 and "nobody could come in" in program.log()


def test_p124_without_guests_telnet_users_log_in_first(begin, data):
    broker = begin("--guests=no", tcp=True)
    add(data, "ada")
    ada = Line(broker.tcp, greeted=False)
    ada.line("* Who talks here has an account: /login NAME, or /quit.")
    ada.say("hello?")
    ada.line("* Who talks here has an account")
    ada.say(f"/login ada wrong-{PASSWORD}")
    ada.line("* That name and password do not go together.")
    ada.say("/login ada")
    ada.line("* The password of ada")
    ada.send(f"{PASSWORD}\r\nand this was typed ahead\r\n")
    ada.line("* Welcome, you are ada.")
    ada.line("[ada]and this was typed ahead")
    other = Line(broker.tcp, greeted=False)
    other.line("* Who talks here has an account")
    other.say("/quit")
    other.ends()
    for line in (ada, other):
        line.close()


@pytest.fixture
def lock(begin):
    """A broker that lets nobody in without an account, and people who have not logged in."""
    made = []

    def start(grace_ms):
        lock.broker = begin("--guests=no", "--set", f"login_grace_ms={grace_ms}", tcp=True)
        return lock.broker

    def person():
        made.append(Line(lock.broker.tcp, greeted=False))
        made[-1].line("* Who talks here has an account")
        return made[-1]
    start.person = person
    yield start
    for one in made:
        one.close()


def test_p215_who_does_not_log_in_has_to_go(lock):
    broker = lock(300)
    silent, half = lock.person(), lock.person()
    half.send("/login ad")
    for one in (silent, half):
        one.line("* You have not logged in.")
        one.ends()
    broker.stop()
    assert broker.bridge_counter("logged_in_late") == 2


def test_p215_trying_is_no_way_to_stay(lock):
    broker = lock(300)
    ada, tries = lock.person(), 0
    while ada.find("* You have not logged in.") is None:
        tries += 1
        ada.say("hello?")
        ada.take(0.01)  # the answer
        ada.take(0.05)
    assert tries < 64
    ada.ends()
    broker.stop()
    assert broker.bridge_counter("logged_in_late") == 1


def test_p215_who_has_not_logged_in_says_so_many_lines_and_no_more(lock):
    broker = lock(60000)
    ada = lock.person()
    ada.send("hello?\r\n" * 65)
    ada.line("* You have not logged in.")
    ada.ends()
    broker.stop()
    assert broker.bridge_counter("logged_in_late") == 1
