"""Makes pictures again: decoded within limits, turned upright, put on white, shrunk while legible, hashed by their looks.

Runs in the program of its own (`program`), whose limits end what the checks here do not foresee.
"""

import io
import math
import struct
import warnings
from collections.abc import Iterator
from functools import cache
from operator import mul

from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from qicheng.foundation.kit.proofs.door import Limits, Part, Remade, Unreadable

AGAIN = "请重新拍照或截图再上传"
CUT = f"图片不完整，可能没有传完，或者已经损坏，{AGAIN}"
FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "heif": "HEIF"}
ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# A progressive JPEG has about ten scans; each of a thousand would be decoded over the whole picture.
MOST_SCANS = 64
# So thin a picture holds no page; and the short side of a long screenshot must stay readable too.
THINNEST = 20
LEGIBLE_SHORT = 900
# A picture a little larger than wanted stays as large: to shrink it would cost more than it saves.
SLACK = 1.1
SMALL_SIDE = 360
# Of 256 greys; a page with one line of writing differs by far more.
LEAST_CONTRAST = 24
BEST, GOOD, WORST = 82, 70, 60

_ = (JpegImagePlugin, PngImagePlugin, WebPImagePlugin)  # imported for what they register; nothing else is tried


def remade(content: bytes, kind: str, limits: Limits) -> Remade:
    """The picture made again as JPEG, or as what it was where that is smaller. Raises Unreadable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = opened(content, kind, limits)
        picture, is_whole = seen(source, limits)
    refuse_blank(picture)
    return finished(compressed(picture, source, len(content), limits, is_whole=is_whole), picture)


def opened(content: bytes, kind: str, limits: Limits) -> Image.Image:
    """The picture with its size known and nothing decoded yet; refused by what its header says."""
    Image.MAX_IMAGE_PIXELS = None  # ours is checked here, with the reason in words
    if kind == "heif":
        import pillow_heif  # noqa: PLC0415 -- slow, and needed for few pictures

        pillow_heif.register_heif_opener()
        pillow_heif.options.DECODE_THREADS = 1
    if kind == "jpeg" and content.count(b"\xff\xda") > MOST_SCANS:
        raise Unreadable(f"图片的结构异常，{AGAIN}")
    try:
        source = Image.open(io.BytesIO(content), formats=[FORMATS[kind]])
    except Image.DecompressionBombError:
        raise Unreadable(f"图片的像素太多，{AGAIN}") from None
    except (OSError, SyntaxError, ValueError, struct.error, EOFError, RuntimeError):
        raise Unreadable(CUT) from None
    if kind in ("png", "webp") and getattr(source, "n_frames", 1) > 1:
        raise Unreadable("这是动图，请上传静态的照片或截图")
    refuse_size(*source.size, limits)
    return source


def refuse_size(width: int, height: int, limits: Limits) -> None:
    """Say why a picture of that size is not taken: too many pixels, too few to read, or a mere strip."""
    long, short = max(width, height), min(width, height)
    if width * height > limits.pixels:
        raise Unreadable(
            f"照片有 {width * height // 10_000:,} 万像素，最多 {limits.pixels // 10_000:,} 万，请用手机的普通模式重拍"
        )
    if long < limits.least_long or short < limits.least_short:
        raise Unreadable(f"照片只有 {width}×{height}，看不清字，请重拍")
    if long > THINNEST * short:
        raise Unreadable(f"图片太窄长（{width}×{height}），请分段截图再上传")


def seen(source: Image.Image, limits: Limits) -> tuple[Image.Image, bool]:
    """What one sees of it, as grey or RGB: shrunk to `limits.side`, on white, upright; and whether it kept its size."""
    turn = _orientation(source)
    size = _wanted(*source.size, limits.side)
    whole = source.size
    try:
        source.draft(None, size)  # a JPEG decodes itself at half its size for a quarter of the cost
        source.load()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- decoders of hostile files raise anything
        raise Unreadable(CUT) from None
    picture = _flat(_reduced(source, size))
    if max(picture.size) > max(size) * SLACK:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    if turn in TURNS:
        picture = picture.transpose(TURNS[turn])
    picture = picture.copy()
    picture.info = {}
    return picture, picture.size in (whole, whole[::-1])


def refuse_blank(picture: Image.Image) -> None:
    """Say so where there is nothing to be seen."""
    if is_blank(picture):
        raise Unreadable("照片几乎是一片空白，请重拍")


def is_blank(picture: Image.Image) -> bool:
    """Whether the picture is of one shade all over."""
    grey = picture.convert("L")
    grey.thumbnail((256, 256), Image.Resampling.BOX)
    low, high = grey.getextrema()
    return bool(high - low < LEAST_CONTRAST)  # type: ignore[operator]


def compressed(picture: Image.Image, source: Image.Image, size: int, limits: Limits, *, is_whole: bool) -> Part:
    """The first way of writing it that fits, from the best to the least that is legible; else the smallest of them."""
    # What nobody's browser shows has to become another format, and may grow on the way.
    target = limits.target if source.format == "HEIF" else min(size, limits.target)
    smallest: Part | None = None
    for made in _ways(picture, source, size, target, limits, is_whole=is_whole):
        if len(made.content) <= target:
            return made
        if smallest is None or len(made.content) < len(smallest.content):
            smallest = made
    assert smallest is not None
    return smallest


def finished(whole: Part, picture: Image.Image, *pages: Part) -> Remade:
    """The whole with its small picture, its pages if there are any, and the hash of its looks."""
    return Remade(whole, (small(picture), *pages), looks(picture))


def small(picture: Image.Image) -> Part:
    """The picture as lists show it."""
    little = picture.copy()
    little.thumbnail((SMALL_SIDE, SMALL_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _jpeg("small", little, GOOD)


def legible_jpeg(name: str, picture: Image.Image, limits: Limits) -> Part:
    """A page as JPEG of about `limits.target`, or a little more where it would not be legible else."""
    made = list(_jpegs(picture, limits.target, limits, name))
    return next((one for one in made if len(one.content) <= limits.target), min(made, key=lambda one: len(one.content)))


def looks(picture: Image.Image) -> str:
    """64 bits in hex that say how it looks: the signs of the lowest frequencies against their median (a pHash)."""
    grey = picture.convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    shades = grey.tobytes()
    cosines = _cosines()
    rows = [[sum(map(mul, wave, shades[y * 32 : y * 32 + 32])) for wave in cosines] for y in range(32)]
    lowest = [sum(wave[y] * rows[y][x] for y in range(32)) for wave in cosines for x in range(8)]
    middle = sorted(lowest[1:])[31]
    return f"{sum((value > middle) << place for place, value in enumerate(lowest)):016x}"


@cache
def _cosines() -> list[list[float]]:
    return [[math.cos(math.pi * wave * (2 * x + 1) / 64) for x in range(32)] for wave in range(8)]


def _ways(
    picture: Image.Image, source: Image.Image, size: int, target: int, limits: Limits, *, is_whole: bool
) -> Iterator[Part]:
    is_small = size <= limits.target
    if is_whole and is_small and source.format == "JPEG":
        yield from _as_dense(picture, source)
    elif is_whole and is_small and source.format == "PNG":
        yield _part("whole", "image/png", picture, _saved(_indexed(picture), "PNG", optimize=True))
    elif is_whole and is_small and source.format == "WEBP":
        for quality in (BEST, GOOD, WORST):
            yield _part("whole", "image/webp", picture, _saved(picture, "WEBP", quality=quality))
    yield from _jpegs(picture, target, limits)
    if is_whole and not is_small and source.format == "JPEG":
        yield from _as_dense(picture, source)


def _as_dense(picture: Image.Image, source: Image.Image) -> Iterator[Part]:
    """As dense as it came: a JPEG of low quality grows by being written at a better one."""
    tables = getattr(source, "quantization", None)
    try:
        yield _jpeg("whole", picture, BEST, qtables=tables, subsampling=JpegImagePlugin.get_sampling(source))
    except (ValueError, OSError, TypeError):
        return


def _jpegs(picture: Image.Image, target: int, limits: Limits, name: str = "whole") -> Iterator[Part]:
    """From the best to the least that is legible; steps that cannot do are left out, for each costs as much as reading."""
    first = _jpeg(name, picture, BEST)
    yield first
    over = len(first.content) / target
    less = _wanted(*picture.size, limits.legible)
    lesser = picture.resize(less, Image.Resampling.LANCZOS) if less != picture.size else picture
    if over < 1.5:
        yield _jpeg(name, picture, GOOD)
    if over < 2.4:
        yield _jpeg(name, lesser, GOOD)
    yield _jpeg(name, lesser, WORST)


def _jpeg(name: str, picture: Image.Image, quality: int, **how: object) -> Part:
    how = {"quality": quality, "optimize": True, **how}
    return _part(name, "image/jpeg", picture, _saved(picture, "JPEG", **how))


def _saved(picture: Image.Image, form: str, **how: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()


def _part(name: str, media: str, picture: Image.Image, content: bytes) -> Part:
    return Part(name, media, *picture.size, content)


def _indexed(picture: Image.Image) -> Image.Image:
    """With a palette where it has few colours, as drawn pictures and their like have."""
    if picture.mode == "RGB" and picture.getcolors(256):
        return picture.quantize(256, dither=Image.Dither.NONE)
    return picture


def _wanted(width: int, height: int, side: int) -> tuple[int, int]:
    """The size with its long side shrunk to `side`, unless the short side would no longer be legible."""
    long, short = max(width, height), min(width, height)
    share = min(1.0, max(side / long, LEGIBLE_SHORT / short))
    return max(1, round(width * share)), max(1, round(height * share))


def _orientation(source: Image.Image) -> int:
    try:
        return int(source.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 -- hostile metadata; the picture itself may still be good
        return 1


def _reduced(source: Image.Image, size: tuple[int, int]) -> Image.Image:
    """By a whole factor first, before anything needs memory for all pixels once more."""
    picture: Image.Image = source
    if source.mode == "P":
        picture = source.convert("RGBA" if "transparency" in source.info else "RGB")
    elif source.mode == "RGB" and "transparency" in source.info:
        picture = source.convert("RGBA")
    elif source.mode.startswith("I;16"):
        picture = source.convert("I")
    elif source.mode == "1":
        picture = source.convert("L")
    factor = min(picture.width // size[0], picture.height // size[1])
    return picture.reduce(factor) if factor > 1 else picture


def _flat(picture: Image.Image) -> Image.Image:
    """Grey or RGB of eight bits, on white where it was transparent."""
    if picture.mode in ("L", "RGB"):
        return picture
    if picture.mode in ("I", "F"):
        return picture.point(lambda shade: shade * (1 / 256)).convert("L")
    if picture.mode in ("LA", "PA", "RGBA", "La", "RGBa"):
        clear = picture.convert("RGBA")
        paper = Image.new("RGB", clear.size, "white")
        paper.paste(clear, mask=clear.getchannel("A"))
        return paper
    return picture.convert("RGB")
