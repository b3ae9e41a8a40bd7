"""The console's app: its middleware, its API and its pages."""

import asyncio
from functools import partial
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from server.accounts.sign_in import SignIn
from server.tuning.tuning import Tuning
from server.web import live_socket, problems
from server.web.api import (
    accounts,
    acts,
    corrections,
    credentials,
    decisions,
    health,
    metrics,
    people,
    photos,
    process_frame,
    proposals,
    pseudonyms,
    recognition,
    session,
    site,
    state,
    strangers,
    terminals,
    thresholds,
    tokens,
    tuning,
)
from server.web.archives import Archives
from server.web.body_limit import BodyLimit
from server.web.description import describe
from server.web.followers import Followers
from server.web.headers import Headers
from server.web.idempotency import Idempotency
from server.web.known_host import KnownHost
from server.web.limits import TOO_MANY, Admission, Limits
from server.web.live import Bulletin
from server.web.pages import docs, entry, live, log, system, tune, verify
from server.web.pages import people as people_pages
from server.web.pages import strangers as stranger_pages
from server.web.pictures import FORM_BYTES
from server.web.problems import PROBLEMS
from server.web.recorded import Recorded
from server.web.running import Running
from server.web.same_site import SameSite
from server.web.site_work import SiteWork
from server.web.static_files import FOLDER, KeptFiles, fingerprint
from server.web.stills import Stills
from server.web.strangers import Strangers
from server.web.terminal import routes as terminal
from server.web.uploads import PICTURE_BYTES, Uploading

API = "/api/v1"
UPLOADS: dict[str, int] = {
    **dict.fromkeys((f"{API}/verify", f"{API}/identify", f"{API}/analyse", "/process-frame"), FORM_BYTES),
    f"{API}/people/photos": photos.UPLOAD_BYTES,
    f"{API}/people/check": PICTURE_BYTES,
    f"{API}/site/archives": site.ARCHIVE_BYTES,
}
"""Beginning of a path -> bytes of a request to it; all others are small."""
SIGNING_IN = (f"{API}/session", f"{API}/invitation")
"""Beginnings of paths where a caller becomes somebody else: their answers are told once."""
PAGES = (
    docs,
    entry,
    live,
    live_socket,
    log,
    people_pages,
    stranger_pages,
    system,
    terminal,
    tune,
    verify,
)


def create_app(running: Running, sign_in: SignIn) -> FastAPI:
    """`running`: what of the server the app may reach. `sign_in`: the only way to a session."""
    app = with_routes()
    connect(app, running, sign_in)
    return app


def with_routes() -> FastAPI:
    """An app that knows every route, and nothing yet of a server."""
    app = FastAPI(
        title="Doorward",
        version=version("doorward"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses=PROBLEMS,
    )
    app.state.assets = f"/static/{fingerprint()}"
    app.mount(app.state.assets, KeptFiles(directory=FOLDER))
    app.mount(docs.SWAGGER_ADDRESS, KeptFiles(directory=docs.SWAGGER))
    shortcuts = (process_frame.router, pseudonyms.shortcuts, thresholds.shortcuts)
    for part in (_api(), *shortcuts, metrics.router, live.pictures):
        app.include_router(part, responses=TOO_MANY)
    app.include_router(health.router)
    for page in PAGES:
        app.include_router(page.router, include_in_schema=False)
    problems.install(app)
    app.add_middleware(Idempotency, never=SIGNING_IN)
    app.add_middleware(BodyLimit, uploads=UPLOADS)
    app.add_middleware(SameSite)
    app.add_middleware(KnownHost)
    app.add_middleware(Admission)
    app.add_middleware(Headers)
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    return app


def connect(app: FastAPI, running: Running, sign_in: SignIn) -> None:
    """Give the routes what they work with."""
    app.state.running = running
    app.state.sign_in = sign_in
    app.state.tuning = Tuning(running.rules, running.source, running.gallery, running.photos.photos)
    app.state.limits = Limits()
    app.state.stills = Stills(running)
    app.state.site_work = SiteWork(running)
    app.state.archives = Archives(running.settings.logs)
    app.state.uploading = Uploading()
    app.state.checks = photos.Checks()
    app.state.recorded = Recorded(running)
    app.state.strangers = Strangers(running)
    app.state.stopping = asyncio.Event()
    app.state.followers = Followers()
    app.state.bulletin = Bulletin(running.live.health)


def _api() -> APIRouter:
    api = APIRouter(prefix=API)
    own = (session, credentials, accounts, terminals, tokens)
    seen = (decisions, corrections, strangers, photos, people, proposals)
    asked = (recognition, pseudonyms, thresholds)
    for part in (*own, *seen, *asked, tuning, site, state, acts):
        api.include_router(part.router)
    return api
