"""Which tokens and certificates hold at one moment. Pure."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from server.support.secret import hashed


@dataclass(frozen=True)
class AcceptedTokens:
    """`required`: a terminal without a token is refused. `hashes`: terminal -> what its token may hash to.
    `certificates`: terminal -> fingerprints of which it must show one, beside its token; terminals that are
    not in it need none. `any_certificate`: every terminal must show one in its name, whichever."""

    required: bool = False
    hashes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    certificates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    any_certificate: bool = False

    @classmethod
    def of(
        cls,
        configured: Mapping[str, str],
        stored: Mapping[str, frozenset[str]] | None,
        required: bool = False,
        certificates: Mapping[str, frozenset[str]] | None = None,
        any_certificate: bool = False,
    ) -> "AcceptedTokens":
        """`configured`: terminal -> token, from the settings. `stored`: terminal -> hashes, none where they
        were revoked or have expired; None as a whole: the database cannot be read, and nobody knows whom it
        would let in. `required`: also where nobody has a token yet. `certificates`, `any_certificate`: as the
        fields."""
        names = {*configured, *(stored or ())}
        hashes = {
            name: _hashes(configured.get(name), (stored or {}).get(name, frozenset())) for name in names
        }
        return cls(
            required=required or bool(names) or stored is None,
            hashes=hashes,
            certificates=certificates or {},
            any_certificate=any_certificate,
        )

    def accept(self, terminal: str, given: str) -> bool:
        """`given`: the hash of the token that the terminal has shown, or of an empty one."""
        if not self.required:
            return True
        # Compared in any case, so that the time does not tell which terminals there are.
        expected = self.hashes.get(terminal) or {hashed("")}
        matches = [hmac.compare_digest(given, each) for each in expected]
        return any(matches) and given != hashed("")

    @property
    def terminals(self) -> frozenset[str]:
        """Those that have a token."""
        return frozenset(name for name, hashes in self.hashes.items() if hashes)


def _hashes(token: str | None, stored: frozenset[str]) -> frozenset[str]:
    return stored if token is None else stored | {hashed(token)}
