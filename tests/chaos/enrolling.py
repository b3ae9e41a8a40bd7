"""A home of a server, with the person of the film enrolled."""

import asyncio
import shutil
from pathlib import Path

from server.commands import verify_log
from server.settings import Settings
from tests.support.photos import photo


def enrol(home: Path) -> None:
    (home / "faces").mkdir(parents=True, exist_ok=True)
    shutil.copy(photo("obama"), home / "faces" / "barack_obama.jpg")


def settings(home: Path) -> Settings:
    return Settings.model_validate({"faces": home / "faces", "logs": home / "logs"})


def verified(home: Path) -> str:
    """What `verify-log` says. Raises WrongError: the log is not as it was written."""
    return asyncio.run(verify_log.verify(settings(home)))


def written(home: Path) -> set[str]:
    """The ids of the decisions in the access log."""
    text = (home / "logs" / "access_log.txt").read_text(encoding="utf-8")
    return {word[3:] for line in text.splitlines() for word in line.split() if word.startswith("id=")}
