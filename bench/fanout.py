"""What a broadcast to many telnet users costs: CPU seconds of broker and bridge per million deliveries.

Usage: ./dev bench fanout      (environment: HUBBUB_BIN, the folder of the programs)

Starts a broker with the bridge in its process, and one with a bridge of its own, in turn, and lets
fanout_load say 100-byte lines with 64 in flight to 100, 1 000 and 5 000 users and with 1 in flight to
1 000. Three runs each; the table has medians. Wall time says little on a shared machine, CPU seconds more."""
import json, os, pathlib, signal, statistics, subprocess, sys

BIN = pathlib.Path(os.environ.get("HUBBUB_BIN", "build/release/bin"))
RUNS = 3
CASES = [(100, 64, 50000), (1000, 64, 10000), (5000, 64, 2000), (1000, 1, 500)]
OPEN = ["--durability", "memory", "--set", "rate_per_s=0", "--set", "connections_per_address=0"]


def start(arguments):
    process = subprocess.Popen([str(BIN / arguments[0]), *arguments[1:]], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    ready = process.stdout.readline().split()
    if not ready:
        sys.exit(f"{arguments[0]} did not start: {process.wait()}")
    return process, dict(word.split("=", 1) for word in ready[1:])


def servers(is_apart):
    """The processes that serve, and the telnet port."""
    broker = ["hubbubd", "--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*", *OPEN]
    if not is_apart:
        process, ready = start([*broker, "--tcp", "127.0.0.1:0"])
        return [process], ready["tcp"].rsplit(":", 1)[1]
    process, ready = start(broker)
    bridge, told = start(["hubbub-bridge", "--listen", "127.0.0.1:0", "--router", ready["router"],
                          "--set", "connections_per_address=0"])
    return [bridge, process], told["tcp"].rsplit(":", 1)[1]


def run(is_apart, users, in_flight, messages):
    processes, port = servers(is_apart)
    try:
        out = subprocess.run([str(BIN / "fanout_load"), "127.0.0.1", port, str(users), str(messages),
                              str(in_flight), *(str(process.pid) for process in processes)],
                             capture_output=True, text=True, timeout=300)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
    if out.returncode != 0:
        sys.exit(f"fanout_load: {out.stdout}{out.stderr}")
    return json.loads(out.stdout)


def main():
    print(f"{'bridge':>10} {'users':>6} {'in flight':>9} {'deliveries/s':>12} {'CPU s/million':>13} "
          f"{'p50 ms':>8} {'p99 ms':>8}")
    for users, in_flight, messages in CASES:
        results = {False: [], True: []}
        for _ in range(RUNS):
            for is_apart, list_of in results.items():
                list_of.append(run(is_apart, users, in_flight, messages))
        for is_apart, list_of in results.items():
            median = {key: statistics.median(result[key] for result in list_of) for key in list_of[0]}
            print(f"{'apart' if is_apart else 'inside':>10} {users:6} {in_flight:9} "
                  f"{median['deliveries_per_s']:12.0f} {median['cpu_s_per_million']:13.3f} "
                  f"{median['p50_ms']:8.2f} {median['p99_ms']:8.2f}", flush=True)


main()
