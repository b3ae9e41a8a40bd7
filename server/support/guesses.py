"""Who guesses secrets that go with a name, and how long they wait. Pure but for the clock that it is given.

Failures count by name and address together, so that nobody keeps the owner of a name out from elsewhere; by
address, so that nobody tries one secret with many names; and by name, so that nobody guesses from many
addresses: addresses from which the right secret came before are not kept waiting by those.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.support.networks import network_of
from server.support.recent import Recent
from server.support.throttle import Throttle

SOURCE_FREE = 20
"""Failures of one address that cost nothing: an office may share one."""
NAME_FREE = 100
"""Failures with one name from addresses that are not familiar with it: NIST SP 800-63B-4, section 3.2.2,
allows so many in a row."""


class NotTriedError(Exception):
    """What was to be tried was not: it is no failure."""


class TooManyError(Exception):
    """Too many failures: try again after so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many failures; {seconds:.0f} s to wait")
        self.seconds = seconds


class Guesses:
    """Owned by the event loop."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: monotonic seconds."""
        self._pairs = Throttle(clock)
        self._sources = Throttle(clock, SOURCE_FREE)
        self._names = Throttle(clock, NAME_FREE)
        self._sessions = Throttle(clock)
        self._familiar: Recent[None] = Recent()

    def is_familiar(self, name: str, source: str) -> bool:
        """Whether the right secret has come from there."""
        return _pair(name, source) in self._familiar

    def remember(self, name: str, source: str) -> None:
        """The right secret has come from there."""
        self._familiar[_pair(name, source)] = None

    @contextmanager
    def of(self, name: str, source: str, familiar: bool) -> Iterator[None]:
        """One try: what is raised within is a failure. `source`: the address that it comes from; `familiar`:
        the right secret has come from there before. Raises TooManyError."""
        pair, network = _pair(name, source), network_of(source)
        by_name = [] if familiar else [(self._names, name)]
        # two steps: who has to wait for the name has tried all the same, and waits for the others ever longer
        with _counted([(self._pairs, pair), (self._sources, network)]), _counted(by_name):
            yield
        self._pairs.succeeded(pair)
        self._sources.take_back(network)
        self._names.succeeded(name)

    def wait(self, source: str) -> float:
        """How many seconds all names have to wait that are tried from this address."""
        return self._sources.wait(network_of(source))

    @contextmanager
    def within(self, session: int) -> Iterator[None]:
        """As `of`, by whom has signed in already; `session`: where."""
        key = str(session)
        with _counted([(self._sessions, key)]):
            yield
        self._sessions.succeeded(key)


def _pair(name: str, source: str) -> str:
    return f"{network_of(source)} {name}"


@contextmanager
def _counted(counts: list[tuple[Throttle, str]]) -> Iterator[None]:
    """A try counts as failed before it is known to be, so that many at once do not get through."""
    wait = max((throttle.wait(key) for throttle, key in counts), default=0.0)
    if wait > 0:
        raise TooManyError(wait)
    for throttle, key in counts:
        throttle.failed(key)
    try:
        yield
    except NotTriedError:
        for throttle, key in counts:
            throttle.take_back(key)
        raise
