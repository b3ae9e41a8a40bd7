"""`python -m server selftest`: what this very gallery's residents and look-alikes would see."""

from collections import defaultdict
from collections.abc import Sequence

from server.access.matching.gallery import Gallery
from server.access.odds import odds
from server.access.rules import Rules
from server.audit.line import quoted
from server.commands.enrolled import enrolled, roster_in_force
from server.gallery.receipts import summary
from server.gallery.self_test import Fate, SelfTest, Tried, self_test
from server.settings import Settings

SHOWN = 20
"""So many photos that were not recognised are named."""
NEAREST = 5
"""So many of the nearest pairs of people are named."""
_FATES = {
    Fate.REFUSED: "refused",
    Fate.NEAR_TIE: "refused, as somebody else is as near",
    Fate.CONFUSED: "taken for somebody else",
}


async def selftest(settings: Settings) -> str:
    """The report as text. Photos not seen before are judged first. Raises StartError."""
    roster, wrong = roster_in_force(settings)
    rules = settings.rules()
    async with enrolled(settings, roster) as watcher:
        gallery = watcher.gallery
        if not gallery.people:
            return "nobody is enrolled"
        found = self_test(watcher.photos(), gallery)
    return "\n".join([*([wrong] if wrong else []), report(found, gallery, rules)])


def report(found: SelfTest, gallery: Gallery, rules: Rules) -> str:
    """`found`: of `gallery`, which enrols somebody, by `rules`."""
    population = gallery.population
    return "\n".join(
        [
            f"enrolled: {summary(len(gallery.people), gallery.photos)}",
            odds(rules, population),
            *_residents(found, rules, gallery),
            *_strangers(found, rules, gallery),
        ]
    )


def _residents(found: SelfTest, rules: Rules, gallery: Gallery) -> list[str]:
    alone = f"people with one photo, who cannot be tried so: {found.single}"
    if not found.tried:
        return [alone]
    threshold = rules.threshold_for(gallery.population)
    by_fate: defaultdict[Fate, list[Tried]] = defaultdict(list)
    for tried in found.tried:
        by_fate[tried.fate(threshold, rules.least_margin)].append(tried)
    lines = [
        f"photos, each as a visitor of one look whom the other photos enrol: {len(found.tried)};"
        f" recognised: {len(by_fate[Fate.RECOGNISED])}"
    ]
    for fate, told in _FATES.items():
        if by_fate[fate]:
            lines += [f"  {told}: {len(by_fate[fate])}", *_named(by_fate[fate])]
    return [*lines, alone]


def _named(tried: Sequence[Tried]) -> list[str]:
    lines = [
        f"    {one.path.as_posix()!a} ({quoted(one.name)}): nearest {quoted(one.nearest)}, {one.distance:.3f}"
        for one in tried[:SHOWN]
    ]
    return lines + ([f"    and {len(tried) - SHOWN} more"] if len(tried) > SHOWN else [])


def _strangers(found: SelfTest, rules: Rules, gallery: Gallery) -> list[str]:
    if not found.pairs:
        return []
    threshold = rules.threshold_for(gallery.population)
    within = found.within(threshold)
    elsewhere = found.pairs * rules.recogniser.calibration.risk(threshold, 1)
    lines = [
        f"pairs of different people: {found.pairs:,}; within the threshold {threshold:.3f}: {within}"
        f" (of people elsewhere about {elsewhere:.1g})"
    ]
    if gallery.population.nearness < 1:
        lines.append(
            f"  they are nearer to each other than people elsewhere: the threshold is"
            f" {1 - gallery.population.nearness:.0%} tighter for it"
        )
    nearest = [
        f"    {quoted(near.names[0])} and {quoted(near.names[1])}: {near.distance:.3f}"
        for near in found.nearest[:NEAREST]
    ]
    return [*lines, "  nearest:", *nearest]
