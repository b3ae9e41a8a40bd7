"""What recognises: an embedding network, and everything that was measured for its embeddings.

Distances are Euclidean: between embeddings of length 1, or between such and templates (`templates.distance`).
A value like these is all that the rest of the server knows of a network.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from server.access.matching import calibration
from server.access.matching.calibration import Calibration

Embedding: TypeAlias = NDArray[np.float32]
"""One face as the network sees it: float32[128]."""
EMBEDDING_SIZE = 128
RecogniserName: TypeAlias = Literal["sface", "dlib"]


@dataclass(frozen=True)
class Recogniser:
    """One network's measured distances.

    `name`: as in the settings, the log and recordings. `by_hand`: between what a threshold may be set to by
    hand. `pipeline` names everything that the outcome of an
    enrolment photo depends on; it changes with any of them. `exponent`: of the templates' lengths in a score
    (`templates.scaled`). `mirrored_looks`: whether a look at a visitor is worth more with the embedding of
    its mirror image; those of enrolment photos always have it.

    Who a face is: `margin`: how much farther the runner-up must be. `same_view`: looks nearer to each other
    say the same, and make way for others. `contradiction`: a single look farther from a person does not agree
    that it is that person. `stranger`: a visit farther than this from everybody is a stranger's, whatever a
    better look might bring.

    Which looks are of one face: `same_face`: embeddings this near are one face wherever it moved.
    `other_face`: farther apart they are two people, even in the same place. `steady_face`: a good look
    farther than this from the mean of the last few may be another face in the same place, although it may
    also be the same one: who it is and that it lives is found out anew.

    Whether a photo shows who its name says: `same_person`: a photo that is farther from the template of the
    earlier ones of its person shows somebody else. `misplaced`: one this near to somebody else, and nearer
    than to its own person, shows that one.
    """

    name: RecogniserName
    by_hand: tuple[float, float]
    pipeline: str
    exponent: float
    mirrored_looks: bool
    margin: float
    same_view: float
    contradiction: float
    stranger: float
    same_face: float
    other_face: float
    steady_face: float
    same_person: float
    misplaced: float

    def __str__(self) -> str:
        return self.name

    @property
    def calibration(self) -> Calibration:
        """What its distances risk and what they cost."""
        return calibration.shipped(self.name)


DLIB = Recogniser(
    name="dlib",
    by_hand=(0.1, 0.45),
    pipeline="dlib-resnet-v1/5pt/photo-2",
    exponent=0.5,
    mirrored_looks=True,
    margin=0.03,
    same_view=0.06,
    contradiction=0.39,
    stranger=0.42,
    same_face=0.45,
    other_face=0.6,
    steady_face=0.42,
    same_person=0.42,
    misplaced=0.33,
)
"""dlib's ResNet. Of pairs of strangers (LFW) 3 in 100,000 are within `same_face`, 1 in 100,000 within
`steady_face`; looks of one track of real video at a desk stay within 0.34 of the last ones, behind hands and
a microphone within 0.53. `other_face` is face_recognition's own tolerance. Of photos of one person 1.5 % are
beyond `same_person`, after one earlier photo, 0.4 % after two, 0.1 % after three; of photos of strangers
99 %. 3 to 4 in 100,000 photos of a stranger are within `misplaced` of a template of one to three photos. The
tracks' distances were measured on embeddings as they come, which are about 1.4 long."""

SFACE = Recogniser(
    name="sface",
    by_hand=(0.6, 1.15),
    pipeline="sface-2021dec/yunet/photo-3",
    exponent=0.75,
    mirrored_looks=False,
    margin=0.05,
    same_view=0.2,
    contradiction=1.15,
    stranger=1.18,
    same_face=1.0,
    other_face=1.2,
    steady_face=0.95,
    same_person=1.18,
    misplaced=1.0,
)
"""OpenCV Zoo's SFace. Looks of one video at ten a second differ by 0.22 to 0.4 (median). Single looks are
farther than `contradiction` from their own person in 0.5 %, and nearer to a stranger in 0.2 %; visits of
three looks are farther than `stranger` in 0.05 %. Of pairs of strangers (LFW) 2 in a million are within
`same_face`, 1.3 % within `other_face`, and 0.25 % of pairs of one person beyond it; 2 in 100 million
strangers are within `steady_face` of the mean of five looks, within which looks of real video stay in 99 %
(0.41 to 0.87 by person). Photos of one person are beyond `same_person` in 0.3 % after one earlier photo, 0.07
% after two; of strangers' 99.3 %. 2 in a million photos of a stranger are within `misplaced`."""
RECOGNISERS: dict[str, Recogniser] = {each.name: each for each in (SFACE, DLIB)}
