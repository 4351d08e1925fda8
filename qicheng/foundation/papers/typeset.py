"""Turns a template and its values into a PDF whose every character is printed, the same bytes for the same input.

Documents are tagged PDF/A-2a and PDF/UA-1 unless their room asks for another standard, with the fonts embedded. Values reach the template as one JSON text
(`sys.inputs.values`), so that nothing a user has typed is ever read as code.
"""

import io
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import segno
import typst

from qicheng.foundation.kit import glyphs

ACCESSIBLE = ("a-2a", "ua-1")
NAMED = 12  # characters that a message lists one by one

_own = threading.local()


class MissingGlyphs(Exception):
    """No installed font has some characters of the values; `characters` says which, by field."""

    def __init__(self, characters: Mapping[str, set[str]]) -> None:
        self.characters = dict(characters)
        super().__init__(self.said_of("协议"))

    def said_of(self, paper: str) -> str:
        """The reason why a paper of that name is held, in words."""
        lacking = sorted(set().union(*self.characters.values()))
        quoted = "".join(f"“{character}”" for character in lacking[:NAMED])
        more = f"等 {len(lacking)} 个字" if len(lacking) > NAMED else ""
        return f"{quoted}{more}字库里没有，{paper}暂不能生成；请联系平台加装字体"


def typeset(template: Path, values: Mapping[str, Any], *, standards: Sequence[str] = ACCESSIBLE) -> bytes:
    """The PDF of a typst template filled in with `values`, which claims to keep those `standards`.

    `values["made_at"]` (ISO 8601 with its offset) dates the document; `values["qr"]` and `values["scan"]`, where given, are drawn as
    QR codes and reach the template as SVG texts, `sys.inputs.qr` and `sys.inputs.scan`. Raises `MissingGlyphs` rather than leave a blank.
    """
    if gaps := missing_glyphs(values):
        raise MissingGlyphs(gaps)
    inputs = {"values": json.dumps(values, ensure_ascii=False)}
    inputs |= {code: qr_code(values[code]) for code in ("qr", "scan") if code in values}
    try:
        document = _compiler(template.parent).compile(
            input=template,
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=list(standards),  # type: ignore[arg-type]  # typst names those that it knows
            timestamp=datetime.fromisoformat(values["made_at"]),
        )
    except typst.TypstError as fault:
        # PDF/A allows no missing glyph, so this also catches what a template itself should not contain.
        if unprinted := re.search(r'the text `"(.+)"` could not be displayed', fault.message, re.DOTALL):
            plain = re.sub(r"\\u\{([0-9a-f]+)\}", lambda code: chr(int(code[1], 16)), unprinted[1])
            raise MissingGlyphs({"": set(plain)}) from None
        raise
    assert isinstance(document, bytes)  # a list only for pictures of pages
    return document


def missing_glyphs(values: Mapping[str, Any]) -> dict[str, set[str]]:
    """Characters that no font in use can print, by field: a row's label where there is one, else its key."""
    fonts = glyphs.font_files()
    gaps: dict[str, set[str]] = {}
    for field, text in _texts(values, ""):
        if lacking := set(glyphs.missing(text, fonts)):
            gaps.setdefault(field, set()).update(lacking)
    return gaps


def qr_code(content: str) -> str:
    """An SVG of the QR code with its quiet zone; one mask for all, since scoring the eight costs more than it gains."""
    drawing = io.BytesIO()
    segno.make(content, error="m", mask=3, micro=False).save(
        drawing, kind="svg", border=4, xmldecl=False, omitsize=True
    )
    return drawing.getvalue().decode()


def _texts(value: Any, field: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield field, value
        case Mapping():
            for key, inner in value.items():
                yield from _texts(inner, value.get("label", key))
        case list() | tuple():
            for inner in value:
                yield from _texts(inner, field)


def _compiler(root: Path) -> typst.Compiler:
    """This thread's own compiler for the templates of one folder: made once, its fonts stay loaded."""
    compilers: dict[Path, typst.Compiler] = _own.__dict__.setdefault("compilers", {})
    if root not in compilers:
        compilers[root] = typst.Compiler(root=root, font_paths=_fonts(), ignore_system_fonts=True)
    return compilers[root]


@cache
def _fonts() -> typst.Fonts:
    folders = sorted({str(Path(file).parent) for file in glyphs.font_files()})
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    if not fonts.families():  # typst would print a page without a letter, and call it well
        raise RuntimeError("no font to print with: is pylopdf-fonts-zh-cn installed?")
    return fonts
