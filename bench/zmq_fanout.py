"""A `say` to 10, 100, 500 and 1 000 native subscribers, 64 in flight.

Usage: ./dev bench zmq-fanout

The floor is a broker that decides nothing: ROUTER in, PUB out, and an answer to each message."""
import harness
from harness import Target

CASES = [(10, 200000), (100, 40000), (500, 8000), (1000, 4000)]  # subscribers, messages
IN_FLIGHT = 64
COLUMNS = {"deliveries_per_s": ("deliveries/s", ".0f"), "cpu_s_per_million": ("CPU s/mill.", ".3f"),
           "us_per_message": ("us/message", ".2f"), "p50_ms": ("p50 ms", ".3f"), "p99_ms": ("p99 ms", ".3f"),
           "max_ms": ("max ms", ".2f")}


def measure(process, router, pub, case):
    return harness.load("zmq_load", router, pub, *case, IN_FLIGHT, process.pid)


def floor(case):
    with harness.program("floor_zmq", "publish") as (process, ready):
        return measure(process, ready["router"], ready["pub"], case)


def ours(durability):
    def run(case):
        with harness.broker(durability=durability) as (process, ready):
            return measure(process, ready["router"][0], ready["pub"][0], case)
    return run


def many(case):
    return case[0] >= 100


TARGETS = [Target(kind, *rest) for kind in ("file", "memory")
           for rest in (("deliveries_per_s", ">=", 0.9, "floor", "ratio", many),
                        ("cpu_s_per_million", "<=", 1.15, "floor", "ratio", many),
                        ("us_per_message", "<=", 2.5, "floor", "difference", lambda case: case[0] == 10))]

harness.Benchmark("zmq-fanout", CASES, {"floor": floor, "memory": ours("memory"), "file": ours("file")}, COLUMNS,
                  TARGETS, label=lambda case: f"{case[0]} SUBs", axis=lambda case: case[0],
                  plots=(("deliveries_per_s", "deliveries/s"),
                         ("cpu_s_per_million", "CPU s per million deliveries"))).run()
