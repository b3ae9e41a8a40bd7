"""The pair under faults in any order: hypothesis looks for an order that breaks it."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.chaos.pair import Pair

QUICK = 100
"""Examples, up to which they are always the same ones, and none is looked for that is shorter."""
RECOVERED_SECONDS = 60.0
"""After the last fault the terminal is served again by then."""
FORGOTTEN_SECONDS = 4.0
"""Whoever comes back after so long is a new visitor."""


class Faults(RuleBasedStateMachine):
    """Nothing stale is shown, no grant is without a line, and it always recovers."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair(seed=1)
        self.pair.pass_time(1.0)

    @rule(whom=st.sampled_from([0, 0, 1, 2]), seconds=st.sampled_from([0.1, 0.4, 1.0, 2.5]))
    def somebody_comes(self, whom: int, seconds: float) -> None:
        self.pair.camera.turn_to(whom, self.pair.now)
        self.pair.pass_time(seconds)

    @rule(seconds=st.sampled_from([0.1, 0.6, 3.0, 12.0]))
    def nothing_comes_through(self, seconds: float) -> None:
        self.pair.pass_time(seconds, carry=False)

    @rule(seconds=st.sampled_from([0.5, 1.5, 3.0]))
    def somebody_leaves_while_the_camera_stalls(self, seconds: float) -> None:
        self.somebody_comes(0, 1.0)
        self.pair.camera.turn_to(2, self.pair.now)
        self.pair.pass_time(seconds, capture=False)

    @rule(up=st.integers(0, 700), down=st.integers(0, 200))
    def part_of_it_comes_through(self, up: int, down: int) -> None:
        wire = self.pair.newest()
        if wire is not None:
            wire.carry(up, down)
        self.pair.pass_time(0.1, carry=False)

    @rule(server=st.booleans(), client=st.booleans())
    def a_connection_is_cut(self, server: bool, client: bool) -> None:
        wire = self.pair.newest()
        if wire is not None:
            wire.cut(server, client)
        self.pair.pass_time(0.1)

    @rule(full=st.booleans())
    def the_disk_is_full_or_not(self, full: bool) -> None:
        self.pair.audit.full = full

    @rule()
    def the_disk_keeps_everybody_waiting(self) -> None:
        self.pair.audit.quick.clear()
        self.pair.pass_time(0.5)

    @rule()
    def the_disk_is_quick_again(self) -> None:
        self.pair.audit.quick.set()
        self.pair.pass_time(0.1)

    @rule()
    def the_server_is_killed(self) -> None:
        self.pair.kill_server()
        self.pair.pass_time(0.1)

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert not self.pair.faults, self.pair.faults

    def teardown(self) -> None:
        pair = self.pair
        try:
            pair.audit.full = False
            pair.audit.quick.set()
            healed = pair.now
            pair.camera.turn_to(2, healed)
            while not (pair.live and pair.answered > healed + FORGOTTEN_SECONDS):
                pair.pass_time(0.5)
                assert pair.now < healed + RECOVERED_SECONDS, f"not served again: {pair.link.status}"
            pair.camera.turn_to(0, pair.now)
            granted = pair.granted
            pair.pass_time(6.0)
            assert pair.granted > granted, "nobody is let in any more"
            assert not pair.faults, pair.faults
        finally:
            pair.close()


def run(examples: int, steps: int = 30) -> list[str]:
    """Raises AssertionError, with the shortest order of faults that breaks it."""
    health = [HealthCheck.too_slow, HealthCheck.data_too_large]
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=[Phase.generate, Phase.shrink] if examples > QUICK else [Phase.generate],
        suppress_health_check=health,
        derandomize=examples <= QUICK,
        database=None,
    )
    run_state_machine_as_test(Faults, settings=chosen)
    return [
        f"{examples} orders of up to {steps} faults each: nothing stale, no grant without a line, all recover"
    ]
