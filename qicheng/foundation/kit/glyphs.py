"""Whether the fonts that print Chinese have a glyph for a character, since a missing one is dropped without a word."""

import importlib.resources
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

SHIPPED = "pylopdf_fonts_zh_cn"
DEBIAN = Path("/usr/share/fonts/opentype/noto")
DEBIAN_FONTS = ("NotoSerifCJK-Regular.ttc", "NotoSansCJK-Regular.ttc")
# Variation selectors and joiners change a neighbour and have no glyph of their own.
WITHOUT_GLYPH = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x200C, 0x200D)))


@cache
def font_files() -> tuple[Path, ...]:
    """The font files that are there, in the order in which a document should look: the shipped ones, then Debian's."""
    shipped = Path(str(importlib.resources.files(SHIPPED)))
    found = sorted(shipped.glob("*.otf"), key=lambda path: ("Serif" not in path.name, path.name))
    return (*found, *(path for name in DEBIAN_FONTS if (path := DEBIAN / name).is_file()))


def missing(text: str, fonts: Iterable[Path] | None = None) -> set[str]:
    """The characters of a text that none of the fonts has; spaces and line breaks are never missing.

    `fonts` are files to look into instead of `font_files()`. A file is opened only when those before it lack something.
    """
    wanted = {sign for sign in text if not sign.isspace()} - WITHOUT_GLYPH
    for path in font_files() if fonts is None else fonts:
        if not wanted:
            break
        wanted = {sign for sign in wanted if ord(sign) not in _characters(path)}
    return wanted


@cache
def _characters(path: Path) -> frozenset[int]:
    number = 0 if path.suffix in {".ttc", ".otc"} else -1
    with TTFont(path, fontNumber=number, lazy=True) as font:
        return frozenset(font["cmap"].getBestCmap())
