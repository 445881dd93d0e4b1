#!/usr/bin/python3
"""Usage: run.py DIRECTORY [OPTION OF HUBBUBD...]

What `./dev run` runs where there is no systemd: hubbubd and hubbub-bridge from DIRECTORY as two processes, over ipc, and
whichever falls is started again, after 0.1 s, then 0.2 s, up to 5 s. So telnet users keep their connection when a peer makes libzmq
abort the broker. Prints one line `ready router=... pub=... tcp=...`, as hubbubd does, once both can be used; SIGINT and SIGTERM
end both, SIGHUP goes to the bridge. What both write to standard error is passed on, the message of an abort too.

Ends with 0 after a signal, or when the broker ends by itself in good order; with a program's own status when that cannot begin at all."""
import asyncio
import ctypes
import os
import signal
import sys
import tempfile

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
SETTLED_S = 10.0  # who has run for so long begins with the shortest wait again
STOP_S = 5.0
PR_SET_PDEATHSIG = 1
ALONE = ("--help", "--version", "--check", "--backup")


def say(text):
    print(f"run: {text}", file=sys.stderr, flush=True)


class Option:
    """`--tcp HOST:PORT`, `--tcp=HOST:PORT` and `--set tcp=HOST:PORT` are all named tcp."""

    def __init__(self, words):
        self.words = words
        text = words[1] if words[0] == "--set" and len(words) > 1 else "=".join(words).removeprefix("--")
        self.name, _, self.value = text.partition("=")
        self.name = self.name.replace("-", "_")


def parsed(words):
    words = list(words)
    while words:
        word = words.pop(0)
        takes = word.startswith("--") and "=" not in word and words and not words[0].startswith("--")
        yield Option([word, words.pop(0)] if takes else [word])


def without(options, *names):
    return [word for option in options if option.name not in names for word in option.words]


def for_broker(options, folder):
    """The endpoints asked for or the usual ones, and the bridge's."""
    found = without(options, "tcp", "tls_listen", "router", "pub") + ["--tcp", "none", "--tls-listen", "none"]
    for name, usual in (("router", "tcp://127.0.0.1:5680"), ("pub", "tcp://127.0.0.1:5681")):
        asked = [option.value for option in options if option.name == name]
        for endpoint in [*(asked or [usual]), f"ipc://{folder}/{name}"]:
            found += [f"--{name}", endpoint]
    return found


def for_bridge(options, folder):
    place = [option.value for option in options if option.name == "tcp"]
    place = place[-1] if place else os.environ.get("HUBBUB_TCP") or "127.0.0.1:8888"
    return without(options, "tcp", "router", "pub") + ["--listen", place, "--router", f"ipc://{folder}/router"]


def is_log(line):
    """One of our own lines, at=... level=...; what a library says before it aborts is none."""
    return line.startswith("at=") and " level=" in line


def die_with_parent():
    """Nobody is left behind by a supervisor that was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A program that is kept running."""

    def __init__(self, name, path, options, doors):
        """`doors`: which option each word of its ready line is."""
        self.name, self.path, self.options, self.doors = name, path, options, doors
        self.process = None
        self.ready = asyncio.Event()
        self.said = ""  # its ready line
        self.last_words = ""
        self.is_wanted = True

    async def pass_on(self, stream):
        async for line in stream:
            text = line.decode(errors="replace").rstrip("\n")
            if not is_log(text):
                self.last_words = text
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    async def hear(self, stream):
        async for line in stream:
            text = line.decode(errors="replace").strip()
            if text.startswith("ready"):
                self.said = self.said or text
                self.ready.set()

    async def once(self):
        """Its status; -N after signal N."""
        self.ready.clear()
        self.last_words = ""
        self.process = await asyncio.create_subprocess_exec(
            self.path, *self.options, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, start_new_session=True, preexec_fn=die_with_parent)
        if not self.is_wanted:
            self.process.terminate()
        await asyncio.gather(self.hear(self.process.stdout), self.pass_on(self.process.stderr))
        return await self.process.wait()

    def pin(self):
        """Ports it has chosen by itself are asked for by number from now on."""
        chosen = dict(word.split("=", 1) for word in self.said.split()[1:])
        named = {self.doors[name]: value.split(",") for name, value in chosen.items() if name in self.doors}
        kept = without(list(parsed(self.options)), *(name.replace("-", "_") for name in named))
        self.options = kept + [word for name, values in named.items() for value in values for word in (f"--{name}", value)]

    def story(self, status):
        words = f": {self.last_words}" if self.last_words else ""
        if status == -signal.SIGABRT:
            return f"aborted (signal {-status}){words}"
        if status < 0:
            return f"was killed by signal {-status}{words}"
        return f"ended with {status}{words}"

    async def keep(self):
        """Until it ends for good: the status to end with."""
        wait_s, loop = FIRST_WAIT_S, asyncio.get_running_loop()
        while True:
            begun_s = loop.time()
            status = await self.once()
            if not self.is_wanted or (status == 0 and self.said) or not self.said:
                return max(status, 0) if not self.is_wanted or status >= 0 else 128 - status
            if loop.time() - begun_s > SETTLED_S:
                wait_s = FIRST_WAIT_S
            self.pin()
            say(f"{self.name} {self.story(status)}; it is started again in {wait_s:.1f} s")
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            if not self.is_wanted:
                return 0
            asyncio.ensure_future(self.tell())

    async def tell(self):
        await self.ready.wait()
        say(f"{self.name} restarted")

    def pass_signal(self, number):
        if self.process and self.process.returncode is None:
            self.process.send_signal(number)

    async def stop(self):
        self.is_wanted = False
        self.pass_signal(signal.SIGTERM)
        if self.process:
            try:
                await asyncio.wait_for(self.process.wait(), STOP_S)
            except asyncio.TimeoutError:
                say(f"{self.name} does not stop and is killed")
                self.pass_signal(signal.SIGKILL)


def ready_line(broker, bridge, folder):
    """As hubbubd with --tcp says it; the bridge's own doors are nobody else's business."""
    words = [",".join(part for part in word.split(",") if folder not in part) for word in broker.said.split()]
    return " ".join(words + [word for word in bridge.said.split() if word.startswith(("tcp=", "tls="))])


async def first_of(waited):
    tasks = [asyncio.ensure_future(one) for one in waited]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    return tasks.index(next(task for task in tasks if task in done))


async def begin(broker, bridge, folder, kept):
    """Starts the bridge once the broker can be used, and says so once both can."""
    if await first_of([kept[0].wait(), broker.ready.wait()]) == 0:
        return
    kept.append(Kept(bridge))
    if await first_of([kept[1].wait(), bridge.ready.wait()]) == 1:
        print(ready_line(broker, bridge, folder), flush=True)


class Kept:
    """A child and what it ends with."""

    def __init__(self, child):
        self.task = asyncio.ensure_future(child.keep())

    async def wait(self):
        return await asyncio.shield(self.task)


async def serve(directory, options, folder):
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    broker = Child("broker", f"{directory}/hubbubd", for_broker(options, folder), {"router": "router", "pub": "pub"})
    bridge = Child("bridge", f"{directory}/hubbub-bridge", for_bridge(options, folder), {"tcp": "listen", "tls": "tls-listen"})
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    loop.add_signal_handler(signal.SIGHUP, bridge.pass_signal, signal.SIGHUP)  # the broker has nothing to read again
    kept = [Kept(broker)]
    starting = asyncio.ensure_future(begin(broker, bridge, folder, kept))
    ended = asyncio.ensure_future(first_end(kept, starting))
    await first_of([asyncio.shield(ended), stopped.wait()])
    starting.cancel()
    await broker.stop()  # it tells everybody, and the bridge still carries it
    await bridge.stop()
    return 0 if stopped.is_set() else ended.result()


async def first_end(kept, starting):
    """The status of whichever ends first."""
    await first_of([kept[0].wait(), asyncio.shield(starting)])
    index = await first_of([one.wait() for one in kept])
    return kept[index].task.result()


def main():
    directory, options = sys.argv[1], sys.argv[2:]
    if any(word.split("=")[0] in ALONE for word in options):
        os.execv(f"{directory}/hubbubd", ["hubbubd", *options])
    with tempfile.TemporaryDirectory(prefix="hubbub") as folder:
        return asyncio.run(serve(directory, list(parsed(options)), folder))


if __name__ == "__main__":
    sys.exit(main())
