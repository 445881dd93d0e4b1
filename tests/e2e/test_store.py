"""hubbubd's data directory: where it is, who has it, its check and its copy."""
import os
import pathlib
import subprocess

import pytest

from hub import BIN, SLOWNESS, Broker

LOOPBACK = ("--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*")


def run(*options, env=None):
    return subprocess.run([BIN / "hubbubd", *map(str, options)], capture_output=True, timeout=20 * SLOWNESS, text=True,
                          env={**os.environ, **(env or {})})


@pytest.fixture
def stored(start, tmp_path):
    """Starts a broker that keeps its history in the test's own directory."""
    return lambda *options: start("--durability", "file", "--data", tmp_path / "data", *options)


def files(directory):
    return sorted(path.name for path in pathlib.Path(directory).iterdir())


def test_a_data_directory_is_for_one_broker(stored, tmp_path):
    broker = stored()
    second = run(*LOOPBACK, "--durability", "file", "--data", tmp_path / "data")
    assert second.returncode == 1
    assert f"is in use by another hubbubd, process {broker.process.pid}; stop that one" in second.stderr


def test_a_store_that_holds_more_than_the_limits_permit_is_refused_by_their_names(stored, link, tmp_path):
    broker = stored()
    ada = link(broker, hears=False)
    ada.ok("hello", nick="ada", join=["lobby", "tea"])
    ada.ok("register", password="correct horse")
    broker.stop()
    for limit in ("accounts_max=0", "rooms_max=1"):
        refused = run(*LOOPBACK, "--durability", "file", "--data", tmp_path / "data", "--set", limit)
        assert refused.returncode == 1
        assert "sessions_max, rooms_max or accounts_max permit; raise them" in refused.stderr


@pytest.mark.parametrize("variables, directory", [
    ({"STATE_DIRECTORY": "{tmp}/service:{tmp}/other", "XDG_STATE_HOME": "{tmp}/xdg"}, "service"),
    ({"XDG_STATE_HOME": "{tmp}/xdg", "HOME": "{tmp}/home"}, "xdg/hubbub"),
    ({"XDG_STATE_HOME": "relative", "HOME": "{tmp}/home"}, "home/.local/state/hubbub"),
])
def test_the_directory_comes_from_the_environment(tmp_path, variables, directory):
    env = {"STATE_DIRECTORY": "", "XDG_STATE_HOME": "", "HUBBUB_DURABILITY": "auto",
           **{name: value.format(tmp=tmp_path) for name, value in variables.items()}}
    broker = Broker(env=env)
    assert "hubbub.db" in files(tmp_path / directory)
    broker.stop()
    assert files(tmp_path / directory) == ["hubbub.db", "hubbub.lock"]


def test_without_a_directory_history_is_in_memory_and_a_line_says_so(tmp_path):
    broker = Broker(env={"STATE_DIRECTORY": "/proc/none", "HUBBUB_DURABILITY": "auto"})
    assert "event=store.memory_only" in broker.log()
    broker.stop()


@pytest.mark.parametrize("options", [("--durability", "auto", "--data", "/proc/none"), ("--durability", "file", "--data", "/proc/none")])
def test_a_directory_that_was_asked_for_must_be_had(options):
    done = run(*LOOPBACK, *options)
    assert done.returncode == 1
    assert done.stderr.startswith("hubbubd: the data directory /proc/none cannot be made")


def test_memory_writes_no_file(start, tmp_path, link):
    broker = start("--durability", "memory", "--data", tmp_path / "data")
    ada = link(broker)
    ada.hello("ada", join=["lobby"])
    ada.ok("say", room="lobby", text="hello")
    assert files(tmp_path) == []


@pytest.mark.parametrize("durability", ["file", "power"])
def test_a_directory_is_checked_and_copied_while_the_broker_runs(start, tmp_path, link, durability):
    data = tmp_path / "data"
    broker = start("--durability", durability, "--data", data)
    ada = link(broker)
    ada.hello("ada", join=["lobby"])
    for number in range(10):
        ada.ok("say", room="lobby", text=f"line {number}")
    checked = run("--data", data, "--check")
    assert checked.returncode == 0, checked.stdout
    assert "10 more not in blocks yet" in checked.stdout and "hubbub.db is well" in checked.stdout
    copied = run("--data", data, "--backup", tmp_path)
    assert copied.returncode == 0, copied.stderr
    copy = pathlib.Path(copied.stdout.strip())
    assert copy.parent == tmp_path and copy.exists()
    (tmp_path / "other").mkdir()
    copy.rename(tmp_path / "other/hubbub.db")
    assert run("--data", tmp_path / "other", "--check").returncode == 0
    ada.ok("say", room="lobby", text="goes on")


def test_problems_end_the_check_with_1(tmp_path):
    nothing = run("--data", tmp_path, "--check")
    assert nothing.returncode == 1 and "hubbub.db is not there" in nothing.stdout
    (tmp_path / "hubbub.db").write_bytes(b"n" * 10000)
    for option in (("--check",), ("--backup", tmp_path)):
        done = run("--data", tmp_path, *option)
        assert done.returncode == 1 and "hubbub.db is no database" in done.stdout + done.stderr
    assert files(tmp_path) == ["hubbub.db"]
