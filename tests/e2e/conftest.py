import itertools

import pytest

from hub import Broker, Line, Link, Program, TlsLine
from hub import certificate as make_certificate
from pipe import Pipe

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def options():
    """What a module's own broker is started with; a module may define its own."""
    return {}


@pytest.fixture(scope="module")
def broker(options):
    """One broker for the tests of a module: they use rooms and names of their own."""
    broker = Broker(*options.get("options", ()), **{k: v for k, v in options.items() if k != "options"})
    yield broker
    broker.stop()


@pytest.fixture
def start():
    """Starts brokers with options of the test's own; they must stop in good order at its end."""
    brokers = []

    def begin(*options, **more):
        brokers.append(Broker(*options, **more))
        return brokers[-1]
    yield begin
    for broker in brokers:
        broker.stop()


@pytest.fixture
def run():
    """Starts any of our programs."""
    programs = []

    def begin(name, *options, **more):
        programs.append(Program(name, *options, **more))
        return programs[-1]
    yield begin
    for program in programs:
        if program.process.poll() is None:
            program.kill()


@pytest.fixture
def link(request):
    """Makes links to the module's broker, or to another."""
    links = []

    def make(to=None, **more):
        links.append(Link(to or request.getfixturevalue("broker"), **more))
        return links[-1]
    yield make
    for made in links:
        made.close()


@pytest.fixture
def client(link, room):
    """Makes a link with a session that is in the test's room, and hears it."""
    def make(nick, join=None, to=None, **hello):
        made = link(to)
        made.me = made.hello(nick, join=[room] if join is None else join, **hello)
        made.events.clear()
        return made
    return make


@pytest.fixture
def room():
    """A room of the test's own."""
    return f"room{next(numbers)}"


@pytest.fixture
def name():
    """Makes names that no other test of the module uses."""
    return lambda stem="n": f"{stem}{next(numbers)}"


@pytest.fixture
def line(request):
    """Makes plain TCP connections to the bridge."""
    lines = []

    def make(to=None, nick=None, **more):
        to = to or request.getfixturevalue("broker")
        made = Line(getattr(to, "tcp", to), **more)
        lines.append(made)
        return made.rename(nick) if nick else made
    yield make
    for made in lines:
        made.close()


@pytest.fixture
def pipe(request):
    """Starts the program hubbub between two pipes."""
    made = []

    def begin(*options, to=None, **more):
        router = to or request.getfixturevalue("broker").router
        made.append(Pipe(router, *options, **more))
        return made[-1]
    yield begin
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for localhost and its key: two files."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def secured(certificate):
    """Makes TLS connections to a broker's TLS port."""
    lines = []

    def make(broker, nick=None, cert=None, **more):
        lines.append(TlsLine(broker.tls, cert or certificate[0], **more))
        return lines[-1].rename(nick) if nick else lines[-1]
    yield make
    for made in lines:
        made.close()


def tls_door(certificate):
    """The options of a bridge with a TLS port."""
    return ["--tls-listen", "127.0.0.1:0", "--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1])]


@pytest.fixture
def start_tls(start, certificate):
    """Starts a broker whose bridge has a plain port and a TLS port, with further options for the bridge."""
    return lambda *door, **more: start(tcp=True, door=[*tls_door(certificate), *door], **more)
