"""What lasts beyond a broker: with a store nothing that was acknowledged is forgotten."""
import shutil
import time

import pytest
from hub import Broker, Link, SLOWNESS

SETTINGS = ["--durability", "file", "--heartbeat-ms", "2000", "--resume-ms", "20000"]


class House:
    """A data directory and the brokers that live in it, one after the other."""

    def __init__(self, path):
        self.path = path
        self.broker = None
        self.links = []

    def begin(self, *options):
        self.broker = Broker("--data", self.path, *SETTINGS, *options)
        return self.broker

    def link(self):
        self.links.append(Link(self.broker))
        return self.links[-1]

    def leave(self):
        for link in self.links:
            link.close()
        self.links = []

    def restart(self, *options):
        """kill -9, and another broker on the same directory."""
        self.leave()
        self.broker.kill()
        return self.begin(*options)

    def close(self):
        self.leave()
        if self.broker.process.poll() is None:
            self.broker.stop()


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "data")
    house.begin()
    yield house
    house.close()


def comes(house, nick, **fields):
    link = house.link()
    return link, link.ok("hello", nick=nick, **fields)


def texts(page):
    return [event["text"] for event in page["events"]]


def test_p92_what_was_acknowledged_is_there_after_a_kill(house):
    ada, _ = comes(house, "ada")
    said = [ada.ok("say", room="lobby", text=f"line {i}", cid=i) for i in range(1, 101)]
    told = ada.ok("tell", to="ada", text="psst", cid=101)
    house.restart()
    bob, welcome = comes(house, "bob")
    assert welcome["heads"]["lobby"][:2] == [said[-1]["epoch"], 100]
    page = bob.ok("history", room="lobby")
    assert texts(page) == [f"line {i}" for i in range(1, 101)]
    assert [(event["seq"], event["at"], event["epoch"]) for event in page["events"]] == \
        [(reply["seq"], reply["at"], reply["epoch"]) for reply in said]
    assert told["seq"] == 1


def test_p92_what_was_shown_is_there_after_a_kill(house):
    ada, _ = comes(house, "ada")
    ada.subscribe("lobby")
    ada.hears_presence_of("lobby")
    for i in range(50):
        ada.send("say", room="lobby", text=f"line {i}")
    heard = [ada.event("message", text=f"line {i}") for i in range(50)]
    house.restart()
    bob, _ = comes(house, "bob")
    assert [event["seq"] for event in bob.ok("history", room="lobby")["events"]] == [event["seq"] for event in heard]


def test_p93_a_session_is_taken_up_where_it_was(house):
    ada, first = comes(house, "Ada", join=["lobby", "tea"])
    ada.ok("status", status="tea time")
    ada.ok("nick", nick="Countess")
    ada.ok("join", room="den", private=True)
    ada.ok("part", room="lobby")
    ada.ok("tell", to="countess", text="note to self", cid=1)
    once = ada.ok("say", room="den", text="only here", cid=2)
    refused = ada.error("say", room="nowhere", text="x", cid=3)
    house.restart()
    ada = house.link()
    assert ada.error("ping", sid=0) == "no_session"
    second = ada.ok("resume", token=first["token"])
    for key in ("uid", "session", "resume_ms"):
        assert second[key] == first[key]
    assert second["nick"] == "Countess" and second["cid"] == 3
    assert sorted(second["heads"]) == ["@", "den", "tea"]
    again = ada.ok("say", room="den", text="only here", cid=2)
    assert again.pop("dup") and {**again, "re": once["re"]} == once
    assert ada.error("say", room="nowhere", text="x", cid=3) == refused
    assert texts(ada.ok("history", room="den")) == ["only here"]
    assert texts(ada.ok("history", room="@")) == ["note to self"]
    assert ada.ok("who", room="tea")["members"][0]["status"] == "tea time"


def test_p93_everybody_is_detached_and_gone_resume_ms_after_the_start(house):
    _, mine = comes(house, "ada")
    comes(house, "bob", resume_ms=1500)
    house.restart()
    ada = house.link()
    ada.subscribe("lobby")
    ada.ok("resume", token=mine["token"])
    begin = time.monotonic()
    states = {member["nick"]: member["state"] for member in ada.ok("who", room="lobby")["members"]}
    assert states == {"ada": "active", "bob": "detached"}
    assert house.link().error("hello", nick="BOB") == "nick_taken"
    ada.change("bob", "gone")
    assert time.monotonic() - begin < 1.5 + 5 * SLOWNESS
    assert house.link().hello("bob")["uid"] != mine["uid"]


def test_p94_the_epoch_goes_on_after_a_kill_and_a_new_one_begins_where_a_copy_was_put_back(house, tmp_path):
    ada, _ = comes(house, "ada")
    before = [ada.ok("say", room="lobby", text=f"line {i}") for i in range(5)]
    house.restart()
    bob, _ = comes(house, "bob")
    assert bob.ok("say", room="lobby", text="line 5")["epoch"] == before[0]["epoch"]
    house.leave()
    house.broker.stop()
    shutil.copytree(house.path, tmp_path / "copy")
    house.begin()
    carl, _ = comes(house, "carl")
    lost = carl.ok("say", room="lobby", text="never")
    assert (lost["epoch"], lost["seq"]) == (before[0]["epoch"], 7)
    house.leave()
    house.broker.kill()
    shutil.rmtree(house.path)
    shutil.copytree(tmp_path / "copy", house.path)
    house.begin()
    dora, welcome = comes(house, "dora")
    epoch, head, _ = welcome["heads"]["lobby"]
    assert epoch > lost["epoch"] and head == 6
    assert dora.ok("say", room="lobby", text="instead")["seq"] == 7
    page = dora.ok("replay", room="lobby", first=8, last=8, epoch=lost["epoch"])
    assert page["lost"] == [7, 7] and texts(page) == ["instead"]
    assert "lost" not in dora.ok("replay", room="lobby", first=3, last=9, epoch=lost["epoch"])


def test_p96_who_replays_for_ever_is_told_to_wait_and_nobody_else(house):
    house.restart("--set", "replay_per_s=100")
    ada, _ = comes(house, "ada")
    bob, _ = comes(house, "bob")
    for request in [ada.send("say", room="lobby", text="x") for _ in range(400)]:
        ada.reply(request)
    end = time.monotonic() + 10 * SLOWNESS
    while (reply := bob.reply(bob.send("replay", room="lobby", first=1, last=400))).get("ok"):
        assert time.monotonic() < end
    assert reply["error"] == "flood" and 0 < reply["retry_ms"] <= 4000
    assert len(ada.ok("replay", room="lobby", first=1, last=400)["events"]) == 400


def test_p98_history_is_bounded_and_what_is_gone_is_said(house):
    house.restart("--set", "history_events=200")
    ada, _ = comes(house, "ada")
    for request in [ada.send("say", room="lobby", text=f"line {i}") for i in range(1000)]:
        ada.reply(request)
    end = time.monotonic() + 15 * SLOWNESS
    while (page := ada.ok("history", room="lobby", limit=1))["oldest"] <= 1000 - 200 - 2 * 256:  # bounds hold but for two blocks
        assert time.monotonic() < end
    oldest = page["oldest"]
    page = ada.ok("replay", room="lobby", first=1, last=1000)
    assert page["lost"][0] == 1 and page["lost"][1] >= oldest - 1
    assert page["events"][0]["seq"] == page["lost"][1] + 1
    house.restart("--set", "history_events=200")
    bob, _ = comes(house, "bob")
    assert bob.ok("history", room="lobby", limit=1)["oldest"] >= oldest
