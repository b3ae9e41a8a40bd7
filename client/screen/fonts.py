"""The fonts that are there, and which of them has the glyphs."""

import contextlib
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import cv2
from PIL import ImageFont

OPENCV_FOLDER = Path(cv2.__file__).parent / "qt" / "fonts"
"""OpenCV's packages for Linux bring DejaVu Sans for their windows."""
PREFERRED = (
    # Latin, Greek, Cyrillic, Hebrew, Arabic, Armenian, Georgian: OpenCV's, Linux, Windows, macOS
    *("DejaVuSansCondensed-Bold.ttf", "DejaVuSans-Bold.ttf", "arialbd.ttf", "Arial Bold.ttf", "Arial.ttf"),
    *("NotoSans-Bold.ttf", "NotoSans-Regular.ttf", "segoeuib.ttf"),
    # Chinese, Japanese, Korean: Linux
    *("NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "wqy-microhei.ttc", "wqy-zenhei.ttc"),
    "DroidSansFallbackFull.ttf",
    # the same: Windows, macOS
    *("msyhbd.ttc", "msyh.ttc", "YuGothB.ttc", "malgunbd.ttf", "malgun.ttf", "msjhbd.ttc", "simsun.ttc"),
    *("Hiragino Sans GB.ttc", "PingFang.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf"),
    # South and South-East Asia, Ethiopia, emoji: Windows, macOS. Noto has a file for each of these scripts
    *("NirmalaB.ttf", "Nirmala.ttc", "LeelaUIb.ttf", "mmrtextb.ttf", "ebrimabd.ttf", "seguiemj.ttf"),
    *("Kohinoor.ttc", "Thonburi.ttc"),
)
"""Names of files, in the order in which they are tried for a letter. Where none has it, Noto's font for its
script is tried, and then Pillow's own, which knows the letters of English."""
NOTO = ("notosans{}-bold.ttf", "notosans{}-regular.ttf")
NOT_A_CHARACTER = "\uffff"
PROBE_SIZE = 20
"""Size in which two glyphs are compared."""
CAPITAL_SIZE = 1000
"""Size in which a capital letter is measured."""


class Font:
    """One font in any size. Raises OSError: it has fixed sizes only, or no letters."""

    def __init__(self, face: ImageFont.FreeTypeFont) -> None:
        self._face = face
        _, top, _, bottom = face.font_variant(size=CAPITAL_SIZE).getbbox("H", anchor="ls")
        self.capital = (bottom - top) / CAPITAL_SIZE
        """Height of a capital letter relative to the size."""
        if self.capital <= 0:
            raise OSError("it has no capital letters")
        self.sized = lru_cache(128)(self._sized)
        self._probe = face.font_variant(size=PROBE_SIZE)
        self._missing = bytes(self._probe.getmask(NOT_A_CHARACTER))

    def _sized(self, size: int, engine: ImageFont.Layout) -> ImageFont.FreeTypeFont:
        return self._face.font_variant(size=size, layout_engine=engine)

    def has(self, char: str) -> bool:
        """Whether it has a glyph for `char`: one that can be read and differs from its sign for a missing
        one."""
        try:
            return bytes(self._probe.getmask(char)) != self._missing
        except OSError:
            return False


class Fonts:
    """Owns the fonts: looked for once, when it is made, and opened when first asked for a letter.

    `chosen` comes before all others. Several threads may ask. Raises OSError: it cannot be read, or is no
    font that can be used.
    """

    def __init__(self, chosen: Path | None = None, folders: Sequence[Path] | None = None) -> None:
        self._files = found(system_folders() if folders is None else folders)
        self._opened: dict[Path, Font | None] = {}
        self._own = Font(_own_face())
        self._first = [Font(_face(chosen))] if chosen else []
        self.having = lru_cache(4096)(self._having)
        self.main = self.having("H") or self._own

    def _having(self, text: str) -> Font | None:
        """The first font that has every character of `text`; None when there is none."""
        fonts = self._candidates(text[0])
        return next((font for font in fonts if all(map(font.has, text))), None)

    def _candidates(self, char: str) -> Iterator[Font]:
        yield from self._first
        script = unicodedata.name(char, "").partition(" ")[0]
        for name in (*PREFERRED, *(name.format(script) for name in NOTO)):
            path = self._files.get(name.lower())
            if path and (font := self._open(path)):
                yield font
        yield self._own

    def _open(self, path: Path) -> Font | None:
        if path not in self._opened:
            font = None
            with contextlib.suppress(OSError):
                font = Font(_face(path))
            self._opened.setdefault(path, font)  # another thread may have been faster
        return self._opened[path]


def _face(path: Path) -> ImageFont.FreeTypeFont:
    if not path.is_file():  # a pipe would be waited for
        raise OSError("it is no file")
    return ImageFont.truetype(str(path), PROBE_SIZE, layout_engine=ImageFont.Layout.BASIC)


def _own_face() -> ImageFont.FreeTypeFont:
    own = ImageFont.load_default(PROBE_SIZE)
    assert isinstance(own, ImageFont.FreeTypeFont)
    return own


def found(folders: Sequence[Path]) -> dict[str, Path]:
    """The files in `folders` and below by their names in small letters; of two the earlier folder's."""
    files: dict[str, Path] = {}
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                files.setdefault(name.lower(), Path(place, name))
    return files


def system_folders(
    platform: str = sys.platform, environment: Mapping[str, str] = os.environ
) -> tuple[Path, ...]:
    """Where OpenCV's fonts and the system's are."""
    home = Path(environment.get("HOME", "/"))
    if platform == "win32":
        own = Path(environment.get("LOCALAPPDATA", ""), "Microsoft", "Windows", "Fonts")
        return OPENCV_FOLDER, Path(environment.get("WINDIR", r"C:\Windows"), "Fonts"), own
    if platform == "darwin":
        return OPENCV_FOLDER, home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")
    data = [environment.get("XDG_DATA_HOME") or home / ".local/share"]
    data += (environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    return OPENCV_FOLDER, *(Path(folder, "fonts") for folder in data)
