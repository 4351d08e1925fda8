"""What comes as proof is made again clean, upright and legible, or refused with the reason; nothing else ever happens."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageOps

from qicheng.foundation.kit import proofs
from tests.foundation.kit import hostile

pytestmark = [pytest.mark.rule("REG-09"), pytest.mark.xdist_group("hostile files")]

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file: refused with `words`, or its parts (name, media, width, height, size); what it cost."""

    case: hostile.Case
    folder: Path
    number: int
    outcome: str
    words: str
    seconds: float
    megabytes: float
    parts: list[tuple[str, str, int, int, int]]

    @property
    def contents(self) -> dict[str, bytes]:
        return {part[0]: (self.folder / f"{self.number:04d}.{part[0]}").read_bytes() for part in self.parts}

    @property
    def wrong(self) -> str:
        """What must not have come of it, if anything."""
        if self.outcome not in ({"refused", "clean"} if self.case.outcome == hostile.EITHER else {self.case.outcome}):
            return f"{self.outcome}: {self.words}"
        if self.seconds > 2 + 0.25 * max(0, len(self.parts) - 3):
            return f"{self.seconds:.2f} s"
        if self.outcome == "refused":
            return "" if "请" in self.words else self.words
        names = [part[0] for part in self.parts]
        if names[:2] != ["whole", "small"] or names[2:] != [str(n) for n in range(1, len(names) - 1)]:
            return str(names)
        if (len(names) > 2) != (self.parts[0][1] == "application/pdf"):
            return str(self.parts)
        return "".join(
            f"the payload is in {name}" for name, content in self.contents.items() if hostile.MARK in content
        )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """What became of every file of the corpus, two at a time."""
    cases = hostile.corpus()
    folders = [tmp_path_factory.mktemp("hostile") for _ in range(2)]
    for number, case in enumerate(cases):
        (folders[number % 2] / f"{number:04d}.in").write_bytes(case.content)
    with ThreadPoolExecutor(2) as both:
        found = {int(number): row for rows in both.map(measured, folders) for number, row in rows.items()}
    return [Outcome(case, folders[n % 2], n, **found[n]) for n, case in enumerate(cases)]


def measured(folder: Path) -> dict[str, Any]:
    made = subprocess.run(
        [sys.executable, "-m", "tests.foundation.kit.measured", str(folder)], capture_output=True, check=True, cwd=ROOT
    )
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def test_every_hostile_file_is_refused_with_a_reason_or_made_again_clean(outcomes: list[Outcome]) -> None:
    assert {one.case.name: one.wrong for one in outcomes if one.wrong} == {}
    assert len(outcomes) >= 200
    assert [sum(one.outcome == what for one in outcomes) >= 60 for what in ("refused", "clean")] == [True, True]


def test_no_hostile_file_takes_much_memory(outcomes: list[Outcome]) -> None:
    assert max(one.megabytes for one in outcomes) < 300


def test_pictures_that_come_out_have_no_metadata_and_are_what_they_say(outcomes: list[Outcome]) -> None:
    kinds = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
    for outcome in outcomes:
        read = outcome.contents
        for name, media, width, height, size in outcome.parts:
            if media == "application/pdf":
                continue
            picture = Image.open(io.BytesIO(read[name]))
            picture.load()
            assert (kinds[str(picture.format)], picture.size, len(read[name])) == (media, (width, height), size)
            assert dict(picture.getexif()) == {}
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression", "loop", "background", "timestamp", "duration"}  # fmt: skip


DANGEROUS = (b"/JavaScript", b"/JS", b"/Launch", b"/URI", b"/OpenAction", b"/AA", b"/EmbeddedFile", b"/EF", b"/XFA", b"/AcroForm", b"/Annots",
             b"/Metadata", b"/Names", b"/Outlines", b"/RichMedia", b"/PieceInfo", b"/SubmitForm", b"/GoToR", b"/Info", b"/Author")  # fmt: skip


def test_pdfs_that_come_out_have_nothing_but_what_is_drawn(outcomes: list[Outcome]) -> None:
    seen = 0
    for outcome in outcomes:
        if not outcome.parts or outcome.parts[0][1] != "application/pdf":
            continue
        seen += 1
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(outcome.contents["whole"])) as made:
            assert (set(made.Root.keys()), made.is_encrypted) == ({"/Type", "/Pages"}, False)
            assert len(made.pages) == len(outcome.parts) - 2
            # What is drawn are points of any colour; all else is unpacked, so that nothing can hide in a packed stream.
            for one in made.objects:
                if isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image":
                    one.write(b"")
            made.save(
                out,
                stream_decode_level=pikepdf.StreamDecodeLevel.specialized,
                object_stream_mode=pikepdf.ObjectStreamMode.disable,
            )
        assert [word for word in (*DANGEROUS, hostile.MARK) if word in out.getvalue()] == []
    assert seen > 20


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "WEBP", "HEIF"])
def test_pictures_come_out_upright(orientation: int, form: str) -> None:
    page = hostile.drawing()
    tags = hostile.exif(orientation)
    content = hostile.heic(page, exif=tags.tobytes()) if form == "HEIF" else hostile.saved(page, form, exif=tags)
    page.getexif()[0x0112] = orientation
    wanted = ImageOps.exif_transpose(page)

    made = proofs.remake(content).whole

    assert (made.width, made.height) == wanted.size
    assert distance(Image.open(io.BytesIO(made.content)).convert("RGB"), wanted) < 3


def distance(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures' shades, of 255."""
    little = [picture.resize((90, 90)).tobytes() for picture in (one, other)]
    return sum(abs(a - b) for a, b in zip(*little, strict=True)) / len(little[0])


def photo(width: int, height: int, **how: Any) -> bytes:
    """As grainy as a photo of a page by a phone's camera."""
    page = hostile.drawing(width, height)
    noise = Image.effect_noise((width, height), 40).convert("RGB")
    return hostile.saved(Image.blend(page, noise, how.pop("grain", 0.3)), how.pop("form", "JPEG"), **how)


@pytest.mark.parametrize("size", [(4032, 3024), (3024, 4032), (3000, 2000)], ids=str)
def test_a_photo_of_some_megabytes_comes_to_about_300_kilobytes_and_stays_legible(size: tuple[int, int]) -> None:
    content = photo(*size, quality=93)
    assert len(content) > 2_000_000

    made = proofs.remake(content).whole

    assert len(made.content) <= 320_000
    assert max(made.width, made.height) >= 1600


def test_noise_is_never_made_illegible_to_save_space() -> None:
    made = proofs.remake(hostile.saved(Image.effect_noise((4000, 3000), 120).convert("RGB"), quality=90)).whole

    read = Image.open(io.BytesIO(made.content))
    assert max(made.width, made.height) == 1600
    # The first entry of the table of quality 60.
    assert read.quantization[0][0] <= 13


def test_a_long_screenshot_keeps_letters_that_can_be_read() -> None:
    made = proofs.remake(hostile.saved(hostile.drawing(1080, 9000), "PNG")).whole

    assert min(made.width, made.height) >= 900


SMALL = {
    **{f"jpeg of quality {quality}": partial(photo, 700, 500, quality=quality) for quality in (25, 60, 85, 95)},
    "jpeg in grey": lambda: hostile.saved(hostile.drawing(mode="L"), quality=50),
    "png": lambda: hostile.saved(hostile.drawing(), "PNG"),
    "png with a palette": lambda: hostile.saved(hostile.drawing(mode="P"), "PNG", optimize=True),
    "png of a photo": partial(photo, 500, 350, form="PNG", grain=0.05),
    "webp": partial(photo, 900, 700, form="WEBP", quality=40),
}


@pytest.mark.parametrize("make", SMALL.values(), ids=SMALL)
def test_what_is_small_enough_is_made_again_without_growing(make: Callable[[], bytes]) -> None:
    content = make()
    assert len(content) <= 300_000

    made = proofs.remake(content).whole

    assert (made.width, made.height) == Image.open(io.BytesIO(content)).size
    assert len(made.content) <= len(content)


def test_a_page_on_nothing_comes_out_on_white() -> None:
    clear = Image.new("RGBA", (900, 700), (0, 0, 0, 0))
    clear.paste(hostile.drawing(mode="RGBA").crop((0, 0, 450, 700)), (0, 0))

    made = proofs.remake(hostile.saved(clear, "PNG")).whole

    assert Image.open(io.BytesIO(made.content)).convert("RGB").getpixel((800, 350)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK"])
def test_a_page_looks_the_same_in_every_mode_it_comes_in(mode: str) -> None:
    page = hostile.drawing()
    content = hostile.saved(page.convert(mode), "JPEG" if mode == "CMYK" else "PNG")

    made = proofs.remake(content).whole

    grey = [picture.convert("L").convert("RGB") for picture in (Image.open(io.BytesIO(made.content)), page)]
    assert distance(*grey) < 12


def test_a_page_of_sixteen_bits_keeps_its_shades() -> None:
    deep = b"".join(bytes((0, shade)) for shade in hostile.drawing(mode="L").tobytes())
    content = hostile.saved(Image.frombytes("I;16", (hostile.WIDTH, hostile.HEIGHT), deep), "PNG")

    made = Image.open(io.BytesIO(proofs.remake(content).whole.content)).convert("RGB")

    assert distance(made, hostile.drawing(mode="L").convert("RGB")) < 3


def test_the_seal_that_lies_above_a_page_is_still_seen() -> None:
    made = proofs.remake(hostile.pdf(hostile.seal))

    page = pypdfium2.PdfDocument(made.whole.content)[0].render(draw_annots=False, rev_byteorder=True).to_pil()
    picture = Image.open(io.BytesIO(made.parts[1].content))
    assert page.getpixel((450, 842 - 150)) == (255, 0, 0)
    assert picture.getpixel((450 * 2000 // 842, (842 - 150) * 2000 // 842)) == (254, 0, 0)


def test_words_of_a_pdf_stay_words() -> None:
    made = proofs.remake(hostile.pdf(pages=2))

    document = pypdfium2.PdfDocument(made.whole.content)
    assert [page.get_textpage().get_text_range() for page in document] == ["Contract 1", "Contract 2"]


def test_a_scanned_pdf_is_made_of_smaller_pictures() -> None:
    content = hostile.scanned()

    made = proofs.remake(content)

    assert len(made.whole.content) < 300_000
    assert max(made.parts[1].width, made.parts[1].height) == 2000


REFUSALS = {
    "照片只有 200×100，看不清字，请重拍": lambda: hostile.saved(hostile.drawing(200, 100)),
    "照片几乎是一片空白，请重拍": lambda: hostile.saved(Image.new("L", (900, 900), 250)),
    "照片有 40,000 万像素，最多 4,000 万，请用手机的普通模式重拍": lambda: hostile.png(
        20_000, 20_000, colour=0, body=b""
    ),
    "PDF 设有打开密码，请重新打印成 PDF，或拍下每一页再上传": lambda: hostile.locked(user="1"),
    "PDF 设有密码或打印限制，请重新打印成 PDF，或拍下每一页再上传": lambda: hostile.locked(owner="1"),
    "PDF 有 31 页，最多 30 页，请只上传需要的页": lambda: hostile.pdf(pages=31),
    "这是 Word、Excel 或 WPS 文档，请另存为 PDF 再上传": lambda: b"PK\x03\x04word/document.xml",
    "这是网页或矢量图，请上传 JPG、PNG、WebP、HEIC 图片或 PDF": lambda: b"<svg>",
    "文件有 15.1 MB，最多 15 MB，请压缩后再上传": lambda: b"\0" * 15_800_000,
    "文件是空的，请重新选择": lambda: b"",
}


@pytest.mark.parametrize(("why", "make"), REFUSALS.items())
def test_what_is_refused_says_why_and_what_to_do(why: str, make: Callable[[], bytes]) -> None:
    with pytest.raises(proofs.Unreadable) as refused:
        proofs.remake(make())
    assert str(refused.value) == why


def test_the_same_page_photographed_twice_has_a_hash_that_is_near_and_another_page_one_that_is_far() -> None:
    page = hostile.drawing()
    one = proofs.remake(hostile.saved(page, quality=95)).phash
    near = proofs.remake(hostile.saved(page.resize((1350, 1050)), quality=40)).phash
    far = proofs.remake(hostile.saved(ImageOps.mirror(page))).phash

    def bits(a: str, b: str) -> int:
        return (int(a, 16) ^ int(b, 16)).bit_count()

    assert bits(one, near) <= 6
    assert bits(one, far) >= 16


def test_a_file_that_ends_its_program_is_refused_and_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs.door, "PROGRAM", "import os; os.abort()")

    with pytest.raises(proofs.Unreadable, match="过于复杂或已损坏"):
        proofs.remake(hostile.saved(hostile.drawing()))


@pytest.mark.parametrize(
    "answer",
    [b"", b"\xff\xff\xff\x7f", b"\x02\0\0\0{}", b"\x04\0\0\0null", b"\x05\0\0\0[1,2]"]
    + [
        len(header).to_bytes(4, "little") + header + b"<html>"
        for header in (
            b'{"phash": "0", "parts": [{"name": "whole", "media": "image/jpeg", "width": 1, "height": 1, "size": 6}]}',
            b'{"phash": "0", "parts": [{"name": "whole", "media": "text/html", "width": 1, "height": 1, "size": 6}]}',
            b'{"phash": "0", "parts": [{"name": "whole", "media": "image/jpeg", "width": 1, "height": 1, "size": 60}]}',
        )
    ],
    ids=range(8),
)
def test_a_program_that_has_been_taken_over_cannot_hand_out_something_else(answer: bytes) -> None:
    with pytest.raises(proofs.Unreadable, match="过于复杂或已损坏"):
        proofs.door._read(answer)


def test_many_at_once_wait_their_turn_and_the_last_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs.door, "WAITING", 0.01)
    content = hostile.saved(hostile.drawing())
    for _ in range(proofs.door.AT_ONCE):
        proofs.door._turns.acquire()
    try:
        with pytest.raises(proofs.Busy, match="等一分钟再传一次"):
            proofs.remake(content)
    finally:
        for _ in range(proofs.door.AT_ONCE):
            proofs.door._turns.release()
    with ThreadPoolExecutor(4) as all_at_once:
        monkeypatch.setattr(proofs.door, "WAITING", 60)
        assert len({made.phash for made in all_at_once.map(proofs.remake, [content] * 4)}) == 1
