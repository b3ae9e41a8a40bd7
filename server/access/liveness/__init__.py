"""Whether a face is a living one: passive evidence, and a challenge. Pure: landmarks and times in.

What each can and cannot stop was measured: docs/liveness/.
"""

from server.access.liveness.challenge import Challenge, ChallengeState, Failure
from server.access.liveness.passive import Evidence, Passive

__all__ = ["Challenge", "ChallengeState", "Evidence", "Failure", "Passive"]
