"""A site in which there is one of everything that the console shows."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2

from server.access.decision import Decision
from server.access.seen import Analysis, Still
from server.accounts.rights import Role
from server.terminals.peer import PendingFrame
from server.workers import main as worker
from tests.support.console import Site, key_of
from tests.support.embeddings import face, look, stranger
from tests.support.people import FACE, followed_site
from tests.support.pictures import drawn_face
from tests.support.recorded_site import SETTINGS, RecordedDoor
from tests.support.service import FakePeer
from tests.support.site import END_OF_JPEG, Server, photo, put
from wire import FaceReport, Result, Timing, Verdict

FRAME = cv2.imencode(".jpg", drawn_face())[1].tobytes()
PHOTOS = {
    "jane_doe": photo(1),
    "jane_doe_2": photo(1, 0.35),
    "jane_low": photo(1, 0.2),
    "joe_low": b"a landscape",
    "john_roe": photo(2),
}
"""Jane Low looks like Jane Doe and is held; Joe's photo is none of a face."""
TOKENS = {"yard": "of forty-two characters, or of some more than that"}
PEOPLE = """[people."John Roe"]
disabled = true
valid_from = 2026-01-01
schedule = ["mon-fri 07:00-19:00"]
terminals = ["front"]
"""


@dataclass(frozen=True)
class Furnished:
    """`granted` and `corrected` were wrong grants, `denied` a denial of somebody enrolled; `unknown` of
    somebody who is not. `proposal`: one that waits. `invitation`: the secret of a link that is not used."""

    site: Site
    server: Server
    granted: Decision
    corrected: Decision
    denied: Decision
    unknown: Decision
    proposal: str
    invitation: str


@contextmanager
def furnished_site(folder: Path) -> Iterator[Furnished]:
    """Beside the accounts of each role there are two guards, of whom one sees one terminal only, and one has
    yet to set a password."""
    put(folder / "faces", **{name: FRAME + END_OF_JPEG + data for name, data in PHOTOS.items()})
    (folder / "faces" / "people.toml").write_text(PEOPLE, "utf-8")
    settings = {**SETTINGS, "record_pictures": True, "tokens": TOKENS}
    with followed_site(folder, **settings) as (site, server):
        site.settings_file.write_text("", "utf-8")
        site.workers.instead[worker.thumbnail] = lambda data, side: FRAME
        site.workers.instead[worker.analyse_still] = _still
        _connect(site, "front", "lab")
        asyncio.run_coroutine_threadsafe(_propose(site), server.loop).result()
        granted, corrected, denied, unknown = _visits(site, server)
        site.account("lab-guard", Role.GUARD, ["lab"])
        with site.browser("admin") as admin:
            key_of(admin, "see", "verify", terminals=["front"])
            for path, given in (
                ("tokens/front", None),
                ("accounts", {"name": "joe", "role": "guard"}),
                (f"decisions/{corrected.id}/correction", {"kind": "not_her"}),
            ):
                answer = admin.post(f"/api/v1/{path}", json=given)
                assert answer.status_code == 201, answer.text
            link = admin.post("/api/v1/accounts/joe/reset").json()["link"]
        proposal = site.proposals.waiting()[0].id
        secret = link.partition("#")[2]
        yield Furnished(site, server, granted, corrected, denied, unknown, proposal, secret)


def _still(data: bytes, **wanted: bool) -> Still:
    """Stands for the worker's task."""
    return Still(640, 480, (face(look(1, 0.1)), face(stranger(0))), None)


def _connect(site: Site, *terminals: str) -> None:
    """Terminals that have sent a frame."""
    for name in terminals:
        peer = FakePeer(name)
        site.live.join(peer)
        seen = FaceReport(FACE, "Jane Doe", 0.31, Verdict.GRANTED)
        result = Result(1, Verdict.GRANTED, (seen,), None, Timing(1.0, 20.0))
        site.live.answered(peer, PendingFrame(1, FRAME, 0.0), Analysis(640, 480, ()), result, None)


async def _propose(site: Site) -> None:
    site.proposals.add("front", FRAME + END_OF_JPEG + photo(4), [FACE])


def _visits(site: Site, server: Server) -> list[Decision]:
    """Somebody is taken for Jane, twice; Jane herself is not recognised; and a stranger comes again."""
    door = RecordedDoor(site, server.watcher.gallery, frame=FRAME)
    came = [(look(1, 0.5), b"face 9 0"), (look(1, 0.5), b"face 9 0"), (look(1, 0.9), b"face 1 0.3")]
    came += [(stranger(0), b"face 5 0")] * 2
    decisions = [door.visit(face(each), shows) for each, shows in came]
    door.close()
    return decisions[:4]
