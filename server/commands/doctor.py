"""`python -m server doctor`: whether a server would start here, and what an administrator should know first.

Each point is one line, which says what to do. Nothing is started that serves, no photo is embedded, and
nothing is written outside a temporary folder.
"""

import asyncio
import errno
import logging
import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from server.access.orders import EMPTY, Roster
from server.audit.access_log import FILE as ACCESS_LOG
from server.audit.folder_lock import holder_of
from server.audit.trail import SEAL_KEY
from server.commands import machine
from server.commands.enrolled import roster_in_force
from server.commands.finding import Finding, Grade, all_of
from server.gallery.folder import FolderItem, PhotoFile, scan
from server.gallery.names import spellings
from server.gallery.receipts import summary
from server.settings import Settings
from server.startup.accepted_tokens import accepted_now, reminders_now
from server.startup.announcements import Remark, of_network, of_recording, of_rules, of_unknown, origin
from server.startup.encryption import cipher_of
from server.startup.exposure import exposures, open_secrets
from server.startup.folders import barred_parent, log_problems, photo_problems
from server.startup.recogniser import with_recogniser
from server.support.certificate import EXPIRY_NOTICE, CertificateError, examine
from server.support.errors import StartError
from server.support.file_access import READ, barred, open_to_others
from server.support.key_file import KeyFileError, key_of
from server.support.tls import ask_for_certificates
from server.tokens.accepted import AcceptedTokens
from server.workers import main as worker
from server.workers.analyser import ModelSettings
from server.workers.answers import TaskError
from server.workers.process import WorkerProcess

LOAD_SECONDS = 120.0
"""How long the models may take to load."""
RENEW = "and then nobody can connect: python -m server tls renew, where tls init made it"
SHOWN_FILES = 3
"""Of files that all have the same fault, so many are named."""


def examine_server(settings: Settings, file: Path | None) -> Iterator[Finding]:
    """One finding after the other, as they are made. `file`: the settings file, if there is one."""
    yield Finding(Grade.OK, "settings", origin(file))
    yield from all_of(Grade.WARNING, "permissions", exposures(settings, file))
    yield from all_of(Grade.ERROR, "permissions", open_secrets(settings))
    tokens = accepted_now(settings)
    yield from _network(settings, tokens)
    yield from _certificate(settings)
    roster, wrong = _roster(settings)
    yield from all_of(Grade.ERROR, "people", wrong)
    if not wrong:
        known = roster.summary() if settings.people_file.exists() else "there is none: nobody is limited"
        yield Finding(Grade.OK, "people", f"{settings.people_file}: {known}")
    yield from _graded("rules", of_rules(settings.rules(), roster, settings.people_file))
    try:
        settings, remarks = with_recogniser(settings)
    except StartError as error:
        yield Finding(Grade.ERROR, "recogniser", str(error).removeprefix("recogniser: "))
    else:
        yield Finding(Grade.OK, "recogniser", settings.recogniser)
        yield from _graded("recogniser", remarks)
    yield from _photos(settings, roster, tokens)
    yield from _logs(settings)
    yield from _seals(settings)
    yield from _encryption(settings)
    running = holder_of(settings.logs)
    if running is not None:
        yield Finding(Grade.OK, "server", f"one runs here already, with these logs (process {running})")
    yield from machine.disk(settings)
    yield from machine.clock()
    yield from machine.open_files(settings)
    yield from _port(settings.host, settings.port, "port", running)
    if settings.web:
        yield from _port(settings.web_host, settings.web_port, "web_port", running)
    yield from _models(settings)


def _graded(about: str, remarks: Iterable[Remark]) -> Iterator[Finding]:
    for level, sentence in remarks:
        yield Finding(Grade.WARNING if level >= logging.WARNING else Grade.OK, about, sentence)


def _network(settings: Settings, accepted: AcceptedTokens) -> Iterator[Finding]:
    count = len(accepted.terminals)
    tokens = f"{count} terminal{' has a token' if count == 1 else 's have tokens'}" if count else "no tokens"
    secured = "TLS" if settings.tls_cert else "no TLS"
    yield Finding(Grade.OK, "network", f"{settings.host}, {secured}, {tokens}")
    yield from _graded("network", of_network(settings, accepted))
    yield from all_of(Grade.WARNING, "tokens", reminders_now(settings))


def _authority(settings: Settings) -> Iterator[Finding]:
    if settings.tls_terminals is None:
        return
    try:
        ask_for_certificates(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), settings.tls_terminals)
    except (OSError, ssl.SSLError) as error:
        yield Finding(Grade.ERROR, "certificate", f"tls_terminals: {settings.tls_terminals}: {error}")


def _certificate(settings: Settings) -> Iterator[Finding]:
    if settings.tls_cert is None or settings.tls_key is None:
        return
    for path in (settings.tls_cert, settings.tls_key):
        if os.path.exists(path) and (why := barred(path, READ)):
            yield Finding(Grade.ERROR, "certificate", why)
            return
    try:
        found = examine(settings.tls_cert, settings.tls_key)
    except CertificateError as error:
        yield Finding(Grade.ERROR, "certificate", str(error))
        return
    yield from _authority(settings)
    day = found.until.astimezone().date()
    if found.until - datetime.now(timezone.utc) < EXPIRY_NOTICE:
        yield Finding(Grade.WARNING, "certificate", f"it expires on {day}, {RENEW}")
    if found.names:
        names = f"terminals must call the server {' or '.join(found.names)}"
        yield Finding(Grade.OK, "certificate", f"it and its key are a pair, valid until {day}; {names}")
    else:
        detail = "it has no subjectAltName, so that no terminal accepts any name for it"
        yield Finding(Grade.ERROR, "certificate", detail)


def _roster(settings: Settings) -> tuple[Roster, list[str]]:
    """What people.toml lays down, and what is wrong with it."""
    try:
        roster, wrong = roster_in_force(settings)
    except StartError as error:
        return EMPTY, [str(error)]
    return roster, [line.strip() for line in wrong.splitlines()]


def _photos(settings: Settings, roster: Roster, tokens: AcceptedTokens) -> Iterator[Finding]:
    if not os.path.isdir(settings.faces):
        yield _missing("photos", settings.faces)
        return
    if problems := photo_problems(settings.faces):
        yield from all_of(Grade.ERROR, "photos", problems)
        return
    items = scan(settings.faces)
    photos = [item for item in items if isinstance(item, PhotoFile)]
    people = sorted({photo.person for photo in photos})
    named = summary(len(people), len(photos))
    yield Finding(Grade.OK, "photos", f"{os.path.abspath(settings.faces)}: {named}")
    if not photos:
        yield Finding(Grade.WARNING, "photos", "nobody would be enrolled: everybody would be denied")
    unreadable = [why for photo in photos if (why := barred(settings.faces / photo.path, READ))]
    yield from all_of(Grade.WARNING, "photos", _first(unreadable))
    yield from all_of(Grade.WARNING, "photos", _first([_bad(item) for item in items if item not in photos]))
    paths = {item.path for item in items}

    def has_photo(path: str) -> bool:
        return not paths.isdisjoint(spellings(path))

    yield from _graded("people", of_unknown(settings, roster, people, tokens, has_photo))


def _bad(item: FolderItem) -> str:
    return f"{item.path.as_posix()!a}: {'' if isinstance(item, PhotoFile) else item.detail}"


def _first(details: Sequence[str]) -> list[str]:
    more = len(details) - SHOWN_FILES
    return [*details[:SHOWN_FILES], *([f"and {more} more like these"] if more > 0 else [])]


def _missing(about: str, path: Path) -> Finding:
    if os.path.lexists(path):
        return Finding(Grade.ERROR, about, f"{path} is no folder")
    if why := barred_parent(path):
        return Finding(Grade.ERROR, about, f"{path} does not exist, and cannot be made: {why}")
    return Finding(Grade.WARNING, about, f"{os.path.abspath(path)} does not exist; a start makes it")


def _logs(settings: Settings) -> Iterator[Finding]:
    if not os.path.isdir(settings.logs):
        yield _missing("logs", settings.logs)
    elif problems := log_problems(settings):
        yield from all_of(Grade.ERROR, "logs", problems)
    else:
        yield Finding(Grade.OK, "logs", f"{os.path.abspath(settings.logs)} can be written to")
    yield from _graded("logs", of_recording(settings))


def _seals(settings: Settings) -> Iterator[Finding]:
    """The key that seals the access log: there from the first start on, and nobody else's."""
    path, sealed = settings.logs / SEAL_KEY, settings.logs / ACCESS_LOG
    if not path.exists():
        if sealed.exists() and sealed.stat().st_size:
            lost = (
                "there is none, and a start makes a new one: lines sealed before cannot be verified any more"
            )
            yield Finding(Grade.WARNING, "seal key", f"{lost}; put {path} back from a backup")
        return
    try:
        key_of(path)
    except KeyFileError as error:
        yield Finding(Grade.ERROR, "seal key", str(error))
        return
    if cure := open_to_others(path):
        yield Finding(Grade.WARNING, "seal key", f"others can read it, and forge lines: {cure}")
    else:
        yield Finding(Grade.OK, "seal key", f"{path} is there, and nobody else's")


def _encryption(settings: Settings) -> Iterator[Finding]:
    try:
        if cipher_of(settings) is not None:
            yield Finding(Grade.OK, "encryption", f"by {settings.encryption_key}, which is the right key")
    except StartError as error:
        yield Finding(Grade.ERROR, "encryption", str(error).removeprefix("encryption_key: "))


def _port(host: str, port: int, about: str, running: int | None) -> Iterator[Finding]:
    """`running`: the process of a server that runs here."""
    place = f"{host}:{port}"
    if port == 0:
        yield Finding(Grade.OK, about, "any free one")
        return
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            _bind(family, kind, protocol, address)
    except socket.gaierror as error:
        yield Finding(Grade.ERROR, about, f"{host} is no address of this machine: {error.strerror}")
    except OSError as error:
        if error.errno == errno.EADDRINUSE and running is not None:
            yield Finding(Grade.OK, about, f"{place} is in use, by process {running} as it should be")
            return
        yield Finding(Grade.ERROR, about, f"{place} cannot be used: {_why_not(error, port)}")
    else:
        yield Finding(Grade.OK, about, f"{place} is free")


def _bind(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> None:
    """Take the port as a server would, and let it go. Raises OSError."""
    with socket.socket(family, kind, protocol) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)


def _why_not(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"another program has it, or a server runs already: sudo ss -ltnp sport = :{port} says which"
    if error.errno == errno.EACCES:
        return "ports below 1024 are for root; choose a higher one"
    return (error.strerror or str(error)).lower()


def _models(settings: Settings) -> Iterator[Finding]:
    """Load them in a worker process, as a server does."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            for converted in settings.model_settings.cache.glob("*.onnx"):
                shutil.copyfile(converted, Path(folder) / converted.name)
            models = replace(settings.model_settings, cache=Path(folder))
            remarks = asyncio.run(asyncio.wait_for(_load(models), LOAD_SECONDS))
    except TaskError as error:
        yield Finding(Grade.ERROR, "models", f"they cannot be loaded: {error.said}")
        return
    except Exception as error:  # whatever the system raises
        yield Finding(Grade.ERROR, "models", f"they cannot be loaded: {str(error) or type(error).__name__}")
        return
    for _, sentence in remarks:
        yield Finding(Grade.WARNING, "models", sentence)
    yield Finding(Grade.OK, "models", "they can be loaded")


async def _load(models: ModelSettings) -> list[worker.LogMessage]:
    process = WorkerProcess(lambda: None)
    try:
        return await process.start(partial(worker.load, models))
    except BaseException:
        process.kill()
        raise
    finally:
        await process.finish()
