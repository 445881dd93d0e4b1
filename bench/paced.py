"""1 000 lines a second to 100 and 1 000 telnet users: how long each waits for a line.

Usage: ./dev bench paced

Beside one send() per line and user, which nobody can be faster than while the machine is idle. A line that is
said late counts from when it was due."""
import fanout
from harness import Target

CASES = [(100, 5000, 5000, 1000), (1000, 5000, 5000, 1000)]  # users, messages, in flight, rate
TARGETS = [Target(kind, key, "<=", limit, "floor", how) for kind in ("inside", "apart")
           for key, limit, how in (("p99_ms", 2.0, "difference"), ("p50_ms", 2.0, "difference"),
                                   ("cpu_s_per_million", 0.7, "ratio"))]

benchmark = fanout.benchmark("paced", CASES, {"floor": "each"}, TARGETS)
benchmark.plots = (("p99_ms", "p99 ms"), ("cpu_s_per_million", "CPU s per million deliveries"))
benchmark.run()
