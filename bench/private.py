"""A private message from one telnet user to another and the answer to it.

Usage: ./dev bench private

Everything on one CPU: spread over several, the scheduler's choice says more than the programs. The floor is
two round trips of a raw TCP echo."""
import os

import harness
from harness import Target

ROUNDS = 10000
CPU = max(os.sched_getaffinity(0))
COLUMNS = {"p50_ms": ("p50 ms", ".4f"), "p99_ms": ("p99 ms", ".3f"), "max_ms": ("max ms", ".2f"),
           "cpu_us_per_round": ("CPU us/round", ".1f")}


def measure(dialect, processes, port, rounds):
    return harness.load("private_load", dialect, port, rounds, *harness.pids(processes), pin=CPU)


def floor(rounds):
    with harness.program("floor_tcp", "echo", pin=CPU) as (process, ready):
        return measure("echo", [process], harness.port_of(ready["tcp"]), rounds)


def ours(is_apart, durability):
    def run(rounds):
        with harness.telnet(is_apart, durability, pin=CPU) as (processes, port):
            return measure("telnet", processes, port, rounds)
    return run


def redis(rounds):
    with harness.redis(pin=CPU) as (processes, port):
        return measure("redis", processes, port, rounds)


KINDS = {"floor": floor, "inside": ours(False, "memory"), "apart": ours(True, "memory"),
         "inside+file": ours(False, "file"), "apart+file": ours(True, "file")}
if harness.has_redis():
    KINDS["redis"] = redis

harness.Benchmark("private", [ROUNDS], KINDS, COLUMNS,
                  [Target("inside", "p50_ms", "<=", 2.0, "floor"), Target("apart", "p50_ms", "<=", 5.5, "floor")],
                  label=lambda rounds: "2 users", axis=lambda rounds: 2, plots=(("p50_ms", "p50 ms"),)).run()
