"""One telnet user speaks to 100, 1 000 and 10 000, one line in flight: a quiet room.

Usage: ./dev bench tcp-fanout-1

The floor is the bridge alone broadcasting by itself: epoll, one log, a cursor per user, the same rule of when
to write. There is nothing to gather, so every delivery is a system call for all of them."""
import fanout
from harness import Target

CASES = [(100, 6000, 1, 0), (1000, 1000, 1, 0), (10000, 120, 1, 0)]  # users, messages, in flight, rate
TARGETS = [Target(kind, key, "<=", limit, beside)
           for kind in ("inside", "apart") for key in ("cpu_s_per_million", "p50_ms", "p99_ms")
           for beside, limit in (("floor", 1.25), ("redis", 1.0))]

fanout.benchmark("tcp-fanout-1", CASES, {"floor": "bridge"}, TARGETS).run()
