"""The server's settings: every one, its default and its range, as one frozen value."""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from server.access.liveness.proof import Liveness
from server.access.lockout import MAX_ATTEMPTS
from server.access.matching.recogniser import RECOGNISERS, Recogniser, RecogniserName
from server.access.policy import Policy
from server.access.rules import Rules
from server.access.seen import Hints, LandmarkModel
from server.support.console import LogFormat
from server.support.setting_types import Address, FilePath, TerminalName, Token
from server.support.syslog_address import SyslogAddress, syslog_address
from server.workers.analyser import ModelSettings
from wire import Limits

DEFAULT_FILE = Path("doorward.toml")


def _cpus() -> int:
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def _is_local(host: str) -> bool:
    """Whether only this machine can connect to that address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Settings(BaseModel):
    """Every setting, its default and its range. `docs/settings.md` describes them for administrators."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Address = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(5000, ge=0, le=65535, description="TCP port; 0 takes any free one")
    faces: FilePath = Field(Path("faces"), description="folder of enrolment photos")
    logs: FilePath = Field(Path("logs"), description="folder for the access log and all else that is written")
    workers: int = Field(default_factory=_cpus, ge=1, le=256, description="frames in work at once")
    policy: Policy = Field(
        Policy.ANY, description="whom a grant depends on; flag is any, and tells of company in the log"
    )
    recogniser: RecogniserName = Field("sface", description="the network that tells who a face is")
    max_false_accept: float = Field(
        1e-4, ge=1e-6, le=0.01, description="the share of strangers' visits that may end in a grant"
    )
    threshold: float | None = Field(
        None,
        description="largest distance at which a person is recognised, in place of the one that"
        " max_false_accept gives",
    )
    margin: float | None = Field(
        None,
        ge=0.01,
        le=0.3,
        description="how much farther the runner-up must be, in place of the recogniser's own",
    )
    frames: int = Field(3, ge=2, le=5, description="looks out of the last 5 that must agree")
    liveness: Liveness = Field(Liveness.PASSIVE, description="proof that the face is a living one")
    models: FilePath = Field(
        Path("models"), description="folder of weights that are not installed as packages"
    )
    landmarks: LandmarkModel = Field(
        LandmarkModel.MESH, description="what finds the points of a face, by which liveness is judged"
    )
    antispoof: FilePath | None = Field(
        None, description="ONNX model of your own that tells living faces from others; it can only refuse"
    )
    antispoof_sha256: str | None = Field(
        None, pattern="^[0-9a-f]{64}$", description="what that file must hash to"
    )
    attempts: int = Field(
        10,
        ge=0,
        le=MAX_ATTEMPTS,
        description="failed visits in a row, within 10 minutes, that lock a terminal for a while;"
        " 0 never does",
    )
    deny_seconds: float = Field(
        3.0,
        ge=0.5,
        le=30,
        description="how long a face that might be somebody is looked at before it is denied",
    )
    min_face: int = Field(48, ge=20, le=400, description="smallest face looked for, pixels of the frame")
    max_faces: int = Field(4, ge=1, le=32, description="faces compared in one frame, largest first")
    frame_bytes: int = Field(1 << 20, ge=10_000, le=1 << 24, description="largest JPEG accepted, bytes")
    frame_pixels: int = Field(
        4_000_000, ge=10_000, le=64_000_000, description="largest frame accepted, pixels"
    )
    max_terminals: int = Field(128, ge=1, le=10_000, description="terminals connected at once")
    second_connection: Literal["takes_over", "refused"] = Field(
        "takes_over", description="what becomes of a terminal's second connection, where tokens are needed"
    )
    insecure: bool = Field(
        False, description="let other machines connect without tokens, and browsers without TLS"
    )
    tokens: dict[TerminalName, Token] = Field(default_factory=dict, description="terminal name = its token")
    tls_cert: FilePath | None = Field(None, description="certificate chain (PEM); turns TLS on")
    tls_key: FilePath | None = Field(None, description="private key (PEM) of tls_cert")
    tls_terminals: FilePath | None = Field(
        None, description="authority (PEM) by whose certificates terminals prove who they are"
    )
    database: str | None = Field(
        None,
        pattern="^(postgresql|sqlite)://.",
        repr=False,
        description="address of a PostgreSQL database, in place of a file among the logs",
    )
    web: bool = Field(True, description="serve the console, the API and browsers as terminals")
    web_host: Address = Field("127.0.0.1", min_length=1, description="address of the console")
    web_port: int = Field(8080, ge=0, le=65535, description="TCP port of the console; 0 takes any free one")
    web_name: str | None = Field(
        None,
        pattern="^[A-Za-z0-9.-]{1,253}$",
        description="name by which browsers call the console through a proxy on this machine",
    )
    log_format: LogFormat = Field("text", description="how the console and server_log.txt are written")
    syslog: str | None = Field(
        None, description="collector of syslog messages that the logs' lines are sent to, too"
    )
    syslog_ca: FilePath | None = Field(None, description="certificates (PEM) that vouch for the collector")
    record: bool = Field(False, description="keep what was seen, as numbers, for python -m server replay")
    record_days: int = Field(7, ge=1, le=365, description="how long recordings are kept")
    record_pictures: bool = Field(False, description="keep the pictures, too")
    encryption_key: FilePath | None = Field(
        None, description="file with the key by which embeddings and recordings are encrypted"
    )
    history_days: int = Field(90, ge=1, le=3650, description="how long the history is kept")
    pseudonymous: bool = Field(
        False, description="call people in the access log and the history by a word that names nobody"
    )

    @field_validator("threshold")
    @classmethod
    def _in_range(cls, threshold: float | None, known: ValidationInfo) -> float | None:
        recogniser = RECOGNISERS[known.data.get("recogniser", "sface")]
        low, high = recogniser.by_hand
        if threshold is not None and not low <= threshold <= high:
            raise ValueError(
                f"write a number from {low:g} to {high:g}, in which recogniser {recogniser} was measured,"
                f" not {threshold:g}"
            )
        return threshold

    @field_validator("syslog")
    @classmethod
    def _is_address(cls, address: str | None) -> str | None:
        if address is not None:
            syslog_address(address)
        return address

    @model_validator(mode="after")
    def _together(self) -> "Settings":
        if len(set(self.tokens.values())) < len(self.tokens):
            raise ValueError("tokens: two terminals share a token; give each its own")
        if (self.antispoof is None) != (self.antispoof_sha256 is None):
            raise ValueError("antispoof and antispoof_sha256 go together: a model is trusted by its hash")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together")
        if self.tls_terminals is not None and self.tls_cert is None:
            raise ValueError(
                "tls_terminals needs tls_cert and tls_key: without TLS nobody shows a certificate"
            )
        if self.web and not _is_local(self.web_host) and self.tls_cert is None and not self.insecure:
            raise ValueError(
                f"web_host: {self.web_host} lets other machines in, and without TLS passwords could be read"
                " on the network. Set tls_cert and tls_key, or accept it with --insecure"
            )
        self._check_syslog()
        return self

    def _check_syslog(self) -> None:
        collector = self.collector
        if self.syslog_ca is not None and (collector is None or collector.transport != "tls"):
            raise ValueError("syslog_ca is for a collector at tls://")
        if collector and collector.transport != "tls" and not _is_local(collector.host) and not self.insecure:
            raise ValueError(
                f"syslog: {collector} is another machine, and without TLS what is sent could be read and"
                " changed on the network. Write tls://, or accept it with --insecure"
            )

    @property
    def collector(self) -> SyslogAddress | None:
        """Of syslog messages."""
        return None if self.syslog is None else syslog_address(self.syslog)

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect as a terminal."""
        return _is_local(self.host)

    @property
    def needs_tokens(self) -> bool:
        """Whether terminals need a token though nobody has one yet: from other machines anybody could pose as
        a door."""
        browsers = self.web and not _is_local(self.web_host)
        return (not self.is_local or browsers) and not self.insecure

    @property
    def console_names(self) -> frozenset[str] | None:
        """The only names by which browsers may call the console, beside addresses; None: any. A page of a
        name that was made to lead to this machine must not be taken for one of ours (DNS rebinding): with
        TLS the certificate keeps it out, and what other machines reach needs a token or a password."""
        if self.tls_cert is not None or not _is_local(self.web_host):
            return None
        return frozenset({"localhost"} | ({self.web_name.lower()} if self.web_name else set()))

    @property
    def _recogniser(self) -> Recogniser:
        return RECOGNISERS[self.recogniser]

    @property
    def model_settings(self) -> ModelSettings:
        """What workers load."""
        pinned = (self.antispoof, self.antispoof_sha256) if self.antispoof and self.antispoof_sha256 else None
        return ModelSettings(
            cache=self.logs / "models",
            weights=self.models,
            recogniser=self.recogniser,
            liveness=True,  # people.toml may turn it on at any time
            landmarks=self.landmarks,
            antispoof=pinned,
        )

    @property
    def people_file(self) -> Path:
        """What is laid down for people and terminals."""
        return self.faces / "people.toml"

    def rules(self) -> Rules:
        return Rules(
            recogniser=self._recogniser,
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
        return Hints(
            min_face=self.min_face,
            max_faces=self.max_faces,
            max_pixels=self.frame_pixels,
            mirrored=self._recogniser.mirrored_looks,
        )

    def limits(self) -> Limits:
        return Limits(self.frame_bytes, self.frame_pixels)
