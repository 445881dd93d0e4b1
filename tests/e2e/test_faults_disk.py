"""The disk is full, read-only, broken or damaged: nothing is acknowledged that is not stored, and nothing that is there
is passed over."""
import os
import time

import pytest

from crowd import Undying
from faults import Disk, Namespace
from hub import SLOWNESS, until

LOOPBACK = ("--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*")
TEXT = "x" * 4000
PAGE_BYTES = 4096


@pytest.fixture
def machine():
    made = Namespace()
    yield made
    made.close()


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def undying(data):
    made = []

    def begin(*options, **more):
        made.append(Undying(data, "--resume-ms", int(60000 * SLOWNESS), *options, **more))
        return made[-1]
    yield begin
    for one in made:
        if one.broker.process.poll() is None:
            one.kill()


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path / "disk")


class Speaker:
    """Says numbered messages in tea, over ipc, and remembers what was acknowledged."""

    def __init__(self, link, house):
        self.link = link
        self.said = {}  # cid: the reply
        self.cid = 0
        self.token = None
        self.meet(house)

    def meet(self, house):
        """The broker, or the one that came after it."""
        self.me = self.link(house.broker, router=house.broker.door, hears=False)
        if self.token is None:
            self.token = self.me.ok("hello", nick="ada", join=["tea"])["token"]
        else:
            self.token = self.me.ok("resume", token=self.token)["token"]

    def say(self):
        """Says the next, or the same again if that was refused for now; returns the reply."""
        cid = self.cid + 1
        reply = self.me.ask("say", room="tea", text=f"{cid} {TEXT}", cid=cid)
        if "error" in reply:
            assert reply["error"] == "unavailable" and reply["retry_ms"] > 0, reply
        else:
            self.said[cid], self.cid = reply, cid
        return reply

    def says_until(self, error, within=20000):
        for _ in range(within):
            if self.say().get("error") == error:
                return
        raise AssertionError(f"no {error} in {within} messages")

    def history(self):
        """Everything in tea: cid and numbers."""
        events, first = [], 1
        while True:
            page = self.me.ask("replay", room="tea", first=first, last=10**9)
            if page.get("error") == "flood":
                self.me.take(page["retry_ms"] / 1000)
                continue
            events += [(event["cid"], event["epoch"], event["seq"]) for event in page["events"]]
            if not page["more"]:
                return events
            first = events[-1][2] + 1

    def finds_all(self):
        """What was acknowledged is there, once and under its number, and nothing else but what comes next."""
        wanted = [(cid, reply["epoch"], reply["seq"]) for cid, reply in self.said.items()]
        found = self.history()
        assert found[:len(wanted)] == wanted
        assert [cid for cid, _, _ in found[len(wanted):]] in ([], [self.cid + 1])


def speaks_again(speaker):
    until(lambda: "ok" in speaker.say(), speaker.me.take, "that it can be stored again")


def test_p97_on_a_full_disk_nothing_is_acknowledged_and_when_there_is_room_it_goes_on(undying, machine, data, link, pipe):
    data.mkdir()
    machine.mount("-t", "tmpfs", "-o", "size=12m", "hubbub", data)
    machine.run("dd", "if=/dev/zero", f"of={data}/ballast", "bs=1M", "count=6", "status=none")
    house = undying(within=machine.within)
    ada = Speaker(link, house)
    bob = pipe("--nick", "bob", "--room", "tea", "--timeout", "0", json_mode=True, to=house.router, within=machine.within)
    bob.sees({"ev": "joined", "room": "tea"})
    ada.says_until("unavailable")
    assert len(ada.said) > 10
    assert ada.me.ok("history", room="tea", limit=1)["head"] == ada.said[ada.cid]["seq"]
    eve = link(house.broker, router=house.broker.door, hears=False)
    assert eve.ok("hello", nick="eve", join=["tea"])["heads"]["tea"][1] == ada.said[ada.cid]["seq"]
    bob.write({"op": "say", "text": "when there is room", "id": 1})
    ada.finds_all()
    machine.run("rm", f"{data}/ballast")
    speaks_again(ada)
    bob.sees({"reply": "say", "id": 1, "ok": True})
    bob.sees({"ev": "message", "text": f"{ada.cid} {TEXT}"})
    numbers = [event["seq"] for event in bob.messages()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    house.kill()
    house.start()
    ada.meet(house)
    wanted = [(cid, reply["seq"]) for cid, reply in ada.said.items()]
    events = ada.me.ok("history", room="tea", since=1, limit=500)["events"]
    mine = [(event["cid"], event["seq"]) for event in events if event["from"] == "ada"]
    assert mine == wanted[:len(mine)] and mine


@pytest.mark.parametrize("durability", ["file", "power"])
def test_p97_on_a_disk_that_has_become_read_only_nothing_is_acknowledged(undying, disk, link, durability):
    house = undying("--durability", durability, env=disk.env)
    ada = Speaker(link, house)
    for _ in range(10):
        assert "ok" in ada.say()
    disk.fails("write")
    for _ in range(3):
        assert ada.say()["error"] == "unavailable"
    ada.finds_all()
    assert ada.me.ok("who", room="tea")["count"] == 1
    disk.mend()
    speaks_again(ada)
    ada.finds_all()
    house.kill()
    house.start()
    ada.meet(house)
    ada.finds_all()


@pytest.mark.parametrize("durability", ["file", "power"])
def test_after_a_failed_fsync_nothing_is_acknowledged_until_a_restart(undying, disk, link, durability):
    house = undying("--durability", durability, env=disk.env)
    ada = Speaker(link, house)
    for _ in range(10):
        assert "ok" in ada.say()
    disk.fails("fsync")
    ada.says_until("unavailable")  # with `file` it comes with the next checkpoint only
    if durability == "power":
        assert len(ada.said) == 10
    disk.mend()  # too late: nobody knows what the kernel has thrown away
    retried = 0
    begin = time.monotonic()
    while retried < 5 or time.monotonic() < begin + 1:
        assert ada.say()["error"] == "unavailable"
        retried += 1
    ada.finds_all()
    house.kill()
    house.start()
    ada.meet(house)
    ada.finds_all()
    assert "ok" in ada.say()
    ada.finds_all()


# What is there is never passed over.

@pytest.fixture
def refuses(run, data):
    """hubbubd ends with 1 and one line that names the directory and has these words; the database stays as it was."""
    def begin(*words, within=()):
        database = data / "hubbub.db"
        before = database.read_bytes() if database.exists() else None
        program = run("hubbubd", *LOOPBACK, "--data", data, "--durability", "file", ready=False, within=within)
        assert program.wait() == 1, program.log()
        said = program.log().strip().splitlines()[-1]
        assert said.startswith("hubbubd: ") and all(word in said for word in (str(data), *words)), program.log()
        assert program.process.stdout.read() == b""
        assert (database.read_bytes() if database.exists() else None) == before
    return begin


@pytest.fixture
def house(undying, link):
    """A broker with 200 messages; what ada said is in `speaker`."""
    made = undying()
    made.speaker = Speaker(link, made)
    for _ in range(200):
        assert "ok" in made.speaker.say()
    return made


@pytest.fixture
def left(house, data):
    """The database that a broker has left in good order."""
    house.stop()
    return data / "hubbub.db"


def write_at(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_truncated_database_is_refused(left, refuses, part):
    os.truncate(left, int(left.stat().st_size * part) // PAGE_BYTES * PAGE_BYTES)
    refuses("hubbub.db", "backup")


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_database_with_garbage_in_it_is_refused(house, data, run, how):
    house.stop()
    house.start()
    house.speaker.meet(house)
    assert "ok" in house.speaker.say()
    getattr(house, how)()
    database = data / "hubbub.db"
    for offset in range(5 * PAGE_BYTES, database.stat().st_size - PAGE_BYTES, 5 * PAGE_BYTES):
        write_at(database, offset, os.urandom(PAGE_BYTES))
    program = run("hubbubd", *LOOPBACK, "--data", data, "--durability", "file", ready=False)
    assert program.wait() == 1
    said = program.log().strip().splitlines()[-1]
    assert f"{database} is damaged" in said and "backup" in said, said


def test_what_is_no_database_is_refused(left, refuses):
    write_at(left, 0, b"Dear diary, today ")
    refuses("hubbub.db", "no database")


def test_an_empty_database_is_refused(left, refuses):
    os.truncate(left, 0)
    refuses("hubbub.db", "empty")


def test_a_read_only_directory_is_refused(left, refuses, machine, data):
    machine.mount("--bind", data, data)
    machine.mount("-o", "remount,bind,ro", data)
    refuses(within=machine.within)


def test_a_journal_without_its_database_is_refused(house, refuses, data):
    house.kill()
    (data / "hubbub.db").unlink()
    refuses("hubbub.db-wal", "put hubbub.db back")
