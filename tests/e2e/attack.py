"""What the attacks on the broker's ZeroMQ ports share: they go on while people talk, and leave nothing."""
from hub import Meanwhile, until

LEAK_BYTES = 64 << 10  # what three rounds of an attack may leave: a block of a slab, messages of the room
UNNOTICED_S = 2  # how long two who talk may take for an exchange on a machine that does much else


class Rounds:
    """Runs attacks while `talk(text)` goes on; afterwards memory and descriptors are what they were."""

    def __init__(self, broker, talk):
        self.broker, self.talk = broker, talk

    def in_use(self, attack, number, idle):
        with Meanwhile(lambda count: self.talk(f"round {number}.{count}"), UNNOTICED_S):
            attack()
        until(lambda: self.broker.descriptors() <= idle, lambda _: self.talk("and on"), "the descriptors back")
        return self.broker.stats()["memory"]["in_use"]

    def __call__(self, attack, times=3, leaves=0):
        """libzmq's queues grow to what an attack needs, once: so many rounds one after the other have to leave nothing."""
        self.talk("before")
        self.broker.stats()
        used, idle = [], self.broker.descriptors()
        while len(used) <= times or used[-1] - used[-1 - times] > LEAK_BYTES + leaves * times:
            used.append(self.in_use(attack, len(used), idle))
            assert len(used) < 30, used


def between(ada, bob, room):
    """`talk(text)` of two links in a room: each says it, and the other hears it."""
    def talk(text):
        for speaker, hearer in ((ada, bob), (bob, ada)):
            speaker.ok("say", room=room, text=f"{text} by {speaker.me['nick']}")
            assert hearer.event("message", room=room, text=f"{text} by {speaker.me['nick']}")
    return talk
