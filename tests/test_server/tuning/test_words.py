"""What is about to change, in words."""

from dataclasses import replace

from server.access.liveness.proof import Liveness
from server.access.policy import Policy
from server.access.rules import Rules
from server.tuning.values import TUNABLE
from server.tuning.words import changes


def test_each_setting_that_differs_has_a_sentence() -> None:
    other = replace(
        Rules(),
        max_false_accept=1e-3,
        threshold=0.9,
        margin=0.1,
        looks=4,
        policy=Policy.ALL,
        liveness=Liveness.OFF,
        attempts=0,
        deny_seconds=5.5,
    )
    told = changes(Rules(), other)
    assert told == [
        "Strangers who may be let in: 1 in 10,000 visits, then 1 in 1,000 visits.",
        "Largest distance at which somebody is recognised: as the share of strangers gives it, then 0.9, set"
        " by hand.",
        "How much farther the runner-up must be: 0.05, the recogniser's own, then 0.1.",
        "Looks that must agree: 3 of 5, then 4 of 5.",
        "With several people in view: any (any of them opens the door), then all (all must be known and"
        " allowed in).",
        "Proof of life: passive (by how the face moves of itself, else by a challenge), then off (none, so"
        " that a photo of an enrolled person opens the door).",
        "Failed visits that lock a terminal: 10, then none, it never locks.",
        "How long a face is looked at before it is denied: 3 s, then 5.5 s.",
    ]
    assert len(told) == len(TUNABLE)
    assert changes(other, other) == []


def test_every_policy_and_every_proof_has_words() -> None:
    for policy in Policy:
        for liveness in Liveness:
            changes(Rules(), replace(Rules(), policy=policy, liveness=liveness))
