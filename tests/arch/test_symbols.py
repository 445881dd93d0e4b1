"""Cores touch nothing: what an archive leaves undefined says what it would call. And the library
shows its own names only."""
import os
import re
import subprocess
from pathlib import Path

import pytest
import tree

LIB = Path(os.environ.get("HUBBUB_LIB", tree.ROOT / "build/dev/lib"))
CORES = {"libproto.a": "proto", "libbroker_core.a": "broker/core", "libclient_core.a": "client/core",
         "libbridge_core.a": "bridge/core"}
TOUCHES_THE_WORLD = re.compile(r"""^(__)?(
    (zmq|zsock|zclock|zmsg|zframe|zstr|zactor|zpoller|zloop|zsys|zproc|zuuid|zfile|zdir|zauth)_\w+ |
    socket|socketpair|connect|bind|listen|accept4?|send(to|msg|mmsg)?|recv(from|msg|mmsg)? |
    p?poll|p?select|epoll_\w+|eventfd|signalfd|timerfd_\w+ |
    clock_gettime|clock_nanosleep|time|gettimeofday|times|clock|localtime(_r)? |
    s?rand|rand_r|s?random|random_r|[delmn]rand48|getrandom|getentropy|arc4random\w*|randombytes\w* |
    v?printf|puts|putchar|perror|v?syslog |
    sleep|usleep|nanosleep |
    f?open(at|64)?|read|write|pthread_create|getenv|system|popen|fork|execve?
    )(_chk|64)?$""", re.X)


def nm(*arguments):
    return subprocess.run(["nm", *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def undefined(archive):
    return {line.split()[-1].split("@")[0] for line in nm("-u", archive).splitlines() if " U " in f" {line}"}


def variables(listing):
    """Names in .data and .bss of what `nm -f sysv` printed; constant tables of pointers are in neither."""
    found = []
    for line in listing.splitlines():
        columns = [column.strip() for column in line.split("|")]
        if len(columns) == 7 and re.match(r"\.(data|bss)(\.(?!rel\.ro).*)?$", columns[6]):
            found.append(columns[0])
    return found


def built(archive, folder):
    path = LIB / archive
    if not (tree.ROOT / folder / "CMakeLists.txt").exists():
        return None
    assert path.exists(), f"{path} is not built"
    return path


@pytest.mark.parametrize("archive, folder", CORES.items())
def test_a_core_calls_nothing_that_touches_the_world(archive, folder):
    path = built(archive, folder)
    assert path is None or sorted(filter(TOUCHES_THE_WORLD.match, undefined(path))) == []


@pytest.mark.parametrize("archive, folder", CORES.items())
def test_a_core_has_no_variables_of_its_own(archive, folder):
    path = built(archive, folder)
    assert path is None or variables(nm("-f", "sysv", path)) == []


@pytest.mark.parametrize("library, option", [("libhubbub.so", "-D"), ("libhubbub.a", "-g")])
def test_the_library_shows_its_own_names_only(library, option):
    path = built(library, "client/lib")
    if path is not None:
        names = [line.split()[-1] for line in nm(option, "--defined-only", path).splitlines() if len(line.split()) == 3]
        assert names and [name for name in names if not name.startswith("hubbub_")] == []


def test_the_check_sees_what_touches_the_world_and_only_that():
    for bad in ("zmq_send", "zsock_new", "zclock_mono", "send", "epoll_wait", "clock_gettime", "time", "rand",
                "getrandom", "randombytes_buf", "puts", "__printf_chk", "nanosleep", "fopen", "open64"):
        assert TOUCHES_THE_WORLD.match(bad), bad
    for good in ("zhashx_new", "zlistx_head", "memcpy", "snprintf", "__snprintf_chk", "sender", "calloc",
                 "session_send", "strtoull", "time_of", "gmtime_r", "crypto_shorthash"):
        assert not TOUCHES_THE_WORLD.match(good), good


def compiled(tmp_path, source):
    (tmp_path / "x.c").write_text(source)
    subprocess.run(["gcc", "-fPIC", "-c", "x.c"], check=True, cwd=tmp_path)
    return tmp_path / "x.o"


def test_the_check_reads_real_objects(tmp_path):
    path = compiled(tmp_path, """
        long time(long *);
        int counter = 3; static int hidden; int *leak(void) { return &hidden; }
        static const char *const WORDS[] = {"a", "b"};
        const char *word(int i) { static int seen; seen++; return WORDS[i] + time(0); }""")
    assert "time" in undefined(path)
    found = variables(nm("-f", "sysv", path))
    assert len(found) == 3 and not any(name.startswith("WORDS") for name in found)
