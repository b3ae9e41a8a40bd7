"""`python -m server selftest`: what this very gallery's residents and look-alikes would see."""

from collections import Counter
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
        threshold = rules.threshold_for(gallery.population)
        found = self_test(watcher.photos(), gallery, threshold, rules.least_margin)
    return "\n".join([*([wrong] if wrong else []), report(found, gallery, rules)])


def report(found: SelfTest, gallery: Gallery, rules: Rules) -> str:
    """`found`: of `gallery`, which enrols somebody, by `rules`."""
    population = gallery.population
    return "\n".join(
        [
            f"enrolled: {summary(len(gallery.people), gallery.photos)}",
            odds(rules, population),
            *_residents(found),
            *_strangers(found, rules, gallery),
        ]
    )


def _residents(found: SelfTest) -> list[str]:
    alone = f"people with one photo, who cannot be tried so: {found.single}"
    if not found.tried:
        return [alone]
    counts = Counter(tried.fate for tried in found.tried)
    lines = [
        f"photos, each as a visitor of one look whom the other photos enrol: {len(found.tried)};"
        f" recognised: {counts[Fate.RECOGNISED]}"
    ]
    for fate, told in _FATES.items():
        if counts[fate]:
            lines += [f"  {told}: {counts[fate]}", *_named([one for one in found.tried if one.fate is fate])]
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
    elsewhere = found.pairs * rules.recogniser.calibration.risk(threshold, 1)
    lines = [
        f"pairs of different people: {found.pairs:,}; within the threshold {threshold:.3f}: {found.within}"
        f" (of people elsewhere about {elsewhere:.1g})"
    ]
    if gallery.population.nearness < 1:
        lines.append(
            f"  they are nearer to each other than people elsewhere: the threshold is"
            f" {1 - gallery.population.nearness:.0%} tighter for it"
        )
    nearest = [f"    {quoted(a.names[0])} and {quoted(a.names[1])}: {a.distance:.3f}" for a in found.nearest]
    return [*lines, "  nearest:", *nearest]
