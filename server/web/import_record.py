"""What the operators' record says of an import's changes of people.toml. Pure."""

from collections.abc import Collection, Iterable, Mapping

from server.site.differences import Difference, Subject
from server.web.problems import ProblemError

MOST_TERMINALS = 200
"""Whose rules one import may change: each is a line of the record."""
DETAIL_CHARS = 1000
_KEYS = {Subject.PERSON: "people", Subject.PAIR: "pairs", Subject.PHOTO: "held"}


def rules_told(differences: Iterable[Difference]) -> dict[str, dict[str, str]]:
    """For each terminal whose rules change, by its name, what is to be written down of each key. Raises
    ProblemError: they are too many to be written down."""
    found = [each for each in differences if each.subject is Subject.TERMINAL]
    if len(found) > MOST_TERMINALS:
        detail = (
            f"This would change the rules of {len(found)} terminals; {MOST_TERMINALS} at most are changed."
        )
        raise ProblemError.refused(detail)
    return {each.name: {change.key: str(change) for change in each.changed} for each in found}


def limits_told(differences: Collection[Difference]) -> Mapping[str, str]:
    """The other changes, as details of one line: at most `DETAIL_CHARS` of each kind and how many more."""
    told = {
        key: [str(each) for each in differences if each.subject is subject] for subject, key in _KEYS.items()
    }
    return {key: _beginning(sentences) for key, sentences in told.items() if sentences}


def _beginning(sentences: list[str]) -> str:
    text = sentences[0][:DETAIL_CHARS]
    for at, sentence in enumerate(sentences[1:], 1):
        if len(text) + len(sentence) + 2 > DETAIL_CHARS:
            return f"{text} and {len(sentences) - at} more"
        text = f"{text}, {sentence}"
    return text
