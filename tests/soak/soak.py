#!/usr/bin/python3
"""Faults at full length: real times, full counts. The same in short is in tests/e2e/test_faults_*.py.

Usage: ./dev soak [NAME...]      (environment: HUBBUB_BIN, the folder of the programs; HUBBUB_SEED)

Each part ends by itself, prints one line of figures, and fails where something that was acknowledged is missing,
came twice or in another order. docs/reliability.md has the figures of one run."""
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
os.environ.setdefault("HUBBUB_BIN", "build/release/bin")
os.environ.setdefault("HUBBUB_DURABILITY", "file")  # as people run it: memory holds 16 384 messages of a room, and a cut is long

from crowd import Crowd, Undying, strike, summed_up  # noqa: E402: the path comes first
from faults import Lossy, Namespace, WallClock  # noqa: E402
from hub import Broker, Line, Program, until  # noqa: E402
from pipe import Pipe  # noqa: E402

KILLS, STOPS, PEOPLE = 20, 10, 1000
SPEAKERS, LISTENERS, RATE = 20, 50, 5400
HEARTBEAT_MS, RESUME_MS = 10000, 30000  # the defaults
HOUR_S = 3600
AWAY = "127.0.0.2"
PATIENCE_S = 120

chance = random.Random()
stage = ExitStack()  # what a part has started, and must be gone when it is over, however it went


class Wrong(Exception):
    """What a part was to show is not so."""


def judge(is_so, what):
    if not is_so:
        raise Wrong(what)


def kept(thing, end):
    stage.callback(end)
    return thing


def started(program):
    """Killed at the end of the part, if it did not stop before."""
    return kept(program, lambda: program.process.poll() is None and program.kill())


def file_bytes(directory):
    return sum(path.stat().st_size for path in pathlib.Path(directory).rglob("*") if path.is_file())


# ---- the broker ends and comes back ----

def scratch():
    return pathlib.Path(stage.enter_context(tempfile.TemporaryDirectory(prefix="hub-soak")))


def undying_with_crowd(data, *options, dozers=0, **program):
    undying = Undying(data, *options, **program)
    stage.callback(lambda: undying.broker.process.poll() is None and undying.kill())
    return undying, started(Crowd(undying.router, SPEAKERS, LISTENERS, RATE, dozers=dozers,
                                  within=program.get("within", ())))


def told_by(crowd, strikes):
    """What the crowd has to say in the end, with the figures of what it went through."""
    wrong, end = crowd.verdict()
    judge(not wrong, wrong)
    return {**summed_up(strikes), **{key: end[key] for key in ("said", "told", "heard", "seconds")}}


def deaths(how, count, dozers, *options):
    """The broker is ended so often under load."""
    data = scratch()
    undying, crowd = undying_with_crowd(data, *options, dozers=dozers)
    strikes = [strike(crowd, getattr(undying, how), undying.start, chance) for _ in range(count)]
    figures = {**told_by(crowd, strikes), "file_mib": round(file_bytes(data) / 2**20)}
    undying.stop()
    judge(figures["within_2_s"] >= 0.95, f"talking again within 2 s: {figures}")
    judge(figures["per_second"] >= 5000, f"too little load: {figures}")
    return figures


def part_kills():
    """kill -9 of the broker at random moments, 20 senders with 64 unanswered each, 50 receivers."""
    return deaths("kill", KILLS, 0)


def part_kills_with_people_away():
    """The same while some do not take part for longer than three heartbeats: told privately, they find all of it."""
    return deaths("kill", KILLS // 2, 3, "--heartbeat-ms", 1000)


def part_kills_under_power():
    """The same with fsync before each answer."""
    return deaths("kill", KILLS // 4, 0, "--durability", "power")


def part_stops():
    """SIGTERM under load."""
    return deaths("stop", STOPS, 0)


# ---- the disk, the clock ----

def part_full_disk():
    """A file system without room, four times, under load: for 5 s nothing is acknowledged, and then all goes on."""
    data, machine = scratch(), Namespace()
    stage.callback(machine.close)
    machine.mount("-t", "tmpfs", "-o", "size=256m", "hubbub", data)
    undying, crowd = undying_with_crowd(data, within=machine.within)

    def is_full_for_5_s():
        before = undying.broker.counter("rolled_back")
        machine.run("sh", "-c", f"dd if=/dev/zero of={data}/ballast bs=64K status=none 2>&1 || :")
        until(lambda: undying.broker.counter("rolled_back") > before, crowd.take, "that the disk is full", PATIENCE_S)
        crowd.talks_for(5)
        machine.run("rm", f"{data}/ballast")
    strikes = [strike(crowd, is_full_for_5_s, lambda: None, chance, within_s=(3, 5)) for _ in range(4)]
    figures = {**told_by(crowd, strikes), "rolled_back": undying.broker.counter("rolled_back")}
    undying.stop()
    return figures


def part_clock():
    """The broker's wall clock jumps by an hour, forth and back, under load, longer than it takes to be thought idle."""
    clock, data = WallClock(scratch() / "clock"), scratch()
    undying, crowd = undying_with_crowd(data, "--idle-ms", 10000, env=clock.env)
    strikes = [strike(crowd, lambda off=off: clock.jump(off * HOUR_S), lambda: None, chance, within_s=(5, 8))
               for off in (1, 0, -1, 0, 1, -1)]
    figures = told_by(crowd, strikes)
    undying.stop()
    judge(figures["not_back"] == 0, f"who talks on: {figures}")
    return figures


# ---- a bridge is killed ----

def listen(broker):
    program = started(Program("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.router,
                              "--set", "connections_per_address=0"))
    host, port = program.ready["tcp"][0].rsplit(":", 1)
    return program, (host, int(port))


def part_bridge():
    """kill -9 of a bridge with 1 000 users, in rooms of 100 so that each one's leaving is told by name."""
    broker = started(Broker())
    first, door = listen(broker)
    other, other_door = listen(broker)
    rooms = [f"room{number}" for number in range(PEOPLE // 100)]
    watchers = [native(broker.router, f"watch-{room}", room=room) for room in rooms]
    stays = Line(other_door).rename("stays")
    people = []
    for number in range(PEOPLE):
        person = Line(door).rename(f"user{number}")
        person.say(f"/join {rooms[number % len(rooms)]}")
        people.append(person)
    for person in people:
        person.line("room")
    begin = time.monotonic()
    first.kill()
    gone = Counter()
    for room, watcher in zip(rooms, watchers):
        def left(watcher=watcher):
            return Counter(change["nick"] for event in watcher.messages("presence")
                           for change in event.get("changes", ()) if change["state"] == "gone")
        until(lambda left=left: sum(left().values()) >= 100, watcher.take, f"that {room} is empty", PATIENCE_S)
        gone += left()
    took_s = time.monotonic() - begin
    stays.say("still here")
    stays.line("[stays]still here")
    again, door = listen(broker)
    back = [Line(door).rename(f"user{number}") for number in range(PEOPLE)]
    judge(set(gone.values()) == {1} and len(gone) == PEOPLE, f"who left, and how often: {gone.most_common(3)}")
    for program in (other, again, broker):
        program.stop()
    return {"people": PEOPLE, "gone_once": len(gone), "gone_after_s": round(took_s, 1), "same_name_again": len(back)}


# ---- the network, stopped clients ----

def native(router, nick, room="lobby", within=()):
    person = Pipe(router, "--nick", nick, "--room", room, "--timeout", "0", json_mode=True, within=within)
    kept(person, person.close)
    person.sees({"ev": "joined", "room": room})
    return person


def spans(numbers):
    """What to read of a set of numbers: [[first, last], ...]."""
    found = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


class Talk:
    """Ada talks without end, 200 messages a second, while bob has a bad time; both are the program hubbub."""

    def __init__(self, router, away=None, within=()):
        self.ada = native(router, "ada", within=within)
        self.bob = native(away or router, "bob", within=within)
        self.said = 0

    def goes_on_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.ada.says([f"line {self.said + number} {'.' * 80}" for number in range(100)])
            self.said += 100
            pause = time.monotonic() + 0.5
            while time.monotonic() < pause:
                self.ada.take(0.1)

    def bob_catches_up(self):
        """How long it takes until bob has everything that was said before now."""
        begin = time.monotonic()
        last = f"line {self.said - 1} {'.' * 80}"
        until(lambda: self.bob.find({"ev": "message", "text": last}), self.bob.take, "what was said", PATIENCE_S)
        numbers = [int(event["text"].split()[1]) for event in self.bob.messages()]
        lost = self.bob.messages("lost")
        judge(numbers == list(range(self.said)) and not lost,
              f"bob heard {len(numbers)} of {self.said}; missing {spans(set(range(self.said)) - set(numbers))}, "
              f"more than once {spans({number for number, count in Counter(numbers).items() if count > 1})}, lost {lost}")
        return round(time.monotonic() - begin, 1)


def part_stopped():
    """SIGSTOP of a client for 20 s (no heartbeat missed too often), 45 s (detached), 60 and 80 s (gone, a new session)."""
    broker, figures = started(Broker()), {}
    talk = Talk(broker.router)
    for seconds in (20, 45, 60, 80):
        talk.bob.process.send_signal(signal.SIGSTOP)
        talk.goes_on_for(seconds)
        talk.bob.process.send_signal(signal.SIGCONT)
        figures[f"after_{seconds}_s_filled_in_s"] = talk.bob_catches_up()
    figures["sessions"] = len(talk.bob.messages("ready"))
    broker.stop()
    judge(max(figures.values()) < 2 * HEARTBEAT_MS / 1000, f"two heartbeats: {figures}")
    return {**figures, "said": talk.said}


def part_cut():
    """A cut network, for 5, 20, 45, 60 and 90 s."""
    namespace, figures = Namespace(), {}
    stage.callback(namespace.close)
    everywhere = {"router": "tcp://0.0.0.0:*", "pub": "tcp://0.0.0.0:*", "within": namespace.within}
    broker = started(Broker("--insecure", **everywhere))
    near, away = (broker.router.replace("0.0.0.0", address) for address in ("127.0.0.1", AWAY))
    talk = Talk(near, away, within=namespace.within)
    for seconds in (5, 20, 45, 60, 90):
        namespace.cut(AWAY)
        talk.goes_on_for(seconds)
        namespace.mend()
        figures[f"after_{seconds}_s_filled_in_s"] = talk.bob_catches_up()
    figures["sessions"] = len(talk.bob.messages("ready"))
    broker.stop()
    judge(max(figures.values()) < 2 * HEARTBEAT_MS / 1000, f"two heartbeats: {figures}")
    return {**figures, "said": talk.said}


def part_lossy():
    """A PUB that loses 30 % for a minute."""
    lossy = Lossy(0.3, seed=chance.random())
    stage.callback(lossy.close)
    broker = started(Broker("--advertise-pub", lossy.endpoint))
    lossy.hear(broker.pub)
    talk = Talk(broker.router)
    talk.goes_on_for(60)
    took_s = talk.bob_catches_up()
    broker.stop()
    judge(took_s < 2 * HEARTBEAT_MS / 1000, f"filled after {took_s} s")
    return {"said": talk.said, "dropped": lossy.dropped, "passed": lossy.passed, "filled_in_s": took_s}


PARTS = {name.removeprefix("part_"): part for name, part in list(globals().items()) if name.startswith("part_")}


def run(name):
    begin = time.monotonic()
    with stage:
        try:
            figures, word = PARTS[name](), "well"
        except (Wrong, AssertionError) as wrong:
            figures, word = wrong, "WRONG"
    print(f"soak: {name}: {word}, {time.monotonic() - begin:.0f} s: {figures}", flush=True)
    return word == "well"


def main(names):
    unknown = [name for name in names if name not in PARTS]
    if unknown or not shutil.which("nsenter"):
        sys.exit(f"soak: there are {' '.join(PARTS)}")
    seed = int(os.environ.get("HUBBUB_SEED") or random.SystemRandom().getrandbits(32))
    print(f"soak: HUBBUB_SEED={seed}", flush=True)
    chance.seed(seed)
    results = [run(name) for name in names or PARTS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
