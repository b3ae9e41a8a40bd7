"""`python -m server people`: who is enrolled, by which photos, at which risk; what was held or rejected."""

from collections import defaultdict
from collections.abc import Sequence

from server.enrolment import odds, summary
from server.gallery.admission import LookAlikes
from server.gallery.receipts import Receipt, Status
from server.offline import enrolled, roster_of
from server.settings import Settings


async def people(settings: Settings) -> str:
    """The report as text. Photos not seen before are judged first. Raises StartError."""
    async with enrolled(settings, roster_of(settings)) as keeper:
        number = len(keeper.gallery.people)
        stated = odds(settings.rules(), number) if number else ""
        return report(keeper.receipts(), keeper.look_alikes(), stated)


def report(receipts: Sequence[Receipt], look_alikes: Sequence[LookAlikes], odds: str) -> str:
    """Accepted photos by person, people who look alike, then photos that wait or were rejected, and why.

    `odds`: a line on what the threshold risks; may be empty.
    """
    photos: dict[str, list[str]] = defaultdict(list)
    for receipt in receipts:
        if receipt.status is Status.ACCEPTED and receipt.person is not None:
            photos[receipt.person].append(f"    {_shown(receipt)}")
    count = sum(len(lines) for lines in photos.values())
    lines = [f"enrolled: {summary(len(photos), count)}", *([odds] if odds else [])]
    for person in sorted(photos):
        own = photos[person]
        lines += [f"  {person}: {len(own)} photo{'' if len(own) == 1 else 's'}", *own]
    lines += _section("look-alikes", [f"    {_pair(pair)}" for pair in look_alikes])
    for status in (Status.HELD, Status.REJECTED):
        of_it = [receipt for receipt in receipts if receipt.status is status]
        lines += _section(status.value.lower(), [f"    {_shown(each)}: {each.detail}" for each in of_it])
    return "\n".join(lines)


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"{title}: {len(lines)}", *lines] if lines else []


def _pair(pair: LookAlikes) -> str:
    one, other = pair.names
    return f"{one} and {other}, distance {pair.distance:.2f}" + (" (confirmed)" if pair.confirmed else "")


def _shown(receipt: Receipt) -> str:
    path = receipt.path.as_posix()
    return path if path.isprintable() else ascii(path)
