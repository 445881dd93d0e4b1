"""What a telnet user over TLS costs beside one in clear, and how soon somebody is let in among those who say nothing.

Usage: ./dev bench tls      (environment: HUBBUB_BIN, the folder of the programs)

The broker with the bridge inside (memory), both ports, one user after the other from this process: 1 000 arrive, 200 of them hear 6 400 lines of
90 bytes, 64 in flight, and every one is counted; CPU is the broker's alone. Then 200 people come and go among 9 500 connections
to the TLS port that say nothing. Three runs of each in turn; medians. The certificate is ECDSA P-256."""
import contextlib, os, pathlib, resource, signal, socket, ssl, statistics, subprocess, tempfile, time

import msgpack, zmq

BIN = pathlib.Path(os.environ.get("HUBBUB_BIN", "build/release/bin"))
USERS, HEARERS, LINES, IN_FLIGHT, SILENT, LOGINS, RUNS = 1000, 200, 6400, 64, 9500, 200, 3
KINDS = {"clear": None, "TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
COLUMNS = {"bytes/user": ".0f", "us/arrival": ".0f", "CPU s/million lines": ".3f", "login p50 ms": ".2f", "login p99 ms": ".2f"}


@contextlib.contextmanager
def broker(directory):
    cert, key = directory / "cert.pem", directory / "key.pem"
    if not cert.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                        "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    process = subprocess.Popen([BIN / "hubbubd", "--durability", "memory", "--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*",
                                "--tcp", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--set",
                                "connections_per_address=0", "--set", "rate_per_s=0", "--set", "enter_ms=600000"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process, dict(word.split("=", 1) for word in process.stdout.readline().split()[1:])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def cpu_s(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(process):
    return int(pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def connect(address):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), 20)


def arrive(ready, version):
    """A person who has been greeted."""
    sock = connect(ready["tls" if version else "tcp"])
    if version:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.minimum_version = context.maximum_version = version
        sock = context.wrap_socket(sock)
    assert b"Welcome" in sock.recv(4096)
    return sock


def lines_of(sock):
    count = 0
    with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
        while data := sock.recv(1 << 16):
            count += data.count(b"[speaker]")
    return count


def fan_out(ready, hearers):
    """Everybody hears every line."""
    dealer = zmq.Context.instance().socket(zmq.DEALER)
    dealer.linger = 0
    dealer.connect(ready["router"])
    dealer.send(msgpack.packb({"op": "hello", "id": 1, "nick": "speaker"}))
    assert msgpack.unpackb(dealer.recv())["ok"]
    heard = [0] * len(hearers)
    for sent in range(IN_FLIGHT, LINES + 1, IN_FLIGHT):
        for number in range(IN_FLIGHT):
            dealer.send(msgpack.packb({"op": "say", "id": 2 + number, "room": "lobby", "text": "x" * 90}))
        while min(heard) < sent:
            for index, sock in enumerate(hearers):
                heard[index] += lines_of(sock)
    assert heard == [LINES] * len(hearers)
    dealer.close()


def logins(ready, version):
    silent = [connect(ready["tls"]) for _ in range(SILENT)]
    times = []
    for _ in range(LOGINS):
        began = time.perf_counter()
        arrive(ready, version).close()
        times.append(1000 * (time.perf_counter() - began))
    for sock in silent:
        sock.close()
    times.sort()
    return {"login p50 ms": times[LOGINS // 2], "login p99 ms": times[LOGINS * 99 // 100]}


def measure(directory, version):
    with broker(directory) as (process, ready):
        for sock in [arrive(ready, version) for _ in range(50)]:  # what is made once is made now
            sock.close()
        memory, cpu = resident(process), cpu_s(process)
        people = [arrive(ready, version) for _ in range(USERS)]
        time.sleep(1)
        figures = {"bytes/user": (resident(process) - memory) / USERS, "us/arrival": 1e6 * (cpu_s(process) - cpu) / USERS}
        for sock in people[HEARERS:]:
            sock.close()
        for sock in people[:HEARERS]:
            sock.setblocking(False)
        time.sleep(1)
        cpu = cpu_s(process)
        fan_out(ready, people[:HEARERS])
        figures["CPU s/million lines"] = 1e6 * (cpu_s(process) - cpu) / (HEARERS * LINES)
        for sock in people[:HEARERS]:
            sock.close()
        return {**figures, **logins(ready, version)}


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    runs = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory(prefix="hub") as directory:
        for _ in range(RUNS):
            for kind, version in KINDS.items():
                runs[kind].append(measure(pathlib.Path(directory), version))
    print(f"{'':>8} " + " ".join(f"{column:>20}" for column in COLUMNS))
    for kind, figures in runs.items():
        medians = (statistics.median(run[column] for run in figures) for column in COLUMNS)
        print(f"{kind:>8} " + " ".join(f"{value:>20{form}}" for value, form in zip(medians, COLUMNS.values())))


main()
