"""Thumbnails are kept as long as there is room, and no longer than their photos."""

from server.site.thumbnails import Thumbnails


def test_those_that_were_not_asked_for_the_longest_make_room() -> None:
    kept = Thumbnails(max_bytes=10)
    kept.put("a", 160, b"aaaa")
    kept.put("b", 160, b"bbbb")
    assert kept.get("a", 160) == b"aaaa" and kept.get("a", 80) is None
    kept.put("c", 160, b"cccc")
    assert (kept.get("a", 160), kept.get("b", 160), kept.get("c", 160)) == (b"aaaa", None, b"cccc")


def test_one_that_is_put_again_takes_no_more_room() -> None:
    kept = Thumbnails(max_bytes=10)
    kept.put("b", 160, b"bbbb")
    for _ in range(5):
        kept.put("a", 160, b"aaaa")
    assert kept.get("b", 160) == b"bbbb"


def test_one_that_is_too_large_is_not_kept() -> None:
    kept = Thumbnails(max_bytes=3)
    kept.put("a", 160, b"aaaa")
    assert kept.get("a", 160) is None
    kept.put("b", 160, b"bbb")
    assert kept.get("b", 160) == b"bbb"


def test_those_of_photos_that_are_gone_are_forgotten() -> None:
    kept = Thumbnails()
    for side in (80, 160):
        kept.put("a", side, b"a")
        kept.put("b", side, b"b")
    kept.keep_only(["b"])
    assert [kept.get("a", 80), kept.get("a", 160), kept.get("b", 80)] == [None, None, b"b"]
