"""Hostile and odd files by the hundred, each made here: what a door for pictures and PDFs has to refuse or to make again clean.

A case is a name, its content and what must come of it: REFUSED, CLEAN, or EITHER where both would be right.
`MARK` stands wherever a payload was hidden: it must be in nothing that comes out.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pikepdf
import pillow_heif
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSED, CLEAN, EITHER = "refused", "clean", "either"
MARK = b"PAYLOAD-7f3a"
SCRIPT = b"<script>alert('" + MARK + b"')</script>"
PHP = b"<?php system($_GET['" + MARK + b"']); ?>"
WIDTH, HEIGHT = 900, 700


@dataclass(frozen=True, slots=True)
class Case:
    """One file and what must come of it."""

    name: str
    content: bytes
    outcome: str


def drawing(width: int = WIDTH, height: int = HEIGHT, mode: str = "RGB") -> Image.Image:
    """A page with lines of writing, a seal in one colour at the lower right, a mark at the upper left."""
    picture = Image.new("RGB", (width, height), (250, 248, 240))
    pen = ImageDraw.Draw(picture)
    for line in range(8):
        y = height * (line + 2) // 12
        pen.line([(width // 10, y), (width * (9 - line % 3) // 10, y)], fill=(30, 30, 40), width=max(2, height // 90))
    pen.ellipse(
        [width * 13 // 20, height * 13 // 20, width * 17 // 20, height * 17 // 20],
        outline=(210, 20, 20),
        width=max(2, height // 40),
    )
    pen.rectangle([0, 0, width // 12, height // 12], fill=(0, 0, 200))
    return picture.convert(mode)


def saved(picture: Image.Image, form: str = "JPEG", **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    """Metadata of a phone: orientation, where it was taken, words of the owner."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = MARK.decode()
    tags[0x8825] = {1: "N", 2: (39.0, 59.0, 31.0), 3: "E", 4: (116.0, 18.0, 20.0), 29: MARK.decode()}
    return tags


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(
    width: int, height: int, *, depth: int = 8, colour: int = 2, body: bytes | None = None, extra: bytes = b""
) -> bytes:
    """A PNG that says what it is told to say, with a body of zeros that packs to nothing."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    if body is None:
        packing = zlib.compressobj(9)
        row = b"\0" * (1 + (width * channels * depth + 7) // 8)
        body = b"".join(packing.compress(row) for _ in range(height)) + packing.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(range(6))) if colour == 3 else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + palette + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def within(jpeg: bytes, *segments: bytes) -> bytes:
    """A JPEG with more segments after its beginning."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        for name, content in files.items():
            folder.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def pictures() -> Iterator[Case]:
    """Pictures that are good, however odd: all of them must come out clean."""
    page = drawing()
    for orientation in range(1, 9):
        yield Case(f"jpeg turned {orientation}", saved(page, exif=exif(orientation)), CLEAN)
    yield Case("jpeg with an orientation that does not exist", saved(page, exif=exif(99)), CLEAN)
    for mode in ("L", "CMYK", "YCbCr"):
        yield Case(f"jpeg in {mode}", saved(drawing(mode=mode)), CLEAN)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        deep = b"".join(bytes((0, shade)) for shade in drawing(mode="L").tobytes())
        made = Image.frombytes("I;16", (WIDTH, HEIGHT), deep) if mode == "I;16" else drawing(mode=mode)
        yield Case(f"png in {mode}", saved(made, "PNG"), CLEAN)
    clear = drawing(mode="RGBA")
    clear.putalpha(drawing(mode="L").point(lambda shade: 0 if shade > 200 else 255))
    yield Case("png on nothing", saved(clear, "PNG"), CLEAN)
    yield Case("png with a transparent palette", saved(drawing(mode="P"), "PNG", transparency=0), CLEAN)
    yield Case("png of 16 bits", png16(), CLEAN)
    yield Case(
        "png interlaced by its header only",
        saved(page, "PNG").replace(b"\x08\x02\0\0\0", b"\x08\x02\0\0\1", 1),
        REFUSED,
    )
    yield Case("jpeg progressive", saved(page, progressive=True), CLEAN)
    yield Case("jpeg of quality 20", saved(page, quality=20), CLEAN)
    yield Case("webp", saved(page, "WEBP"), CLEAN)
    yield Case("webp on nothing", saved(clear, "WEBP"), CLEAN)
    yield Case("webp with metadata", saved(page, "WEBP", exif=exif(6), xmp=SCRIPT), CLEAN)
    yield Case("heic", heic(page), CLEAN)
    yield Case("heic with metadata", heic(page, exif=exif(6).tobytes()), CLEAN)
    yield Case("long screenshot", saved(drawing(1080, 9000), "PNG"), CLEAN)
    yield Case("jpeg of 40 megapixels", saved(drawing(8000, 5000), quality=50), CLEAN)
    yield Case("jpeg of a scanner with a profile", saved(page, icc_profile=profile(MARK * 400)), CLEAN)
    yield Case(
        "jpeg of several frames",
        saved(page, "MPO", save_all=True, append_images=[drawing(mode="RGB").rotate(90)]),
        CLEAN,
    )


def polyglots() -> Iterator[Case]:
    """Good pictures that are something else as well: what else they were must be gone."""
    page = drawing()
    jpeg, flat = saved(page), saved(page, "PNG")
    for name, payload in (
        ("php", PHP),
        ("script", SCRIPT),
        ("pdf", b"%PDF-1.4 " + MARK),
        ("phar", b"__HALT_COMPILER(); " + MARK),
    ):
        yield Case(f"jpeg with {name} in its comment", within(jpeg, segment(0xFE, payload)), CLEAN)
        yield Case(f"jpeg with {name} in its exif", within(jpeg, segment(0xE1, b"Exif\0\0" + payload)), CLEAN)
        yield Case(f"jpeg with {name} after its end", jpeg + payload, CLEAN)
        yield Case(f"png with {name} in its text", png_with(flat, chunk(b"tEXt", b"Comment\0" + payload)), CLEAN)
        yield Case(f"png with {name} after its end", flat + payload, CLEAN)
    yield Case("jpeg and zip", jpeg + archive(a__sh=b"#!/bin/sh\n" + MARK), CLEAN)
    yield Case("png and zip", flat + archive(word__document_xml=MARK), CLEAN)
    yield Case("jpeg and javascript", within(jpeg, segment(0xFE, b"*/=1;alert('" + MARK + b"')/*")), CLEAN)
    yield Case(
        "jpeg with a thumbnail of another",
        within(jpeg, segment(0xE1, b"Exif\0\0II*\0" + struct.pack("<I", 8) + MARK)),
        CLEAN,
    )
    yield Case(
        "jpeg with application segments", within(jpeg, *(segment(0xE0 + n, MARK * 20) for n in range(2, 16))), CLEAN
    )
    yield Case("webp with a foreign chunk", riff_with(saved(page, "WEBP"), b"EVIL", SCRIPT), CLEAN)
    yield Case("png with packed text", png_with(flat, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(PHP))), CLEAN)
    yield Case("png with xmp", png_with(flat, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SCRIPT)), CLEAN)
    colours = bytes(range(256)) * 3
    payload = bytearray(colours)
    payload[30 : 30 + len(MARK)] = MARK
    indexed = drawing(mode="P")
    indexed.putpalette(bytes(payload))
    yield Case("png with words in its palette", saved(indexed, "PNG"), EITHER)


def bombs() -> Iterator[Case]:
    """Small files that would become large, or endless."""
    yield Case("png of 400 megapixels", png(20_000, 20_000, colour=0), REFUSED)
    yield Case("png of 1 bit and 900 megapixels", png(30_000, 30_000, depth=1, colour=0), REFUSED)
    yield Case("png of 39 megapixels and nothing on it", png(6_500, 6_000, colour=6), REFUSED)
    yield Case("png of 16 bits and 39 megapixels", png(6_500, 6_000, depth=16, colour=6), REFUSED)
    yield Case("png wide as a street", png(2_000_000, 1), REFUSED)
    yield Case("png that says it is huge", png(2**31 - 1, 2**31 - 1, body=zlib.compress(b"")), REFUSED)
    yield Case("png of no size", png(0, 0, body=zlib.compress(b"")), REFUSED)
    yield Case(
        "png with a bomb of text", png_with(saved(drawing(), "PNG"), chunk(b"zTXt", b"a\0\0" + zeros(80))), EITHER
    )
    yield Case(
        "png with a bomb in its profile",
        png_with(saved(drawing(), "PNG"), chunk(b"iCCP", b"a\0\0" + zeros(200))),
        EITHER,
    )
    yield Case(
        "png with a thousand texts",
        png_with(saved(drawing(), "PNG"), chunk(b"tEXt", b"a\0" + b"b" * 999) * 1_000),
        EITHER,
    )
    yield Case("png animated", saved(drawing(), "PNG", save_all=True, append_images=[drawing().rotate(3)] * 3), REFUSED)
    yield Case(
        "webp animated", saved(drawing(), "WEBP", save_all=True, append_images=[drawing().rotate(3)] * 3), REFUSED
    )
    yield Case("png with more data than it says", png_more(), EITHER)
    jpeg = bytearray(saved(drawing()))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    yield Case("jpeg that says it is huge", bytes(jpeg), REFUSED)
    jpeg[at : at + 4] = struct.pack(">HH", 6_000, 6_000)
    yield Case("jpeg that says more than it has", bytes(jpeg), EITHER)
    jpeg[at : at + 4] = struct.pack(">HH", 0, 0)
    yield Case("jpeg of no size", bytes(jpeg), REFUSED)
    progressive = saved(drawing(3_000, 2_400), progressive=True)
    at = progressive.rindex(b"\xff\xda")
    yield Case("jpeg of two thousand scans", progressive[:at] + progressive[at:-2] * 2_000 + b"\xff\xd9", REFUSED)
    yield Case("jpeg with profile in pieces without end", within(saved(drawing()), *(segment(0xE2, b"ICC_PROFILE\0" + bytes([1, 255]) + b"x" * 60_000),) * 150), EITHER)  # fmt: skip
    heavy = heic(drawing())
    at = heavy.index(b"ispe") + 8
    yield Case("heic that says it is huge", heavy[:at] + struct.pack(">II", 60_000, 60_000) + heavy[at + 8 :], REFUSED)
    yield Case("noise of 16 megabytes", random.Random(7).randbytes(16 * 1024 * 1024), REFUSED)
    yield Case("jpeg of 16 megabytes", saved(drawing()) + b"\0" * 16 * 1024 * 1024, REFUSED)


def broken() -> Iterator[Case]:
    """Good files cut short, with flipped bytes, or only their beginnings."""
    page = drawing()
    whole = {
        "jpeg": saved(page),
        "png": saved(page, "PNG"),
        "webp": saved(page, "WEBP"),
        "heic": heic(page),
        "pdf": pdf(),
    }
    for kind, content in whole.items():
        for share in (0.02, 0.5, 0.95):
            yield Case(f"{kind} cut at {share}", content[: int(len(content) * share)], REFUSED)
        yield Case(f"{kind} of twelve bytes", content[:12], REFUSED)
        chance = random.Random(len(content))
        for turn in range(3):
            harmed = bytearray(content)
            for _ in range(40):
                harmed[chance.randrange(20, len(harmed))] = chance.randrange(256)
            yield Case(f"{kind} harmed {turn}", bytes(harmed), EITHER)
    yield Case("nothing", b"", REFUSED)
    yield Case("a jpeg's first bytes", b"\xff\xd8\xff", REFUSED)


def strangers() -> Iterator[Case]:
    """Files of other kinds, under whatever name."""
    page = drawing()
    svg = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
    for name, content in {
        "svg": svg, "svg without its heading": svg[21:], "html": b"<!doctype html>" + SCRIPT, "xml": b"<?xml version='1.0'?><a/>",
        "html after white space": b"\n\n  \t<html>" + SCRIPT, "javascript": b"alert(1)//" + MARK, "php": PHP, "shell": b"#!/bin/sh\nrm -rf /",
        "exe": b"MZ" + b"\0" * 500, "elf": b"\x7fELF" + b"\0" * 500, "gif": saved(page, "GIF"), "bmp": saved(page, "BMP"),
        "tiff": saved(page, "TIFF"), "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "ico": saved(page, "ICO"),
        "jpeg 2000": saved(page, "JPEG2000"), "psd": b"8BPS\0\1" + b"\0" * 400, "rtf": b"{\\rtf1 hello}", "text": "证明".encode(),
        "docx": archive(word__document_xml=b"<w/>"), "zip": archive(a=b"b"), "ofd": archive(OFD_xml=b"<o/>").replace(b"OFD_xml", b"OFD.xml"),
        "doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "rar": b"Rar!\x1a\x07\0" + b"\0" * 99, "gzip": b"\x1f\x8b" + b"\0" * 99,
        "mp4": struct.pack(">I", 24) + b"ftypisom\0\0\0\0isommp42" + b"\0" * 99, "avif": saved(page, "AVIF"),
        "riff that is a sound": b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 99, "nulls": b"\0" * 4_096,
        "ppm": saved(page, "PPM"), "pcx": saved(page, "PCX"), "tga": saved(page, "TGA"),
    }.items():  # fmt: skip
        yield Case(f"stranger: {name}", content, REFUSED)


def useless() -> Iterator[Case]:
    """Pictures that nobody could read."""
    yield Case("picture of 200 × 100", saved(drawing(200, 100)), REFUSED)
    yield Case("picture of one pixel", saved(drawing(1, 1), "PNG"), REFUSED)
    yield Case("white page", saved(Image.new("RGB", (1_200, 900), "white")), REFUSED)
    yield Case("black photo", saved(Image.effect_noise((1_200, 900), 3).point(lambda shade: shade - 120)), REFUSED)
    yield Case("page that is all transparent", saved(Image.new("RGBA", (900, 900)), "PNG"), REFUSED)
    yield Case("strip", saved(drawing(12_000, 400), "PNG"), REFUSED)


def documents() -> Iterator[Case]:
    """PDFs: good ones with something hidden in them come out clean, others are refused."""
    yield Case("pdf", pdf(), CLEAN)
    yield Case("pdf of thirty pages", pdf(pages=30), CLEAN)
    yield Case("pdf of thirty-one pages", pdf(pages=31), REFUSED)
    script = Dictionary(S=Name.JavaScript, JS=String(SCRIPT.decode()))
    actions = {
        "javascript": script,
        "launch": Dictionary(S=Name.Launch, F=String(MARK.decode() + ".exe")),
        "uri": Dictionary(S=Name.URI, URI=String("https://example.com/" + MARK.decode())),
        "submission": Dictionary(S=Name.SubmitForm, F=String("https://example.com/" + MARK.decode())),
        "going elsewhere": Dictionary(S=Name.GoToR, F=String(MARK.decode())),
        "import": Dictionary(S=Name.ImportData, F=String(MARK.decode())),
        "sound": Dictionary(S=Name.Sound, Sound=String(MARK.decode())),
        "film": Dictionary(S=Name.Rendition, JS=String(MARK.decode())),
    }
    for name, action in actions.items():
        yield Case(
            f"pdf with {name} on opening", pdf(lambda new, _p, a=action: setattr(new.Root, "OpenAction", a)), CLEAN
        )
    for name in ("javascript", "launch", "uri"):
        action = actions[name]
        yield Case(
            f"pdf with {name} on its page", pdf(lambda _n, page, a=action: setattr(page, "AA", Dictionary(O=a))), CLEAN
        )
        yield Case(f"pdf with {name} behind a link", pdf(lambda new, page, a=action: link(new, page, a)), CLEAN)
    for name, change in {
        "scripts by name": lambda new, _p: setattr(new.Root, "Names", Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script])))),
        "an embedded file": embed, "a file annotation": attach, "a form": form, "xfa": lambda n, p: form(n, p, xfa=True),
        "metadata": metadata, "outlines": outlines, "a film": film, "page pieces": pieces, "an external picture": external,
        "a postscript drawing": postscript, "a reference to another file": reference, "a portfolio": portfolio,
        "hidden words in a picture": picture_metadata, "a drawn seal": seal,
    }.items():  # fmt: skip
        yield Case(f"pdf with {name}", pdf(change), CLEAN)
    yield Case("pdf that a program must draw", pdf(lambda new, _p: setattr(new.Root, "NeedsRendering", True)), REFUSED)
    yield Case("pdf locked", locked(user="123456"), REFUSED)
    yield Case("pdf locked against printing", locked(owner="123456"), REFUSED)
    yield Case("pdf and html", pdf() + b"\n" + SCRIPT, CLEAN)
    yield Case("pdf and zip", pdf() + archive(a=MARK), CLEAN)
    yield Case("pdf after html", SCRIPT + pdf(), REFUSED)
    yield Case("pdf after white space", b"\n\n" + pdf(), CLEAN)
    yield Case("pdf with no pages", empty(), REFUSED)
    yield Case("pdf of blank pages", pdf(lambda _n, page: setattr(page, "Contents", Array([]))), REFUSED)
    yield Case(
        "pdf of a page like a thread",
        pdf(lambda _n, page: setattr(page, "MediaBox", Array([0, 0, 1, 14_000]))),
        REFUSED,
    )
    yield Case(
        "pdf of an endless page", pdf(lambda _n, page: setattr(page, "MediaBox", Array([0, 0, 10**9, 10**9]))), REFUSED
    )
    yield Case("pdf with a bomb", bomb(200), REFUSED)
    yield Case("pdf with a bomb in a bomb", bomb(200, again=True), REFUSED)
    yield Case("pdf with a bomb for a picture", picture_bomb(40_000), REFUSED)
    yield Case("pdf with a picture of 36 megapixels", picture_bomb(6_000), EITHER)
    yield Case("pdf whose form draws itself", recursive_form(), EITHER)
    yield Case("pdf whose forms draw forms without end", forms_of_forms(), EITHER)
    yield Case("pdf whose pages hang in a circle", circle(), EITHER)
    yield Case("pdf whose pages branch without end", branches(), REFUSED)
    yield Case("pdf of nested lists", nested(), EITHER)
    yield Case("pdf that draws without end", busy(), EITHER)
    yield Case("pdf of thirty thousand objects", pdf(many), REFUSED)
    yield Case("pdf with a packed list of objects that is a bomb", object_stream_bomb(), REFUSED)
    yield Case("pdf of words only", b"%PDF-1.7\n" + MARK + b"\n%%EOF", REFUSED)
    yield Case("pdf without a table of contents", pdf().split(b"startxref")[0] + b"%%EOF", EITHER)
    yield Case("pdf whose objects refer to themselves", itself(), EITHER)
    yield Case("pdf whose length refers to itself", b"%PDF-1.4\n1 0 obj<</Length 1 0 R>>stream\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF", REFUSED)  # fmt: skip
    yield Case("pdf of a scanner", scanned(), CLEAN)


def corpus() -> list[Case]:
    """All of them."""
    found = [*pictures(), *polyglots(), *bombs(), *broken(), *strangers(), *useless(), *documents()]
    assert len({case.name for case in found}) == len(found)
    return found


# --- what the cases are made with ---


def zeros(megabytes: int) -> bytes:
    packing = zlib.compressobj(9)
    return b"".join(packing.compress(b"\0" * 1024 * 1024) for _ in range(megabytes)) + packing.flush()


def heic(picture: Image.Image, **how: Any) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(picture).save(out, quality=50, **how)
    return out.getvalue()


def png16() -> bytes:
    rows = b"".join(
        b"\0" + b"".join(struct.pack(">HHH", x * 70, y * 90, 30_000) for x in range(WIDTH)) for y in range(HEIGHT)
    )
    return png(WIDTH, HEIGHT, depth=16, body=zlib.compress(rows))


def png_more() -> bytes:
    rows = b"".join(b"\0" + bytes((x * y) % 256 for x in range(WIDTH)) for y in range(HEIGHT))
    return png(WIDTH, HEIGHT, colour=0, body=zlib.compress(rows + b"\0" * 50_000_000))


def png_with(content: bytes, extra: bytes) -> bytes:
    """More chunks after the heading of a PNG."""
    return content[:33] + extra + content[33:]


def riff_with(content: bytes, name: bytes, payload: bytes) -> bytes:
    payload += b"\0" * (len(payload) % 2)
    grown = content + name + struct.pack("<I", len(payload)) + payload
    return grown[:4] + struct.pack("<I", len(grown) - 8) + grown[8:]


def profile(payload: bytes) -> bytes:
    return struct.pack(">I", 128 + len(payload)) + b"\0" * 124 + payload


def pdf(change: Any = None, *, pages: int = 1) -> bytes:
    """A PDF of pages that say something; `change(pdf, first page)` hides something in it."""
    with pikepdf.Pdf.new() as new:
        font = new.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        for number in range(pages):
            words = b"BT /F1 36 Tf 72 700 Td (Contract %d) Tj ET 0 0 1 rg 20 780 60 40 re f" % (number + 1)
            page = Dictionary(
                Type=Name.Page, MediaBox=Array([0, 0, 595, 842]), Resources=Dictionary(Font=Dictionary(F1=font)),
                Contents=new.make_stream(words),
            )  # fmt: skip
            new.pages.append(pikepdf.Page(new.make_indirect(page)))
        if change:
            change(new, new.pages[0].obj)
        out = io.BytesIO()
        new.save(out)
        return out.getvalue()


def link(new: pikepdf.Pdf, page: Any, action: Any) -> None:
    page.Annots = Array(
        [new.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 595, 842]), A=action))]
    )


def embed(new: pikepdf.Pdf, page: Any) -> None:
    new.attachments["a.exe"] = b"MZ" + MARK


def attach(new: pikepdf.Pdf, page: Any) -> None:
    file = Dictionary(Type=Name.Filespec, F=String("a.exe"), EF=Dictionary(F=Stream(new, b"MZ" + MARK)))
    page.Annots = Array(
        [
            new.make_indirect(
                Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([9, 9, 99, 99]), FS=file)
            )
        ]
    )


def form(new: pikepdf.Pdf, page: Any, *, xfa: bool = False) -> None:
    field = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("a"), V=String("b"), Rect=Array([72, 500, 300, 540]), F=4,
        AA=Dictionary(K=Dictionary(S=Name.JavaScript, JS=String(SCRIPT.decode()))),
    )  # fmt: skip
    made = new.make_indirect(field)
    page.Annots = Array([made])
    new.Root.AcroForm = Dictionary(Fields=Array([made]), NeedAppearances=True, DA=String("/Helv 0 Tf 0 g"))
    if xfa:
        new.Root.AcroForm.XFA = Array([String("template"), Stream(new, b"<template>" + MARK + b"</template>")])


def metadata(new: pikepdf.Pdf, page: Any) -> None:
    new.docinfo.Author = String(MARK.decode())
    new.Root.Metadata = Stream(new, b"<x:xmpmeta>" + MARK + b"</x:xmpmeta>", Type=Name.Metadata, Subtype=Name.XML)
    page.Metadata = Stream(new, MARK)


def outlines(new: pikepdf.Pdf, page: Any) -> None:
    first = new.make_indirect(
        Dictionary(Title=String(MARK.decode()), A=Dictionary(S=Name.JavaScript, JS=String(MARK.decode())))
    )
    new.Root.Outlines = new.make_indirect(Dictionary(First=first, Last=first, Count=1))


def film(new: pikepdf.Pdf, page: Any) -> None:
    media = Dictionary(Assets=Dictionary(Names=Array([String("a"), Dictionary(EF=Dictionary(F=Stream(new, MARK)))])))
    page.Annots = Array(
        [
            new.make_indirect(
                Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=Array([9, 9, 99, 99]), RichMediaContent=media)
            )
        ]
    )


def pieces(new: pikepdf.Pdf, page: Any) -> None:
    page.PieceInfo = Dictionary(Editor=Dictionary(Private=Stream(new, MARK)))
    page.Resources.Properties = Dictionary(MC0=Dictionary(Words=String(MARK.decode())))


def external(new: pikepdf.Pdf, page: Any) -> None:
    picture = Stream(new, b"", Type=Name.XObject, Subtype=Name.Image, Width=9, Height=9, BitsPerComponent=8, ColorSpace=Name.DeviceGray, F=String("/etc/" + MARK.decode()))  # fmt: skip
    page.Resources.XObject = Dictionary(X=picture)


def postscript(new: pikepdf.Pdf, page: Any) -> None:
    page.Resources.XObject = Dictionary(X=Stream(new, b"(" + MARK + b") print", Type=Name.XObject, Subtype=Name.PS))


def reference(new: pikepdf.Pdf, page: Any) -> None:
    page.Resources.XObject = Dictionary(X=Stream(new, b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]), Ref=Dictionary(F=String(MARK.decode()), Page=0)))  # fmt: skip


def portfolio(new: pikepdf.Pdf, page: Any) -> None:
    embed(new, page)
    new.Root.Collection = Dictionary(View=Name.D, Schema=Dictionary(a=String(MARK.decode())))


def picture_metadata(new: pikepdf.Pdf, page: Any) -> None:
    content = within(saved(drawing()), segment(0xFE, MARK))
    picture = Stream(new, content, Type=Name.XObject, Subtype=Name.Image, Width=WIDTH, Height=HEIGHT, BitsPerComponent=8, ColorSpace=Name.DeviceRGB, Metadata=Stream(new, MARK))  # fmt: skip
    picture.write(content, filter=Name.DCTDecode)
    page.Resources.XObject = Dictionary(X=picture)
    page.Contents = new.make_stream(b"400 0 0 300 50 300 cm /X Do")


def seal(new: pikepdf.Pdf, page: Any) -> None:
    """A seal as an annotation, as electronic seals are: it must still be seen."""
    look = Stream(new, b"1 0 0 rg 0 0 100 100 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 100, 100]), PieceInfo=String(MARK.decode()))  # fmt: skip
    page.Annots = Array([new.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([400, 100, 500, 200]), F=4, AP=Dictionary(N=look), A=Dictionary(S=Name.JavaScript, JS=String(MARK.decode()))))])  # fmt: skip


def many(new: pikepdf.Pdf, page: Any) -> None:
    page.Resources.Font.update({f"/G{n}": new.make_indirect(Dictionary(Type=Name.Font, N=n)) for n in range(30_000)})


def locked(*, user: str = "", owner: str = "") -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as source:
        source.save(
            out,
            encryption=pikepdf.Encryption(
                user=user, owner=owner or user, allow=pikepdf.Permissions(print_highres=False)
            ),
        )
    return out.getvalue()


def empty() -> bytes:
    out = io.BytesIO()
    with pikepdf.Pdf.new() as new:
        new.save(out)
    return out.getvalue()


def bomb(megabytes: int, *, again: bool = False) -> bytes:
    packed = zeros(megabytes)
    content = zlib.compress(packed) if again else packed
    filters = Array([Name.FlateDecode, Name.FlateDecode]) if again else Name.FlateDecode

    def change(new: pikepdf.Pdf, page: Any) -> None:
        stream = Stream(new, b"")
        stream.write(content, filter=filters)
        page.Contents = stream

    return pdf(change)


def picture_bomb(side: int) -> bytes:
    def change(new: pikepdf.Pdf, page: Any) -> None:
        picture = Stream(
            new,
            b"",
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=side,
            Height=side,
            BitsPerComponent=8,
            ColorSpace=Name.DeviceRGB,
        )
        picture.write(zeros(min(side * side * 3 // 2**20, 150)), filter=Name.FlateDecode)
        page.Resources.XObject = Dictionary(X=picture)
        page.Contents = new.make_stream(b"400 0 0 400 50 300 cm /X Do")

    return pdf(change)


def recursive_form() -> bytes:
    def change(new: pikepdf.Pdf, page: Any) -> None:
        own = new.make_indirect(
            Stream(new, b"/X Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842]))
        )
        own.Resources = Dictionary(XObject=Dictionary(X=own))
        page.Resources.XObject = Dictionary(X=own)
        page.Contents = Array([page.Contents, new.make_stream(b"/X Do")])

    return pdf(change)


def forms_of_forms(levels: int = 30) -> bytes:
    """Each form draws the next one ten times: ten to the thirtieth drawings."""

    def change(new: pikepdf.Pdf, page: Any) -> None:
        last = Stream(new, b"0 0 9 9 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842]))
        for _ in range(levels):
            last = Stream(new, b"/X Do " * 10, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842]), Resources=Dictionary(XObject=Dictionary(X=last)))  # fmt: skip
        page.Resources.XObject = Dictionary(X=last)
        page.Contents = Array([page.Contents, new.make_stream(b"/X Do")])

    return pdf(change)


def raw_pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, the first of which is its root."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<</Root 1 0 R /Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, at)


def circle() -> bytes:
    return raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 2>>",
                   b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
                   b"<</Length 24>>stream\n0 0 1 rg 9 9 99 99 re f \nendstream")  # fmt: skip


def branches(levels: int = 25) -> bytes:
    """Each node of pages holds the next one ten times."""
    nodes = [b"<</Type/Pages/Kids[%s]/Count 10>>" % (b"%d 0 R " % (n + 3) * 10) for n in range(levels)]
    return raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Page/MediaBox[0 0 595 842]>>")


def nested(depth: int = 5_000) -> bytes:
    return raw_pdf(b"<</Type/Catalog/Pages 2 0 R/Deep " + b"[" * depth + b"]" * depth + b">>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                   b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</ColorSpace<</C " + b"[" * 400 + b"]" * 400 + b">>>>>>",
                   b"<</Length 24>>stream\n0 0 1 rg 9 9 99 99 re f \nendstream")  # fmt: skip


def busy() -> bytes:
    """A million curves over the whole page."""
    return pdf(
        lambda new, page: setattr(page, "Contents", new.make_stream(b"0 0 m 595 842 0 842 595 0 c S " * 1_000_000))
    )


def object_stream_bomb() -> bytes:
    packed = zeros(500)
    return raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                   b"<</Type/ObjStm/N 1/First 9/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed))  # fmt: skip


def itself() -> bytes:
    return raw_pdf(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                   b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources 5 0 R>>",
                   b"<</Length 24>>stream\n0 0 1 rg 9 9 99 99 re f \nendstream",
                   b"<</ColorSpace<</C[/Indexed 5 0 R 6 0 R]>>/Font 5 0 R/ExtGState 5 0 R/Pattern 5 0 R>>", b"6 0 R")  # fmt: skip


def scanned() -> bytes:
    """Pages that are photos, as scanners make them: heavier than the pictures of them need to be."""

    def change(new: pikepdf.Pdf, page: Any) -> None:
        content = saved(drawing(2_400, 3_200).convert("L").point(lambda shade: shade).effect_spread(3), quality=95)
        picture = Stream(
            new,
            b"",
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=2_400,
            Height=3_200,
            BitsPerComponent=8,
            ColorSpace=Name.DeviceGray,
        )
        picture.write(content, filter=Name.DCTDecode)
        page.Resources.XObject = Dictionary(X=picture)
        page.Contents = new.make_stream(b"595 0 0 842 0 0 cm /X Do")

    return pdf(change)
