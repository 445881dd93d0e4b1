"""The broker is killed, stopped, restored, started twice: nothing acknowledged is lost, and nothing is done twice.

The same with 5 000 messages a second and 20 kills is `./dev soak kills`."""
import random
import shutil

import pytest

from crowd import Crowd, Undying, strike, summed_up
from faults import Namespace
from hub import SLOWNESS, Link, Program, until

SPEAKERS, LISTENERS, RATE = 8, 12, int(1000 / SLOWNESS)
TIMES = ("--heartbeat-ms", int(300 * SLOWNESS), "--resume-ms", int(20000 * SLOWNESS))
PATIENT = ("--heartbeat-ms", 5000)  # for links that send no heartbeats
WINDOW = 64
LOOPBACK = ("--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*")


@pytest.fixture
def undying(tmp_path):
    """Starts a broker that comes back on its ports and its data directory."""
    made = []

    def begin(*options, data=tmp_path / "data", **more):
        made.append(Undying(data, *TIMES, *options, **more))
        return made[-1]
    yield begin
    for one in made:
        if one.broker.process.poll() is None:
            one.stop()


@pytest.fixture
def crowd():
    made = []

    def begin(router, **more):
        made.append(Crowd(router, SPEAKERS, LISTENERS, RATE, heartbeat_ms=TIMES[1], **more))
        return made[-1]
    yield begin
    for one in made:
        if one.process.poll() is None:
            one.kill()


def dies_under_load(broker, people, how, times):
    chance = random.Random(1)
    strikes = [strike(people, getattr(broker, how), broker.start, chance, within_s=(0.2, 0.8)) for _ in range(times)]
    wrong, end = people.verdict()
    assert not wrong, (wrong, end, strikes)
    assert end["said"] > 0 and end["heard"] >= end["said"] * (SPEAKERS + LISTENERS)
    figures = summed_up(strikes)
    assert figures["within_2_s"] >= 0.95 or SLOWNESS > 1, figures
    return end


def test_five_kills_under_load_lose_nothing_and_everybody_talks_again_within_2_s(undying, crowd):
    broker = undying()
    dies_under_load(broker, crowd(broker.router), "kill", 5)


def test_what_people_were_told_while_they_were_away_and_the_broker_was_killed_is_in_their_inboxes(undying, crowd):
    broker = undying()
    end = dies_under_load(broker, crowd(broker.router, dozers=6), "kill", 3)
    assert end["told"] > 0


def test_nobody_sees_an_error_when_the_broker_is_restarted_under_load(undying, crowd):
    broker = undying()
    end = dies_under_load(broker, crowd(broker.router), "stop", 3)
    assert end["failed"] == 0


def again(broker, token):
    """A new link that has resumed the session."""
    made = Link(broker)
    return made, made.ok("resume", token=token)


def test_p66_what_was_unanswered_at_a_kill_is_done_once_when_it_is_repeated(undying, link):
    house = undying(*PATIENT)
    ada, bob = link(house.broker), link(house.broker)
    mine, his = ada.hello("ada", join=["tea"]), bob.hello("bob")
    bob.close()  # away from now on
    says = [{"op": "say", "room": "tea", "text": f"line {cid}", "cid": cid} for cid in range(1, WINDOW + 1)]
    tells = [{"op": "tell", "to": "bob", "text": f"psst {cid}", "cid": cid} for cid in range(WINDOW + 1, 2 * WINDOW + 1)]
    first, *_ = [ada.send(**request) for request in says + tells]
    assert ada.reply(first).get("ok")
    house.kill()
    broker = house.start()
    ada, welcome = again(broker, mine["token"])
    assert welcome["cid"] >= 1
    numbers = [ada.reply(ada.send(**request)) for request in says + tells]
    assert all(reply.get("ok") for reply in numbers), numbers
    assert all(reply.get("dup", False) == (cid <= welcome["cid"]) for cid, reply in enumerate(numbers, 1))
    assert [reply["seq"] for reply in numbers[:WINDOW]] == list(range(1, WINDOW + 1))
    assert [event["text"] for event in ada.ok("history", room="tea")["events"]] == [said["text"] for said in says]
    bob, _ = again(broker, his["token"])
    inbox = bob.ok("replay", room="@", first=1, last=1000)["events"]
    assert [event["text"] for event in inbox] == [told["text"] for told in tells]
    assert len({event["mid"] for event in inbox}) == WINDOW
    ada.close()
    bob.close()


def test_p21_what_a_dealer_had_queued_for_the_broker_that_restarts_is_done_once_after_its_resume(undying, link):
    house = undying(*PATIENT)
    ada = link(house.broker)
    token = ada.hello("ada", join=["tea"])["token"]
    ada.ok("say", room="tea", text="before", cid=1)
    house.kill()
    queued = [ada.send("say", room="tea", text=f"queued {cid}", cid=cid) for cid in (2, 3)]
    house.start()
    assert [ada.reply(request)["error"] for request in queued] == ["no_session", "no_session"]
    assert ada.ok("resume", token=token)["cid"] == 1
    for cid in (2, 3):
        assert "dup" not in ada.ok("say", room="tea", text=f"queued {cid}", cid=cid)
    texts = [event["text"] for event in ada.ok("history", room="tea")["events"]]
    assert texts == ["before", "queued 2", "queued 3"]


def test_p94_a_client_that_has_more_than_an_older_copy_is_told_so_and_goes_on(undying, pipe, tmp_path):
    house = undying("--resume-ms", int(1000 * SLOWNESS))  # so long the copy has her session, under a token that is no more
    ada = pipe("--nick", "ada", "--timeout", "0", json_mode=True, to=house.router)
    ada.says(["one", "two"])
    house.stop()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    house.start()
    ada.says(["three", "four"])
    until(lambda: len(ada.messages()) == 4, ada.take, "four messages")
    house.kill()
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(tmp_path / "copy", tmp_path / "data")
    house.start()
    undone = ada.sees({"ev": "undone", "room": "lobby"})
    assert (undone["first"], undone["last"]) == (3, 4)
    assert ada.messages("ready")[-1]["nick"] == "ada" and not ada.messages("refused")
    ada.says(["three again"])
    event = ada.sees({"ev": "message", "text": "three again"})
    assert event["seq"] == 3 and event["epoch"] > ada.messages()[0]["epoch"]
    assert [event["text"] for event in ada.messages()] == ["one", "two", "three", "four", "three again"]


@pytest.mark.parametrize("durability, is_new_epoch", [("file", True), ("power", False)])
def test_p94_a_start_on_another_boot_begins_a_new_epoch_unless_nothing_can_have_been_lost(
        undying, pipe, tmp_path, durability, is_new_epoch):
    machine = Namespace()
    machine.boot("11111111-1111-4111-8111-111111111111", tmp_path)
    house = undying("--durability", durability, within=machine.within)
    ada = pipe("--nick", "ada", "--timeout", "0", json_mode=True, to=house.router, within=machine.within)
    ada.says(["one", "two"])
    house.kill()
    machine.boot("22222222-2222-4222-8222-222222222222", tmp_path)
    house.start()
    ada.says(["three"])
    third = ada.sees({"ev": "message", "text": "three"})
    assert (third["epoch"] > ada.messages()[0]["epoch"]) == is_new_epoch and third["seq"] == 3
    assert not ada.messages("lost") and not ada.messages("undone")
    house.stop()
    machine.close()


def test_two_brokers_on_one_data_directory_the_second_refuses(undying, tmp_path, link):
    first = undying().broker
    second = Program("hubbubd", *LOOPBACK, "--data", tmp_path / "data", "--durability", "file", ready=False)
    assert second.wait() == 1
    said = second.log().strip().splitlines()[-1]
    assert str(tmp_path / "data") in said and "another" in said, second.log()
    second.process.stdout.close()
    assert link(first).hello("ada")["nick"] == "ada"
