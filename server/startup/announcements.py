"""What the server tells of itself, at the start and when that has changed: sentences, each with its level."""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from server.access.liveness.proof import Liveness
from server.access.matching.gallery import Gallery
from server.access.matching.neighbourhood import Population
from server.access.odds import is_lax, odds
from server.access.orders import Roster
from server.access.rules import Rules
from server.gallery.folder import PhotoFile, scan
from server.gallery.receipts import summary
from server.recording.files import FOLDER as RECORDINGS
from server.roster.terminals import rules_in_force
from server.settings import DEFAULT_FILE, Settings
from server.startup.exposure import exposures
from server.tokens.accepted import AcceptedTokens

log = logging.getLogger(__name__)

TELL_SECONDS = 1.0
"""How soon after a change what follows from it is told."""
Remark: TypeAlias = tuple[int, str]
"""A level of `logging`, and a sentence."""


def tell(remarks: Sequence[Remark]) -> None:
    for level, sentence in remarks:
        log.log(level, "%s", sentence)


def of_the_beginning(settings: Settings, file: Path | None) -> list[Remark]:
    """Where everything comes from and goes to, before anything is done. `file`: the settings file, if any."""
    return [
        (logging.INFO, f"settings: {origin(file)}"),
        (logging.INFO, f"photos: {os.path.abspath(settings.faces)}; logs: {os.path.abspath(settings.logs)}"),
        *((logging.WARNING, sentence) for sentence in exposures(settings, file)),
        *of_recording(settings),
    ]


def origin(file: Path | None) -> str:
    """Which settings file was read. `file`: as the settings were loaded from it."""
    if file is not None:
        return os.path.abspath(file)
    return f"none, as there is no {os.path.abspath(DEFAULT_FILE)}: defaults, environment and flags hold"


def of_loading(settings: Settings, processes: int) -> list[Remark]:
    """Before the models are loaded, which takes seconds."""
    first = "" if settings.model_settings.cache.is_dir() else "; the first time this takes some seconds more"
    return [(logging.INFO, f"loading the models into {processes} processes{first}")]


def of_enrolling(settings: Settings) -> list[Remark]:
    """Before the photos are looked at, which takes a while for each that is new."""
    try:
        photos = sum(isinstance(item, PhotoFile) for item in scan(settings.faces))
    except OSError:  # whoever enrols them says why
        return []
    return [(logging.INFO, f"enrolling {photos} photo{'' if photos == 1 else 's'}")]


def of_recording(settings: Settings) -> list[Remark]:
    """That biometric data of everybody is kept, strangers included."""
    if not settings.record:
        return []
    what = "128 numbers a face, which identify it" + (", and pictures" if settings.record_pictures else "")
    folder, days = os.path.abspath(settings.logs / RECORDINGS), settings.record_days
    kept = f"in {folder} for {days} day{'' if days == 1 else 's'}"
    return [
        (logging.WARNING, f"RECORDING everybody who is seen, strangers too: {what}, is kept {kept}"),
    ]


def of_risk(rules: Rules, population: Population) -> list[Remark]:
    """What the threshold risks with these people."""
    if not population.people:
        return [(logging.WARNING, "nobody is enrolled: everybody will be denied")]
    level = logging.WARNING if is_lax(rules, population) else logging.INFO
    return [(level, odds(rules, population))]


def of_network(settings: Settings, tokens: AcceptedTokens) -> list[Remark]:
    """Who can connect, or listen in, that should not; and whether nobody can."""
    remarks = []
    if not settings.is_local and not tokens.required:
        sentence = f"INSECURE: any machine that reaches {settings.host} is accepted as a terminal"
        remarks.append((logging.WARNING, sentence))
    if tokens.required and not tokens.terminals:
        sentence = "no terminal has a token, so that none can connect: python -m server terminals add NAME"
        remarks.append((logging.WARNING, sentence))
    if tokens.certificates and settings.tls_terminals is None:
        names = ", ".join(ascii(name) for name in sorted(tokens.certificates))
        sentence = f"no certificate is asked for, so that {names} cannot connect: tls_terminals names whose"
        remarks.append((logging.WARNING, sentence))
    if not settings.is_local and settings.tls_cert is None:
        sentence = "no TLS: pictures and tokens can be read on the network; set tls_cert and tls_key"
        remarks.append((logging.WARNING, sentence))
    return remarks


def of_rules(rules: Rules, roster: Roster, people_file: Path) -> list[Remark]:
    """What holds at the doors by the settings, where people.toml says otherwise, and which a photo opens."""
    by_place = rules_in_force(roster, rules)
    remarks = [(logging.INFO, f"policy {rules.policy.value}; liveness {rules.liveness.value}")]
    for here in by_place:
        if differs := here.unlike(rules):
            remarks.append((logging.INFO, f"{here.place}, by {people_file}: {differs}"))
    off = [f" at {here.place}" for here in by_place if here.liveness is Liveness.OFF]
    if not by_place and rules.liveness is Liveness.OFF:
        off = [""]
    photo = "a photo of an enrolled person opens the door"
    return [*remarks, *((logging.WARNING, f"liveness is off{place}: {photo}") for place in off)]


def of_unknown(
    settings: Settings,
    roster: Roster,
    people: Sequence[str],
    tokens: AcceptedTokens,
    has_photo: Callable[[str], bool],
) -> list[Remark]:
    """Names in people.toml that nobody has: misspelt, they would limit nobody. `people`: who is enrolled.
    `has_photo`: whether there is a photo at a path relative to faces/."""
    file = settings.people_file
    unknown = roster.unknown_terminals(tokens.terminals) if tokens.terminals else []
    sentences = [f"{file} names {name!a}, whom no photo enrols" for name in roster.unknown_names(people)]
    sentences += [f"{file} holds {path!a}, which is not there" for path in roster.unknown_photos(has_photo)]
    sentences += [f"{file} names terminal {name!a}, which has no token" for name in unknown]
    return [(logging.WARNING, sentence) for sentence in sentences]


def of_the_start(
    settings: Settings,
    roster: Roster,
    gallery: Gallery,
    refused: int,
    tokens: AcceptedTokens,
    has_photo: Callable[[str], bool],
) -> list[Remark]:
    """What holds when the server begins to serve. `refused`: photos that enrol nobody. `has_photo`: as in
    `of_unknown`."""
    enrolled = summary(len(gallery.people), gallery.photos)
    return [
        (logging.INFO, f"enrolled: {enrolled}; {refused} held or rejected"),
        *of_risk(settings.rules(), gallery.population),
        *of_network(settings, tokens),
        *of_unknown(settings, roster, gallery.people, tokens, has_photo),
        *of_rules(settings.rules(), roster, settings.people_file),
    ]


def of_listening(settings: Settings, addresses: Sequence[tuple[str, int]]) -> list[Remark]:
    secured = " with TLS" if settings.tls_cert else ""
    return [
        (logging.INFO, f"listening on {host}:{port}{secured}, {settings.workers} workers")
        for host, port in addresses
    ]


class Changes:
    """What is to be told when enrolment, people.toml or the rules have changed since the last look."""

    def __init__(
        self,
        settings: Settings,
        rules: Callable[[], Rules],
        roster: Callable[[], Roster],
        gallery: Callable[[], Gallery],
        tokens: Callable[[], AcceptedTokens],
        has_photo: Callable[[str], bool],
    ) -> None:
        """`rules`, `roster`, `gallery`, `tokens`: what is in force at this moment. `has_photo`: as in
        `of_unknown`."""
        self._settings = settings
        self._tokens, self._has_photo = tokens, has_photo
        self._rules_now, self._rules = rules, rules()
        self._roster_now, self._gallery_now = roster, gallery
        self._roster, self._gallery = roster(), gallery()

    def look(self) -> list[Remark]:
        rules, roster, gallery = self._rules_now(), self._roster_now(), self._gallery_now()
        remarks: list[Remark] = []
        if rules != self._rules or gallery.population != self._gallery.population:
            remarks += of_risk(rules, gallery.population)
        if roster is not self._roster or gallery.version != self._gallery.version:
            people, tokens = gallery.people, self._tokens()
            remarks += of_unknown(self._settings, roster, people, tokens, self._has_photo)
        if rules != self._rules or roster is not self._roster:
            remarks += of_rules(rules, roster, self._settings.people_file)
        self._rules, self._roster, self._gallery = rules, roster, gallery
        return remarks

    async def follow(self) -> None:
        """Tell it, for ever."""
        while True:
            await asyncio.sleep(TELL_SECONDS)
            tell(self.look())
