"""How many messages a second are taken and acknowledged when nobody listens, by durability.

Usage: ./dev bench ingest

The floor is a ROUTER that sends the same frames back and decides nothing."""
import harness
from harness import Target

CASES = [(1, 512, 200000), (100, 64, 400000), (1000, 16, 400000)]  # dealers, in flight each, messages
COLUMNS = {"messages_per_s": ("messages/s", ".0f"), "cpu_us_per_message": ("CPU us each", ".2f"),
           "p50_ms": ("p50 ms", ".2f"), "p99_ms": ("p99 ms", ".2f"), "max_ms": ("max ms", ".2f")}


def measure(process, router, case):
    dealers, in_flight, messages = case
    return harness.load("ingest_load", router, dealers, messages, in_flight, process.pid)


def floor(case):
    with harness.program("floor_zmq", "echo") as (process, ready):
        return measure(process, ready["router"], case)


def ours(durability):
    def run(case):
        with harness.broker(durability=durability) as (process, ready):
            return measure(process, ready["router"][0], case)
    return run


TARGETS = [Target("memory", "messages_per_s", ">=", 0.4, "floor"), Target("file", "messages_per_s", ">=", 100000),
           Target("file", "cpu_us_per_message", "<=", 1.5, "memory", "difference",
                  text="CPU of the store per event, us"),
           Target("power", "messages_per_s", ">=", 20000)]

harness.Benchmark("ingest", CASES, {"floor": floor} | {kind: ours(kind) for kind in ("memory", "file", "power")},
                  COLUMNS, TARGETS, label=lambda case: f"{case[0]} DEALERs", axis=lambda case: case[0],
                  plots=(("messages_per_s", "messages/s"), ("cpu_us_per_message", "CPU us per message"))).run()
