"""Which fonts are found, and which of them is taken for a letter."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import ImageFont

from client.screen.fonts import OPENCV_FOLDER, PREFERRED, Font, Fonts, found, system_folders
from tests.support.letters import DEJAVU, needs_dejavu

BDF = """STARTFONT 2.1
FONT fixed
SIZE 20 75 75
FONTBOUNDINGBOX 8 20 0 0
STARTPROPERTIES 2
FONT_ASCENT 20
FONT_DESCENT 0
ENDPROPERTIES
CHARS 1
STARTCHAR H
ENCODING 72
SWIDTH 400 0
DWIDTH 8 0
BBX 8 1 0 0
BITMAP
FF
ENDCHAR
ENDFONT
"""


def folder_with(tmp_path: Path, *names: str) -> Path:
    for name in names:
        shutil.copy(DEJAVU, tmp_path / name)
    return tmp_path


@needs_dejavu
def test_a_font_is_found_below_the_folders_whatever_the_case_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    folder_with(tmp_path / "deep", "ARIALBD.TTF")
    assert Fonts(folders=[tmp_path / "no such folder", tmp_path]).having("Ä")


def test_of_two_files_of_one_name_the_earlier_folder_s_is_taken(tmp_path: Path) -> None:
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "x.ttf").touch()
    assert found([tmp_path / "b", tmp_path / "a"]) == {"x.ttf": tmp_path / "b" / "x.ttf"}


@needs_dejavu
def test_a_letter_that_no_font_has_is_in_none() -> None:
    fonts = Fonts(folders=[OPENCV_FOLDER])
    assert fonts.having("é") and fonts.having("ש") and fonts.having("م") and fonts.having("m\u0308")
    assert fonts.having("李") is None and fonts.having("é李") is None and fonts.having("\ue000") is None


@needs_dejavu
def test_the_chosen_font_comes_first_for_the_letters_it_has(tmp_path: Path) -> None:
    chosen = tmp_path / "own.ttf"
    shutil.copy(OPENCV_FOLDER / "DejaVuSans-ExtraLight.ttf", chosen)
    plain, fonts = Fonts(folders=[OPENCV_FOLDER]), Fonts(chosen, [OPENCV_FOLDER])
    assert fonts.main is fonts.having("é") is not fonts.having("ש")
    assert plain.having("é") is plain.having("ש")


@needs_dejavu
def test_noto_s_font_for_a_script_is_found_by_the_script_s_name(tmp_path: Path) -> None:
    fonts = Fonts(folders=[folder_with(tmp_path, "NotoSansHebrew-Regular.ttf")])
    assert fonts.having("ש") and fonts.having("é") is None


@needs_dejavu
def test_threads_that_ask_at_once_get_the_same_font(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "NotoSansHebrew-Bold.ttf")
    for _ in range(20):
        fonts, together = Fonts(folders=[folder]), threading.Barrier(4)

        def ask(fonts: Fonts = fonts, together: threading.Barrier = together) -> Font | None:
            together.wait()
            return fonts.having("ש")

        with ThreadPoolExecutor(4) as pool:
            answers = [future.result() for future in [pool.submit(ask) for _ in range(4)]]
        assert len(set(answers)) == 1 and answers[0] is not None


@needs_dejavu
def test_a_file_that_is_no_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / PREFERRED[0]).write_text("not a font")
    assert Fonts(folders=[folder_with(tmp_path, PREFERRED[1])]).having("é")


@needs_dejavu
def test_a_glyph_that_cannot_be_read_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    font = Font(ImageFont.truetype(str(DEJAVU), 20))
    assert font.has("H")

    def damaged(*_: object) -> object:
        raise OSError("invalid outline")

    monkeypatch.setattr(ImageFont.FreeTypeFont, "getmask", damaged)
    assert not font.has("H")


@needs_dejavu
def test_a_font_whose_letters_show_nothing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFont.FreeTypeFont, "getbbox", lambda *_, **__: (0, 0, 0, 0))
    with pytest.raises(OSError, match="no capital letters"):
        Font(ImageFont.truetype(str(DEJAVU), 20))


@pytest.mark.parametrize("content", [None, "not a font", BDF], ids=["missing", "no font", "one size only"])
def test_a_chosen_font_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "chosen.ttf"
    if content is not None:
        path.write_text(content)
    with pytest.raises(OSError, match=r"\w"):
        Fonts(path, [])


def test_without_fonts_pillow_s_own_has_english() -> None:
    fonts = Fonts(folders=[])
    assert fonts.main is fonts.having("H") and fonts.having("é") is None
    assert 0.5 < fonts.main.capital < 1


@pytest.mark.parametrize(
    ("platform", "environment", "folders"),
    [
        ("linux", {"HOME": "/h"}, ["/h/.local/share/fonts", "/usr/local/share/fonts", "/usr/share/fonts"]),
        ("linux", {"XDG_DATA_HOME": "/d", "XDG_DATA_DIRS": "/e:/f"}, ["/d/fonts", "/e/fonts", "/f/fonts"]),
        ("darwin", {"HOME": "/h"}, ["/h/Library/Fonts", "/Library/Fonts", "/System/Library/Fonts"]),
        ("win32", {"WINDIR": "/w", "LOCALAPPDATA": "/l"}, ["/w/Fonts", "/l/Microsoft/Windows/Fonts"]),
    ],
)
def test_where_systems_keep_fonts(platform: str, environment: dict[str, str], folders: list[str]) -> None:
    assert system_folders(platform, environment) == (OPENCV_FOLDER, *map(Path, folders))
