"""The answered frames of the last seconds: a decision may come after whom it is about has gone. Pure."""

from collections import deque

from client.connection.status import Answer

KEPT_SECONDS = 8.0
"""A server forgets a face 1.5 s after it was last seen, or 5 s after the last frame, and then decides."""
KEPT_FRAMES = 300
KEPT_BYTES = 32 << 20


class RecentAnswers:
    """Owns the newest answers whose frames show a face, as many as the limits above allow."""

    def __init__(self) -> None:
        self._answers: deque[Answer] = deque()
        self._bytes = 0

    def add(self, answer: Answer) -> None:
        if answer.result.faces:
            self._answers.append(answer)
            self._bytes += len(answer.sent.picture.jpeg)
        while self._answers and self._too_much(answer.captured):
            self._bytes -= len(self._answers.popleft().sent.picture.jpeg)

    def _too_much(self, now: float) -> bool:
        too_old = now - self._answers[0].captured > KEPT_SECONDS
        return too_old or len(self._answers) > KEPT_FRAMES or self._bytes > KEPT_BYTES

    def to_frame(self, number: int) -> Answer | None:
        """The answer to frame `number`, if it is still here."""
        return next((answer for answer in self._answers if answer.sent.number == number), None)
