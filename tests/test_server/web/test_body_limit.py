"""What is sent without end, or stops, is ended; and it leaves room on the disk."""

import asyncio
import contextlib
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message

from server.accounts.rights import Role
from server.web import body_limit, room
from server.web.app import UPLOADS
from tests.support import virtual_time
from tests.support.console import Served, Site, serving

PHOTOS = "/api/v1/people/photos"
HEAD = b'--B\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'


def cookies(site: Site, name: str) -> str:
    return "; ".join(f"{key}={value}" for key, value in site.browser(name).cookies.items())


def begun(served: Served, name: str, path: str, kind: str, first: bytes, length: int) -> socket.socket:
    """A request of which no more than its beginning is sent."""
    made = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nCookie: {cookies(served.site, name)}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
    )
    made.sendall(head.encode() + first)
    return made


def answered(sent: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    with sent:
        return b"".join(iter(lambda: sent.recv(1 << 16), b""))


@pytest.mark.parametrize(
    ("path", "kind", "first"),
    [
        (PHOTOS, "multipart/form-data; boundary=B", HEAD + bytes(2 << 20)),
        ("/api/v1/site/archives", "application/zip", b"PK"),
        ("/api/v1/proposals/a/enrol", "application/json", b"{"),
    ],
)
def test_a_request_that_stops_is_ended(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, kind: str, first: bytes
) -> None:
    monkeypatch.setattr(body_limit, "STALL_SECONDS", 0.2)
    with serving(site) as served:
        length = len(first) + 100
        answer = answered(begun(served, "admin", path, kind, first, length))
        assert b" 408 " in answer.partition(b"\r\n")[0] and b'"code":"stalled"' in answer
        assert b"connection: close" in answer.lower()


def test_one_that_another_middleware_reads_is_ended_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "STALL_SECONDS", 0.2)
    with serving(site) as served:
        kind = "application/json\r\nIdempotency-Key: once"
        answer = answered(begun(served, "admin", "/api/v1/proposals/a/enrol", kind, b"{", 100))
        assert b" 408 " in answer.partition(b"\r\n")[0] and b'"code":"stalled"' in answer


def messages(*sizes: int) -> Callable[[], Any]:
    left = list(sizes)

    async def receive() -> Message:
        await asyncio.sleep(1)
        return {"type": "http.request", "body": bytes(left.pop(0)), "more_body": bool(left)}

    return receive


async def taken(*sizes: int) -> int:
    """How many messages are taken in; one comes each second."""
    body = body_limit._Body(messages(*sizes), 1 << 30, is_form=False)
    done = 0
    with contextlib.suppress(HTTPException):
        for _ in sizes:
            await body.receive()
            done += 1
    return done


def test_a_trickle_is_ended_and_a_slow_line_is_not() -> None:
    assert virtual_time.run(taken(*[1] * 100)) < body_limit.STALL_SECONDS
    assert virtual_time.run(taken(*[body_limit.STEP_BYTES] * 100)) == 100


def test_nothing_is_waited_for_when_all_has_come() -> None:
    """Only that the other side goes away, which takes as long as it takes."""

    async def gone() -> Message:
        body = body_limit._Body(messages(1, 0), 100, is_form=False)
        await body.receive()
        await body.receive()
        body._receive = disconnected
        return await body.receive()

    async def disconnected() -> Message:
        await asyncio.sleep(2 * body_limit.STALL_SECONDS)
        return {"type": "http.disconnect"}

    assert virtual_time.run(gone()) == {"type": "http.disconnect"}


def test_photos_leave_room_on_the_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []

    def usage(folder: object) -> SimpleNamespace:
        looked.append(folder)
        return SimpleNamespace(free=room.SPARE_BYTES - 1)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    admin = site.browser("admin")
    small = admin.post(PHOTOS, files={"files": ("a.pdf", b"small")})
    assert small.status_code == 200 and not looked
    answer = admin.post(PHOTOS, files={"files": ("a.pdf", bytes(body_limit.ROOM_BYTES))})
    assert answer.status_code == 507 and answer.json()["code"] == "no_room"
    assert "the disk is nearly full" in answer.json()["detail"]
    assert str(looked[0]) == tempfile.gettempdir()


def test_a_request_with_two_ends_has_no_other_one_behind_it(site: Site) -> None:
    second = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = b"POST /api/v1/keys HTTP/1.1\r\nHost: localhost\r\n"
    lengths = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(second))
    with serving(site) as served:
        sent = socket.create_connection(("127.0.0.1", served.port), timeout=20)
        sent.sendall(head + lengths + second)
        answers = answered(sent)
    assert answers.startswith(b"HTTP/1.1 400 ") and answers.count(b"HTTP/1.1 ") == 1


def test_more_than_is_taken_is_refused_as_it_shows(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPLOADS, PHOTOS, 1000)
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    answer = site.browser("admin").post(PHOTOS, content=iter([HEAD, bytes(2000)]), headers=headers)
    assert answer.status_code == 413 and answer.json()["code"] == "too_large"


@pytest.mark.parametrize("name", ["guard", "admin"])
def test_each_account_sends_one_upload_at_a_time_and_keeps_out_nobody_else(site: Site, name: str) -> None:
    other = {"guard": "admin", "admin": "guard"}[name]
    file = {"files": ("a.pdf", b"no photo")}
    with serving(site) as served:
        kind = "multipart/form-data; boundary=B"
        with begun(served, name, PHOTOS, kind, HEAD, 1000):
            wait(lambda: bool(site.app.state.uploading._busy))
            answer = site.browser(name).post(PHOTOS, files=file)
            assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
            assert site.browser(other).post(PHOTOS, files=file).status_code == 200
        wait(lambda: not site.app.state.uploading._busy)
        assert site.browser(name).post(PHOTOS, files=file).status_code == 200


def test_an_archive_that_does_not_come_keeps_out_no_other_administrator(site: Site) -> None:
    site.account("boss", Role.ADMIN)
    path = "/api/v1/site/archives"
    with serving(site) as served, begun(served, "boss", path, "application/zip", b"PK", 1000):
        wait(lambda: bool(site.app.state.uploading._busy))
        assert site.browser("boss").post(path, content=b"zip").status_code == 429
        assert site.browser("admin").post(path, content=b"zip").status_code == 201


def wait(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(400):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it does not come to that")
