"""Many telnet users over several bridges, for idle and storm."""
import contextlib, json, pathlib, re, subprocess, time

import msgpack, zmq

import harness

LONGEST_MS = 60000


class Generator:
    """One idle_load: a crowd of users on one bridge."""

    def __init__(self, port, users, per_s):
        self.process = subprocess.Popen([str(harness.BIN / "idle_load"), port, str(users), str(per_s)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def order(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"idle_load ended: {self.process.wait()}")
        return json.loads(line)


@contextlib.contextmanager
def bridges(count):
    """A broker with so many bridges: its process and endpoints, theirs and their ports."""
    with contextlib.ExitStack() as stack:
        broker, ready = stack.enter_context(harness.broker())
        apart = [stack.enter_context(harness.bridge(ready["router"][1])) for _ in range(count)]
        yield broker, ready, [process for process, _ in apart], [port for _, port in apart]


@contextlib.contextmanager
def crowd(ports, users, per_s=0):
    """So many users, spread over the ports and greeted: the generators and the seconds it took."""
    begin = time.monotonic()
    share = [users // len(ports) + (i < users % len(ports)) for i in range(len(ports))]
    generators = [Generator(port, part, per_s // len(ports)) for port, part in zip(ports, share)]
    try:
        for generator in generators:
            generator.answer()
        yield generators, time.monotonic() - begin
    finally:
        for generator in generators:
            generator.process.stdin.close()
        for generator in generators:
            generator.process.wait(60)


class Asker:
    """A session in no room, over ipc: who may ask for `stats`."""

    def __init__(self, endpoint):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.rcvtimeo = LONGEST_MS
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.ask(op="hello", join=[])

    def ask(self, **request):
        self.socket.send(msgpack.packb({"id": 1, **request}))
        while True:
            reply = msgpack.unpackb(self.socket.recv())
            if "re" in reply:
                return reply

    def present(self):
        """How many are in the lobby, by the broker's book."""
        reply = self.ask(op="who", room="lobby", limit=1)
        return reply.get("count", 0)

    def seconds_until(self, count):
        begin = time.monotonic()
        while self.present() != count:
            if time.monotonic() - begin > 60:
                raise SystemExit(f"presence is wrong: {self.present()} instead of {count}")
            time.sleep(0.01)
        return time.monotonic() - begin

    def heap_in_use(self):
        return self.ask(op="stats")["memory"]["in_use"]

    def close(self):
        self.socket.close()
        self.context.term()


def private_bytes(process):
    """What a process has written to and shares with nobody: heap, stacks, data."""
    text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return 1024 * int(re.search(r"^Private_Dirty: +(\d+) kB", text, re.M).group(1))


def cpu_s(processes):
    """User and system seconds, from /proc/PID/stat."""
    ticks = 0
    for process in processes:
        words = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / 100
