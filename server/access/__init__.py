"""Who is at the door, and may they come in: pure logic, the clock is an argument.

What is exported here compares faces by itself, without a door; docs/accuracy/ has an example.
"""

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import DLIB, SFACE, Recogniser
from server.access.matching.templates import Template, distance, score, score_at, template

__all__ = ["DLIB", "SFACE", "Gallery", "Recogniser", "Template", "distance", "score", "score_at", "template"]
