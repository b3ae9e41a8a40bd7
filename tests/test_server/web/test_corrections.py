"""A wrong decision is corrected: what that would mean is told first, and then it holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.access.decision import Decision
from server.accounts.rights import Role
from tests.support.console import Site, key_of
from tests.support.embeddings import face, look, stranger
from tests.support.people import followed_site
from tests.support.recorded_site import SETTINGS, RecordedDoor
from tests.support.site import Server, listed, photo, put

Followed = tuple[Site, Server]
INTRUDER = look(1, 0.5)
"""Nearer to the photo jane_doe_2.jpg than to Jane."""
SIGNED_IN = "sign_in account:guard guard"


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    put(tmp_path / "faces", jane_doe=photo(1), jane_doe_2=photo(1, 0.35), john_roe=photo(2))
    with followed_site(tmp_path, **SETTINGS) as made:
        yield made


def recorded(followed: Followed, pictures: bool = True) -> tuple[Decision, Decision, Decision]:
    """Somebody is taken for Jane, Jane comes herself, and John is not recognised."""
    site, server = followed
    door = RecordedDoor(site, server.watcher.gallery, pictures=pictures)
    made = (
        door.visit(face(INTRUDER), b"face 9 0"),
        door.visit(face(look(1, 0.0))),
        door.visit(face(look(2, 0.41)), b"face 2 0.3"),
    )
    door.close()
    assert [decision.name for decision in made] == ["Jane Doe", "Jane Doe", None]
    return made


def test_what_was_seen_is_told_beside_the_nearest_photo(followed: Followed) -> None:
    wrong, _, denied = recorded(followed)
    viewer = followed[0].browser("viewer")
    told = viewer.get(f"/api/v1/decisions/{wrong.id}/look").json()
    assert told["recorded"] and told["sentence"] == "" and told["person"] == "Jane Doe"
    assert told["picture"] == {"width": 640, "height": 480, "box": [100, 200, 200, 100]}
    assert [each["path"] for each in told["photos"]] == ["jane_doe_2.jpg", "jane_doe.jpg"]
    assert told["photos"][0]["distance"] < 0.2 < told["photos"][1]["distance"]
    picture = viewer.get(f"/api/v1/decisions/{wrong.id}/picture.jpg")
    assert picture.headers["content-type"] == "image/jpeg" and picture.content.endswith(b"face 9 0")
    assert viewer.get(f"/api/v1/decisions/{denied.id}/look").json()["person"] == "John Roe"


def test_without_pictures_and_without_a_recording_it_is_told_why(followed: Followed) -> None:
    site, _ = followed
    wrong, _, denied = recorded(followed, pictures=False)
    guard = site.browser("guard")
    told = guard.get(f"/api/v1/decisions/{wrong.id}/look").json()
    assert told["recorded"] and told["picture"] is None and "record_pictures" in told["sentence"]
    assert guard.get(f"/api/v1/decisions/{wrong.id}/picture.jpg").status_code == 404
    asked = {"kind": "was_him", "person": "John Roe"}
    look_ = guard.post(f"/api/v1/decisions/{denied.id}/correction/look", json=asked).json()
    assert not look_["good"] and "record_pictures" in look_["sentence"]
    assert guard.post(f"/api/v1/decisions/{denied.id}/correction", json=asked).status_code == 404
    noted = guard.post(f"/api/v1/decisions/{denied.id}/correction", json={**asked, "add": False})
    assert noted.status_code == 201 and noted.json()["added"] is None, noted.text
    assert site.record.acts[-1].details == {"correction": "was_him", "person": "John Roe", "added": "no"}
    assert not guard.get(f"/api/v1/decisions/{denied.id}").json()["correction"]["added"]
    page = guard.get(f"/log/{denied.id}").text
    assert "this was <a" in page and "was added as a photo" not in page
    for path in site.running.settings.logs.rglob("*.rec"):
        path.unlink()
    told = guard.get(f"/api/v1/decisions/{wrong.id}/look").json()
    assert not told["recorded"] and told["photos"][0]["distance"] is None
    assert "record_days (7)" in told["sentence"]
    not_her = guard.post(f"/api/v1/decisions/{wrong.id}/correction/look", json={"kind": "not_her"}).json()
    assert not_her["photo"] is None and not_her["changes"] is None and len(not_her["photos"]) == 2


def test_holding_a_photo_is_tried_on_what_was_recorded_first(followed: Followed) -> None:
    wrong, right, _ = recorded(followed)
    guard = followed[0].browser("guard")
    path = f"/api/v1/decisions/{wrong.id}/correction/look"
    answer = guard.post(path, json={"kind": "not_her"})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["photo"], told["last"], told["changes"]["visits"]) == ("jane_doe_2.jpg", False, 3)
    assert told["changes"]["complete"] and told["changes"]["changed"] == 1
    (changed,) = told["changes"]["listed"]
    assert changed["decision"] == wrong.id
    assert (changed["with_photo"], changed["without_photo"]) == ("granted Jane Doe", "denied unknown")
    other = guard.post(path, json={"kind": "not_her", "photo": "jane_doe.jpg"}).json()
    assert other["photo"] == "jane_doe.jpg"
    assert right.id not in str(told) and followed[0].record.lines() == [SIGNED_IN]


def test_this_was_not_her(followed: Followed) -> None:
    site, server = followed
    wrong, _, denied = recorded(followed)
    guard, path = site.browser("guard"), f"/api/v1/decisions/{wrong.id}/correction"
    given = {"kind": "not_her", "photo": "jane_doe_2.jpg"}
    site.record.broken = True
    assert guard.post(path, json=given).status_code == 503 and not server.roster.roster.held
    site.record.broken = False
    answer = guard.post(path, json=given)
    assert answer.status_code == 201, answer.text
    assert answer.json()["held"] == "jane_doe_2.jpg"
    assert server.watcher.gallery.photos_of("Jane Doe") == 1
    assert site.record.lines()[-1] == f"decision_corrected account:guard {wrong.id}"
    told = guard.get(f"/api/v1/decisions/{wrong.id}").json()["correction"]
    assert (told["kind"], told["person"], told["photo"]) == ("not_her", "Jane Doe", "jane_doe_2.jpg")
    assert told["operator"] == "account:guard"
    assert "Corrected by account:guard" in guard.get(f"/log/{wrong.id}").text
    counted = guard.get("/api/v1/thresholds/stats").json()["corrections"]
    assert counted == {"not_her": 1, "was_him": 0}
    assert guard.post(f"/api/v1/decisions/{denied.id}/correction", json=given).status_code == 409
    alien = {"kind": "not_her", "photo": "john_roe.jpg"}
    assert guard.post(path, json=alien).status_code == 404
    assert guard.post(path, json={"kind": "not_her"}).json()["held"] is None


def test_this_was_him(followed: Followed) -> None:
    site, server = followed
    wrong, _, denied = recorded(followed)
    guard, path = site.browser("guard"), f"/api/v1/decisions/{denied.id}/correction"
    given = {"kind": "was_him", "person": "John Roe"}
    told = guard.post(f"{path}/look", json=given).json()
    assert told["good"] and told["photos"] == 1 and told["refused_then"] < told["refused"]
    assert told["other_then"]["name"] == "Jane Doe" and told["threshold"] == 0.4
    assert told["picture"]["box"] == [100, 200, 200, 100] and told["own"] == pytest.approx(0.3, abs=0.01)
    answer = guard.post(path, json=given)
    assert answer.status_code == 201, answer.text
    assert answer.json()["added"]["status"] == "accepted"
    assert listed(server.faces)[-1] == "john_roe_2.jpg"
    assert server.watcher.gallery.photos_of("John Roe") == 2
    assert site.record.lines()[-2:] == [
        f"decision_corrected account:guard {denied.id}",
        "photo_added account:guard John Roe",
    ]
    assert guard.get(f"/api/v1/decisions/{denied.id}").json()["correction"]["added"]
    nobody = {"kind": "was_him", "person": "Nobody"}
    assert guard.post(path, json=nobody).status_code == 404
    assert guard.post(f"/api/v1/decisions/{wrong.id}/correction", json=given).status_code == 409


def test_a_picture_that_speaks_for_somebody_else_is_not_offered(followed: Followed) -> None:
    site, _ = followed
    _, _, denied = recorded(followed)
    given = {"kind": "was_him", "person": "Jane Doe"}
    told = site.browser("guard").post(f"/api/v1/decisions/{denied.id}/correction/look", json=given).json()
    assert (
        not told["good"]
        and told["sentence"] == "The face is nearer to John Roe than to the other photos of Jane Doe."
    )


def test_a_picture_without_a_good_face_is_not_added(followed: Followed) -> None:
    site, server = followed
    door = RecordedDoor(site, server.watcher.gallery)
    denied = [door.visit(face(stranger(0)), shows) for shows in (b"a wall", b"damaged")]
    door.close()
    guard, given = site.browser("guard"), {"kind": "was_him", "person": "John Roe"}
    for decision, why in zip(denied, ("No face was found", "The picture is damaged"), strict=True):
        path = f"/api/v1/decisions/{decision.id}/correction"
        told = guard.post(f"{path}/look", json=given).json()
        assert not told["good"] and told["sentence"].startswith(why)
        refused = guard.post(path, json=given)
        assert refused.status_code == 422 and refused.json()["detail"].startswith(why)
    assert site.record.lines() == [SIGNED_IN]


def test_who_sees_some_doors_notes_what_was_wrong_and_changes_nobodys_photos(followed: Followed) -> None:
    site, server = followed
    wrong, _, denied = recorded(followed)
    site.account("front-guard", Role.GUARD, ["front"])
    guard, files = site.browser("front-guard"), listed(server.faces)
    path, given = f"/api/v1/decisions/{wrong.id}/correction", {"kind": "not_her"}
    assert guard.post(path, json={**given, "photo": "jane_doe_2.jpg"}).status_code == 403
    him = {"kind": "was_him", "person": "John Roe"}
    assert guard.post(f"/api/v1/decisions/{denied.id}/correction", json=him).status_code == 403
    assert listed(server.faces) == files and not server.roster.roster.held
    assert "You see some terminals only" in guard.get(f"/log/{denied.id}").text
    assert guard.post(f"{path}/look", json=given).json()["photo"] is None
    assert guard.post(path, json=given).status_code == 201


def test_no_photo_of_somebody_with_limits_is_held_by_a_guard(followed: Followed) -> None:
    site, server = followed
    wrong, _, _ = recorded(followed)
    (server.faces / "people.toml").write_text('[people."Jane Doe"]\nvalid_until = 2099-01-01')
    server.until(lambda: "Jane Doe" in server.roster.roster.permits)
    path = f"/api/v1/decisions/{wrong.id}/correction"
    given = {"kind": "not_her", "photo": "jane_doe_2.jpg"}
    answer = site.browser("guard").post(path, json=given)
    assert answer.status_code == 403 and "only an administrator" in answer.json()["detail"]
    assert site.browser("admin").post(path, json=given).status_code == 201


def test_who_may_correct_and_where(followed: Followed) -> None:
    site, _ = followed
    wrong, _, _ = recorded(followed)
    path = f"/api/v1/decisions/{wrong.id}"
    given = {"kind": "not_her"}
    assert site.browser("viewer").post(f"{path}/correction", json=given).status_code == 403
    site.account("lab-guard", Role.GUARD, ["lab"])
    lab = site.browser("lab-guard")
    for method, rest in (("GET", "/look"), ("GET", "/picture.jpg"), ("POST", "/correction")):
        answer = lab.request(method, path + rest, json=given if method == "POST" else None)
        assert answer.status_code == 404, rest
    key = key_of(site.browser("admin"), "correct")
    assert site.browser().post(f"{path}/correction", json=given, headers=key).status_code == 201
