"""`python -m server people`: who is enrolled, by which photos, at which risk; what was held or rejected."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from server.access.odds import odds
from server.access.permits import Permit, bar
from server.audit.line import word
from server.commands.enrolled import enrolled, roster_in_force
from server.gallery.admission import LookAlikes
from server.gallery.receipts import Receipt, Status, summary
from server.roster.terminals import RulesInForce, rules_in_force
from server.settings import Settings
from server.startup.accepted_tokens import accepted_now
from server.startup.announcements import of_unknown
from wire.reasons import Reason


async def people(settings: Settings) -> str:
    """The report as text. Photos not seen before are judged first. Raises StartError."""
    roster, wrong = roster_in_force(settings)
    async with enrolled(settings, roster) as watcher:
        names = watcher.gallery.people
        tokens = accepted_now(settings)
        unknown = of_unknown(settings, roster, names, tokens, watcher.has)
        strangers = [sentence for _, sentence in unknown]
        stated = odds(settings.rules(), watcher.gallery.population) if names else ""
        limits = limited(roster.permits, datetime.now())
        enrolment = report(watcher.receipts(), watcher.look_alikes(), stated, limits)
        rules = terminals(rules_in_force(roster, settings.rules()))
        return "\n".join([*([wrong] if wrong else []), *strangers, enrolment, *rules])


def limited(permits: Mapping[str, Permit], now: datetime) -> dict[str, str]:
    """What is laid down for each person, such as "until 2026-12-31; only at lab". `now`: the wall clock."""
    return {name: "; ".join(_limits(permit, now)) for name, permit in permits.items()}


def _limits(permit: Permit, now: datetime) -> list[str]:
    terminals = sorted(permit.terminals or ())
    why = bar(permit, terminals[0] if terminals else "", now)
    if why in (Reason.DISABLED, Reason.EXPIRED):
        return [why.value]
    limits = []
    if why is Reason.NOT_YET_VALID:
        limits.append(f"not before {permit.valid_from}")
    elif permit.valid_until is not None:
        limits.append(f"until {permit.valid_until}")
    if permit.schedule is not None and why is not Reason.NOT_YET_VALID:
        limits.append("outside schedule now" if why is Reason.OUTSIDE_SCHEDULE else "within schedule now")
    if terminals:
        limits.append(f"only at {', '.join(map(word, terminals))}")
    return limits


def report(
    receipts: Sequence[Receipt], look_alikes: Sequence[LookAlikes], odds: str, limits: Mapping[str, str]
) -> str:
    """Accepted photos by person, people who look alike, then photos that wait or were rejected, and why.

    `odds`: a line on what the threshold risks; may be empty. `limits`: by person, where there are any.
    """
    photos: dict[str, list[str]] = defaultdict(list)
    for receipt in receipts:
        if receipt.status is Status.ACCEPTED and receipt.person is not None:
            photos[receipt.person].append(f"    {_shown(receipt)}")
    count = sum(len(lines) for lines in photos.values())
    lines = [f"enrolled: {summary(len(photos), count)}", *([odds] if odds else [])]
    for person in sorted(photos):
        own = photos[person]
        limit = f"; {limits[person]}" if limits.get(person) else ""
        lines += [f"  {person}: {len(own)} photo{'' if len(own) == 1 else 's'}{limit}", *own]
    lines += _section("look-alikes", [f"    {_pair(pair)}" for pair in look_alikes])
    for status in (Status.HELD, Status.REJECTED):
        of_it = [receipt for receipt in receipts if receipt.status is status]
        lines += _section(status.value.lower(), [f"    {_shown(each)}: {each.detail}" for each in of_it])
    return "\n".join(lines)


def terminals(rules: Sequence[RulesInForce]) -> list[str]:
    """A section with what holds at each terminal; nothing where the settings hold at all of them."""
    return _section("terminals", [f"    {each.place}: {each}" for each in rules])


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title}: {len(lines)}", *lines] if lines else []


def _pair(pair: LookAlikes) -> str:
    one, other = pair.names
    return f"{one} and {other}, distance {pair.distance:.2f}" + (" (confirmed)" if pair.confirmed else "")


def _shown(receipt: Receipt) -> str:
    path = receipt.path.as_posix()
    return path if path.isprintable() else ascii(path)
