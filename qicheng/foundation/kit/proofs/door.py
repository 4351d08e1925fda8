"""Tells by content what a file is, and has it made again by a program of its own, with little memory and little time.

Apart, because what decodes pictures and PDFs is large, and a hostile file is written against it: what goes wrong there ends
that process and nothing else.
"""

import json
import math
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

MB = 1024 * 1024
ROOT = Path(__file__).parents[4]
PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); from qicheng.foundation.kit.proofs import program; program.main()"
)
LENGTH = struct.Struct("<I")
LONGEST_HEADER = 64 * 1024
WAITING = 20.0
# How many are made again at once in one process of the web server; the others wait their turn.
AT_ONCE = 2
_turns = threading.BoundedSemaphore(AT_ONCE)

ALLOWED = "请上传 JPG、PNG、WebP、HEIC 图片或 PDF"
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
MARKS = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/webp": b"RIFF",
    "application/pdf": b"%PDF-",
}
FOREIGN = (
    (b"GIF8", f"这是 GIF 动图，{ALLOWED}"),
    (b"BM", f"这是 BMP 图片，{ALLOWED}"),
    (b"II*\0", f"这是 TIFF 图片，{ALLOWED}"),
    (b"MM\0*", f"这是 TIFF 图片，{ALLOWED}"),
    (b"8BPS", f"这是 Photoshop 文件，{ALLOWED}"),
    (b"\0\0\0\x0cjP  ", f"这是 JPEG 2000 图片，{ALLOWED}"),
    (b"\xff\x0a", f"这是 JPEG XL 图片，{ALLOWED}"),
    (b"\0\0\0\x0cJXL ", f"这是 JPEG XL 图片，{ALLOWED}"),
    (b"\xd0\xcf\x11\xe0", "这是 Word、Excel 或 WPS 文档，请另存为 PDF 再上传"),
    (b"{\\rtf", "这是文档，请另存为 PDF 再上传"),
    (b"%!PS", "这是 PostScript 文件，请另存为 PDF 再上传"),
    (b"MZ", f"这是程序，不是证明材料，{ALLOWED}"),
    (b"\x7fELF", f"这是程序，不是证明材料，{ALLOWED}"),
    (b"#!", f"这是程序，不是证明材料，{ALLOWED}"),
    (b"Rar!", "这是压缩包，请解压后上传其中的图片或 PDF"),
    (b"7z\xbc\xaf", "这是压缩包，请解压后上传其中的图片或 PDF"),
    (b"\x1f\x8b", "这是压缩包，请解压后上传其中的图片或 PDF"),
)
TOO_MUCH = "文件的内容过于复杂或已损坏，没有读出来，请重新拍照或打印成 PDF 再上传"


class Unreadable(ValueError):
    """A file that cannot be taken; the text says in Chinese why, and what to do."""


class Busy(Exception):
    """Too many files are being made again at this moment; the text says to come again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken and given: bytes, pixels, CPU seconds (`page_seconds` for each page of a PDF beside `seconds`).

    `target` is what a page is compressed to as long as it stays legible: never below `legible` pixels of its long side.
    """

    size: int = 15 * MB
    pixels: int = 40_000_000
    pages: int = 30
    objects: int = 20_000
    unpacked: int = 80 * MB
    depth: int = 40
    target: int = 300_000
    side: int = 2_000
    legible: int = 1_600
    least_long: int = 500
    least_short: int = 300
    memory: int = 270 * MB
    seconds: float = 1.7
    page_seconds: float = 0.25


@dataclass(frozen=True, slots=True)
class Part:
    """One file of what was made: the whole, the small picture of it (`small`), or a page of a PDF (`1`, `2` …)."""

    name: str
    media: str
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Remade:
    """What came of a file. `phash` is 64 bits in hex that stay near each other for pictures that look alike."""

    whole: Part
    parts: tuple[Part, ...]
    phash: str


LIMITS = Limits()


def kind_of(content: bytes, limits: Limits = LIMITS) -> str:
    """'jpeg', 'png', 'webp', 'heif' or 'pdf', judged by content and never by name. Raises Unreadable for anything else."""
    if len(content) > limits.size:
        raise Unreadable(
            f"文件有 {math.ceil(len(content) * 10 / MB) / 10:g} MB，最多 {limits.size // MB} MB，请压缩后再上传"
        )
    if not content:
        raise Unreadable("文件是空的，请重新选择")
    if content.startswith(MARKS["image/jpeg"]):
        return "jpeg"
    if content.startswith(MARKS["image/png"]):
        return "png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    if content[4:8] == b"ftyp":
        return _kind_of_box(content)
    text = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(MARKS["application/pdf"]):
        return "pdf"
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise Unreadable(_archive(content))
    for mark, why in FOREIGN:
        if content.startswith(mark):
            raise Unreadable(why)
    if text.startswith(b"<"):
        raise Unreadable(f"这是网页或矢量图，{ALLOWED}")
    raise Unreadable(f"这不是图片，也不是 PDF，{ALLOWED}")


def remake(content: bytes, limits: Limits = LIMITS) -> Remade:
    """A picture or PDF made again from what can be seen of it: upright, without metadata, scripts or anything appended.

    Raises Unreadable with the reason where it is something else, hostile, damaged, encrypted, too large, too small or blank;
    Busy where too many are at work.
    """
    kind = kind_of(content, limits)
    if not _turns.acquire(timeout=WAITING):
        raise Busy("现在上传的人很多，等一分钟再传一次")
    try:
        answer = _asked(kind, content, limits)
    finally:
        _turns.release()
    return _read(answer)


def _asked(kind: str, content: bytes, limits: Limits) -> bytes:
    longest = 10 * (limits.seconds + limits.page_seconds * limits.pages)
    try:
        made = subprocess.run(  # noqa: S603 -- our own program; the arguments are a word and numbers
            [sys.executable, "-I", "-c", PROGRAM, str(ROOT), kind, json.dumps(asdict(limits))],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=longest,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(TOO_MUCH) from None
    return made.stdout


def _read(answer: bytes) -> Remade:
    """What the program wrote, believed no further than needed: it has held the hostile file."""
    try:
        (length,) = LENGTH.unpack_from(answer)
        if length > LONGEST_HEADER:
            raise ValueError
        header = json.loads(answer[LENGTH.size : LENGTH.size + length])
        if why := header.get("refused"):
            raise Unreadable(str(why))
        whole, *parts = _parts(header["parts"], answer[LENGTH.size + length :])
        return Remade(whole, tuple(parts), f"{int(header['phash'], 16):016x}")
    except (struct.error, KeyError, TypeError, AttributeError) as wrong:
        raise Unreadable(TOO_MUCH) from wrong
    except Unreadable:
        raise
    except ValueError as wrong:
        raise Unreadable(TOO_MUCH) from wrong


def _parts(described: list[dict[str, object]], rest: bytes) -> Iterator[Part]:
    at = 0
    for one in described:
        size = int(str(one["size"]))
        content = rest[at : at + size]
        media = str(one["media"])
        if len(content) != size or not content.startswith(MARKS[media]):
            raise ValueError("not what it says")
        yield Part(str(one["name"]), media, int(str(one["width"])), int(str(one["height"])), content)
        at += size


def _kind_of_box(content: bytes) -> str:
    length = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[at : at + 4] for at in (8, *range(16, length, 4))}
    if content[8:12] in (b"avif", b"avis"):
        raise Unreadable(f"这是 AVIF 图片，{ALLOWED}")
    if brands & HEIF_BRANDS:
        return "heif"
    raise Unreadable(f"这是视频或录音，{ALLOWED}")


def _archive(content: bytes) -> str:
    head = content[:4096]
    if b"OFD.xml" in content or b"OFD.xml" in head:
        return "这是 OFD 文件，请另存为 PDF 再上传"
    if any(name in content for name in (b"word/", b"xl/", b"ppt/", b"mimetypeapplication/vnd.oasis")):
        return "这是 Word、Excel 或 WPS 文档，请另存为 PDF 再上传"
    return "这是压缩包，请解压后上传其中的图片或 PDF"
