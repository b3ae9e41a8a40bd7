"""What `doctor` has found out about one point."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


class Grade(str, Enum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "ERROR"


@dataclass(frozen=True)
class Finding:
    """One point. `detail`: one line, which ends with what to do where something is to be done."""

    grade: Grade
    about: str
    detail: str

    def __str__(self) -> str:
        return f"{self.grade.value:<8} {self.about}: {self.detail}"


def failed(findings: Iterable[Finding]) -> bool:
    """Whether a server would not start, or would not do what it is there for."""
    return any(finding.grade is Grade.ERROR for finding in findings)


def all_of(grade: Grade, about: str, details: Iterable[str]) -> Iterator[Finding]:
    return (Finding(grade, about, detail) for detail in details)
