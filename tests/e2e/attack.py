"""What the attacks on the broker's ZeroMQ ports share: they go on while people talk, and leave nothing."""
from hub import SLOWNESS, Meanwhile, until

REPETITIONS, REPETITIONS_MAX = 10, 40
LEAK_BYTES = 8 << 10  # what the later half of them may keep beyond the earlier: records of links that have gone, until their time is over
RESIDENT_BYTES = 128 << 10  # likewise of memory that is resident, which has holes
UNNOTICED_S = 2  # how long two who talk may take for an exchange on a machine that does much else


def growth(used):
    """Between the least in the earlier and in the later half of the last repetitions: what libzmq frees a little later, and queues
    that grow once, do not count, what leaks does."""
    later, earlier = used[-REPETITIONS // 2:], used[-REPETITIONS:-REPETITIONS // 2]
    return min(later) - min(earlier)


class Rounds:
    """Runs attacks while `talk(text)` goes on; afterwards memory and descriptors are what they were."""

    def __init__(self, broker, talk):
        self.broker, self.talk = broker, talk

    def in_use(self, attack, number, idle):
        with Meanwhile(lambda count: self.talk(f"round {number}.{count}"), UNNOTICED_S):
            attack()
        until(lambda: self.broker.descriptors() <= idle, lambda _: self.talk("and on"), "the descriptors back")
        return self.broker.stats()["memory"]["in_use"]

    def __call__(self, attack, leaves=0):
        """`leaves`: what half of the rounds may keep beside."""
        self.talk("before")
        self.broker.stats()
        used, resident, idle = [], [], self.broker.descriptors()
        while len(used) < REPETITIONS or growth(used) > LEAK_BYTES + leaves or growth(resident) > RESIDENT_BYTES + leaves:
            assert len(used) < REPETITIONS_MAX, (used, resident)
            used.append(self.in_use(attack, len(used), idle))
            resident.append(self.broker.resident_bytes() if SLOWNESS == 1 else 0)  # a sanitizer keeps what is freed

def between(ada, bob, room):
    """`talk(text)` of two links in a room: each says it, and the other hears it."""
    def talk(text):
        for speaker, hearer in ((ada, bob), (bob, ada)):
            speaker.ok("say", room=room, text=f"{text} by {speaker.me['nick']}")
            assert hearer.event("message", room=room, text=f"{text} by {speaker.me['nick']}")
    return talk
