"""How many CURVE handshakes a second the broker takes with 10 000 enrolled keys, beside a bare CURVE ROUTER.

Usage: ./dev bench handshakes      (environment: HUBBUB_BIN, the folder of the programs)

One process connects fresh DEALERs with keys drawn from all that are enrolled, 64 at a time, and waits for the answer to
a ping under each, so a handshake counts once a request has come through. The floor is a ROUTER under CURVE in
a process of its own that asks nobody (libzmq without ZAP) and sends every frame back. Five runs of each in turn;
medians. Our own end does half of the cryptography, so on few cores it is a part of what is measured in both."""
import os, pathlib, random, signal, statistics, subprocess, sys, tempfile, time

import msgpack, zmq

BIN = pathlib.Path(os.environ.get("HUBBUB_BIN", "build/release/bin"))
ENROLLED, HANDSHAKES, IN_FLIGHT, RUNS = 10000, 2000, 64, 5
PING = msgpack.packb({"op": "ping", "id": 1})
FLOOR = """
import sys, zmq
router = zmq.Context().socket(zmq.ROUTER)
router.setsockopt(zmq.BACKLOG, 4096)
router.curve_secretkey, router.curve_server = sys.argv[1].encode(), True
router.bind("tcp://127.0.0.1:*")
print(router.last_endpoint.decode(), flush=True)
while True:
    router.send_multipart(router.recv_multipart())
"""


def enrol(data, count):
    """Writes the files that hubbubctl would write, and returns the pairs."""
    keys = pathlib.Path(data, "keys")
    keys.mkdir(mode=0o700)
    pairs = [zmq.curve_keypair() for _ in range(count)]
    for number, (public, _) in enumerate(pairs):
        path = keys / f"n{number}"
        path.write_text(f'metadata\n    name = "n{number}"\ncurve\n    public-key = "{public.decode()}"\n')
        path.chmod(0o600)
    return pairs


def measure(endpoint, server, pairs):
    """Handshakes per second."""
    context, poller = zmq.Context(), zmq.Poller()
    context.max_sockets = HANDSHAKES + IN_FLIGHT
    chosen = random.sample(pairs, HANDSHAKES)
    begun, done, open_sockets = 0, 0, []
    start = time.monotonic()
    while done < HANDSHAKES:
        while begun < HANDSHAKES and begun - done < IN_FLIGHT:
            dealer = context.socket(zmq.DEALER)
            dealer.linger = 0
            dealer.curve_publickey, dealer.curve_secretkey = chosen[begun]
            dealer.curve_serverkey = server
            dealer.connect(endpoint)
            dealer.send(PING)
            poller.register(dealer, zmq.POLLIN)
            begun += 1
        ready = poller.poll(20000)
        if not ready:
            sys.exit(f"{endpoint}: {done} handshakes, then none")
        for dealer, _ in ready:
            dealer.recv()
            poller.unregister(dealer)
            dealer.close()
            done += 1
    rate = HANDSHAKES / (time.monotonic() - start)
    context.term()
    return rate


def cpu_s(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    with tempfile.TemporaryDirectory(prefix="hub") as data:
        server = subprocess.run([BIN / "hubbubctl", "--data", data, "server-key"], check=True, capture_output=True).stdout.strip()
        pairs = enrol(data, ENROLLED)
        begun = time.monotonic()
        broker = subprocess.Popen([BIN / "hubbubd", "--data", data, "--durability", "memory", "--curve", "--router",
                                   "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        ours = dict(word.split("=", 1) for word in broker.stdout.readline().split()[1:])["router"]
        print(f"{ENROLLED} keys read and ready after {time.monotonic() - begun:.2f} s")
        floor_server, floor_secret = zmq.curve_keypair()
        bare = subprocess.Popen([sys.executable, "-c", FLOOR, floor_secret.decode()], stdout=subprocess.PIPE, text=True)
        floor = bare.stdout.readline().strip()
        rates, cpu = {"broker": [], "bare ROUTER": []}, {}
        try:
            for _ in range(RUNS):
                rates["broker"].append(measure(ours, server, pairs))
                rates["bare ROUTER"].append(measure(floor, floor_server, pairs))
            cpu = {"broker": cpu_s(broker), "bare ROUTER": cpu_s(bare)}
        finally:
            for process in (broker, bare):
                process.send_signal(signal.SIGTERM)
                process.wait(10)
    for name, list_of in rates.items():
        print(f"{name:>12}: {statistics.median(list_of):6.0f} handshakes/s ({min(list_of):.0f} to {max(list_of):.0f}), "
              f"{1e6 * cpu[name] / (RUNS * HANDSHAKES):4.0f} us CPU each")
    ratio = statistics.median(rates["broker"]) / statistics.median(rates["bare ROUTER"])
    print(f"{'ratio':>12}: {ratio:6.2f}")


main()
