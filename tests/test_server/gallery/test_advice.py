"""What more photos would help is said where they would."""

from server.gallery.advice import advice


def refused(photos: int) -> float:
    return {1: 0.218, 2: 0.091, 3: 0.03, 4: 0.01}[photos]


def test_one_photo() -> None:
    assert advice("Jane Doe", 1, refused) == (
        "1 photo of Jane Doe: at the present threshold about 22 of 100 visits are refused at first;"
        " a second varied photo: 9, a third: 3"
    )


def test_two_photos() -> None:
    assert advice("Jane Doe", 2, refused) == (
        "2 photos of Jane Doe: at the present threshold about 9 of 100 visits are refused at first;"
        " a third varied photo: 3"
    )


def test_three_photos_are_enough() -> None:
    assert advice("Jane Doe", 3, refused) == ""
    assert advice("Jane Doe", 4, lambda photos: 0.1 * photos) == ""


def test_nothing_is_advised_that_would_not_help() -> None:
    assert advice("Jane Doe", 1, lambda photos: 0.004 / photos) == ""
