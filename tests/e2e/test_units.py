"""What `cmake --install` puts in place, and the services of systemd among it."""
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from conftest import tls_door
from hub import BIN, Program, TlsLine

SANITIZED = os.environ.get("HUBBUB_SANDBOX") == "no"

UNITS = ("hubbubd", "hubbub-bridge")
EXPOSURE_MAX = 2.0  # of systemd-analyze's 10
SERVICES = "lib/systemd/system"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The tree as it is installed, under the prefix it was built for."""
    root = tmp_path_factory.mktemp("root")
    build = BIN.resolve().parent
    subprocess.run(["cmake", "--install", build], env={"DESTDIR": str(root), "PATH": "/usr/bin:/bin"}, check=True, stdout=subprocess.DEVNULL)
    return root


def prefix(installed):
    return next(path for path in installed.rglob("bin") if path.is_dir()).parent


def unit(installed, name):
    return prefix(installed) / SERVICES / f"{name}.service"


def value(text, key):
    return re.findall(rf"^{key}=(.*)$", text, re.M)


@pytest.fixture
def here(installed, tmp_path):
    """The units with the installed programs in their place here, for systemd-analyze."""
    for name in UNITS:
        text = unit(installed, name).read_text()
        (tmp_path / f"{name}.service").write_text(re.sub(r"^ExecStart=", f"ExecStart={installed}", text, flags=re.M))
    return tmp_path


def test_everything_is_installed(installed):
    place = prefix(installed)
    for path in ("bin/hubbubd", "bin/hubbub-bridge", "bin/hubbub", "bin/hubbubctl", "include/hubbub.h", f"{SERVICES}/hubbubd.service",
                 f"{SERVICES}/hubbub-bridge.service", "lib/sysusers.d/hubbub.conf"):
        assert (place / path).exists(), path
    assert list(place.rglob("libhubbub.so")) and list(place.rglob("libhubbub.a")) and list(place.rglob("hubbub.pc"))


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_starts_a_program_that_is_installed(installed, name):
    program = value(unit(installed, name).read_text(), "ExecStart")[0].split()[0]
    done = subprocess.run([f"{installed}{program}", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(name)


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_runs_as_a_user_that_is_installed(installed, name):
    users = re.findall(r"^u (\S+)", (prefix(installed) / "lib/sysusers.d/hubbub.conf").read_text(), re.M)
    text = unit(installed, name).read_text()
    assert {*value(text, "User"), *value(text, "SupplementaryGroups")} <= set(users)


@pytest.mark.parametrize("name", UNITS)
def test_p184_a_unit_exposes_little(here, name):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here")
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", here / f"{name}.service"], capture_output=True,
                          text=True, check=True)
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout).group(1))
    assert exposure <= EXPOSURE_MAX, done.stdout


def test_systemd_finds_nothing_wrong_with_the_units(here):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd here")
    done = subprocess.run(["systemd-analyze", "verify", *(here / f"{name}.service" for name in UNITS)], capture_output=True, text=True)
    assert done.returncode == 0 and "hubbub" not in done.stderr, done.stderr


@pytest.mark.parametrize("name", UNITS)
def test_p184_a_unit_bounds_memory_and_comes_back_after_an_abort(installed, name):
    text = unit(installed, name).read_text()
    assert value(text, "MemoryMax") and value(text, "LimitNOFILE")
    assert "seccomp" in value(text, "SystemCallFilter")[-1].split(), "the program's own filter would fail"
    assert value(text, "Restart") == ["on-failure"] and value(text, "StartLimitIntervalSec") == ["0"]


def test_broker_and_bridge_meet_with_the_settings_of_their_units(installed, tmp_path, line):
    def started(name, stands):
        text = unit(installed, name).read_text()
        for path, port in stands.items():
            text = text.replace(path, port)
        settings = dict(setting.strip('"').split("=", 1) for setting in value(text, "Environment"))
        programs.append(Program(name, env={**settings, "HUBBUB_DURABILITY": "file", "STATE_DIRECTORY": str(tmp_path / "state")}))
        return programs[-1]
    programs = []
    (tmp_path / "state").mkdir(mode=0o700)
    stands = {"/run/hubbub": str(tmp_path), ":5680": ":*", ":5681": ":*", ":8888": ":0"}
    started("hubbubd", stands)
    host, port = started("hubbub-bridge", stands).ready["tcp"][0].rsplit(":", 1)
    line((host, int(port)), nick="ada").say("hello")
    assert (tmp_path / "state/hubbub.db").exists()
    for program in reversed(programs):
        program.stop()


# ---- the filter of system calls ----

# Before the filter or only as root: systemd itself starts the program; SQLite gives files to their owner where it is root.
APART = {"execve", "fchown"}


def group(name):
    """The system calls of one of systemd's groups, or the one of that name."""
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
    words = [word for word in (line.strip() for line in listed.splitlines()[1:]) if word and not word.startswith("#")]
    return set().union(*map(group, words))


def allowed(text):
    calls = set()
    for line in value(text, "SystemCallFilter"):
        named = set().union(*map(group, line.lstrip("~").split()))
        calls = calls - named if line.startswith("~") else calls | named
    return calls


def made(report):
    """The system calls in what `strace -c` reports."""
    rows = [row.split() for row in report.read_text().splitlines()]
    return {row[-1] for row in rows if len(row) >= 5 and row[0][:1].isdigit()} - {"total"}


@pytest.mark.skipif(SANITIZED, reason="sanitizers call what the programs do not")
def test_p184_broker_and_bridge_make_no_call_that_their_units_refuse(installed, tmp_path, line, certificate):
    def traced(name, *options):
        report = tmp_path / f"{name}.calls"
        programs.append(Program(name, *options, within=("strace", "-f", "-qq", "-c", "-o", report)))
        return programs[-1]
    programs = []
    traced("hubbubd", "--data", tmp_path / "data", "--durability", "power", "--router", "tcp://127.0.0.1:*", "--router",
           f"ipc://{tmp_path}/router", "--pub", "tcp://127.0.0.1:*", "--pub", f"ipc://{tmp_path}/pub")
    bridge = traced("hubbub-bridge", "--router", f"ipc://{tmp_path}/router", "--listen", "127.0.0.1:0", *tls_door(certificate))
    people = [line(place(bridge, "tcp"), nick="ada"), TlsLine(place(bridge, "tls"), certificate[0]).rename("bob")]
    people[1].say("hello")
    people[0].line("[bob]hello")
    people[0].say("/history 3")
    people[0].line("[bob]hello")
    people[1].close()
    for program in reversed(programs):
        stop_traced(program)
    for name in UNITS:
        calls = made(tmp_path / f"{name}.calls")
        assert len(calls) > 20 and calls - allowed(unit(installed, name).read_text()) - APART == set()


def place(program, name):
    host, port = program.ready[name][0].rsplit(":", 1)
    return (host, int(port))


def stop_traced(program):
    """strace keeps signals to itself: its child is told to stop."""
    pid = program.process.pid
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        os.kill(int(child), signal.SIGTERM)
    assert program.wait() == 0, program.log()
    program.process.stdout.close()
