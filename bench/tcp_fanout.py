"""One telnet user speaks to 100, 1 000 and 10 000, 64 lines of 100 bytes in flight.

Usage: ./dev bench tcp-fanout

Beside a floor that does nothing but write 64 lines per system call, and Redis' publish and subscribe."""
import fanout
from harness import Target

CASES = [(100, 64000, 64, 0), (1000, 12800, 64, 0), (10000, 1280, 64, 0)]  # users, messages, in flight, rate
TARGETS = [Target("inside", "deliveries_per_s", ">=", 1.2, "redis"),
           Target("apart", "deliveries_per_s", ">=", 1.2, "redis"),
           Target("inside", "cpu_s_per_million", "<=", 0.45, "redis"),
           Target("apart", "cpu_s_per_million", "<=", 0.50, "redis"),
           Target("inside", "cpu_s_per_million", "<=", 1.8, "floor"),
           Target("apart", "cpu_s_per_million", "<=", 1.8, "floor")]

fanout.benchmark("tcp-fanout", CASES, {"floor": "batch"}, TARGETS).run()
