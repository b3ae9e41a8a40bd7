"""The example client of the API, against a site at a port."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.doorward_api import Api, ApiError, main
from server.recognition.turns import NoRoomError
from server.vision.models import Models
from tests.support import certificate, console
from tests.support.certificate import needs_openssl
from tests.support.console import Served, Site, key_of, serving
from tests.support.enrolled import BIDEN, OBAMA, sample_gallery
from tests.support.histories import decision as row
from tests.support.histories import fill
from tests.support.people import followed_site
from tests.support.photos import photo as portrait
from tests.support.site import listed, photo
from wire.reasons import Reason

DAY = ("2026-11-22T00:00:00+01:00", "2026-11-23T00:00:00+01:00")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with console.site(tmp_path) as site, serving(site) as served:
        yield served


def use(monkeypatch: pytest.MonkeyPatch, served: Served, *scopes: str) -> None:
    """Have the client ask that site, with a key of these scopes."""
    monkeypatch.setenv("DOORWARD_SITE", served.address)
    monkeypatch.setenv("DOORWARD_KEY", key(served.site, *scopes))


def key(site: Site, *scopes: str) -> str:
    return key_of(site.browser("admin"), *scopes)["Authorization"].removeprefix("Bearer ")


def test_a_picture_is_enrolled_and_another_told_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good one.jpg", tmp_path / "bad.jpg"
    good.write_bytes(b"\xff\xd8\xff" + b"\xff\xd9" + photo(1))
    bad.write_bytes(b"\xff\xd8\xff a landscape")
    with followed_site(tmp_path) as (site, server), serving(site) as served:
        use(monkeypatch, served, "enrol")
        assert main(["enrol", "Jane Doe", str(good)]) == 0
        assert "good one.jpg: accepted jane_doe.jpg" in capsys.readouterr().out
        assert main(["enrol", "Jane Doe", str(bad)]) == 1
        assert "refused  no face was found" in capsys.readouterr().out
        assert listed(server.faces) == ["jane_doe.jpg"]


def test_a_picture_is_verified_against_a_person(
    served: Served,
    models: Models,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("server.workers.main._models", models)
    served.site.gallery = sample_gallery(models)
    use(monkeypatch, served, "verify")
    assert main(["verify", OBAMA, str(portrait("obama2"))]) == 0
    assert capsys.readouterr().out.startswith("Welcome in: distance 0.")
    assert main(["verify", BIDEN, str(portrait("obama2"))]) == 1
    assert capsys.readouterr().out.startswith("Go away: distance 1.")
    assert main(["verify", "Nobody", str(portrait("obama2"))]) == 2
    assert capsys.readouterr().err == "Nobody of this name is enrolled.\n"


def test_the_last_decisions_are_told_the_oldest_first(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(served.site.database, *(row(number) for number in range(5)))
    use(monkeypatch, served, "see")
    assert main(["decisions", "--last", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("T")[2][:5] for line in lines] == ["08:33", "08:34"]
    assert lines[0].endswith("granted front Ada (Recognised)")


def test_new_decisions_are_followed_and_none_is_missed_or_comes_twice(served: Served) -> None:
    fill(served.site.database, row(0), row(1))
    found = Api(served.address, key(served.site, "see")).new_decisions("d0")
    assert next(found)["id"] == "d1"
    later = threading.Timer(0.2, lambda: fill(served.site.database, row(2)))
    later.start()
    assert next(found)["id"] == "d2"
    later.join()


def test_grants_are_counted_by_person_but_not_those_that_were_taken_back(
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [row(number, name) for number, name in enumerate(["Bob", "Ada", "Ada", "Bob", "Bob"])]
    fill(served.site.database, *rows, row(4, "Bob", reason=Reason.UNDELIVERED), row(9, None))
    monkeypatch.setattr("examples.doorward_api.PAGE", 2)
    use(monkeypatch, served, "see")
    assert main(["grants", *DAY]) == 0
    assert capsys.readouterr().out.splitlines() == ["person,grants", ",1", "Ada,2", "Bob,2"]


def test_a_server_without_time_is_asked_again(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crowded(*_: object) -> None:
        raise NoRoomError

    waited: list[float] = []
    monkeypatch.setattr("examples.doorward_api.time.sleep", waited.append)
    use(monkeypatch, served, "see")
    monkeypatch.setattr("server.history.queries.decisions", crowded)
    assert main(["decisions"]) == 2
    assert waited == [5.0] * 4 and "Too much is asked at once" in capsys.readouterr().err


@needs_openssl
def test_a_private_authority_is_trusted_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, secret = certificate.make(tmp_path)
    with console.site(tmp_path) as site, serving(site, certificate.server_side(cert, secret)) as served:
        use(monkeypatch, served, "see")
        assert main(["decisions", "--follow"]) == 2, "nobody vouches for it"
        assert main(["--ca", str(cert), "decisions"]) == 0


def test_a_key_is_never_sent_in_the_clear_to_another_machine() -> None:
    with pytest.raises(ApiError, match="in the clear"):
        Api("http://door-server.lan:8080", "key")


def test_without_a_key_it_says_where_one_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DOORWARD_KEY", raising=False)
    assert main(["decisions"]) == 2
    assert "/account" in capsys.readouterr().err
