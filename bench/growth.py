"""Does speed hold with the number of telnet users? 64 lines in flight, from 10 to 10 000 users.

Usage: ./dev bench growth"""
import statistics

import fanout, harness

CASES = [(10, 64000, 64, 0), (100, 64000, 64, 0), (1000, 12800, 64, 0), (10000, 1280, 64, 0)]
LEAST = 0.6  # of the deliveries/s at 100, at 10 000

benchmark = fanout.benchmark("growth", CASES, {"floor": "batch"}, [])
benchmark.run()
for kind in benchmark.kinds:
    few, many = (benchmark.results[f"{users} users"] for users in (100, 10000))
    ratio = statistics.median(b[kind]["deliveries_per_s"] / a[kind]["deliveries_per_s"] for a, b in zip(few, many))
    state = "met" if ratio >= LEAST else "NOT MET"
    print(f"{kind}: at 10 000 users {ratio:.2f} of the deliveries/s at 100 (target >= {LEAST}) {state}")
