"""Broadcasts to many TCP users: what tcp-fanout, tcp-fanout-1, paced and growth have in common."""
import harness

COLUMNS = {"deliveries_per_s": ("deliveries/s", ".0f"), "cpu_s_per_million": ("CPU s/mill.", ".3f"),
           "p50_ms": ("p50 ms", ".3f"), "p99_ms": ("p99 ms", ".3f"), "max_ms": ("max ms", ".2f")}
PLOTS = (("deliveries_per_s", "deliveries/s"), ("cpu_s_per_million", "CPU s per million deliveries"))


def measure(dialect, processes, port, case):
    users, messages, in_flight, rate = case
    return harness.load("fanout_load", dialect, port, users, messages, in_flight, rate, *harness.pids(processes))


def floor(mode):
    def run(case):
        with harness.program("floor_tcp", mode) as (process, ready):
            return measure("lines", [process], harness.port_of(ready["tcp"]), case)
    return run


def ours(is_apart, durability="file"):
    def run(case):
        with harness.telnet(is_apart, durability) as (processes, port):
            return measure("lines", processes, port, case)
    return run


def redis(case):
    with harness.redis() as (processes, port):
        return measure("redis", processes, port, case)


def kinds(floors, durability="file"):
    found = {name: floor(mode) for name, mode in floors.items()}
    found |= {"inside": ours(False, durability), "apart": ours(True, durability)}
    return found | ({"redis": redis} if harness.has_redis() else {})


def benchmark(name, cases, floors, targets):
    return harness.Benchmark(name, cases, kinds(floors), COLUMNS, targets, label=lambda case: f"{case[0]} users",
                             axis=lambda case: case[0], plots=PLOTS)
