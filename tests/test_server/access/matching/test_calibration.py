"""A threshold stated as a risk, and back."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import server.access
from server.access.matching.calibration import MOST_LOOKS, MOST_PEOPLE, Calibration
from server.access.matching.recogniser import DLIB, RECOGNISERS, SFACE, Recogniser

risks = st.floats(1e-6, 0.5)
crowds = st.integers(1, MOST_PEOPLE)
counts = st.integers(1, 9)
looks = st.integers(1, MOST_LOOKS)
distances = st.floats(0.0, 2.0)

SHIPPED = DLIB.calibration
threshold, risk = SHIPPED.threshold, SHIPPED.risk
extrapolated, false_reject = SHIPPED.extrapolated, SHIPPED.false_reject
SIMPLE = Calibration.of(
    {
        "strangers": {"distance": [0.3, 0.4, 2.0], "log10_risk": [-4.0, -2.0, 0.0], "tail": 20.0},
        "visit": {"looks": [3, 13], "growth": [1.0, 3.0]},
        "genuine": {
            "distance": [0.2, 0.4],
            "refused": {"1/1": [0.8, 0.4], "1/2": [0.7, 0.2], "2/1": [0.6, 0.1], "2/2": [0.5, 0.0]},
        },
    }
)


def test_points_of_the_curve_are_met_between_them_and_beyond() -> None:
    assert SIMPLE.threshold(1e-4, 1) == pytest.approx(0.3)
    assert SIMPLE.threshold(1e-3, 1) == pytest.approx(0.35)
    assert SIMPLE.threshold(1e-2, 1) == pytest.approx(0.4)
    assert SIMPLE.threshold(1e-6, 1) == pytest.approx(0.2)  # 2 powers of ten below, 20 to the unit
    assert SIMPLE.risk(2.0, 1) == 1.0
    assert SIMPLE.risk(0.2, 1) == pytest.approx(1e-6)


def test_a_gallery_is_as_many_comparisons_as_people() -> None:
    single = SIMPLE.risk(0.35, 1)
    assert SIMPLE.risk(0.35, 200) == pytest.approx(1 - (1 - single) ** 200)
    assert SIMPLE.threshold(1 - (1 - 1e-3) ** 50, 50) == pytest.approx(0.35)
    assert SIMPLE.risk(2.0, 10) == 1.0


def test_a_visit_is_as_many_comparisons_as_was_measured() -> None:
    single = SIMPLE.risk(0.35, 10)
    assert SIMPLE.risk(0.35, 10, looks=3) == single == SIMPLE.risk(0.35, 10, looks=2)
    assert SIMPLE.risk(0.35, 10, looks=8) == pytest.approx(1 - (1 - single) ** 2)
    assert SIMPLE.risk(0.35, 10, looks=13) == SIMPLE.risk(0.35, 10, looks=40)
    assert SIMPLE.risk(0.35, 10, looks=13) == pytest.approx(1 - (1 - single) ** 3)


def test_extrapolated_is_what_lies_below_the_curve() -> None:
    assert not SIMPLE.extrapolated(1e-4 * 1.001, 1)
    assert SIMPLE.extrapolated(1e-4 * 0.999, 1)
    assert SIMPLE.extrapolated(1e-4 * 1.001, 2)
    assert SIMPLE.extrapolated(1e-4 * 1.001, 1, looks=4)


def test_the_shipped_curve_is_counted_to_one_in_a_hundred_thousand() -> None:
    assert not extrapolated(1.01e-5, 1)
    assert extrapolated(0.99e-5, 1)
    assert extrapolated(1e-4, 2800)


def test_false_rejects_by_photos_and_frames() -> None:
    assert SIMPLE.false_reject(0.3, 1, 1) == pytest.approx(0.6)
    assert SIMPLE.false_reject(0.3, 1, 2) == pytest.approx(0.45)
    assert SIMPLE.false_reject(0.3, 2, 1) == pytest.approx(0.35)
    assert SIMPLE.false_reject(0.3, 7, 40) == SIMPLE.false_reject(0.3, 2, 2)
    assert SIMPLE.false_reject(0.0, 1, 1) == 0.8
    assert SIMPLE.false_reject(1.0, 1, 1) == 0.4


@given(risks, crowds, looks)
def test_risk_is_the_inverse_of_threshold(wanted: float, people: int, count: int) -> None:
    assert risk(threshold(wanted, people, count), people, count) == pytest.approx(wanted)


@given(st.floats(0.05, 0.55), st.integers(1, 100), looks)
def test_threshold_is_the_inverse_of_risk(limit: float, people: int, looked: int) -> None:
    told = risk(limit, people, looked)
    if 1e-6 <= told <= 0.5:
        assert threshold(told, people, looked) == pytest.approx(limit)


@given(risks, risks, crowds, looks)
def test_less_risk_takes_a_smaller_distance(one: float, other: float, people: int, looked: int) -> None:
    small, great = sorted((one, other))
    if great > small * (1 + 1e-6):
        assert threshold(small, people, looked) < threshold(great, people, looked)


@given(risks, crowds, crowds, looks)
def test_more_people_take_a_smaller_distance(wanted: float, one: int, other: int, looked: int) -> None:
    few, many = sorted((one, other))
    if many > few:
        assert threshold(wanted, many, looked) < threshold(wanted, few, looked)


@given(risks, crowds, looks, looks)
def test_a_longer_visit_never_takes_a_greater_distance(
    wanted: float, people: int, one: int, other: int
) -> None:
    short, long = sorted((one, other))
    assert threshold(wanted, people, long) <= threshold(wanted, people, short)


@given(distances, distances, crowds, counts, looks)
def test_a_greater_distance_never_risks_less_nor_refuses_more(
    one: float, other: float, people: int, photos: int, looked: int
) -> None:
    near, far = sorted((one, other))
    assert 0.0 <= risk(near, people, looked) <= risk(far, people, looked) <= 1.0
    assert 1.0 >= false_reject(near, photos, looked) >= false_reject(far, photos, looked) >= 0.0


@given(st.floats(0.25, 0.45), st.integers(1, 4), st.integers(1, 2))
def test_more_photos_and_frames_refuse_fewer(limit: float, photos: int, looked: int) -> None:
    """By more than chance among the few that are refused at all."""
    assert false_reject(limit, photos + 1, looked) <= false_reject(limit, photos, looked) + 0.005
    assert false_reject(limit, photos, looked + 1) <= false_reject(limit, photos, looked) + 0.005


@pytest.mark.parametrize("recogniser", RECOGNISERS.values(), ids=str)
def test_the_shipped_tables_are_some(recogniser: Recogniser) -> None:
    table = recogniser.calibration
    for ascending in (table.distances, table.log_risks, table.looks, table.steps):
        assert all(one < other for one, other in itertools.pairwise(ascending))
    assert len(table.distances) == len(table.log_risks) and len(table.looks) == len(table.growth)
    assert table.growth[0] == 1.0 and list(table.growth) == sorted(table.growth)
    assert table.distances[-1] == 2.0 and table.log_risks[-1] == 0.0 and table.tail > 0
    assert set(table.refused) == set(itertools.product(range(1, 6), range(1, 4)))
    assert table.threshold(1e-6, MOST_PEOPLE, MOST_LOOKS) > 0.0


@given(st.sampled_from([DLIB, SFACE]), risks, crowds, looks)
def test_each_shipped_table_is_its_own_inverse(
    recogniser: Recogniser, wanted: float, people: int, looked: int
) -> None:
    limit = recogniser.calibration.threshold(wanted, people, looked)
    assert recogniser.calibration.risk(limit, people, looked) == pytest.approx(wanted)


def test_a_threshold_may_be_anything_that_can_be_a_distance() -> None:
    assert 0.0 < risk(0.0, 1) < 1e-10
    assert risk(2.0, 1) == 1.0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((0.0, 1, 1), "risk"),
        ((0.9e-6, 1, 1), "risk"),
        ((0.6, 1, 1), "risk"),
        ((float("nan"), 1, 1), "risk"),
        ((1e-4, 0, 1), "people"),
        ((1e-4, MOST_PEOPLE + 1, 1), "people"),
        ((1e-4, 1, 0), "looks"),
        ((1e-4, 1, MOST_LOOKS + 1), "looks"),
    ],
)
def test_what_is_out_of_range_is_named(arguments: tuple[float, int, int], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        threshold(*arguments)
    with pytest.raises(ValueError, match=word):
        extrapolated(*arguments)


def test_no_photos_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="photos"):
        false_reject(0.3, 0)


@pytest.mark.parametrize("limit", [-0.01, 2.01, float("nan")])
def test_a_threshold_that_is_no_distance_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="distance"):
        risk(limit, 1)
    with pytest.raises(ValueError, match="distance"):
        false_reject(limit)
    with pytest.raises(ValueError, match="people"):
        risk(0.3, 0)
    with pytest.raises(ValueError, match="photos"):
        false_reject(0.3, 0)


def test_what_others_may_use_is_exported() -> None:
    assert all(hasattr(server.access, name) for name in server.access.__all__)
    assert {"DLIB", "template", "score", "distance"} <= set(server.access.__all__)
