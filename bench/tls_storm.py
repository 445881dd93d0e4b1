"""What a large room notices of a storm of TLS handshakes: from a line's being said to its being heard by all.

Usage: ./dev bench tls-storm

4 000 telnet users in clear hear 150 lines, one in flight, alone and beside two processes that shake hands with the TLS port of the
same bridge without a pause, 24 at a time each, and hang up. The storm's own half of the cryptography takes its part of the
processors too. Broker with the bridge inside, `memory`."""
import contextlib, multiprocessing, pathlib, socket, ssl, subprocess, time

import harness

USERS, LINES, IN_FLIGHT, STORMS, AT_A_TIME = 4000, 150, 1, 2, 24
PAUSE_S = 0.0005  # of a storm, all of whose handshakes wait for the bridge


def certificate(folder):
    cert, key = pathlib.Path(folder, "cert.pem"), pathlib.Path(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                    "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
    return cert, key


def begun(context, port):
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setblocking(False)
    return context.wrap_socket(sock, do_handshake_on_connect=False)


def is_on_its_way(sock, done):
    """Counts it in `done` and closes it when it is through."""
    try:
        sock.do_handshake()
        done.value += 1
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return True
    except OSError:
        pass
    sock.close()
    return False


def storm(port, stop, done):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    live = []
    while not stop.is_set():
        live += [begun(context, port) for _ in range(AT_A_TIME - len(live))]
        live = [sock for sock in live if is_on_its_way(sock, done)]
        time.sleep(PAUSE_S)


@contextlib.contextmanager
def storms(port, count):
    """While so many storms go on: how many handshakes each has done."""
    stop, done = multiprocessing.Event(), [multiprocessing.Value("L", 0) for _ in range(count)]
    processes = [multiprocessing.Process(target=storm, args=(port, stop, counter)) for counter in done]
    for process in processes:
        process.start()
    try:
        yield done
    finally:
        stop.set()
        for process in processes:
            process.join()


def run(count):
    def once(users):
        with harness.scratch() as folder:
            cert, key = certificate(folder)
            with harness.broker("--tcp", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key,
                                durability="memory") as (process, ready):
                with storms(int(harness.port_of(ready["tls"][0])), count) as done:
                    begin = time.monotonic()
                    figures = harness.load("fanout_load", "lines", harness.port_of(ready["tcp"][0]), users, LINES, IN_FLIGHT, 0, process.pid)
                    seconds = time.monotonic() - begin
        return {**figures, "handshakes_per_s": sum(counter.value for counter in done) / seconds}
    return once


COLUMNS = {"p50_ms": ("p50 ms", ".1f"), "p99_ms": ("p99 ms", ".1f"), "handshakes_per_s": ("handshakes/s", ".0f")}

if __name__ == "__main__":
    harness.Benchmark("tls-storm", [USERS], {"alone": run(0), "storm": run(STORMS)}, COLUMNS, []).run()
