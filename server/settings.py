"""The server's settings: defaults < doorward.toml < environment < flags, checked as one frozen value."""

import os
import sys
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from server.access.liveness.proof import Liveness
from server.access.lockout import MAX_ATTEMPTS
from server.access.policy import Policy
from server.access.rules import Rules
from server.access.seen import Hints
from server.workers.analyser import ModelSettings
from wire import TERMINAL_CHARS, Limits

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_FILE = Path("doorward.toml")
ENVIRONMENT_PREFIX = "DOORWARD_"
NOT_OURS = frozenset({"DOORWARD_TOKEN"})
"""Variables of the terminal, which may run on the same machine."""
MIN_TOKEN_CHARS = 16


class SettingsError(Exception):
    """A setting is unknown or out of range; the message names it and where it was set."""


def _cpus() -> int:
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


class Settings(BaseModel):
    """Every setting, its default and its range. `docs/settings.md` describes them for administrators."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(5000, ge=0, le=65535, description="TCP port; 0 takes any free one")
    faces: Path = Field(Path("faces"), description="folder of enrolment photos")
    logs: Path = Field(Path("logs"), description="folder for the access log and all else that is written")
    workers: int = Field(default_factory=_cpus, ge=1, le=256, description="frames in work at once")
    policy: Policy = Field(
        Policy.ANY, description="whom a grant depends on; flag is any, and tells of company in the log"
    )
    max_false_accept: float = Field(
        1e-4, ge=1e-6, le=0.01, description="share of strangers' visits that may end in a grant"
    )
    threshold: float | None = Field(
        None, ge=0.1, le=0.45, description="largest distance, in place of the one that max_false_accept gives"
    )
    margin: float = Field(0.03, ge=0.01, le=0.3, description="how much farther the runner-up must be")
    frames: int = Field(3, ge=2, le=5, description="looks out of the last 5 that must agree")
    liveness: Liveness = Field(
        Liveness.PASSIVE, description="proof that a face is alive: off, passive or challenge"
    )
    antispoof: Path | None = Field(None, description="ONNX model that tells living faces from others")
    antispoof_sha256: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="what the file of antispoof must hash to"
    )
    attempts: int = Field(
        10, ge=0, le=MAX_ATTEMPTS, description="failed visits in a row that lock a terminal; 0 never does"
    )
    deny_seconds: float = Field(3.0, ge=0.5, le=30, description="how long a doubtful face is looked at")
    min_face: int = Field(48, ge=20, le=400, description="smallest face looked for, pixels of the frame")
    max_faces: int = Field(4, ge=1, le=32, description="faces compared in one frame, largest first")
    frame_bytes: int = Field(1 << 20, ge=10_000, le=1 << 24, description="largest JPEG accepted, bytes")
    frame_pixels: int = Field(
        4_000_000, ge=10_000, le=64_000_000, description="largest frame accepted, pixels"
    )
    max_terminals: int = Field(128, ge=1, le=10_000, description="terminals connected at once")
    insecure: bool = Field(False, description="allow other machines to connect without tokens")
    tokens: dict[str, str] = Field(default_factory=dict, description="terminal name -> its secret token")
    tls_cert: Path | None = Field(None, description="certificate chain (PEM); turns TLS on")
    tls_key: Path | None = Field(None, description="private key (PEM) of tls_cert")
    record: bool = Field(False, description="keep what was seen, as numbers, for python -m server replay")
    record_days: int = Field(7, ge=1, le=365, description="how long recordings are kept")
    record_pictures: bool = Field(False, description="keep the pictures, too")
    watch_loop: bool = Field(False, description="log what keeps the event loop for more than 10 ms")

    @model_validator(mode="after")
    def _together(self) -> "Settings":
        for terminal, token in self.tokens.items():
            if not 1 <= len(terminal) <= TERMINAL_CHARS:
                raise ValueError(f"tokens: a terminal's name has 1 to {TERMINAL_CHARS} characters")
            if len(token) < MIN_TOKEN_CHARS:
                raise ValueError(f"tokens.{terminal}: a token has at least {MIN_TOKEN_CHARS} characters")
        if len(set(self.tokens.values())) < len(self.tokens):
            raise ValueError("tokens: two terminals share a token; give each its own")
        if (self.antispoof is None) != (self.antispoof_sha256 is None):
            raise ValueError("antispoof and antispoof_sha256 go together: a model is trusted by its hash")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together")
        if not self.is_local and not self.tokens and not self.insecure:
            raise ValueError(
                f"host: {self.host} lets other machines in and no tokens are set: anybody who can reach the"
                " port could pose as a door. Set [tokens] in doorward.toml, or accept it with --insecure"
            )
        return self

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def models(self) -> ModelSettings:
        """What workers load."""
        pinned = (self.antispoof, self.antispoof_sha256) if self.antispoof and self.antispoof_sha256 else None
        return ModelSettings(self.logs / "models", self.liveness is not Liveness.OFF, pinned)

    @property
    def people_file(self) -> Path:
        """What is laid down for people and terminals."""
        return self.faces / "people.toml"

    def rules(self) -> Rules:
        return Rules(
            max_false_accept=self.max_false_accept,
            threshold=self.threshold,
            margin=self.margin,
            looks=self.frames,
            policy=self.policy,
            liveness=self.liveness,
            attempts=self.attempts,
            deny_seconds=self.deny_seconds,
        )

    def hints(self) -> Hints:
        return Hints(self.min_face, self.max_faces, self.frame_pixels)

    def limits(self) -> Limits:
        return Limits(self.frame_bytes, self.frame_pixels)


def load(flags: Mapping[str, Any], environment: Mapping[str, str], file: Path | None) -> Settings:
    """Merge the sources and check the result. `file`: a settings file that must exist; None takes
    doorward.toml where there is one.

    Raises SettingsError.
    """
    path = file or DEFAULT_FILE
    from_file = _read(path) if file or path.exists() else {}
    from_environment = {
        key[len(ENVIRONMENT_PREFIX) :].lower(): value
        for key, value in environment.items()
        if key.startswith(ENVIRONMENT_PREFIX) and key not in NOT_OURS
    }
    try:
        return Settings.model_validate({**from_file, **from_environment, **flags})
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_url=False, include_context=False):
            key = ".".join(str(part) for part in problem["loc"])
            lines.append(_explain(key, problem, _origin(key, path, from_file, from_environment, flags)))
        raise SettingsError("\n".join(lines)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None


def _origin(
    key: str, path: Path, file: Mapping[str, Any], environment: Mapping[str, Any], flags: Mapping[str, Any]
) -> str:
    top = key.split(".")[0]
    if top in flags:
        return f" (flag --{top.replace('_', '-')})"
    if top in environment:
        return f" (environment {ENVIRONMENT_PREFIX}{top.upper()})"
    return f" ({path})" if top in file else ""


def _explain(key: str, problem: Mapping[str, Any], origin: str) -> str:
    if problem["type"] == "extra_forbidden":
        return f"unknown setting: {key}{origin}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if not key:
        return message
    shown = "" if key.startswith("tokens") else f", not {problem['input']!r}"
    return f"{key}{origin}: {message[:1].lower()}{message[1:]}{shown}"
