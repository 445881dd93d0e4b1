"""What the benchmarks share: programs started and ended, kinds measured in turn, tables, targets, plots.

A benchmark measures several kinds (the floor, ours, a peer) of each case in the same run, alternating, RUNS
times (environment, 5). The table has medians; a ratio is the median of the ratios within the rounds, so that
what else the machine does falls on both. Every run is a JSON line in build/bench/NAME.jsonl; build/bench/NAME.png
is the plot, and --docs copies it to docs/performance/."""
import contextlib, dataclasses, json, os, pathlib, shutil, signal, socket, statistics, subprocess, sys, tempfile

BIN = pathlib.Path(os.environ.get("HUBBUB_BIN", "build/release/bin"))
OUT = pathlib.Path("build/bench")
DOCS = pathlib.Path("docs/performance")
RUNS = int(os.environ.get("RUNS", "5"))
LONGEST_S = 300  # of one run
OPEN = ["--set", "rate_per_s=0", "--set", "connections_per_address=0"]
ERRORS_ONLY = ["--log-level", "error"]


# --- programs ------------------------------------------------------------------------------------

@contextlib.contextmanager
def program(*command, pin=None):
    """A server of ours or a floor, from its `ready` line to SIGTERM: the process and what it said."""
    prefix = ["taskset", "-c", str(pin)] if pin is not None else []
    process = subprocess.Popen([*prefix, str(BIN / command[0]), *map(str, command[1:])], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
    try:
        ready = process.stdout.readline().split()
        if not ready:
            sys.exit(f"{command[0]} did not start: {process.wait()}")
        yield process, dict(word.split("=", 1) for word in ready[1:])
    finally:
        end(process)


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def scratch():
    folder = tempfile.mkdtemp(prefix="bench.", dir="build")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def broker(*options, durability="file", pin=None):
    """A broker on free ports whose store is thrown away afterwards, and which limits nobody's pace."""
    return limited(*OPEN, *options, durability=durability, pin=pin)


@contextlib.contextmanager
def limited(*options, durability="file", pin=None):
    """The same, with the limits that are the default."""
    with scratch() as folder:
        data = [] if durability == "memory" else ["--data", folder]
        with program("hubbubd", "--router", "tcp://127.0.0.1:*", "--router", f"ipc://{folder}/router",
                     "--pub", "tcp://127.0.0.1:*", "--pub", f"ipc://{folder}/pub", "--durability", durability,
                     *data, *ERRORS_ONLY, *options, pin=pin) as (process, ready):
            yield process, {name: value.split(",") for name, value in ready.items()}


@contextlib.contextmanager
def bridge(router, pin=None):
    with program("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", router, "--set",
                 "connections_per_address=0", *ERRORS_ONLY, pin=pin) as (process, ready):
        yield process, port_of(ready["tcp"])


@contextlib.contextmanager
def telnet(is_apart, durability="file", pin=None):
    """Broker and bridge, in one process or two (over ipc): the processes and the telnet port."""
    inside = [] if is_apart else ["--tcp", "127.0.0.1:0"]
    with broker(*inside, durability=durability, pin=pin) as (process, ready):
        if not is_apart:
            yield [process], port_of(ready["tcp"][0])
            return
        with bridge(ready["router"][1], pin=pin) as (other, port):
            yield [process, other], port


@contextlib.contextmanager
def redis(pin=None):
    """A Redis without configuration or files: the processes and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    prefix = ["taskset", "-c", str(pin)] if pin is not None else []
    process = subprocess.Popen([*prefix, "redis-server", "-", "--port", port, "--bind", "127.0.0.1", "--save", "",
                                "--appendonly", "no", "--maxclients", "19000", "--loglevel", "warning"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="build")
    try:
        wait_for_port(port, process)
        yield [process], port
    finally:
        end(process)


def has_redis():
    return shutil.which("redis-server") is not None


def wait_for_port(port, process):
    while process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", int(port)), timeout=5).close()
            return
    sys.exit(f"redis-server did not start: {process.returncode}")


def port_of(address):
    return address.rsplit(":", 1)[1]


def pids(processes):
    return [str(process.pid) for process in processes]


def load(name, *arguments, pin=None):
    """Runs a load generator and returns what it printed."""
    prefix = ["taskset", "-c", str(pin)] if pin is not None else []
    out = subprocess.run([*prefix, str(BIN / name), *map(str, arguments)], capture_output=True, text=True,
                         timeout=LONGEST_S)
    if out.returncode != 0:
        sys.exit(f"{name} {arguments}: {out.stdout}{out.stderr}")
    return json.loads(out.stdout)


# --- measuring -----------------------------------------------------------------------------------

@dataclasses.dataclass
class Target:
    """`key` of `kind`, over that of `beside` (or less it, or alone), must be at least or at most `limit`."""
    kind: str
    key: str
    sign: str  # ">=" or "<="
    limit: float
    beside: str = ""
    how: str = "ratio"  # or "difference"
    holds: object = lambda case: True  # for which cases
    text: str = ""

    def of_round(self, round_):
        value = round_[self.kind][self.key]
        if not self.beside:
            return value
        other = round_[self.beside][self.key]
        if self.how == "difference":
            return value - other
        return value / other if other else float("inf")

    def value(self, rounds):
        if any(kind and kind not in rounds[0] for kind in (self.kind, self.beside)):
            return None
        return statistics.median(self.of_round(round_) for round_ in rounds)

    def is_met(self, value):
        return value >= self.limit if self.sign == ">=" else value <= self.limit

    def name(self):
        joint = {"ratio": " / ", "difference": " - "}[self.how]
        return self.text or f"{self.kind} {self.key}" + (f"{joint}{self.beside}" if self.beside else "")


@dataclasses.dataclass
class Benchmark:
    """`kinds`: name -> function of a case that measures once and returns numbers by name. `label`: what a
    case is called. `axis`: the number of a case that the plot is drawn against."""
    name: str
    cases: list
    kinds: dict
    columns: dict  # number -> (heading, format)
    targets: list
    label: object = str
    axis: object = None
    plots: tuple = ()  # (number, title of the axis)
    results: dict = dataclasses.field(default_factory=dict)

    def run(self):
        OUT.mkdir(parents=True, exist_ok=True)
        self.heading()
        with (OUT / f"{self.name}.jsonl").open("w") as lines:
            for case in self.cases:
                self.results[self.label(case)] = self.rounds(case, lines)
                self.rows(case)
        self.check()
        if self.plots:
            self.plot()

    def rounds(self, case, lines):
        rounds = []
        for number in range(RUNS):
            round_ = {}
            for kind, measure in self.kinds.items():
                result = measure(case)
                if result is None:  # not for this case
                    continue
                round_[kind] = result
                lines.write(json.dumps({"benchmark": self.name, "case": self.label(case), "round": number,
                                        "kind": kind, **result}) + "\n")
                lines.flush()
            rounds.append(round_)
        return rounds

    def heading(self):
        print(f"{self.name}: medians of {RUNS}")
        print(f"{'case':>16} {'kind':>10} " + " ".join(f"{title:>12}" for title, _ in self.columns.values()))

    def rows(self, case):
        rounds = self.results[self.label(case)]
        for kind in rounds[0]:
            cells = [format(median(rounds, kind, key), form) if key in rounds[0][kind] else ""
                     for key, (_, form) in self.columns.items()]
            print(f"{self.label(case):>16} {kind:>10} " + " ".join(f"{cell:>12}" for cell in cells), flush=True)

    def check(self):
        for target in self.targets:
            for case in self.cases:
                value = target.value(self.results[self.label(case)]) if target.holds(case) else None
                if value is None:
                    continue
                state = "met" if target.is_met(value) else "NOT MET"
                print(f"{self.label(case):>16} {target.name()}: {value:.3g} (target {target.sign} {target.limit:g}) "
                      f"{state}")

    def plot(self):
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
        figure, places = pyplot.subplots(1, len(self.plots), figsize=(6 * len(self.plots), 4), squeeze=False)
        for place, (key, title) in zip(places[0], self.plots):
            self.curves(place, key)
            place.set(xscale="log", xlabel="users", ylabel=title, ylim=(0, None))
            place.legend()
            place.grid(alpha=0.3)
        figure.suptitle(f"{self.name} (medians of {RUNS})")
        figure.tight_layout()
        figure.savefig(OUT / f"{self.name}.png", dpi=90)
        if "--docs" in sys.argv:
            DOCS.mkdir(parents=True, exist_ok=True)
            shutil.copy(OUT / f"{self.name}.png", DOCS)

    def curves(self, place, key):
        for kind in self.kinds:
            points = [(self.axis(case), median(rounds, kind, key)) for case in self.cases
                      if kind in (rounds := self.results[self.label(case)])[0] and key in rounds[0][kind]]
            if points:
                place.plot(*zip(*points), marker="o", label=kind)


def median(rounds, kind, key):
    return statistics.median(round_[kind][key] for round_ in rounds)
