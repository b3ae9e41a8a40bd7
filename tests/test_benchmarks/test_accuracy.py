"""The accuracy benchmark: what it counts, and that the shipped table is what it makes."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from server.access import distance, score, template
from server.access.evidence import Look
from server.access.matching.calibration import Calibration, table_file
from server.access.matching.recogniser import DLIB, RECOGNISERS, SFACE, Recogniser
from tests.benchmarks.accuracy import __main__ as report
from tests.benchmarks.accuracy import calibrate
from tests.benchmarks.accuracy.bounds import of_pairs, of_people
from tests.benchmarks.accuracy.calibrate import own_table, visit_table, written
from tests.benchmarks.accuracy.curve import (
    BINS,
    STEP,
    Counts,
    at_share,
    pooled,
    share_at,
    stranger_counts,
    tail,
)
from tests.benchmarks.accuracy.identities import INDEPENDENT, LFW, NATURAL, Identities, load, natural, unit
from tests.benchmarks.accuracy.measures import Gallery, galleries
from tests.benchmarks.accuracy.pipeline import Tally, doorward, plain, tally
from tests.benchmarks.accuracy.resampled import bounded, nearness
from tests.benchmarks.accuracy.subject import Subject
from tests.benchmarks.accuracy.trials import CELLS, draws, own, plain_rule, rule_of
from tests.benchmarks.accuracy.visits import Chances, Stranger, chances, gallery_of
from tests.support.photos import DATA

Rows = NDArray[np.float32]

with_data = pytest.mark.skipif(
    not LFW.exists() or not (DATA / INDEPENDENT).exists(), reason="the embeddings of people are not there"
)
both = pytest.mark.parametrize("recogniser", RECOGNISERS.values(), ids=str)
DLIBS = rule_of(DLIB)


def crowd(counts: Sequence[int], spread: float = 0.03) -> Identities:
    """People, each with so many photos that are alike."""
    random = np.random.default_rng(0)
    faces = [random.normal(0, 0.1, 128) for _ in counts]
    photos = [
        unit(np.repeat((face + random.normal(0, spread, (count, 1, 128))), 2, axis=1))
        for face, count in zip(faces, counts, strict=True)
    ]
    return Identities(photos, np.eye(len(counts), dtype=np.bool_))


@lru_cache
def subject(recogniser: Recogniser) -> Subject:
    return Subject.of(recogniser, DATA)


# The shipped tables


@with_data
@both
def test_the_shipped_table_is_what_the_script_makes(recogniser: Recogniser) -> None:
    table = json.loads(table_file(recogniser.name).read_text(encoding="utf-8"))
    strangers = subject(recogniser).strangers.table(subject(recogniser).factor)
    assert strangers["log10_risk"] == table["strangers"]["log10_risk"]
    np.testing.assert_allclose(strangers["distance"], table["strangers"]["distance"], atol=2e-4)
    assert strangers["tail"] == pytest.approx(table["strangers"]["tail"], abs=0.2)
    refused = own_table(recogniser, subject(recogniser).everybody)
    assert refused["distance"] == table["genuine"]["distance"]
    assert list(refused["refused"]) == list(table["genuine"]["refused"])
    for cell, row in refused["refused"].items():
        np.testing.assert_allclose(row, table["genuine"]["refused"][cell], atol=2e-3)


@both
def test_the_file_reads_as_it_was_written(recogniser: Recogniser) -> None:
    content = table_file(recogniser.name).read_text(encoding="utf-8")
    assert written(json.loads(content)) == content


@with_data
@both
@pytest.mark.parametrize("cell", CELLS)
def test_people_who_were_not_calibrated_with_are_accepted_no_more_often_than_was_asked_for(
    recogniser: Recogniser, cell: tuple[int, int]
) -> None:
    """Each half with the other one's threshold; where the pairs are few a single one counts much."""
    for risk in (1e-2, 1e-3, 1e-4):
        accepted = [
            share_at(stranger_counts(half, *cell, rule_of(recogniser)), threshold(risk, 1))
            for half, threshold in subject(recogniser).crossed()
        ]
        assert float(np.mean(accepted)) < risk * (1.2 if cell != (3, 3) else 2.0)


@with_data
@pytest.mark.parametrize("name", NATURAL)
def test_nor_are_people_of_the_natural_sets(name: str) -> None:
    people = natural(DATA, SFACE.name)[name]
    for cell in CELLS:
        if len(people.having(max(cell))) < 10:
            continue
        found = stranger_counts(people, *cell, rule_of(SFACE))
        for risk in (1e-2, 1e-3):
            assert share_at(found, SFACE.calibration.threshold(risk, 1)) <= 2 * risk


@with_data
@both
def test_the_curve_does_not_hang_on_who_was_taken(recogniser: Recogniser) -> None:
    for risk in (1e-2, 1e-3, 1e-4):
        for table in subject(recogniser).tables:
            near = recogniser.calibration.threshold(risk, 1)
            assert table.threshold(risk, 1) == pytest.approx(near, rel=0.03)


@with_data
@both
def test_the_tail_errs_to_the_safe_side(recogniser: Recogniser) -> None:
    """Fitted with the nearest strangers hidden, it allows hardly more than was counted, and not much less."""
    found = subject(recogniser).counts
    for fitted, hidden in ((1e-3, 1e-4), (1e-4, 1e-5)):
        predicted = at_share(found, hidden) - 1 / tail(found, fitted, hidden)
        assert 0.1 * hidden / 10 < share_at(found, predicted) < 1.6 * hidden / 10


@with_data
@both
def test_two_names_of_one_person_are_no_strangers(recogniser: Recogniser) -> None:
    assert int(np.triu(subject(recogniser).everybody.same, 1).sum()) == 10


# Whom trials are between


def test_people_are_loaded_by_identity(tmp_path: Path) -> None:
    people = crowd([2, 1, 3])
    twin, alike = people.photos[0][:1] * 1.5, people.photos[1][:1]
    path = tmp_path / "people.npz"
    rows = np.concatenate([people.photos[2], people.photos[0], people.photos[1], twin, alike])
    others = np.concatenate([rows[:-1], people.photos[2][:1]])
    np.savez(path, identity=np.array([9, 9, 9, 4, 4, 7, 8, 3]), dlib=rows, sface=others)
    loaded = load(path, "dlib")
    assert [len(photos) for photos in loaded.photos] == [1, 2, 1, 1, 3]
    np.testing.assert_allclose(loaded.photos[4], people.photos[2], atol=1e-6)
    assert loaded.same[1, 3] and loaded.same.sum() == 5 + 2, "near in one network only is not one person"


def test_halves_share_nobody_and_part_no_twins() -> None:
    people = crowd([1] * 30)
    for one, other in ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9)):
        people.same[one, other] = people.same[other, one] = True
    first, second = people.halves()
    found = [photos.tobytes() for half in (first, second) for photos in half.photos]
    assert sorted(found) == sorted(photos.tobytes() for photos in people.photos)
    assert first.same.sum() + second.same.sum() == 30 + 10
    assert min(len(first), len(second)) >= 8


def test_only_who_has_photos_enough_takes_part() -> None:
    people = crowd([1, 3, 2, 6])
    draw = next(draws(people, 3, 2, DLIBS, count=1))
    assert list(draw.enrolled) == [1, 3] and list(draw.visitors) == [1, 2, 3]
    assert draw.strangers(people).tolist() == [[False, True, True], [True, True, False]]
    everybody = next(draws(people, 3, 2, DLIBS, count=1, all_enrolled=True))
    assert list(everybody.enrolled) == [0, 1, 2, 3]
    assert own(people, 3, 3, 6, 5, DLIBS).shape == (1, 5)


def test_nobody_is_held_against_the_photo_that_he_is_enrolled_with() -> None:
    people = crowd([2, 2, 2], spread=0.05)
    for draw in draws(people, 1, 1, DLIBS, count=20):
        assert np.diagonal(draw.distances).min() > 0.1
    assert own(people, 1, 1, 2, 20, DLIBS).min() > 0.1


@both
def test_the_rule_is_the_servers_score(recogniser: Recogniser) -> None:
    one, other = (rows + np.float32(0.01) * np.arange(2)[None, :, None] for rows in crowd([3, 3]).photos)
    found = rule_of(recogniser)([one[:2]], [other])[0, 0]
    seen = np.concatenate(other) if recogniser.mirrored_looks else other[:, 0]
    expected = score(template(np.concatenate(one[:2])), template(seen), recogniser.exponent)
    assert found == pytest.approx(distance(expected), abs=1e-5)


def test_the_plain_rule_is_the_nearest_photo_in_any_frame() -> None:
    people = crowd([1, 3, 2])
    found = plain_rule(list(people.photos), list(people.photos[1:]))
    for row, photos in enumerate(people.photos):
        for column, frames in enumerate(people.photos[1:]):
            apart = np.linalg.norm(photos[:, None, 0] - frames[None, :, 0], axis=2)
            assert found[row, column] == pytest.approx(float(apart.min()), abs=1e-3)


# The curve


def exponential(slope: float) -> Counts:
    """Counts whose share falls by `slope` powers of ten for a unit of distance below 0.4, all at or above
    it."""
    edges = (np.arange(BINS) + 1) * STEP
    shares = np.where(edges < 0.4, 10 ** (-2 - slope * (0.4 - edges)), 1.0)
    return np.diff(shares, prepend=0.0) * 1e9


def test_shares_and_distances_are_each_others_inverse() -> None:
    found = exponential(25)
    assert at_share(found, 1e-3) == pytest.approx(0.4 - 1 / 25, abs=STEP)
    assert share_at(found, at_share(found, 1e-4)) == pytest.approx(1e-4, rel=1e-3)
    assert share_at(found, 1.0) == pytest.approx(1.0)


@pytest.mark.parametrize("hidden", [0.0, 1e-4])
def test_the_fit_finds_an_exponential_tail(hidden: float) -> None:
    assert tail(exponential(25), 1e-3, hidden) == pytest.approx(25, rel=0.02)
    assert tail(exponential(35), 1e-3, hidden) == pytest.approx(35, rel=0.02)


def test_pairs_count_once_however_many_photos_they_have() -> None:
    assert stranger_counts(crowd([1, 5, 2]), 1, 1, DLIBS).sum() == pytest.approx(6)


def test_the_bound_is_nearer_where_one_person_is_near_many() -> None:
    people = crowd([3] * 60)
    wolf = unit(np.mean(people.photos, axis=0))
    with_wolf = Identities([*people.photos[:-1], wolf], people.same)
    for identities, least, most in ((people, 0.0, 0.025), (with_wolf, 0.025, 0.1)):
        found = stranger_counts(identities, 1, 1, DLIBS)
        (bound,) = bounded(identities, (1, 1), DLIBS, [0.01])
        assert least < at_share(found, 0.01) - bound < most


def test_a_set_is_nearer_by_a_factor() -> None:
    people = crowd([3] * 40)
    middle = np.mean(people.photos, axis=0)
    alike = Identities([unit(photos + 3 * middle) for photos in people.photos], people.same)
    expected = pooled(people, DLIBS)
    near, same = (nearness(each, (1, 1), DLIBS, expected) for each in (alike, people))
    assert near is not None and near.bound <= near.value < 0.95 and near.people == 40
    assert same is not None and same.value == pytest.approx(1.0, abs=0.02)
    assert nearness(crowd([1] * 40), (1, 3), DLIBS, expected) is None


# Bounds


def test_bounds_are_by_person() -> None:
    shares = np.zeros(100)
    shares[:10] = 1.0
    rate = of_people(shares)
    assert rate.value == pytest.approx(0.1) and rate.people == 100
    assert 0.03 < rate.low < 0.06 and 0.14 < rate.high < 0.18


def test_nothing_seen_is_not_nothing() -> None:
    assert of_people(np.zeros(100)).high == pytest.approx(1 - 0.05 ** (1 / 100))
    assert of_people(np.zeros(100)).value == 0.0


def test_one_person_who_matches_many_makes_bounds_wide() -> None:
    counted = ~np.eye(60, dtype=np.bool_)
    wolf, spread = np.zeros((60, 60)), np.zeros((60, 60))
    wolf[0] = 1.0
    spread[np.arange(60), (np.arange(60) + 1) % 60] = 1.0
    one, many = of_pairs([(wolf, counted)]), of_pairs([(spread, counted)])
    assert one.value == pytest.approx(1 / 60) and many.value == pytest.approx(1 / 59)
    assert one.low == 0.0 and one.high > 1.5 * many.high
    assert of_pairs([(wolf, counted), (wolf, counted)]).value == pytest.approx(one.value)


# Galleries


def trial(nearest: float, second: float, own_distance: float) -> Gallery:
    return Gallery(*(np.array([[value]], np.float32) for value in (nearest, second, own_distance)))


def test_a_stranger_is_named_within_the_threshold_and_clear_of_the_runner_up() -> None:
    assert trial(0.30, 0.40, np.nan).false_positives(0.31) == [1]
    assert trial(0.30, 0.40, np.nan).false_positives(0.29) == [0]
    assert trial(0.30, 0.32, np.nan).false_positives(0.31, 0.03) == [0]
    assert trial(0.30, 0.34, np.nan).false_positives(0.31, 0.03) == [1]


def test_somebody_enrolled_is_named_as_himself_or_not_at_all() -> None:
    assert trial(0.5, 0.6, 0.3).false_negatives(0.31) == [0]
    assert trial(0.5, 0.6, 0.3).false_negatives(0.29) == [1]
    assert trial(0.2, 0.6, 0.3).false_negatives(0.31) == [1]
    assert trial(0.32, 0.6, 0.3).false_negatives(0.31, 0.03) == [1]
    assert trial(0.5, 0.6, np.nan).false_negatives(0.31).size == 0


def test_the_threshold_for_a_share_of_strangers() -> None:
    nearest = np.linspace(0.1, 1.0, 10, dtype=np.float32)[None]
    trials = Gallery(nearest, nearest + np.float32(0.05), nearest)
    assert trials.false_positives(trials.threshold_at(0.3)).mean() == pytest.approx(0.3)
    assert trials.threshold_at(0.3, margin=0.1) == np.inf


def test_everybody_is_held_against_galleries_without_himself() -> None:
    people = crowd([6] * 9, spread=0.001)
    found = galleries(people, 1, 1, DLIBS, (3, 9))
    assert found[3].nearest.shape == (4 * 3, 9) and found[9].nearest.shape == (4, 9)
    assert found[9].nearest.min() > 0.5 and found[9].own.max() < 0.1
    assert (found[3].second >= found[3].nearest).all()


# Visits


def look(at: float, row: Rows) -> Look:
    return Look(at, row, np.stack([row, row]), 1.0, None, None, 0)


def visitor(spread: float) -> Stranger:
    rows = crowd([30], spread).photos[0][:, 0]
    return Stranger("somebody", [look(0.15 * at, row) for at, row in enumerate(rows)])


def test_a_visit_of_looks_all_alike_is_worth_one_comparison() -> None:
    """Some who are enrolled are near, as another photo of the visitor would be."""
    near = Identities([crowd([1], 0.06).photos[0], *crowd([1] * 20).photos[1:]], np.eye(20, dtype=np.bool_))
    found = chances([visitor(1e-6)], gallery_of(near, DLIB), 20, (0.9, 2.0), DLIB)
    assert found.first == found.visit and found.growth == pytest.approx(1.0)
    assert found.first[1] == 1.0 and found.people == 1


def test_a_visit_of_looks_that_differ_is_worth_several() -> None:
    gallery = gallery_of(crowd([1] * 300), DLIB)
    limit = (1.2,)
    differing = chances([visitor(0.15)], gallery, 20, limit, DLIB)
    assert differing.visit[0] > 1.5 * differing.first[0] > 0
    assert chances([visitor(0.15)], gallery, 10, limit, DLIB).growth < differing.growth


def test_who_is_not_seen_long_enough_does_not_count() -> None:
    people = [visitor(0.01), Stranger("short", visitor(0.01).looks[:10])]
    gallery = gallery_of(crowd([1] * 5), DLIB)
    assert chances(people, gallery, 10, (2.0,), DLIB).people == 2
    assert chances(people, gallery, 11, (2.0,), DLIB).people == 1


def test_growth_is_rounded_up_and_never_falls() -> None:
    def measured(looks: int, growth: float) -> Chances:
        return Chances(looks, 1, (0.01, 0.0), (0.01 * growth, 0.0))

    table = visit_table([measured(looks, growth) for looks, growth in ((10, 1.31), (20, 1.1), (40, 2.05))])
    assert table == {"looks": [3, 10, 20, 40], "growth": [1.0, 1.4, 1.4, 2.1]}


# Photos


def test_visits_are_tallied() -> None:
    result = Tally()
    for found in ("ann", None, "bob", "bob"):
        result.enrolled("ann", found)
    for found in (None, "bob"):
        result.stranger(found)
    assert vars(result) == {"right": 1, "refused": 1, "wrong": 2, "turned_away": 1, "let_in": 1}


def test_people_are_named_by_the_servers_threshold_and_by_the_plain_one() -> None:
    people = {str(at): list(photos) for at, photos in enumerate(crowd([4] * 5, spread=0.01).photos)}
    for name in (doorward(DLIB, 1e-3, 2), plain):
        result = tally(people, 2, 2, name)
        assert (result.right, result.turned_away) == (150, 150)
    far = {
        who: [face + np.float32(0.2 * at) for at, face in enumerate(faces)] for who, faces in people.items()
    }
    assert tally(far, 1, 1, plain).right < 150


def test_a_table_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError):
        Calibration.of({"strangers": {}})


@pytest.mark.parametrize("module", [report, calibrate])
def test_without_the_data_one_line_says_so(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["", str(tmp_path), str(tmp_path / "out")])
    assert module.main() == 2
    said = capsys.readouterr().err
    assert "embeddings of LFW" in said and "sample videos" in said and said.count("\n") == 1
    (tmp_path / LFW.name).touch()
    assert module.main() == 2
    assert "embeddings" not in capsys.readouterr().err and not (tmp_path / "out").exists()
