"""1 000, 10 000 and 100 000 telnet users who say nothing: memory, the rate of connecting, one broadcast.

Usage: ./dev bench idle      (environment: USERS, the most; RUNS)

Up to six bridges of 17 000 users, each with a load generator of its own: a process has 20 000 descriptors.
Memory is what the processes have written to (Private_Dirty) with the users less without them, by user: code
and the kernel's buffers, 3.6 KB per connection, are not in it."""
import os, time

import crowd, harness
from harness import Target

MOST = int(os.environ.get("USERS", "100000"))
CASES = [users for users in (1000, 10000, 100000) if users <= MOST]
PER_BRIDGE = 17000
SETTLE_S = 2.5  # after the last has come: servers tidy up when it is calm
COLUMNS = {"bytes_per_user": ("bytes/user", ".0f"), "bridge_bytes": ("in bridge", ".0f"),
           "broker_bytes": ("in broker", ".0f"), "broker_heap_bytes": ("broker heap", ".0f"),
           "connected_per_s": ("connect/s", ".0f"), "broadcast_ms": ("to all ms", ".0f"), "lost": ("lost", ".0f")}


def memory(broker, bridges):
    return crowd.private_bytes(broker), sum(map(crowd.private_bytes, bridges))


def broadcast(generators):
    """One user says a line: the seconds until the last heard it, how many did not, how many heard it twice."""
    for generator in generators[1:]:
        generator.order("listen")
    generators[0].order("say")
    answers = [generator.answer() for generator in generators]
    return max(answer["seconds"] for answer in answers), answers


def measure(users):
    with crowd.bridges(-(-users // PER_BRIDGE)) as (broker, ready, bridges, ports):
        asker = crowd.Asker(ready["router"][1])
        before, heap = memory(broker, bridges), asker.heap_in_use()
        with crowd.crowd(ports, users) as (generators, seconds):
            asker.seconds_until(users)
            time.sleep(SETTLE_S)
            after, heap = memory(broker, bridges), asker.heap_in_use() - heap
            spread_s, answers = broadcast(generators)
        asker.close()
    in_broker, in_bridge = ((b - a) / users for a, b in zip(before, after))
    return {"users": users, "bytes_per_user": in_broker + in_bridge, "bridge_bytes": in_bridge,
            "broker_bytes": in_broker, "broker_heap_bytes": heap / users, "connected_per_s": users / seconds,
            "broadcast_ms": 1e3 * spread_s, "lost": users - sum(answer["heard"] for answer in answers),
            "twice": sum(answer["twice"] for answer in answers)}


harness.Benchmark("idle", CASES, {"apart": measure}, COLUMNS,
                  [Target("apart", "bytes_per_user", "<=", 1024), Target("apart", "bridge_bytes", "<=", 400),
                   Target("apart", "connected_per_s", ">=", 5000), Target("apart", "lost", "<=", 0)],
                  label=lambda users: f"{users} users", axis=lambda users: users,
                  plots=(("bytes_per_user", "bytes per user"), ("connected_per_s", "users connected/s"))).run()
