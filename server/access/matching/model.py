"""The embedding network that is in use: what was measured for its embeddings, and for no other's."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Embedding: TypeAlias = NDArray[np.float32]
"""One face as dlib's ResNet sees it: float32[128], compared by Euclidean distance."""
EMBEDDING_SIZE = 128

PIPELINE = "dlib-resnet-v1/5pt/photo-2"
"""Names everything that the outcome of an enrolment photo depends on; change it with any of them."""
