"""Pictures of the doors: to whoever may see them, as fast as they are shown, and no longer than they may."""

import contextlib
import json
import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.connection import Connection

from server.access.seen import Analysis
from server.accounts.rights import Role
from server.terminals.peer import PendingFrame
from server.web.live import PICTURES_PER_SECOND, ROUNDS_PER_SECOND, pause_between
from tests.support.console import Served, Site, serving
from tests.support.server_process import wait_for
from wire import Box, ErrorMessage, FaceReport, Message, Prompt, Result, Timing, Verdict

PICTURE = b"\xff\xd8 a picture"


@pytest.fixture
def served(site: Site) -> Iterator[Served]:
    with serving(site) as served:
        yield served


class Peer:
    """A terminal that is connected."""

    def __init__(self, terminal: str) -> None:
        self.id = f"session of {terminal}"
        self.terminal = terminal
        self.name = repr(terminal)
        self.address = "10.0.0.7"
        self.open = True
        self.clock_skew: float | None = None
        self.picture_age: float | None = None

    def send(self, message: Message) -> None: ...

    async def end(self, error: ErrorMessage | None = None) -> None: ...


def connected(served: Served, *terminals: str) -> Callable[[str, int], None]:
    """Terminals that are connected; what is returned has one send a frame, which is answered."""
    board = served.site.live
    peers = {name: Peer(name) for name in terminals}
    for peer in peers.values():
        served.call(partial(board.join, peer))

    def send(name: str, seq: int) -> None:
        face = FaceReport(Box(10, 60, 70, 10), "Jane Doe", 0.61, Verdict.GRANTED)
        result = Result(seq, Verdict.GRANTED, (face,), None, Timing(1.0, 20.0), Prompt.TURN_LEFT)
        frame = PendingFrame(seq, PICTURE + bytes([seq]), float(seq))
        served.call(lambda: board.answered(peers[name], frame, Analysis(640, 480, ()), result, None))

    return send


def unpacked(message: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack_from(">I", message)
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def pictures(socket: Connection, count: int) -> list[tuple[dict[str, Any], bytes]]:
    """The next pictures; what is told between them is left out."""
    found: list[tuple[dict[str, Any], bytes]] = []
    while len(found) < count:
        message = socket.recv(20)
        if isinstance(message, bytes):
            found.append(unpacked(message))
    return found


def close_code(socket: Connection) -> int | None:
    """Once the server has closed it."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            socket.recv(20)
    return socket.close_code


def test_who_watches_gets_the_newest_picture_of_each_door(served: Served) -> None:
    send = connected(served, "front", "lab")
    for seq in (1, 2, 3):
        send("front", seq)
    send("lab", 4)
    with served.watch("viewer") as socket:
        (first, jpeg), (second, _) = pictures(socket, 2)
        assert (first["terminal"], first["last"], jpeg) == ("front", False, PICTURE + b"\3")
        assert (second["terminal"], second["last"]) == ("lab", True)
        assert first["faces"][0]["name"] == "Jane Doe" and first["prompt"].startswith("Turn head left")


def test_nothing_follows_before_the_last_is_shown(served: Served) -> None:
    send = connected(served, "front")
    send("front", 1)
    with served.watch("viewer") as socket:
        pictures(socket, 1)
        for seq in range(2, 6):
            send("front", seq)
        assert all(isinstance(socket.recv(20), str) for _ in range(2)), "seconds of nothing but health"
        socket.send("shown")
        ((_, jpeg),) = pictures(socket, 1)
        assert jpeg == PICTURE + b"\5", "the newest, not those between"


def test_only_the_doors_that_are_wanted_are_shown(served: Served) -> None:
    send = connected(served, "front", "lab")
    with served.watch("viewer") as socket:
        socket.recv(20)
        socket.send('["lab"]')
        socket.send("no list")
        socket.send('["lab"]')
        socket.recv(20)
        send("front", 1)
        send("lab", 2)
        ((told, _),) = pictures(socket, 1)
        assert told["terminal"] == "lab" and told["last"]


def test_how_the_doors_fare_is_told(served: Served) -> None:
    connected(served, "front")("front", 1)
    with served.watch("viewer") as socket:
        told = next(message for _ in range(9) if isinstance(message := socket.recv(20), str))
    (health,) = json.loads(told)["health"]
    assert health["terminal"] == "front" and health["connected"] and health["camera"] == "ok"
    assert health["work_ms"] == [20.0, 20.0] and health["decision"] is None


def test_nobody_sees_anothers_doors(served: Served) -> None:
    served.site.account("lab-guard", Role.GUARD, ["lab"])
    send = connected(served, "front", "lab")
    send("front", 1)
    send("lab", 2)
    with served.watch("lab-guard") as socket:
        ((told, _),) = pictures(socket, 1)
        assert told["terminal"] == "lab" and told["last"]
        assert all("front" not in str(socket.recv(20)) for _ in range(2))
    browser = served.site.browser("lab-guard")
    assert browser.get("/terminals/lab/snapshot.jpg").content == PICTURE + b"\2"
    assert browser.get("/terminals/front/snapshot.jpg").status_code == 404
    assert browser.get("/terminals/front/stream.mjpg").status_code == 404


def test_who_has_not_signed_in_sees_nothing(served: Served) -> None:
    connected(served, "front")("front", 1)
    with pytest.raises(InvalidStatus), served.watch(None):
        pass
    assert served.site.browser().get("/terminals/front/snapshot.jpg").status_code == 401


def test_an_account_follows_so_often_and_no_more(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.followers.EACH", 2)
    connected(served, "front")("front", 1)
    stream = served.site.browser("viewer")
    with served.watch("viewer"), served.watch("viewer") as second:
        second.recv(20)
        with pytest.raises(InvalidStatus):
            served.watch("viewer")
        refused = stream.get("/terminals/front/stream.mjpg")
        assert refused.status_code == 503 and refused.json()["code"] == "busy"
        with served.watch("guard") as other:
            other.recv(20)
    wait_for(lambda: not served.site.app.state.followers._counts, what="those who left are counted no more")


def test_a_page_of_another_site_sees_nothing(served: Served) -> None:
    with pytest.raises(InvalidStatus), served.watch("viewer", "https://evil.example"):
        pass
    with served.watch("viewer", served.address):
        pass


def test_whoever_may_no_longer_watch_is_gone_soon(served: Served) -> None:
    with served.watch("viewer") as socket:
        admin = served.site.browser("admin")
        admin.put("/api/v1/accounts/viewer", json={"role": "viewer", "disabled": True})
        assert close_code(socket) == 4401
    assert served.site.live.viewers == 0


def test_when_the_server_stops_those_who_watch_are_told(served: Served) -> None:
    with served.watch("viewer") as socket:
        socket.recv(20)
        served.stop()
        assert close_code(socket) in (1001, 1012)


def test_a_stream_is_pictures_one_after_the_other_and_ends_with_the_server(served: Served) -> None:
    send = connected(served, "front")
    send("front", 1)
    cookies = dict(served.site.browser("viewer").cookies)
    address = f"{served.address}/terminals/front/stream.mjpg"
    with httpx.stream("GET", address, cookies=cookies, timeout=20) as answer:
        assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=doorward"
        parts = answer.iter_bytes()
        first = next(parts)
        assert first.startswith(b"--doorward\r\nContent-Type: image/jpeg\r\n") and PICTURE + b"\1" in first
        send("front", 2)
        assert PICTURE + b"\2" in next(parts)
        served.stop()
        send("front", 3)
        assert len(list(parts)) <= 1


def test_those_who_watch_share_what_the_loop_can_spare() -> None:
    assert pause_between(1, 1) == 1 / ROUNDS_PER_SECOND
    assert pause_between(4, 1) == 1 / ROUNDS_PER_SECOND / 4
    assert pause_between(16, 20) == 20 / PICTURES_PER_SECOND
    assert pause_between(16, 0) == 1 / PICTURES_PER_SECOND
