"""What broker and bridge give up once they serve; everything else here runs in that sandbox, too."""
import os
import pathlib
import pwd
import tempfile

import pytest

from hub import Program

OFF = os.environ.get("HUBBUB_SANDBOX") == "no"


def threads(program, key):
    """What each thread's status says of that."""
    found = []
    for thread in pathlib.Path(f"/proc/{program.process.pid}/task").iterdir():
        rows = dict(row.split(":\t", 1) for row in (thread / "status").read_text().splitlines() if ":\t" in row)
        found.append(rows[key].strip())
    return found


@pytest.fixture
def house(start, run):
    """A broker on a store, and a bridge: all the threads there may be."""
    broker = start("--durability", "file", tcp=True)
    yield broker, run("hubbub-bridge", "--listen", "127.0.0.1:0", "--router", broker.door)


@pytest.mark.skipif(OFF, reason="sanitizers do without")
def test_every_thread_of_broker_and_bridge_is_in_the_sandbox(house):
    for program in house:
        assert len(threads(program, "Seccomp")) > 1
        assert set(threads(program, "Seccomp")) == {"2"}, program.log()
        assert set(threads(program, "NoNewPrivs")) == {"1"}
        assert "event=sandbox.entered" in program.log()


def test_it_can_be_switched_off_and_the_log_says_so(start):
    broker = start("--sandbox=no")
    assert set(threads(broker, "Seccomp")) == {"0"}
    assert "event=sandbox.none" in broker.log()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_started_as_root_it_becomes_who_it_is_told_for_good(line):
    nobody = pwd.getpwnam("nobody")
    folder = tempfile.TemporaryDirectory(prefix="hub")
    data = pathlib.Path(folder.name)
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    broker = Program("hubbubd", "--user", "nobody", "--router", "tcp://127.0.0.1:*", "--pub", "tcp://127.0.0.1:*", "--tcp", "127.0.0.1:0",
                     "--data", data, "--durability", "file")
    uid = str(nobody.pw_uid)
    assert {tuple(uids.split()) for uids in threads(broker, "Uid")} == {(uid, uid, uid, uid)}
    assert set(threads(broker, "CapEff")) == {"0" * 16}
    host, port = broker.ready["tcp"][0].rsplit(":", 1)
    line((host, int(port)), nick="ada").say("hello")
    assert (data / "hubbub.db").stat().st_uid == nobody.pw_uid
    broker.stop()
    folder.cleanup()


def test_an_unknown_user_is_refused(run):
    program = run("hubbubd", "--user", "no-such-user-here", ready=False)
    assert program.wait() == 2
    assert "there is no such user" in program.log()
