"""The embedding network in use, dlib's ResNet: everything that was measured for its embeddings.

Another network has another file like this one. All distances are Euclidean: between embeddings as they come
out of the network, which are nearly of length 1, or between unit embeddings and templates
(`templates.distance`), as each says.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Embedding: TypeAlias = NDArray[np.float32]
"""One face as the network sees it: float32[128], compared by Euclidean distance."""
EMBEDDING_SIZE = 128

PIPELINE = "dlib-resnet-v1/5pt/photo-2"
"""Names everything that the outcome of an enrolment photo depends on; change it with any of them."""

# Which looks are of one face (embeddings as they come; `access.tracks`).
SAME_FACE = 0.45
"""Embeddings this near are one face wherever it moved: 3 in 100,000 pairs of strangers are (LFW)."""
OTHER_FACE = 0.6
"""Embeddings farther apart are two people, even in the same place: face_recognition's own tolerance."""
STEADY_FACE = 0.42
"""A good look farther than this from the mean of the last few may be another face in the same place, although
it may also be the same one: who it is and that it lives is found out anew. Looks of one track of real video
at a desk stay within 0.34, behind hands and a microphone within 0.53; 1 in 100,000 pairs of strangers is
nearer (LFW)."""

# Who a face is (unit embeddings and templates; `access.evidence`).
SAME_VIEW = 0.06
"""Looks nearer to each other say the same, and make way for others."""
CONTRADICTION = 0.39
"""A single look farther from a person does not agree that it is that person."""
STRANGER = 0.42
"""A visit farther than this from everybody is a stranger's, whatever a better look might bring."""

# Whether a photo shows who its name says (unit embeddings and templates; `gallery.admission`).
SAME_PERSON = 0.42
"""A photo that is farther from the template of the earlier ones of its person shows somebody else. Of photos
of that very person 1.5 % are, after one earlier photo, 0.4 % after two, 0.1 % after three; of photos of
strangers 99 % (LFW)."""
MISPLACED = 0.33
"""A photo this near to somebody else, and nearer than to its own person, shows that one: 3 to 4 in 100,000
photos of a stranger are this near to a template of one to three photos (LFW)."""
