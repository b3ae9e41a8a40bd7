"""Photos by the API: each that is sent has an outcome, and whoever may see people sees them."""

import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from server.web.api import photos
from server.workers import main as worker
from tests.support.console import Site
from tests.support.people import FACE, followed_site, prepared
from tests.support.site import Server, listed, photo, put

Followed = tuple[Site, Server]
Outcome = dict[str, Any]


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    put(tmp_path / "faces", jane_doe=photo(1))
    with followed_site(tmp_path) as made:
        yield made


def sent(browser: TestClient, *files: tuple[str, bytes], **fields: str) -> list[Outcome]:
    parts = [("files", (name, data, "application/octet-stream")) for name, data in files]
    answer = browser.post("/api/v1/people/photos", files=parts, data=fields)
    assert answer.status_code == 200, answer.text
    found: list[Outcome] = answer.json()["files"]
    return found


def zipped(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for name, content in files.items():
            made.writestr(f"{name}.jpg", content)
    return data.getvalue()


def test_each_file_has_an_outcome_and_good_ones_are_in_force(followed: Followed) -> None:
    site, server = followed
    outcomes = sent(
        site.browser("guard"),
        ("john_roe.jpg", photo(2)),
        ("joe_low.jpg", b"a landscape"),
        ("ann_low.jpg", b"damaged"),
        ("IMG_0001.jpg", photo(3)),
        ("film.mp4", b"hello"),
        ("june_doe.jpg", photo(1, 0.2)),
    )
    assert [(each["status"], each["person"]) for each in outcomes] == [
        ("accepted", "John Roe"),
        ("refused", "Joe Low"),
        ("refused", "Ann Low"),
        ("refused", None),
        ("refused", None),
        ("held", "June Doe"),
    ]
    assert "no face was found" in outcomes[1]["sentence"] and "say whom it shows" in outcomes[3]["sentence"]
    assert "John Roe" in server.watcher.gallery and "June Doe" not in server.watcher.gallery
    assert listed(server.faces) == ["jane_doe.jpg", "john_roe.jpg", "june_doe.jpg"]
    assert site.record.lines()[-2:] == [
        "person_added account:guard John Roe",
        "person_added account:guard June Doe",
    ]


def test_a_zip_of_one_persons_photos_is_taken_apart(followed: Followed) -> None:
    site, server = followed
    files = zipped(a=photo(1, 0.1), b=photo(1, 0.2), c=b"nothing")
    outcomes = sent(site.browser("guard"), ("all.zip", files), person="jane doe")
    assert [each["status"] for each in outcomes] == ["accepted", "accepted", "refused"]
    assert outcomes[0]["file"] == "all.zip: a.jpg"
    assert server.watcher.gallery.photos_of("Jane Doe") == 3


def test_the_very_same_photo_is_told_whosever_it_is(followed: Followed) -> None:
    (outcome,) = sent(followed[0].browser("guard"), ("john_roe.jpg", photo(1)))
    assert outcome["status"] == "duplicate"
    assert (outcome["person"], outcome["path"]) == ("Jane Doe", "jane_doe.jpg")


def test_one_that_breaks_a_worker_does_not_keep_out_the_others(followed: Followed) -> None:
    site, _ = followed

    def breaks(data: bytes, face: object) -> object:
        if b"evil" in data:
            raise ZeroDivisionError
        return prepared(data)

    site.workers.instead[worker.prepare_photo] = breaks
    outcomes = sent(site.browser("guard"), ("eve_low.jpg", b"evil"), ("john_roe.jpg", photo(2)))
    assert [each["status"] for each in outcomes] == ["refused", "accepted"]


def test_what_is_no_form_or_has_no_file_is_refused(followed: Followed) -> None:
    guard = followed[0].browser("guard")
    assert guard.post("/api/v1/people/photos", json={}).status_code == 415
    assert guard.post("/api/v1/people/photos", files={"person": (None, "Jane Doe")}).status_code == 422
    bad = guard.post("/api/v1/people/photos", files={"files": ("a.jpg", b"x")}, data={"person": "/"})
    assert bad.status_code == 422 and "slash" in bad.json()["detail"]


def test_nobody_uploads_who_may_not(followed: Followed) -> None:
    site, server = followed
    answer = site.browser("viewer").post("/api/v1/people/photos", files={"files": ("joe_low.jpg", photo(3))})
    assert answer.status_code == 403 and listed(server.faces) == ["jane_doe.jpg"]


def test_photos_and_faces_are_shown_and_kept_by_the_browser(followed: Followed) -> None:
    viewer = followed[0].browser("viewer")
    for address, shown in (("", photo(1)), ("/thumbnail?side=96", b"96 pixels of " + photo(1))):
        answer = viewer.get(f"/api/v1/people/photos/jane_doe.jpg{address}")
        assert answer.content == shown and answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "private, no-cache"
        etag = {"If-None-Match": answer.headers["etag"]}
        assert viewer.get(f"/api/v1/people/photos/jane_doe.jpg{address}", headers=etag).status_code == 304
    assert viewer.get("/api/v1/people/photos/../people.toml").status_code == 404
    assert viewer.get("/api/v1/people/photos/%2e%2e%2fpeople.toml").status_code == 404
    assert viewer.get("/api/v1/people/photos/john_roe.jpg").status_code == 404


def test_a_face_that_is_gone_is_not_kept(followed: Followed) -> None:
    site, server = followed
    guard = site.browser("guard")
    guard.get("/api/v1/people/photos/jane_doe.jpg/thumbnail")
    sha256 = server.watcher.files_of("Jane Doe")[0].sha256 or ""
    assert site.app.state.site_work.thumbnails.get(sha256, 160) is not None
    assert guard.delete("/api/v1/people/photos/jane_doe.jpg").status_code == 204
    assert site.app.state.site_work.thumbnails.get(sha256, 160) is None
    assert (
        listed(server.faces) == [] and site.record.lines()[-1] == "photo_removed account:guard jane_doe.jpg"
    )
    assert guard.delete("/api/v1/people/photos/jane_doe.jpg").status_code == 404


def test_a_held_photo_enrols_nobody_until_it_is_released(followed: Followed) -> None:
    site, server = followed
    guard = site.browser("guard")
    assert guard.post("/api/v1/people/photos/jane_doe.jpg/hold").status_code == 204
    assert "Jane Doe" not in server.watcher.gallery
    (shown,) = guard.get("/api/v1/people/Jane Doe").json()["photos"]
    assert shown["held"] and shown["status"] == "HELD"
    assert guard.post("/api/v1/people/photos/jane_doe.jpg/release").status_code == 204
    assert "Jane Doe" in server.watcher.gallery
    acts = len(site.record.acts)
    assert guard.post("/api/v1/people/photos/jane_doe.jpg/release").status_code == 404
    assert len(site.record.acts) == acts


def test_files_that_name_nobody_are_listed(followed: Followed) -> None:
    site, server = followed
    put(server.faces, IMG_0001=photo(5))
    server.until(lambda: bool(server.watcher.files_of(None)))
    (file,) = site.browser("viewer").get("/api/v1/people/unnamed").json()
    assert file["path"] == "IMG_0001.jpg" and file["status"] == "REJECTED"


def test_a_picture_is_judged_and_not_kept(followed: Followed) -> None:
    site, server = followed
    guard = site.browser("guard")

    def judged(data: bytes) -> Outcome:
        answer = guard.post("/api/v1/people/check", files={"picture": ("a.jpg", data)})
        assert answer.status_code == 200, answer.text
        found: Outcome = answer.json()
        return found

    assert judged(photo(3)) == {"good": True, "flaw": None, "hint": "", "box": list(FACE)}
    assert judged(b"a landscape")["flaw"] == "no_face"
    assert judged(b"damaged") == {
        "good": False,
        "flaw": "unreadable",
        "hint": "the picture is damaged",
        "box": None,
    }
    assert listed(server.faces) == ["jane_doe.jpg"] and len(site.record.acts) == 1  # the sign-in


def test_pictures_are_judged_one_at_a_time_and_not_too_often(followed: Followed) -> None:
    site, _ = followed
    begun, go_on = threading.Event(), threading.Event()

    def slow(data: bytes, face: object) -> object:
        begun.set()
        assert go_on.wait(20)
        return prepared(data)

    site.workers.instead[worker.prepare_photo] = slow
    cookies = dict(site.browser("guard").cookies)

    def ask() -> int:
        files = {"picture": ("a.jpg", photo(3))}
        return site.browser(cookies=cookies).post("/api/v1/people/check", files=files).status_code

    first = threading.Thread(target=ask)
    first.start()
    assert begun.wait(20)
    assert ask() == 429
    go_on.set()
    first.join()
    site.app.state.checks = photos.Checks(lambda: 0.0)
    assert [ask() for _ in range(8)].count(429) == 2
