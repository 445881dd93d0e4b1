"""What a `say` costs in the broker's core alone: 10 000 sessions in 100 rooms, no sockets.

Usage: ./dev bench core

Decoding the request and encoding event and answer are part of it; the heap is watched."""
import statistics, subprocess

import harness
from harness import Target

COLUMNS = {"ns_per_say": ("ns/say", ".0f"), "allocations_per_say": ("allocations", ".4f")}


def ours(_):
    """The program prints a row per run, after the warm-up."""
    out = subprocess.run([harness.BIN / "bench_core"], capture_output=True, text=True, check=True).stdout
    rows = [line.split()[-2:] for line in out.splitlines()[1:] if "warm-up" not in line]
    return {"users": 10000, "ns_per_say": statistics.median(float(row[0]) for row in rows),
            "allocations_per_say": max(float(row[1]) for row in rows)}


harness.Benchmark("core", [10000], {"core": ours}, COLUMNS,
                  [Target("core", "ns_per_say", "<=", 1000), Target("core", "allocations_per_say", "<=", 0.0)],
                  label=lambda users: f"{users} sessions", axis=lambda users: users,
                  plots=(("ns_per_say", "ns per say"),)).run()
