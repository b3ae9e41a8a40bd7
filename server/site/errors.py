"""What cannot be done to the site's files, in sentences for the operator."""

from enum import Enum


class Kind(str, Enum):
    """`NOT_FOUND`: there is no such person, photo or entry. `CONFLICT`: somebody else has changed it, or it
    is there already. `REFUSED`: it cannot be done, or must not be. `TOO_LARGE`: a limit is exceeded."""

    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    TOO_LARGE = "too_large"


class SiteError(Exception):
    """Nothing was changed, unless the sentence says what was."""

    def __init__(self, kind: Kind, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


def cause(error: OSError) -> str:
    """What the operating system says, in small letters."""
    return (error.strerror or type(error).__name__).lower()
