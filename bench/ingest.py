"""How many messages a second are taken and acknowledged when nobody listens, by durability.

Usage: ./dev bench ingest      (environment: HUBBUB_BIN, the folder of the programs; RUNS)

Beside the floor in the same run: a ROUTER that sends the same frames back and decides nothing. Each case
runs in turn, RUNS times (5); the table has medians and the ratio to the floor, and a JSON line per run
goes to build/bench/ingest.jsonl. The load generator takes its share of the same cores."""
import json, os, pathlib, shutil, signal, statistics, subprocess, sys, tempfile

BIN = pathlib.Path(os.environ.get("HUBBUB_BIN", "build/release/bin"))
RUNS = int(os.environ.get("RUNS", "5"))
CASES = [(1, 512, 200000), (100, 64, 400000), (1000, 16, 400000)]  # dealers, in flight each, messages
KINDS = ["echo", "memory", "file", "power"]


def command(kind, data):
    if kind == "echo":
        return [BIN / "echo"]
    return [BIN / "hubbubd", "--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*",
            "--durability", kind, *(["--data", data] if kind != "memory" else []), "--log-level", "error",
            "--set", "rate_per_s=0"]


def run(kind, dealers, in_flight, messages):
    data = tempfile.mkdtemp(prefix="ingest.", dir="build")
    server = subprocess.Popen([str(word) for word in command(kind, data)], stdout=subprocess.PIPE, text=True)
    try:
        ready = dict(word.split("=", 1) for word in server.stdout.readline().split()[1:])
        out = subprocess.run([str(BIN / "ingest_load"), ready["router"], str(dealers), str(messages),
                              str(in_flight), str(server.pid)], capture_output=True, text=True, timeout=300)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        shutil.rmtree(data)
    if out.returncode != 0:
        sys.exit(f"ingest_load: {kind}: {out.stdout}{out.stderr}")
    return json.loads(out.stdout)


def main():
    log = pathlib.Path("build/bench/ingest.jsonl")
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"{'dealers':>7} {'kind':>7} {'messages/s':>10} {'of floor':>8} {'CPU us each':>11} "
          f"{'p50 ms':>8} {'p99 ms':>8} {'max ms':>8}")
    with log.open("w") as lines:
        for case in CASES:
            results = {kind: [] for kind in KINDS}
            for _ in range(RUNS):
                for kind in KINDS:
                    result = run(kind, *case)
                    results[kind].append(result)
                    lines.write(json.dumps({"kind": kind, **result}) + "\n")
            floor = statistics.median(result["messages_per_s"] for result in results["echo"])
            for kind in KINDS:
                median = {key: statistics.median(result[key] for result in results[kind])
                          for key in results[kind][0]}
                print(f"{case[0]:7} {kind:>7} {median['messages_per_s']:10.0f} "
                      f"{median['messages_per_s'] / floor:8.2f} {median['cpu_us_per_message']:11.2f} "
                      f"{median['p50_ms']:8.2f} {median['p99_ms']:8.2f} {median['max_ms']:8.2f}", flush=True)


main()
