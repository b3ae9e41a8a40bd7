"""Networks that are slow, stall, fall silent, cut connections anywhere, and lead to other servers."""

import random
import time
from collections.abc import Callable, Iterable

from client.connection.exchange import Timeouts
from tests.chaos.film import ENROLLED, shades
from tests.chaos.light_server import shade_of
from tests.chaos.terminals import Terminal, crowd, violations
from tests.support.fake_server import FakeServer, result, wait_until
from tests.support.faulty_network import FaultyNetwork
from wire import DecisionNotice, Frame, Message, Verdict, encode

TIMEOUTS = Timeouts(ping=0.5, clock=60.0, silence=1.5, answer=3.0)
"""Of the terminals here: shorter than theirs, so that more happens in less time."""
BACK_SECONDS = 20.0
"""A terminal is live again by then."""


class Doorkeeper:
    """Recognises at sight; a decision for each visit of each connection."""

    def __init__(self, server: FakeServer, name: str) -> None:
        server.reply = self.reply
        self._name = name
        self._number = 0
        self._granted = False

    def reply(self, frame: Frame) -> Iterable[Message]:
        shade = shade_of(frame.jpeg)
        verdict = (Verdict.GRANTED, Verdict.DENIED, Verdict.NONE)[shade]
        decision = None
        if verdict is Verdict.GRANTED and not self._granted:
            self._number += 1
            decision = DecisionNotice(f"{self._name}-{self._number}", verdict, (ENROLLED,), "recognised")
        self._granted = verdict is Verdict.GRANTED
        name = ENROLLED if verdict is Verdict.GRANTED else None
        return [result(frame.seq, verdict, name, decision)]


def run(rounds: int, every: int = 1, seed: int = 1) -> list[str]:
    """`rounds` of each kind of weather; connections are cut at each `every`th byte. Raises AssertionError."""
    draw = random.Random(seed)
    figures = []
    with FakeServer() as first, FakeServer() as second, FaultyNetwork(first.port, seed) as network:
        Doorkeeper(first, "first"), Doorkeeper(second, "second")
        with crowd([network.port], shades(), timeouts=TIMEOUTS) as (terminal,):
            _back(terminal, time.monotonic())
            for name, spoil in _weathers(network, (first.port, second.port), draw):
                seconds = []
                for _ in range(rounds):
                    spoil()
                    time.sleep(draw.uniform(0.2, 2 * TIMEOUTS.silence))
                    network.change()
                    seconds.append(_back(terminal, time.monotonic()))
                figures.append(f"{name}: {rounds} times, live again after {max(seconds):.1f} s at worst")
            figures.append(_cut_everywhere(network, terminal, every))
        assert not (wrong := violations([terminal])), wrong
        assert terminal.grants_shown > 0 and terminal.told
    return [*figures, f"no stale grant in {terminal.grants_shown} looks at a screen that showed one"]


def _weathers(
    network: FaultyNetwork, servers: tuple[int, int], draw: random.Random
) -> list[tuple[str, Callable[[], None]]]:
    def swap() -> None:
        network.target = draw.choice(servers)
        network.reset()

    def close() -> None:
        network.change(closed=True)
        network.reset()

    return [
        ("latency of 0.3 s with as much jitter", lambda: network.change(latency=0.15, jitter=0.3)),
        ("1 % of all pieces 1 s late", lambda: network.change(stalls=0.01, stall=1.0)),
        ("half-open connections", lambda: network.change(silent=True)),
        ("resets", network.reset),
        ("resets, and nobody to connect to", close),
        ("another server at the same address", swap),
    ]


def _back(terminal: Terminal, since: float) -> float:
    """Seconds until it is live again."""
    back: Callable[[], bool] = lambda: terminal.live and terminal.answered_since(since)  # noqa: E731
    wait_until(back, "the terminal is live again", BACK_SECONDS)
    return time.monotonic() - since


def _cut_everywhere(network: FaultyNetwork, terminal: Terminal, every: int) -> str:
    """Each connection ends a byte later in what the server says than the one before."""
    decision = DecisionNotice("first-1", Verdict.GRANTED, (ENROLLED,), "recognised")
    longest = 200 + len(encode(result(1, Verdict.GRANTED, ENROLLED, decision)))
    for cut in range(1, longest, every):
        network.change(cut=cut)
        seen = network.connections
        network.reset()
        wait_until(lambda seen=seen: network.connections > seen + 1, "cut, and connected again", BACK_SECONDS)  # type: ignore[misc]
    network.change()
    network.reset()
    seconds = _back(terminal, time.monotonic())
    cuts = len(range(1, longest, every))
    return f"cut at {cuts} places of the welcome and the first answer: live again after {seconds:.1f} s"
