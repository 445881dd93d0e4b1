"""Faults on demand: a network that is cut, a PUB that loses frames, a wall clock that jumps."""
import os
import random
import struct
import subprocess
import threading

import zmq

from hub import BIN

FAULT_LIBRARIES = BIN / "tests"


def preloaded(fault, **env):
    """The environment of a program that has tests/faults/FAULT.c in front of its C library."""
    library = (FAULT_LIBRARIES / f"fault_{fault}.so").resolve()
    asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS": asan, **env}


class Namespace:
    """A machine of its own, as far as network and mounted file systems go; needs no root. `within` is put before the
    name of a program that is to run there.

    Its network is nothing but its loopback; programs in it meet others by ipc, whose sockets are files. Everything to
    and from one of the addresses 127.0.0.0/8 can be cut: packets vanish, as they do when a cable is pulled."""

    def __init__(self):
        rootless = [] if os.geteuid() == 0 else ["--map-root-user"]
        self.holder = subprocess.Popen(["unshare", "--net", "--mount", *rootless, "sh", "-c", "echo; exec cat"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.holder.stdout.read(1) == b"\n", "no network namespace: unshare must be allowed"
        user = ["--user", "--preserve-credentials"] if rootless else []
        self.within = ["nsenter", "--target", str(self.holder.pid), "--net", "--mount", f"--wd={os.getcwd()}", *user, "--"]
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *command):
        path = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        done = subprocess.run([*self.within, *command], check=True, stdout=subprocess.PIPE, text=True,
                              env={**os.environ, **path})
        return done.stdout

    def mount(self, *options):
        self.run("mount", *map(str, options))

    def boot(self, name, directory):
        """From now on this is the boot that the kernel says it is in."""
        path = directory / f"boot-{name}"
        path.write_text(name + "\n")
        self.mount("--bind", path, "/proc/sys/kernel/random/boot_id")

    def connections(self, address):
        """The TCP connections to and from the address, as (near port, far port) of both ends."""
        found = set()
        for row in self.run("ss", "--tcp", "--numeric", "--no-header", "state", "established").splitlines():
            ends = row.split()[2:4]
            if any(end.startswith(f"{address}:") for end in ends):
                found.add(tuple(end.rsplit(":", 1)[1] for end in ends))
        return found

    def forget(self, address):
        """The packets of all its connections vanish for ever, as behind a router that has lost its memory."""
        for near, far in self.connections(address):
            self.run("iptables", "--append", "INPUT", "--protocol", "tcp", "--sport", near, "--dport", far, "--jump", "DROP")

    def cut(self, address):
        for direction in ("--source", "--destination"):
            self.run("iptables", "--append", "INPUT", direction, address, "--jump", "DROP")

    def mend(self):
        self.run("iptables", "--flush", "INPUT")

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()


class Lossy(threading.Thread):
    """A PUB that passes on what it hears from another, but for a part of the frames. `endpoint` is where it listens."""

    def __init__(self, part, seed):
        super().__init__(daemon=True)
        self.part, self.chance = part, random.Random(seed)
        self.passed = self.dropped = 0
        context = zmq.Context.instance()
        self.sub, self.pub = context.socket(zmq.SUB), context.socket(zmq.PUB)
        self.sub.rcvhwm = self.pub.sndhwm = self.pub.linger = 0
        self.sub.subscribe(b"")
        self.endpoint = f"tcp://127.0.0.1:{self.pub.bind_to_random_port('tcp://127.0.0.1')}"
        self.is_over = False

    def hear(self, endpoint):
        self.sub.connect(endpoint)
        self.start()

    def run(self):
        while not self.is_over:
            if self.sub.poll(50):
                self.pass_on(self.sub.recv())

    def pass_on(self, frame):
        if self.chance.random() < self.part:
            self.dropped += 1
        else:
            self.passed += 1
            self.pub.send(frame)

    def close(self):
        self.is_over = True
        if self.is_alive():
            self.join()
        self.sub.close()
        self.pub.close()


class WallClock:
    """The wall clock of programs started with its `env`."""

    def __init__(self, path):
        self.path = path
        self.jump(0)
        self.env = preloaded("wall_clock", HUB_WALL_CLOCK=str(path))

    def jump(self, seconds):
        """From now on so many seconds off the real one."""
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("=q", int(seconds * 1000)))


class Disk:
    """The disk of programs started with its `env`."""

    def __init__(self, path):
        self.path = path
        self.env = preloaded("bad_disk", HUB_BAD_DISK=str(path))

    def fails(self, call):
        """From now on every `fsync`, or every `write`, fails."""
        self.path.write_text(call)

    def mend(self):
        self.path.unlink()
