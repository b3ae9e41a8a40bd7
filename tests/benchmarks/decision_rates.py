"""How many strangers the decision rule lets in and how many residents it recognises, on LFW embeddings.

    python -m tests.benchmarks.decision_rates [../shared/data/lfw_calibration.npz]

Protocol: a gallery of 100 people with one photo each; a visit is 1, 3 or 5 looks, which are other photos of
one person. Strangers are not in the gallery; residents are added to it with one more photo. The photos of
one person are taken years apart, so looks differ far more than frames of one video do; a visit of one
repeated look is the other extreme. Both the rule of `server.access` and face_recognition's (nearest photo
within 0.6 on any look) see the same trials.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.access.decision import Reason
from server.access.evidence import Identity, Look, Rules, compare, judge
from server.gallery.snapshot import Gallery

DEFAULT_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "lfw_calibration.npz"
GALLERY = 100
MOST_LOOKS = 5
ROUNDS = 40
PLAIN_TOLERANCE = 0.6
Embeddings = NDArray[np.float32]


def doorward(looks: Embeddings, gallery: Gallery) -> str | None:
    """Whom our rule recognises in these looks."""
    rules = Rules()
    taken = [Look.take(at / 10, look, gallery) for at, look in enumerate(looks)]
    standing = judge(taken, compare(taken, gallery), len(taken) / 10, len(taken), rules)
    assert (standing.identity is Identity.RECOGNISED) == (standing.reason is Reason.RECOGNISED)
    return standing.name


def plain(looks: Embeddings, gallery: Gallery) -> str | None:
    """face_recognition's usual loop: the first look that is within 0.6 of somebody."""
    matches = [gallery.match(look) for look in looks]
    return next((match.name for match in matches if match and match.distance <= PLAIN_TOLERANCE), None)


def main() -> None:
    data = np.load(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_DATA)
    embeddings, identities = data["embedding"], data["identity"]
    rows = {person: np.flatnonzero(identities == person) for person in np.unique(identities)}
    visitors = [person for person, at in rows.items() if len(at) > MOST_LOOKS]
    random = np.random.default_rng(0)
    counts: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for _ in range(ROUNDS):
        enrolled = random.choice(list(rows), GALLERY, replace=False)
        photos = [(str(person), embeddings[random.choice(rows[person])]) for person in enrolled]
        strangers_gallery = Gallery.build(1, photos)
        for person in visitors:
            chosen = embeddings[random.choice(rows[person], MOST_LOOKS + 1, replace=False)]
            residents_gallery = Gallery.build(1, [*photos, ("resident", chosen[0])])
            for count in (1, 3, 5):
                # a rule that wants three looks sees a single one three times: frames that are all alike
                looks = np.repeat(chosen[1:2], 3, axis=0) if count == 1 else chosen[1 : 1 + count]
                for name, rule in (("doorward", doorward), ("nearest within 0.6", plain)):
                    if person not in enrolled:
                        label = f"{name}, {count} different looks"
                        counts[label, "stranger"].append(rule(looks, strangers_gallery) is not None)
                        counts[label, "resident"].append(rule(looks, residents_gallery) == "resident")
    print(f"{'rule':36} strangers let in   residents recognised   visits")
    for label, who in counts:
        if who == "stranger":
            accepted, recognised = np.mean(counts[label, who]), np.mean(counts[label, "resident"])
            print(f"{label:36} {accepted:16.4f} {recognised:22.3f} {len(counts[label, who]):8}")


if __name__ == "__main__":
    main()
