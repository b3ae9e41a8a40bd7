"""The faces of one recorded session, followed again as they were then."""

from server.access.attention import Attention, Watched
from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import Recogniser
from server.access.observed import ObservedFrame
from server.access.rules import Rules
from server.access.seen import Face
from server.access.tracks import Track, Tracker
from server.access.visit import Care
from server.recording.rerun import WANTED


class FaceFollower:
    """Who is enrolled makes no difference to it."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._nobody = Gallery.build(recogniser, 0, ())
        self._tracker = Tracker(Rules().window, recogniser)
        self._attention = Attention()

    @property
    def tracks(self) -> list[Track]:
        """Those that go on."""
        return self._tracker.tracks

    def see(self, frame: ObservedFrame) -> tuple[list[tuple[Face, Track]], list[Track]]:
        """The next frame: its faces that are followed, and the tracks that have ended."""
        watched = [Watched(track, Care.GATHER) for track in self._tracker.tracks]
        self._attention.hints(WANTED, watched, (), frame.at)
        faces = frame.analysis.faces
        tracks, ended = self._tracker.update(faces, self._nobody, frame.at, self._attention.continued)
        self._attention.learn(frame.analysis, frame.at)
        return [(face, track) for face, track in zip(faces, tracks, strict=True) if track], ended
