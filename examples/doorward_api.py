"""A small client of Doorward's API: one file, the standard library alone; to be used, or to be read.

    export DOORWARD_KEY=...          # an API key, made at /account of the console
    export DOORWARD_SITE=https://door-server.lan:8080
    export DOORWARD_CA=ca.pem        # of `python -m server tls init`; not for a public certificate

    python examples/doorward_api.py enrol "Jane Doe" jane.jpg jane2.jpg
    python examples/doorward_api.py verify "Jane Doe" visitor.jpg
    python examples/doorward_api.py decisions --last 20 --follow
    python examples/doorward_api.py grants 2026-11-01 2026-12-01 > grants.csv

The key needs the scope enrol, verify, and for the last two see. It is read from the environment alone:
whoever may list processes reads command lines. It is sent over TLS, or to this very machine. `verify` ends
with 0 for "Welcome in" and 1 for "Go away", `enrol` with 1 when a picture was not taken; what cannot be done
is told, and ends with 2.
"""

import argparse
import csv
import json
import os
import ssl
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

SITE = "http://127.0.0.1:8080"
THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
SECONDS = 60.0
"""Without a word from the server; an open stream has one every 15 seconds."""
TRIES = 5
"""Of a request that the server has no time for."""
PAGE = 500
Json = dict[str, Any]


class ApiError(Exception):
    """It cannot be done. `code`: a stable word for programs."""

    def __init__(self, detail: str, code: str = "") -> None:
        super().__init__(detail)
        self.code = code


@dataclass(frozen=True)
class Form:
    """What is sent as multipart/form-data."""

    fields: Mapping[str, str]
    name: str
    """Of the field that the file is."""
    file: Path

    def encoded(self) -> tuple[str, bytes]:
        """Its content type, and the body. Raises OSError."""
        boundary = uuid.uuid4().hex
        parts = [(f'name="{name}"', value.encode()) for name, value in self.fields.items()]
        parts.append((f'name="{self.name}"; filename="{quote(self.file.name)}"', self.file.read_bytes()))
        start = f"--{boundary}\r\nContent-Disposition: form-data; "
        body = b"".join(f"{start}{head}\r\n\r\n".encode() + data + b"\r\n" for head, data in parts)
        return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


class Api:
    """One site, as the owner of a key sees it."""

    def __init__(self, site: str, key: str, ca: str | None = None) -> None:
        """`site`: such as "https://door-server.lan:8080". `ca`: a PEM file with the only authority that is
        trusted; None: those that this machine trusts. Raises ApiError: the key would be sent in the clear."""
        address = urlsplit(site)
        if address.scheme not in ("http", "https") or address.hostname is None:
            raise ApiError(f"{site} is no address such as {SITE}")
        if address.scheme == "http" and address.hostname not in THIS_MACHINE:
            raise ApiError(f"{site} would have the key sent in the clear: https is needed")
        self._host, self._port = address.hostname, address.port
        self._key = key
        self._tls = ssl.create_default_context(cafile=ca) if address.scheme == "https" else None

    def enrol(self, person: str, picture: Path) -> Json:
        """Add a photo of somebody. Returns `status`, `path` and `sentence`, among others."""
        answer = self._json("POST", "/people/photos", form=Form({"person": person}, "files", picture))
        outcome: Json = answer["files"][0]
        return outcome

    def verify(self, person: str, picture: Path) -> Json:
        """Whether a face on the picture is this person's: `verdict`, `distance` and `threshold`."""
        return self._json("POST", "/verify", form=Form({"person": person}, "picture", picture))

    def decisions(self, **conditions: str) -> Iterator[Json]:
        """All decisions that fulfil the conditions, newest first; a page is asked for when it is needed."""
        before: dict[str, str] = {}
        while True:
            page = self._json("GET", f"/decisions?{urlencode({'limit': str(PAGE), **conditions, **before})}")
            yield from page["decisions"]
            if page["next"] is None:
                return
            before = {"before": page["next"]}

    def new_decisions(self, last: str | None = None) -> Iterator[Json]:
        """Decisions as they happen, for ever. When the connection is lost none is missed, and none comes
        twice. `last`: the id of one that is known; those since then come first."""
        while True:
            try:
                known = {} if last is None else {"Last-Event-ID": last}
                for decision in _events(self._asked("GET", "/decisions/stream", known, b"")):
                    last = decision["id"]
                    yield decision
            except ssl.SSLCertVerificationError:
                raise
            except (OSError, HTTPException):
                pass  # the server starts again, or the network is away
            time.sleep(1)

    def _json(self, method: str, path: str, form: Form | None = None) -> Json:
        kind, body = ("application/json", b"") if form is None else form.encoded()
        headers = {"Content-Type": kind, "Idempotency-Key": uuid.uuid4().hex}
        answer: Json = json.load(self._asked(method, path, headers, body))
        return answer

    def _asked(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> HTTPResponse:
        """The answer, once the server has time for it. Raises ApiError, OSError and HTTPException."""
        for tries_left in reversed(range(TRIES)):
            answer = self._once(method, path, headers, body)
            if answer.status < 400:
                return answer
            wait = answer.getheader("Retry-After")
            if wait is None or not tries_left:
                raise _problem(answer)
            time.sleep(float(wait))
        raise AssertionError

    def _once(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> HTTPResponse:
        if self._tls is None:
            connection = HTTPConnection(self._host, self._port, timeout=SECONDS)
        else:
            connection = HTTPSConnection(self._host, self._port, timeout=SECONDS, context=self._tls)
        sent = {"Authorization": f"Bearer {self._key}", **headers}
        connection.request(method, f"/api/v1{path}", body, sent)
        return connection.getresponse()


def _problem(answer: HTTPResponse) -> ApiError:
    try:
        document = json.load(answer)
        fields = [f"{name}: {what}" for name, what in (document.get("fields") or {}).items()]
        return ApiError(" ".join([document["detail"], *fields]), document["code"])
    except (ValueError, KeyError):
        return ApiError(f"the server answered {answer.status} {answer.reason}")


def _events(answer: HTTPResponse) -> Iterator[Json]:
    """The data of server-sent events, each a JSON object on a line, until the connection ends."""
    for line in answer:
        if line.startswith(b"data:"):
            event: Json = json.loads(line[len(b"data:") :])
            yield event


def enrol(api: Api, person: str, pictures: list[Path]) -> int:
    outcomes = [api.enrol(person, picture) for picture in pictures]
    for picture, outcome in zip(pictures, outcomes, strict=True):
        print(f"{picture}: {outcome['status']}", outcome["path"] or "", outcome["sentence"])
    return 0 if all(each["status"] in ("accepted", "added", "duplicate") for each in outcomes) else 1


def verify(api: Api, person: str, picture: Path) -> int:
    found = api.verify(person, picture)
    distance = "no face to compare" if found["distance"] is None else f"distance {found['distance']:.3f}"
    print(f"{found['verdict']}: {distance}. {found['threshold']['sentence']}")
    return 0 if found["verdict"] == "Welcome in" else 1


def decisions(api: Api, last: int, follow: bool) -> int:
    newest = list(islice(api.decisions(limit=str(max(1, min(last, PAGE)))), last))
    for each in reversed(newest):
        _show(each)
    if follow:
        for each in api.new_decisions(newest[0]["id"] if newest else None):
            _show(each)
    return 0


def _show(decision: Json) -> None:
    who = decision["name"] or "unknown"
    print(
        decision["time"], decision["verdict"], decision["terminal"], who, f"({decision['words']})", flush=True
    )


def grants(api: Api, since: str, until: str) -> int:
    """A grant of which the terminal could not be told was taken back, and is none. Who was erased from the
    history has no name."""
    void = {each["id"] for each in api.decisions(verdict="denied", reason="undelivered", since=since)}
    granted = api.decisions(verdict="granted", since=since, until=until)
    counts = Counter(each["name"] or "" for each in granted if each["id"] not in void)
    table = csv.writer(sys.stdout)
    table.writerow(["person", "grants"])
    table.writerows(sorted(counts.items()))
    return 0


def _moment(text: str) -> str:
    """A day or a time, as ISO 8601 has it. Raises ValueError."""
    return datetime.fromisoformat(text).isoformat()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Asks a Doorward server.", epilog="DOORWARD_KEY: the API key."
    )
    parser.add_argument("--site", default=os.environ.get("DOORWARD_SITE", SITE), help="%(default)s")
    parser.add_argument(
        "--ca", default=os.environ.get("DOORWARD_CA"), help="PEM file of the site's authority"
    )
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("enrol", help="add photos of somebody")
    command.add_argument("person")
    command.add_argument("pictures", type=Path, nargs="+")
    command.set_defaults(act=enrol)
    command = commands.add_parser("verify", help="is it this person?")
    command.add_argument("person")
    command.add_argument("picture", type=Path)
    command.set_defaults(act=verify)
    command = commands.add_parser("decisions", help="the last ones, and new ones")
    command.add_argument("--last", type=int, default=10, help="so many (%(default)s)")
    command.add_argument("--follow", action="store_true", help="go on with each new one")
    command.set_defaults(act=decisions)
    command = commands.add_parser("grants", help="how often each person was let in, as CSV")
    command.add_argument("since", type=_moment, help="such as 2026-11-01")
    command.add_argument("until", type=_moment, help="such as 2026-12-01, which is not included")
    command.set_defaults(act=grants)
    return parser


def main(arguments: list[str] | None = None) -> int:
    given = vars(_arguments().parse_args(arguments))
    site, ca, act = given.pop("site"), given.pop("ca"), given.pop("act")
    key = os.environ.get("DOORWARD_KEY")
    try:
        if not key:
            raise ApiError("set DOORWARD_KEY to an API key; one is made at /account of the console")
        status: int = act(Api(site, key, ca), **given)
    except (ApiError, OSError, HTTPException) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main())
