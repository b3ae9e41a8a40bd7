"""Terminals' tokens: added, rotated and revoked by an administrator; told once."""

import shlex
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

import segno
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field, Strict
from sqlalchemy import Connection

from server.accounts.rights import Caller
from server.audit.operator_log import ActKind
from server.settings import Settings
from server.support.clock import now_ms
from server.tokens import store
from server.tokens.accepted import AcceptedTokens
from server.tokens.certificates import all_certificates
from server.tokens.store import TerminalTokens, checked
from server.web.acting import noted
from server.web.callers import Administrator, Ports, require_everywhere, site_address
from server.web.etags import IfMatch, etag_of, require_match
from server.web.problems import ProblemError
from server.web.running import Running
from server.web.terminal.routes import CA_FILE, own_authority
from wire import TERMINAL_CHARS

router = APIRouter(tags=["terminals"])
TOKEN_FILE = "token.txt"  # noqa: S105
Name = Annotated[str, Path(min_length=1, max_length=TERMINAL_CHARS)]


class TokenTimes(BaseModel):
    """In milliseconds since 1970. `expires` null: never. `seen`: when its terminal last connected with it, to
    the day; null: never yet."""

    created: int
    expires: int | None
    seen: int | None


class TokenView(BaseModel):
    """`origin`: "settings", or "made": by an administrator. `created`: when the newest was, in milliseconds
    since 1970. `tokens`: those that were made and not revoked, the newest first, expired ones too."""

    terminal: str
    origin: str
    created: int | None
    revoked: bool
    tokens: list[TokenTimes]


class CertificateView(BaseModel):
    """A certificate that a terminal must show beside its token, or another of its own that is neither revoked
    nor expired. `fingerprint`: SHA-256, in hexadecimal. Times in milliseconds since 1970."""

    terminal: str
    fingerprint: str
    created: int
    expires: int
    revoked: bool


Days = Annotated[int, Field(ge=1, le=store.MAX_DAYS), Strict()]


class NewToken(BaseModel):
    """`days`: after so many the token expires; null: never."""

    days: Days | None = None


class Rotation(BaseModel):
    """`overlap_hours`: for so long the tokens of before still hold. `days`: after so many the new one
    expires; null: it is good for as long as the last one was made for."""

    overlap_hours: Annotated[int, Field(ge=0, le=store.MAX_OVERLAP_HOURS), Strict()] = store.OVERLAP_HOURS
    days: Days | None = None


class MadeToken(BaseModel):
    """`token`: shown this once. `link`: opens a browser as this terminal; `picture`: the link as a QR code,
    SVG. `command`: starts a terminal with this machine's first camera, from a folder with the token in
    `token.txt` and the server's authority, where it has its own, in `ca.pem`."""

    terminal: str
    token: str
    link: str
    picture: str
    command: str


@router.get("/tokens")
async def all_tokens(caller: Administrator, running: Ports) -> list[TokenView]:
    """Which terminals have a token, or had one."""
    stored = await running.database.read(store.all_tokens)
    views = [_view(each) for each in stored if caller.sees(each.terminal)]
    configured = [name for name in sorted(running.settings.tokens) if caller.sees(name)]
    return views + [
        TokenView(terminal=name, origin="settings", created=None, revoked=False, tokens=[])
        for name in configured
    ]


@router.get("/certificates")
async def every_certificate(caller: Administrator, running: Ports) -> list[CertificateView]:
    """Which terminals must show a certificate. They are made by `python -m server tls terminal`, and revoked
    together with the tokens."""
    found = await running.database.read(all_certificates)
    return [CertificateView(**vars(each)) for each in found if caller.sees(each.terminal)]


@router.get("/tokens/{terminal}")
async def one_token(terminal: Name, caller: Administrator, running: Ports, response: Response) -> TokenView:
    """A terminal's tokens that were made here, or that it had some. The ETag is another with each token."""
    _require_seen(caller, terminal)
    known = await running.database.read(lambda sql: store.find(sql, terminal))
    if known is None:
        raise _none(terminal)
    response.headers["ETag"] = etag(known)
    return _view(known)


@router.post("/tokens/{terminal}", status_code=HTTPStatus.CREATED)
async def add_token(
    terminal: Name, caller: Administrator, running: Ports, request: Request, given: NewToken | None = None
) -> MadeToken:
    """Make a token for a terminal that has none. From the first one on every terminal needs one, so
    that the first is made by who sees all terminals."""
    _require_seen(caller, checked(terminal))
    known = await running.database.read(lambda sql: store.find(sql, terminal))
    if known is not None and known.holding(now_ms()):
        raise ProblemError.conflict(f"{terminal} has a token already; rotate it, or revoke it first.")
    if not await running.database.read(lambda sql: _are_required(sql, running)):
        require_everywhere(caller)  # it would shut every other terminal out
    days = None if given is None else given.days
    async with noted(running, caller, ActKind.TERMINAL_TOKEN_ADDED, terminal, **store.terms(days=days)):
        token = await running.database.write(lambda sql: store.add(sql, terminal, days))
    await running.tokens_changed()
    return _made(request, running, terminal, token)


@router.put("/tokens/{terminal}")
async def rotate_token(
    terminal: Name,
    caller: Administrator,
    running: Ports,
    request: Request,
    given: Rotation | None = None,
    if_match: IfMatch = None,
) -> MadeToken:
    """Rotate a terminal's token: make a new one; those of before hold for a while."""
    terms = Rotation() if given is None else given
    _require_seen(caller, terminal)
    await running.database.read(lambda sql: _unchanged(sql, terminal, if_match))

    def rotate(sql: Connection) -> str:
        _unchanged(sql, terminal, if_match)
        return store.rotate(sql, terminal, terms.overlap_hours, terms.days)

    details = store.terms(**terms.model_dump())
    async with noted(running, caller, ActKind.TERMINAL_TOKEN_ROTATED, terminal, **details):
        token = await running.database.write(rotate)
    await running.tokens_changed()
    return _made(request, running, terminal, token)


@router.delete("/tokens/{terminal}", status_code=HTTPStatus.NO_CONTENT)
async def revoke_token(
    terminal: Name, caller: Administrator, running: Ports, if_match: IfMatch = None
) -> None:
    """Revoke all tokens and certificates of a terminal; who is connected with one is disconnected."""
    _require_seen(caller, terminal)
    await running.database.read(lambda sql: _unchanged(sql, terminal, if_match))

    def revoke(sql: Connection) -> None:
        _unchanged(sql, terminal, if_match)
        store.revoke(sql, terminal)

    async with noted(running, caller, ActKind.TERMINAL_TOKEN_REVOKED, terminal):
        await running.database.write(revoke)
    await running.tokens_changed()


def etag(known: TerminalTokens) -> str:
    """Being used changes nothing of it."""
    return etag_of(f"{known.terminal} {[(token.created, token.expires) for token in known.tokens]}")


def _view(known: TerminalTokens) -> TokenView:
    tokens = [
        TokenTimes(created=token.created, expires=token.expires, seen=token.seen) for token in known.tokens
    ]
    return TokenView(
        terminal=known.terminal,
        origin="made",
        created=tokens[0].created if tokens else None,
        revoked=known.revoked,
        tokens=tokens,
    )


def _unchanged(connection: Connection, terminal: str, if_match: str | None) -> None:
    """Raises ProblemError: the terminal has no token, or no longer that which the caller has seen."""
    known = store.find(connection, terminal)
    if known is not None:
        require_match(if_match, etag(known))
    if known is None or known.revoked:
        raise _none(terminal)


def _none(terminal: str) -> ProblemError:
    return ProblemError.not_found(f"{terminal} has no token that was made here.")


def _are_required(connection: Connection, running: Running) -> bool:
    """Whether a terminal without a token is refused already."""
    settings = running.settings
    return AcceptedTokens.of(settings.tokens, store.hashes(connection), settings.needs_tokens).required


def _require_seen(caller: Caller, terminal: str) -> None:
    if not caller.sees(terminal):
        raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", f"{terminal} is none of your terminals.")


def _made(request: Request, running: Running, terminal: str, token: str) -> MadeToken:
    address = site_address(request)
    link = store.terminal_link(address, terminal, token)
    picture = segno.make(link).svg_inline(scale=5, omitsize=True)
    return MadeToken(
        terminal=terminal,
        token=token,
        link=link,
        picture=picture,
        command=_command(address, terminal, running.settings),
    )


def _command(address: str, terminal: str, settings: Settings) -> str:
    """`address`: where the console was found; terminals come to another port of that host."""
    host = urlsplit(address).hostname or "localhost"
    server = f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}"
    tls: tuple[str, ...] = () if settings.tls_cert is None else ("--tls",)
    if own_authority(settings) is not None:
        tls = ("--ca", CA_FILE)
    rest = ("--terminal", terminal, "--token-file", TOKEN_FILE, "--source", "0")
    return shlex.join(("python", "-m", "client", "--server", server, *tls, *rest))
