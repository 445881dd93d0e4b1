"""5 000, 10 000 and 20 000 telnet users arrive within 4 s in one room, then all leave.

Usage: ./dev bench storm

CPU of the broker and two bridges for coming and going, and how soon `who` has the right number after the last
has come, and gone."""
import statistics

import crowd, harness

CASES = [5000, 10000, 20000]
BRIDGES = 2
WITHIN_S = 4
LINEAR = 2.2  # times the CPU of 10 000, at 20 000
COLUMNS = {"cpu_s": ("CPU s", ".2f"), "cpu_us_per_user": ("CPU us/user", ".0f"), "arrived_s": ("arrived s", ".2f"),
           "right_after_s": ("right s", ".3f"), "gone_after_s": ("gone s", ".3f")}


def measure(users):
    with crowd.bridges(BRIDGES) as (broker, ready, bridges, ports):
        asker = crowd.Asker(ready["router"][1])
        before = crowd.cpu_s([broker, *bridges])
        with crowd.crowd(ports, users, users // WITHIN_S) as (generators, arrived_s):
            right_s = asker.seconds_until(users)
            for generator in generators:
                generator.order("leave")
            for generator in generators:
                generator.answer()
            gone_s = asker.seconds_until(0)
        cpu_s = crowd.cpu_s([broker, *bridges]) - before
        asker.close()
    return {"users": users, "cpu_s": cpu_s, "cpu_us_per_user": 1e6 * cpu_s / users, "arrived_s": arrived_s,
            "right_after_s": right_s, "gone_after_s": gone_s}


benchmark = harness.Benchmark("storm", CASES, {"apart": measure}, COLUMNS, [], label=lambda users: f"{users} users",
                              axis=lambda users: users,
                              plots=(("cpu_s", "CPU s, coming and going"), ("cpu_us_per_user", "CPU us per user")))
benchmark.run()
ratio = statistics.median(b["apart"]["cpu_s"] / a["apart"]["cpu_s"] for a, b in
                          zip(benchmark.results["10000 users"], benchmark.results["20000 users"]))
print(f"20 000 users take {ratio:.2f} times the CPU of 10 000 (target <= {LINEAR}) "
      f"{'met' if ratio <= LINEAR else 'NOT MET'}")
