"""Pictures that are verified, identified and analysed, through the task of a worker, on real faces."""

import base64
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from server.access.matching.gallery import Gallery
from server.access.matching.recogniser import SFACE
from server.access.orders import Roster
from server.access.permits import Permit
from server.access.seen import Analysis
from server.accounts.rights import Role
from server.gallery.receipts import Receipt, Status
from server.recognition.turns import MOST_WAITING
from server.terminals.peer import PendingFrame
from server.vision.models import Models
from server.web.stills import BURST, Stills
from tests.support import console
from tests.support.console import Site, key_of
from tests.support.enrolled import BIDEN, OBAMA, sample_gallery
from tests.support.photos import jpeg
from tests.support.service import FakePeer
from wire import Box, FaceReport, Result, Timing, Verdict


@pytest.fixture
def site(tmp_path: Path, models: Models, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Obama and Biden are enrolled."""
    monkeypatch.setattr("server.workers.main._models", models)
    with console.site(tmp_path) as made:
        made.gallery = sample_gallery(models)
        yield made


@pytest.fixture
def guard(site: Site) -> TestClient:
    return site.browser("guard")


def as_form(data: bytes, name: str = "some.jpg") -> list[tuple[str, tuple[str, bytes]]]:
    return [("picture", (name, data))]


def as_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def together(*names: str) -> bytes:
    """A PNG with these photos side by side."""
    pictures = [Image.open(BytesIO(jpeg(name))).resize((500, 600)) for name in names]
    whole = Image.new("RGB", (500 * len(pictures), 600))
    for at, picture in enumerate(pictures):
        whole.paste(picture, (500 * at, 0))
    file = BytesIO()
    whole.save(file, "PNG")
    return file.getvalue()


def verified(browser: TestClient, person: str, data: bytes) -> dict[str, Any]:
    answer = browser.post("/api/v1/verify", data={"person": person}, files=as_form(data))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_person_is_who_they_are_said_to_be_and_nobody_else(guard: TestClient) -> None:
    found = verified(guard, OBAMA, jpeg("obama2"))
    assert found["verdict"] == "Welcome in" and found["matched"] and found["liveness"] == "not_checked"
    assert found["distance"] < found["threshold"]["distance"]
    other = verified(guard, BIDEN, jpeg("obama2"))
    assert other["verdict"] == "Go away" and not other["matched"]
    assert other["distance"] > other["threshold"]["distance"]


def test_the_threshold_is_the_doors_own_and_says_what_it_risks(site: Site, guard: TestClient) -> None:
    told = verified(guard, OBAMA, jpeg("obama2"))["threshold"]
    expected = site.running.settings.rules().threshold_for(site.gallery.population)
    assert told["distance"] == pytest.approx(expected, abs=1e-4)
    assert 0 < told["risk"] < 1e-4
    assert "1 in " in told["sentence"] and "living" in told["sentence"]


def test_a_name_is_found_however_it_is_spelt_and_an_unknown_one_is_not(guard: TestClient) -> None:
    assert verified(guard, "barack_obama", jpeg("obama2"))["person"] == OBAMA
    for person in ("Jane Doe", "_"):
        answer = guard.post("/api/v1/verify", data={"person": person}, files=as_form(jpeg("obama")))
        assert answer.status_code == 404, answer.text


def test_of_several_faces_the_nearest_is_held_against_the_person(guard: TestClient) -> None:
    found = verified(guard, BIDEN, together("obama", "biden"))
    assert found["matched"] and sorted(face["matched"] for face in found["faces"]) == [False, True]
    (biden,) = (face for face in found["faces"] if face["matched"])
    assert biden["box"][3] >= 500, "the right one"
    assert found["width"] == 1000 and found["height"] == 600


def test_where_nobody_is_nobody_is_matched(guard: TestClient) -> None:
    file = BytesIO()
    Image.new("RGB", (300, 200), "gray").save(file, "PNG")
    found = verified(guard, OBAMA, file.getvalue())
    assert found["verdict"] == "Go away" and found["distance"] is None and found["faces"] == []


def test_who_may_not_come_in_is_not_welcomed(site: Site, guard: TestClient) -> None:
    yesterday = datetime.now().date() - timedelta(days=1)
    for permit, reason in ((Permit(disabled=True), "disabled"), (Permit(valid_until=yesterday), "expired")):
        site.roster = Roster(permits={OBAMA: permit})
        found = verified(guard, OBAMA, jpeg("obama2"))
        assert found["matched"] and found["verdict"] == "Go away" and found["barred"] == reason
    site.roster = Roster(permits={OBAMA: Permit(terminals=frozenset({"back"}))})
    assert verified(guard, OBAMA, jpeg("obama2"))["verdict"] == "Welcome in", "somewhere"
    show(site, "front", jpeg("obama2"))
    found = guard.post("/api/v1/verify", json={"person": OBAMA, "terminal": "front"}).json()
    assert found["verdict"] == "Go away" and found["barred"] == "wrong_terminal"


def test_every_face_of_every_picture_is_identified(guard: TestClient) -> None:
    files = as_form(together("obama2", "biden"), "two.png") + as_form(jpeg("obama3"), "one.jpg")
    found = guard.post("/api/v1/identify", files=files).json()
    two, one = found["pictures"]
    assert (two["picture"], one["picture"]) == ("two.png", "one.jpg")
    assert {face["name"] for face in two["faces"]} == {OBAMA, BIDEN}
    (face,) = one["faces"]
    assert [each["name"] for each in face["ranked"]] == [OBAMA, BIDEN]
    assert face["reason"] == "recognised" and face["ranked"][0]["distance"] < face["ranked"][1]["distance"]
    assert found["liveness"] == "not_checked" and "2 people" in found["threshold"]["sentence"]


def test_a_stranger_is_ranked_and_not_named(site: Site, guard: TestClient, models: Models) -> None:
    site.gallery = sample_gallery(models, BIDEN)
    (picture,) = guard.post("/api/v1/identify", files=as_form(jpeg("obama"))).json()["pictures"]
    (face,) = picture["faces"]
    assert face["name"] is None and face["reason"] == "unknown_face"
    assert [each["name"] for each in face["ranked"]] == [BIDEN]
    site.gallery = Gallery.build(SFACE, 3, ())
    (picture,) = guard.post("/api/v1/identify", files=as_form(jpeg("obama"))).json()["pictures"]
    assert picture["faces"][0]["reason"] == "nobody_enrolled" and picture["faces"][0]["ranked"] == []


def test_a_picture_that_cannot_be_used_costs_the_others_nothing(guard: TestClient) -> None:
    files = as_form(b"no picture", "notes.txt") + as_form(jpeg("obama"))
    bad, good = guard.post("/api/v1/identify", files=files).json()["pictures"]
    assert "JPEG" in bad["problem"] and bad["faces"] == []
    assert good["problem"] is None and good["faces"][0]["name"] == OBAMA


def test_what_is_asked_for_is_told_of_a_face_and_nothing_else(guard: TestClient) -> None:
    (plain,) = guard.post("/api/v1/analyse", files=as_form(jpeg("obama"))).json()["faces"]
    assert (plain["landmarks"], plain["embedding"], plain["pseudonym"]) == (None, None, None)
    wanted = {"landmarks": "true", "embedding": "true", "pseudonym": "true"}
    answer = guard.post("/api/v1/analyse", data=wanted, files=as_form(jpeg("obama"))).json()
    (face,) = answer["faces"]
    top, right, bottom, left = face["box"]
    assert (answer["width"], answer["height"], answer["recogniser"]) == (910, 1137, "sface")
    points = np.array(face["landmarks"])
    assert points.shape == (68, 2) and len(face["embedding"]) == 128
    assert left < points[27:, 0].min() and points[27:, 0].max() < right, "nose, eyes and mouth"
    assert top < points[27:, 1].min() and points[27:, 1].max() < bottom


def test_a_picture_that_lies_on_its_side_is_seen_upright(guard: TestClient) -> None:
    picture = Image.open(BytesIO(jpeg("obama")))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    file = BytesIO()
    picture.rotate(90, expand=True).save(file, "JPEG", exif=exif, quality=95)
    answer = guard.post("/api/v1/analyse", files=as_form(file.getvalue())).json()
    upright = guard.post("/api/v1/analyse", files=as_form(jpeg("obama"))).json()
    assert (answer["width"], answer["height"]) == (upright["width"], upright["height"])
    assert np.abs(np.subtract(answer["faces"][0]["box"], upright["faces"][0]["box"])).max() < 20


def test_a_pseudonym_is_the_same_for_a_person_and_another_for_another(site: Site, guard: TestClient) -> None:
    def word(photo: str) -> Any:
        answer = guard.post("/api/v1/analyse", data={"pseudonym": "true"}, files=as_form(jpeg(photo)))
        return answer.json()["faces"][0]["pseudonym"]

    assert word("obama2") == word("obama3") != word("biden")
    assert len(word("biden")) == 16
    site.gallery = Gallery.build(SFACE, 2, ())
    assert word("biden") is None
    mode = (site.running.settings.logs / "pseudonym.key").stat().st_mode
    assert mode & 0o077 == 0


def test_a_broken_key_makes_no_other_pseudonyms(site: Site, guard: TestClient) -> None:
    (site.running.settings.logs / "pseudonym.key").write_bytes(b"short")
    answer = guard.post("/api/v1/analyse", data={"pseudonym": "true"}, files=as_form(jpeg("obama")))
    assert answer.status_code == 503 and answer.json()["code"] == "pseudonyms_unavailable"
    assert "short" not in answer.text and str(site.running.settings.logs) not in answer.text


def test_json_carries_a_picture_as_base64_also_of_an_address(guard: TestClient) -> None:
    for text in (
        as_text(jpeg("obama2")),
        f"data:image/jpeg;base64,{as_text(jpeg('obama2'))}",
        "\n".join([as_text(jpeg("obama2"))[:76], as_text(jpeg("obama2"))[76:]]),
    ):
        answer = guard.post("/api/v1/verify", json={"person": OBAMA, "picture": text})
        assert answer.status_code == 200 and answer.json()["matched"], answer.text
    several = [as_text(jpeg("obama2")), as_text(jpeg("biden"))]
    found = guard.post("/api/v1/identify", json={"picture": several}).json()["pictures"]
    assert [each["faces"][0]["name"] for each in found] == [OBAMA, BIDEN]


def stored(site: Site, path: str, data: bytes) -> None:
    file = site.running.settings.faces / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    site.photos.files = [Receipt(PurePath(path), OBAMA, Status.ACCEPTED, "accepted", "")]


def show(site: Site, terminal: str, data: bytes, *names: str | None) -> None:
    faces = tuple(FaceReport(Box(0, 1, 1, 0), name, None, Verdict.NONE) for name in names)
    result = Result(1, Verdict.NONE, faces, None, Timing(0, 0))
    peer = FakePeer(terminal)
    site.live.join(peer)
    site.live.answered(peer, PendingFrame(1, data, 0.0), Analysis(640, 480, ()), result, None)


def test_a_stored_photo_and_what_a_terminal_shows_are_pictures_too(site: Site, guard: TestClient) -> None:
    stored(site, "barack_obama/2.jpg", jpeg("obama2"))
    show(site, "front", jpeg("biden"))
    show(site, "front", jpeg("obama3"))
    for source in ({"photo": "barack_obama/2.jpg"}, {"terminal": "front"}):
        answer = guard.post("/api/v1/verify", json={"person": OBAMA, **source})
        assert answer.status_code == 200 and answer.json()["matched"], answer.text
    assert [act.details["picture"] for act in site.record.acts if act.kind.value == "verified"] == [
        "photo barack_obama/2.jpg",
        "terminal front",
    ]


def test_nothing_is_read_but_photos(site: Site, guard: TestClient) -> None:
    stored(site, "barack_obama.jpg", jpeg("obama"))
    (site.running.settings.logs / "secret.jpg").write_bytes(jpeg("obama"))
    for path in ("../secret.jpg", "none.jpg", str(site.running.settings.logs / "secret.jpg")):
        answer = guard.post("/api/v1/verify", json={"person": OBAMA, "photo": path})
        assert answer.status_code == 404, answer.text
    (site.running.settings.faces / "barack_obama.jpg").unlink()
    answer = guard.post("/api/v1/verify", json={"person": OBAMA, "photo": "barack_obama.jpg"})
    assert answer.status_code == 404 and "no such file" in answer.json()["detail"]


def test_a_terminal_that_is_not_ones_own_shows_nothing(site: Site) -> None:
    site.account("back", Role.GUARD, ["back"])
    show(site, "front", jpeg("obama"), OBAMA)
    browser = site.browser("back")
    answer = browser.post("/api/v1/verify", json={"person": OBAMA, "terminal": "front"})
    assert answer.status_code == 403
    assert browser.get("/api/v1/terminals/front/hash").status_code == 403
    assert browser.get("/hash").status_code == 409
    assert site.browser("guard").get("/api/v1/terminals/back/hash").status_code == 404


def test_the_word_at_a_terminal_is_that_of_whom_it_recognises(site: Site, guard: TestClient) -> None:
    assert guard.get("/hash").status_code == 409
    show(site, "front", b"", None, OBAMA, BIDEN)
    told = guard.get("/api/v1/terminals/front/hash").json()
    assert told == guard.get("/hash").json() and told["terminal"] == "front"
    answer = guard.post("/api/v1/analyse", data={"pseudonym": "true"}, files=as_form(jpeg("obama")))
    assert told["hash"] == answer.json()["faces"][0]["pseudonym"]
    show(site, "back", b"", None)
    assert guard.get("/api/v1/terminals/back/hash").json()["hash"] is None
    assert guard.get("/hash").status_code == 409, "which one?"


def test_a_frame_is_processed_as_small_servers_do(guard: TestClient) -> None:
    address = f"data:image/jpeg;base64,{as_text(jpeg('obama2'))}"
    told = guard.post("/process-frame/", json={"image": address, "timestamp": 1})
    assert told.status_code == 200, told.text
    assert guard.post("/process-frame/", files={"frame": ("f.jpg", jpeg("obama2"))}).json() == told.json()
    (face,) = told.json()["faces"]
    assert face["name"] == OBAMA and len(face["box"]) == 4
    assert face["distance"] < told.json()["threshold"] and told.json()["liveness"] == "not_checked"


Ask = Callable[[TestClient], Any]
BAD: dict[str, tuple[Ask, int, str]] = {
    "neither form nor JSON": (lambda it: it.post("/api/v1/identify", content=b"x"), 415, "form"),
    "no JSON": (
        lambda it: it.post("/api/v1/identify", content=b"{", headers={"Content-Type": "application/json"}),
        400,
        "JSON",
    ),
    "no object": (lambda it: it.post("/api/v1/identify", json=[1]), 422, "object"),
    "deeply nested": (
        lambda it: it.post(
            "/api/v1/identify", content=b"[" * 50_000, headers={"Content-Type": "application/json"}
        ),
        400,
        "JSON",
    ),
    "no picture": (lambda it: it.post("/api/v1/identify", json={}), 422, "one of"),
    "two sources": (
        lambda it: it.post("/api/v1/identify", json={"picture": "aGk=", "terminal": "a"}),
        422,
        "one of",
    ),
    "no base64": (lambda it: it.post("/api/v1/identify", json={"picture": "?"}), 422, "base64"),
    "an empty picture": (lambda it: it.post("/api/v1/analyse", json={"picture": ""}), 422, "base64"),
    "a number": (lambda it: it.post("/api/v1/analyse", json={"picture": 1}), 422, "base64"),
    "nobody": (lambda it: it.post("/api/v1/verify", files=as_form(b"x")), 422, "fields"),
    "another field": (
        lambda it: it.post("/api/v1/analyse", json={"picture": "aGk=", "x": 1}),
        422,
        "fields",
    ),
    "another file": (lambda it: it.post("/api/v1/analyse", files={"photo": b"x"}), 422, "picture"),
    "several": (lambda it: it.post("/api/v1/analyse", files=as_form(b"x") * 2), 422, "At most 1 picture"),
    "too many": (lambda it: it.post("/api/v1/identify", files=as_form(b"x") * 21), 400, "Too many files"),
    "a form without boundary": (
        lambda it: it.post("/api/v1/analyse", content=b"x", headers={"Content-Type": "multipart/form-data"}),
        400,
        "boundary",
    ),
    "no picture at all": (lambda it: it.post("/api/v1/analyse", files=as_form(b"x")), 422, "JPEG"),
    "cut off": (lambda it: it.post("/api/v1/analyse", files=as_form(jpeg("obama")[:50_000])), 422, "damaged"),
    "too large": (
        lambda it: it.post("/api/v1/analyse", files=as_form(b" " * ((16 << 20) + 1))),
        413,
        "16 MB",
    ),
    "large JSON": (
        lambda it: it.post("/api/v1/analyse", json={"picture": "x" * (12 << 20)}),
        413,
        "as a form",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_used_is_told_in_a_sentence(site: Site, guard: TestClient, what: str) -> None:
    ask, status, said = BAD[what]
    answer = ask(guard)
    assert answer.status_code == status and said in answer.json()["detail"], answer.text
    assert [act for act in site.record.acts if act.kind.value in ("verified", "identified")] == []


def test_a_picture_of_too_many_pixels_is_not_decoded(guard: TestClient) -> None:
    file = BytesIO()
    Image.new("1", (9000, 9000)).save(file, "PNG")
    answer = guard.post("/api/v1/analyse", files=as_form(file.getvalue()))
    assert answer.status_code == 422 and "pixels" in answer.json()["detail"]


def test_every_verification_and_identification_is_written_down_first(site: Site, guard: TestClient) -> None:
    site.record.acts.clear()
    verified(guard, OBAMA, jpeg("obama2"))
    verified(guard, BIDEN, jpeg("obama2"))
    guard.post("/api/v1/identify", files=as_form(jpeg("biden"), "b.jpg"))
    guard.post("/api/v1/analyse", files=as_form(jpeg("biden")))
    guard.post("/api/v1/analyse", data={"pseudonym": "true"}, files=as_form(jpeg("biden")))
    assert site.record.lines() == [
        f"verified account:guard {OBAMA}",
        f"verified account:guard {BIDEN}",
        f"identified account:guard {BIDEN}",
        f"identified account:guard {BIDEN}",
    ]
    first, second, third, _ = (act.details for act in site.record.acts)
    assert (first["result"], second["result"], third["result"]) == ("matched", "not_matched", BIDEN)
    assert first["faces"] == "1" and third["picture"] == "b.jpg" and float(first["distance"]) < 1
    assert site.record.acts[0].line()
    site.record.broken = True
    for path in ("verify", "identify"):
        answer = guard.post(
            f"/api/v1/{path}",
            data={"person": OBAMA} if path == "verify" else None,
            files=as_form(jpeg("obama")),
        )
        assert answer.status_code == 503 and answer.json()["code"] == "record_unavailable"


def test_who_may_not_verify_gets_no_answer_and_uploads_nothing(site: Site) -> None:
    viewer = site.browser("viewer")
    for path in ("/api/v1/verify", "/api/v1/identify", "/api/v1/analyse", "/process-frame/"):
        assert viewer.post(path, files=as_form(jpeg("obama"))).status_code == 403
    key = key_of(site.browser("guard"), "verify")
    program = site.browser()
    assert program.post("/api/v1/identify", files=as_form(jpeg("obama")), headers=key).status_code == 200
    assert program.get("/hash", headers=key).status_code == 403


def test_one_caller_has_so_many_pictures_looked_at_and_no_more(site: Site, guard: TestClient) -> None:
    now = [0.0]
    site.app.state.stills = Stills(site.running, lambda: now[0])
    twenty = as_form(b"x") * 20
    for _ in range(int(BURST / 20)):
        assert guard.post("/api/v1/identify", files=twenty).status_code == 200
    answer = guard.post("/api/v1/identify", files=as_form(b"x"))
    assert answer.status_code == 429 and answer.json()["code"] == "too_many"
    assert answer.headers["retry-after"] == "1"
    assert site.browser("admin").post("/api/v1/identify", files=as_form(b"x")).status_code == 200
    now[0] = 1.0
    assert guard.post("/api/v1/identify", files=twenty).status_code == 429, "there are 5"
    assert guard.post("/api/v1/identify", files=as_form(b"x") * 4).status_code == 200


def test_when_too_many_wait_the_next_is_told_to_come_later(site: Site, guard: TestClient) -> None:
    turns = site.app.state.stills.turns
    places = [turns.place() for _ in range(1 + MOST_WAITING)]
    for place in places:
        place.__enter__()
    answer = guard.post("/api/v1/identify", files=as_form(jpeg("obama")))
    assert answer.status_code == 503 and answer.json()["code"] == "busy"
    assert "retry-after" in answer.headers
    places[0].__exit__(None, None, None)
    assert guard.post("/api/v1/identify", files=as_form(jpeg("obama"))).status_code == 200
