"""hub_crowd (tests/soak/crowd.c): many who talk and check what they hear; and a broker that dies and comes back."""
import json
import os
import random
import statistics
import subprocess
import time

from hub import PATIENCE_S, Broker, Late, Program, is_readable, until

TALKING_WITHIN_MS = 2000


class Crowd(Program):
    """Starts it, and returns once all are in the room."""

    def __init__(self, router, speakers, listeners, rate, dozers=0, heartbeat_ms=1000, seconds=600, **program):
        super().__init__("hub_crowd", router, "crowd", speakers, listeners, rate, dozers, heartbeat_ms, seconds,
                         stdin=subprocess.PIPE, ready=False, **program)
        self.data = b""
        self.events = []
        self.event("talking")

    def order(self, word):
        self.process.stdin.write(word.encode() + b"\n")
        self.process.stdin.flush()

    def take(self, seconds):
        if not is_readable(self.process.stdout, seconds):
            return
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            raise Late(f"hub_crowd has ended: {self.events}\n{self.log()}")
        *lines, self.data = (self.data + data).split(b"\n")
        self.events += [json.loads(line) for line in lines]

    def event(self, name, within_s=None):
        """The next of that name; it and all before it are forgotten."""
        def fact():
            return next((event for event in self.events if event["event"] == name), None)
        event = until(fact, self.take, f"{name} of the crowd; came: {self.events}", within_s)
        del self.events[:self.events.index(event) + 1]
        return event

    def talks_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.take(max(0, end - time.monotonic()))

    def verdict(self, within_s=80):
        """Everybody stops talking; what is wrong, "" where nothing is, and the figures."""
        self.order("stop")
        end = self.event("end", within_s=max(within_s, PATIENCE_S))
        status = self.process.wait(PATIENCE_S)
        self.process.stdin.close()
        self.process.stdout.close()
        wrong = {key: value for key, value in end.items()
                 if key in "missing twice holes differing disorder unknown failed strange".split() and value}
        assert (status == 0) == (not wrong), (status, end, self.log())
        return wrong and f"{wrong} {end['first_strange']}", end


class Undying:
    """A broker on the same ports and the same data directory, one after another."""

    def __init__(self, data, *options, **program):
        self.options, self.program = ["--data", data, "--durability", "file", *options], program
        self.broker = Broker(*self.options, **program)
        self.router, self.pub = self.broker.router, self.broker.pub

    def kill(self):
        """kill -9."""
        self.broker.kill()
        self.broker.forget()

    def stop(self):
        """SIGTERM, and an end in good order."""
        self.broker.stop()

    def start(self, *options):
        self.broker = Broker(*self.options, *options, **{**self.program, "router": self.router, "pub": self.pub})
        return self.broker


def strike(crowd, end, start, chance=random, within_s=(0.3, 2)):
    """Ends something at a random moment and starts it again; what became of it, once all are back."""
    crowd.talks_for(chance.uniform(*within_s))
    begin = time.monotonic()
    end()
    crowd.order("fault")
    start()
    down_ms = round((time.monotonic() - begin) * 1000)
    return {**crowd.event("back", within_s=60), "down_ms": down_ms}


def summed_up(strikes):
    """Of all strikes together: how many talked again within 2 s of the fault, and how long it took."""
    took = sorted(ms for strike in strikes for ms in strike["took_ms"])
    people = sum(strike["people"] for strike in strikes)
    return {"faults": len(strikes), "people": people, "not_back": people - len(took),
            "within_2_s": sum(ms <= TALKING_WITHIN_MS for ms in took) / people,
            "median_ms": statistics.median(took), "p95_ms": took[int(len(took) * 0.95)], "max_ms": took[-1],
            "down_ms": statistics.median(strike["down_ms"] for strike in strikes),
            "per_second": statistics.median(strike["per_second"] for strike in strikes)}
