"""Rules, and what they mean, as the API and the page tell of them."""

from collections import Counter
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, Strict

from server.access.liveness.proof import Liveness
from server.access.matching.neighbourhood import Population
from server.access.policy import Policy
from server.access.rules import Rules
from server.gallery.self_test import Fate, Near, SelfTest
from server.settings import Settings
from server.tuning.outlook import Outlook, recognised
from server.tuning.source import SettingsSource
from server.tuning.values import TUNABLE, Value, defaults, values_of
from server.tuning.words import CHOICES

LISTED = 50
"""So many people, or pairs, are named."""


class Wanted(BaseModel):
    """Other settings. What is left out stays as it is; null: nothing is to be set, so that the default holds.
    `threshold` is checked against the range in which the recogniser was measured."""

    model_config = ConfigDict(extra="forbid")

    policy: Policy | None = None
    max_false_accept: Annotated[float, Field(ge=1e-6, le=0.01), Strict()] | None = None
    threshold: Annotated[float, Field(ge=0, le=2), Strict()] | None = None
    margin: Annotated[float, Field(ge=0.01, le=0.3), Strict()] | None = None
    frames: Annotated[int, Field(ge=2, le=5), Strict()] | None = None
    liveness: Liveness | None = None
    attempts: Annotated[int, Field(ge=0, le=100), Strict()] | None = None
    deny_seconds: Annotated[float, Field(ge=0.5, le=30), Strict()] | None = None

    def values(self) -> dict[str, Value]:
        """Setting -> value, of those that are to change."""
        return self.model_dump(mode="json", exclude_unset=True)


class Told(NamedTuple):
    """How a setting is told to people."""

    title: str
    hint: str
    unit: str = ""


FORM = {
    "max_false_accept": Told(
        "Strangers who may be let in",
        "Of so many visits by strangers one may end in a grant; the threshold follows from it and from how"
        " many people are enrolled. Fewer strangers is safer, and refuses more residents at first.",
    ),
    "threshold": Told(
        "Threshold by hand",
        "Wins over the number above; leave it empty to have it follow from that. A smaller one is safer, a"
        " larger one recognises more people, and more strangers.",
    ),
    "margin": Told(
        "Margin to the runner-up",
        "How much farther everybody else must be; leave it empty for the recogniser's own. A larger one is"
        " safer where people look alike, and refuses them more often.",
    ),
    "frames": Told(
        "Looks that must agree",
        "So many of the last 5 must show the same person. More is safer against a lucky one, and slower.",
        "of 5",
    ),
    "policy": Told("With several people in view", 'Whom a grant depends on; "all" is the safest.'),
    "liveness": Told(
        "Proof of life",
        'What shows that the face is no photo; "challenge" is the safest, and takes longest.',
    ),
    "attempts": Told(
        "Failed visits that lock a terminal",
        "In a row, within 10 minutes. Fewer are safer, and lock residents out sooner; with 0 it never locks.",
        "visits",
    ),
    "deny_seconds": Told(
        "Time before somebody is denied",
        "How long a face that might be somebody is looked at. Neither way is safer: who is recognised after"
        " that is still let in. Shorter tells strangers sooner, and residents too soon.",
        "seconds",
    ),
}


class SettingView(BaseModel):
    """`value`: by which it holds now; null: none is set. `least`, `most`: its range; `choices`: what it may
    be instead. `overridden`: what sets it whatever the settings file says; it cannot be applied."""

    name: str
    title: str
    hint: str
    unit: str
    value: float | str | None
    default: float | str | None
    least: float | None
    most: float | None
    choices: list[str] | None
    overridden: str | None


class Refused(BaseModel):
    """`share`: of the visits of somebody with so many photos, how many are refused at first, 0 to 1."""

    photos: int
    share: float


class Fates(BaseModel):
    """Enrolled photos, each as a visitor of one look whom the person's other photos enrol."""

    recognised: int
    refused: int
    near_tie: int
    confused: int


class Pair(BaseModel):
    """Two people, and how far apart they are."""

    names: tuple[str, str]
    distance: float

    @classmethod
    def of(cls, near: Near) -> "Pair":
        return cls(names=near.names, distance=round(near.distance, 3))


class OutlookView(BaseModel):
    """`sentence`: the risk, as the server's log has it; null: nobody is enrolled. `lax`: it deserves a
    warning. `threshold`: largest distance at which somebody is recognised; `risk`: the share of strangers'
    visits that may end in a grant. `held`: pairs of people who look too much alike, some of them; of
    `held_pairs`."""

    sentence: str | None
    lax: bool
    threshold: float
    risk: float
    refused: list[Refused]
    photos: Fates
    held: list[Pair]
    held_pairs: int

    @classmethod
    def of(cls, outlook: Outlook) -> "OutlookView":
        return cls(
            sentence=outlook.sentence,
            lax=outlook.lax,
            threshold=round(outlook.threshold, 4),
            risk=outlook.risk,
            refused=[Refused(photos=photos, share=share) for photos, share in outlook.refused.items()],
            photos=Fates(**{fate.value: outlook.fates[fate] for fate in Fate}),
            held=[Pair.of(near) for near in outlook.held[:LISTED]],
            held_pairs=outlook.held_pairs,
        )


class PersonChange(BaseModel):
    """How many of somebody's `photos` are recognised now, and would be then."""

    name: str
    photos: int
    now: int
    then: int


def settings_shown(rules: Rules, source: SettingsSource) -> list[SettingView]:
    """All that may be changed, in the order of the form."""
    values, default = values_of(rules), defaults()
    assert set(FORM) == set(TUNABLE)
    return [
        SettingView(
            name=name,
            title=told.title,
            hint=told.hint,
            unit=told.unit,
            value=values[name],
            default=default[name],
            least=least,
            most=most,
            choices=_choices(name),
            overridden=source.overriding(name),
        )
        for name, told in FORM.items()
        for least, most in [_range(name, rules)]
    ]


def people_who_change(
    now: Rules, then: Rules, population: Population, found: SelfTest
) -> tuple[list[PersonChange], list[PersonChange]]:
    """Whose photos would be recognised more often, and whose less often."""
    before, after = (recognised(rules, population, found) for rules in (now, then))
    photos = Counter(each.name for each in found.tried)
    changed = [
        PersonChange(name=name, photos=photos[name], now=before[name], then=after[name])
        for name in sorted(photos)
        if before[name] != after[name]
    ]
    return [each for each in changed if each.then > each.now], [
        each for each in changed if each.then < each.now
    ]


def _range(name: str, rules: Rules) -> tuple[float | None, float | None]:
    if name == "threshold":
        return rules.recogniser.by_hand
    limits = Settings.model_fields[name].metadata
    least, most = (
        next((float(getattr(limit, side)) for limit in limits if hasattr(limit, side)), None)
        for side in ("ge", "le")
    )
    return least, most


def _choices(name: str) -> list[str] | None:
    return list(CHOICES[name]) if name in CHOICES else None
