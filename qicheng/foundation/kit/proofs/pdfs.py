"""Makes PDFs again page by page: only what is drawn is taken over, seals and stamps with it; then every page is pictured.

A page keeps its size, its content and the fonts, pictures and shades that the content draws with. Nothing else of the file is
ever copied, so scripts, actions, links, forms, attachments and metadata are not removed but simply not there.
Runs in the program of its own (`program`).
"""

import io
import signal
import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String
from PIL import Image

from qicheng.foundation.kit.proofs import images
from qicheng.foundation.kit.proofs.door import MB, Limits, Part, Remade, Unreadable

PRINT = "请重新打印成 PDF，或拍下每一页再上传"
CUT = f"PDF 不完整，可能没有传完，或者已经损坏，{PRINT}"
ENDING = 4096
MOST_FILTERS = 3
GREATEST_SIDE = 20_000.0  # in points; a page of a poster has three thousand

PAGE = ("MediaBox", "CropBox", "Rotate", "UserUnit")
FORM = ("Type", "Subtype", "FormType", "BBox", "Matrix", "Group")
PICTURE = (
    "Type", "Subtype", "Width", "Height", "ColorSpace", "BitsPerComponent", "Decode", "ImageMask", "Interpolate", "Intent",
    "SMaskInData", "Matte",
)  # fmt: skip
PATTERN = ("Type", "PatternType", "PaintType", "TilingType", "BBox", "XStep", "YStep", "Matrix", "Shading", "ExtGState")
# Packings that are files of their own, with metadata such as the place of a photo; also by their short names.
PHOTOS = frozenset({"/DCTDecode", "/JPXDecode", "/DCT"})
# In what is copied as it stands (fonts, shades, functions) these have no part in drawing.
NEVER = frozenset({
    "/A", "/AA", "/JS", "/OpenAction", "/URI", "/EF", "/EmbeddedFiles", "/RichMediaContent", "/XFA", "/Metadata", "/PieceInfo",
    "/AF", "/F", "/FFilter", "/FDecodeParms", "/OPI", "/Alternates", "/Ref", "/PS", "/StructParent", "/StructParents", "/OC",
    "/LastModified", "/Parent", "/P", "/Dest", "/Next",
})  # fmt: skip


def remade(content: bytes, limits: Limits) -> Remade:
    """The PDF made again, with a picture of each page. Raises Unreadable."""
    if b"%%EOF" not in content[-ENDING:]:
        raise Unreadable(CUT)
    try:
        with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as source:
            refuse(source, limits)
            flatten(source)
            rebuilt, has_photos = built_anew(source, limits)
    except pikepdf.PasswordError:
        raise Unreadable(f"PDF 设有打开密码，{PRINT}") from None
    except pikepdf.PdfError:
        raise Unreadable(CUT) from None
    return pictured(rebuilt, limits, has_photos=has_photos)


def refuse(source: Pdf, limits: Limits) -> None:
    """Say why a PDF is not taken before anything of it is drawn."""
    if source.is_encrypted:
        raise Unreadable(f"PDF 设有密码或打印限制，{PRINT}")
    if len(source.objects) > limits.objects:
        raise Unreadable(f"PDF 的内容过于复杂，{PRINT}")
    if Name.NeedsRendering in source.Root:
        raise Unreadable(f"这是要用专门软件打开的表单，{PRINT}")
    count = len(source.pages)
    if not count:
        raise Unreadable(f"PDF 里没有页面，{PRINT}")
    if count > limits.pages:
        raise Unreadable(f"PDF 有 {count:,} 页，最多 {limits.pages} 页，请只上传需要的页")
    # From here on every page may cost its share.
    signal.setitimer(signal.ITIMER_PROF, limits.seconds + limits.page_seconds * count)
    unpacked = 0
    for one in source.objects:
        if isinstance(one, Stream):
            unpacked += _unpacked(one, limits, limits.unpacked - unpacked)
            if unpacked > limits.unpacked:
                raise Unreadable(f"PDF 解开后超过 {limits.unpacked // MB} MB，{PRINT}")


def flatten(source: Pdf) -> None:
    """Draw what lies above the pages (seals, stamps, signatures, filled fields) into them, as a screen shows it."""
    if Name.AcroForm in source.Root and source.Root.AcroForm.get(Name.NeedAppearances, False):
        source.generate_appearance_streams()
    source.flatten_annotations("screen")


def built_anew(source: Pdf, limits: Limits) -> tuple[bytes, bool]:
    """A new PDF with what the pages draw and nothing else; and whether photos are in it."""
    with Pdf.new() as new:
        taken = Taken(new, limits)
        for page in source.pages:
            box = [float(number) for number in page.mediabox.as_list()]
            if not (0 < box[2] - box[0] < GREATEST_SIDE and 0 < box[3] - box[1] < GREATEST_SIDE):
                raise Unreadable(f"PDF 的页面大小异常，{PRINT}")
            own = Dictionary(
                Type=Name.Page, MediaBox=Array(box), Resources=taken.resources(_inherited(page.obj, "/Resources"))
            )
            for key in PAGE[1:]:
                if (value := _inherited(page.obj, f"/{key}")) is not None:
                    own[f"/{key}"] = taken.plain(value)
            own.Contents = taken.drawing(page.obj.get(Name.Contents))
            new.pages.append(pikepdf.Page(new.make_indirect(own)))
        out = io.BytesIO()
        new.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        return out.getvalue(), taken.has_photos


def pictured(rebuilt: bytes, limits: Limits, *, has_photos: bool) -> Remade:
    """The rebuilt PDF with its pages as pictures; made of them where it is too heavy, or holds photos with their metadata."""
    pages: list[Part] = []
    first: Image.Image | None = None
    are_blank = True
    document = pypdfium2.PdfDocument(rebuilt)
    for number, page in enumerate(document, 1):
        picture = _drawn(page, limits)
        first = picture if first is None else first
        are_blank = are_blank and images.is_blank(picture)
        pages.append(images.legible_jpeg(str(number), picture, limits))
    assert first is not None
    if are_blank:
        raise Unreadable("PDF 的页面都是空白，请检查以后再上传")
    if has_photos or len(rebuilt) > limits.target * len(pages):
        rebuilt = _of_pictures(pages, document)
    whole = Part("whole", "application/pdf", pages[0].width, pages[0].height, rebuilt)
    return images.finished(whole, first, *pages)


class Taken:
    """What the pages draw with, copied once each from the old file into the new one."""

    def __init__(self, new: Pdf, limits: Limits) -> None:
        self.new = new
        self.limits = limits
        self.has_photos = False
        self.copies: dict[tuple[int, int], Object] = {}

    def resources(self, old: Any, depth: int = 0) -> Dictionary:
        """The named fonts, pictures, forms, colours, patterns, shades and states; nothing else has a name in a drawing."""
        made = Dictionary()
        for key, take in (
            ("/Font", self.font), ("/XObject", self.drawn), ("/ExtGState", self.state), ("/Pattern", self.pattern),
            ("/ColorSpace", self.plain), ("/Shading", self.plain),
        ):  # fmt: skip
            named = old.get(key) if isinstance(old, Dictionary) else None
            if isinstance(named, Dictionary):
                kept = {name: take(value, self.deeper(depth)) for name, value in named.items()}
                made[key] = Dictionary({name: value for name, value in kept.items() if value is not None})
        return made

    def deeper(self, depth: int) -> int:
        if depth >= self.limits.depth:
            raise Unreadable(f"PDF 的内容嵌套过深，{PRINT}")
        return depth + 1

    def drawing(self, old: Any) -> Array:
        """The content of a page: its streams of drawing instructions."""
        parts = list(old.as_list()) if isinstance(old, Array) else [old]
        return Array([self.stream(part, (), 0) for part in parts if isinstance(part, Stream)])

    def drawn(self, old: Any, depth: int) -> Object | None:
        """A picture or a form; nothing of another kind is drawn."""
        if not isinstance(old, Stream):
            return None
        if old.get(Name.Subtype) == Name.Image:
            return self.picture(old, depth)
        return self.stream(old, FORM, depth) if old.get(Name.Subtype) == Name.Form else None

    def picture(self, old: Stream, depth: int) -> Object:
        width, height = int(old.get(Name.Width, 0)), int(old.get(Name.Height, 0))
        if width * height > self.limits.pixels:
            raise Unreadable(
                f"PDF 里的图片有 {width * height // 10_000:,} 万像素，最多 {self.limits.pixels // 10_000:,} 万，{PRINT}"
            )
        made = self.stream(old, PICTURE, depth)
        self.has_photos = self.has_photos or not PHOTOS.isdisjoint(_filters(old))
        for key in (Name.SMask, Name.Mask):
            mask = old.get(key)
            if isinstance(mask, Stream):
                made[key] = self.picture(mask, self.deeper(depth))
            elif isinstance(mask, Array):
                made[key] = self.plain(mask, depth)
        return made

    def pattern(self, old: Any, depth: int) -> Object | None:
        if isinstance(old, Stream):
            return self.stream(old, PATTERN, depth)
        return self.some(old, PATTERN, depth) if isinstance(old, Dictionary) else None

    def state(self, old: Any, depth: int) -> Object | None:
        """A state of drawing; its soft mask draws a form."""
        if not isinstance(old, Dictionary):
            return None
        made = self.some(old, [key[1:] for key in old if key not in NEVER and key not in ("/SMask", "/Font")], depth)
        mask = old.get(Name.SMask)
        if isinstance(mask, Dictionary):
            made.SMask = self.some(mask, ("Type", "S", "BC", "TR"), depth)
            made.SMask.G = self.drawn(mask.get(Name.G), self.deeper(depth)) or Dictionary()
        elif isinstance(mask, Name):
            made.SMask = self.plain(mask, depth)
        font = old.get(Name.Font)
        if isinstance(font, Array) and len(font) == 2:
            made.Font = Array([self.font(font[0], self.deeper(depth)) or Dictionary(), font[1]])
        return made

    def font(self, old: Any, depth: int) -> Object | None:
        """A font; the letters of a drawn one (Type 3) are drawings themselves."""
        if not isinstance(old, Dictionary):
            return None
        made = self.some(
            old, [key[1:] for key in old if key not in NEVER and key not in ("/CharProcs", "/Resources")], depth
        )
        letters = old.get(Name.CharProcs)
        if isinstance(letters, Dictionary):
            made.CharProcs = Dictionary(
                {name: self.stream(one, (), depth) for name, one in letters.items() if isinstance(one, Stream)}
            )
            made.Resources = self.resources(old.get(Name.Resources), self.deeper(depth))
        return made

    def some(self, old: Object, keys: Any, depth: int) -> Dictionary:
        """Some entries of a dictionary, each copied as it stands."""
        found = ((f"/{key}", old.get(f"/{key}")) for key in keys)
        return Dictionary({key: self.plain(value, self.deeper(depth)) for key, value in found if value is not None})

    def stream(self, old: Stream, keys: tuple[str, ...], depth: int) -> Object:
        """A stream with its content as it is packed, the entries named and, where it is a form or pattern, what it draws with."""
        if old.objgen in self.copies:
            return self.copies[old.objgen]
        made = self.copies[old.objgen] = self.new.make_indirect(Stream(self.new, b""))
        packing = old.get(Name.Filter)
        parameters = old.get(Name.DecodeParms)
        made.write(
            old.read_raw_bytes(),
            filter=None if packing is None else self.plain(packing, depth),
            decode_parms=None if packing is None or parameters is None else self.plain(parameters, self.deeper(depth)),
        )
        for key, value in self.some(old, keys, depth).items():
            made[key] = value
        if keys in (FORM, PATTERN):
            made.Resources = self.resources(old.get(Name.Resources), self.deeper(depth))
        return made

    def plain(self, old: Any, depth: int = 0) -> Any:
        """Numbers, names, texts, lists and dictionaries as they stand, with streams in them (functions, profiles, fonts)."""
        if isinstance(old, Stream):
            if old.get(Name.Subtype) in (Name.Form, Name.Image):
                return self.drawn(old, self.deeper(depth))
            left_out = NEVER | {"/Filter", "/DecodeParms", "/Length"}
            keys = tuple(key[1:] for key in map(str, old.keys()) if key not in left_out)
            return self.stream(old, keys, self.deeper(depth))
        if isinstance(old, Array):
            return Array([self.plain(one, self.deeper(depth)) for one in old.as_list()])
        if isinstance(old, Dictionary):
            return self.dictionary(old, self.deeper(depth))
        if isinstance(old, Name):
            return Name(str(old))
        return String(bytes(old)) if isinstance(old, String) else old

    def dictionary(self, old: Dictionary, depth: int) -> Object:
        if old.is_indirect and old.objgen in self.copies:
            return self.copies[old.objgen]
        made: Object = Dictionary()
        if old.is_indirect:
            made = self.copies[old.objgen] = self.new.make_indirect(made)
        for key, value in old.items():
            if key not in NEVER:
                made[key] = self.plain(value, depth)
        return made


def _unpacked(stream: Stream, limits: Limits, most: int) -> int:
    """How many bytes a stream unpacks to, counted no further than a little over `most`. Pictures are counted by their pixels."""
    names = _filters(stream)
    if len(names) > MOST_FILTERS or names.count("/FlateDecode") + names.count("/LZWDecode") > 1:
        raise Unreadable(f"PDF 的结构异常，{PRINT}")
    raw = stream.read_raw_bytes()
    if names == ["/FlateDecode"]:
        return sum(map(len, _inflated(raw, most)))
    if not (PHOTOS | {"/CCITTFaxDecode", "/JBIG2Decode"}).isdisjoint(names):
        return len(raw)
    try:
        return len(stream.read_bytes())
    except pikepdf.PdfError:
        return len(raw)


def _filters(stream: Stream) -> list[str]:
    found = stream.get(Name.Filter)
    return [str(one) for one in found.as_list()] if isinstance(found, Array) else [str(found or "")]


def _inflated(raw: bytes, most: int) -> Iterator[bytes]:
    unpacking = zlib.decompressobj()
    total = 0
    try:
        while raw and total <= most and (block := unpacking.decompress(raw, MB)):
            total += len(block)
            yield block
            raw = unpacking.unconsumed_tail
    except zlib.error:
        return


def _inherited(page: Object, key: str) -> Any:
    """An entry of a page, or of the nodes above it as far as they can be believed."""
    node: Any = page
    for _ in range(30):
        if not isinstance(node, Dictionary):
            return None
        if (value := node.get(key)) is not None:
            return value
        node = node.get(Name.Parent)
    return None


def _drawn(page: pypdfium2.PdfPage, limits: Limits) -> Image.Image:
    width, height = page.get_size()
    if not (0 < width < GREATEST_SIDE and 0 < height < GREATEST_SIDE) or max(width, height) > images.THINNEST * min(
        width, height
    ):
        raise Unreadable(f"PDF 的页面大小异常，{PRINT}")
    bitmap = page.render(
        scale=limits.side / max(width, height), may_draw_forms=False, draw_annots=False, rev_byteorder=True
    )
    picture = bitmap.to_pil().convert("RGB")
    bitmap.close()
    page.close()
    return picture


def _of_pictures(pages: list[Part], document: pypdfium2.PdfDocument) -> bytes:
    """A PDF whose pages are their pictures, at their sizes."""
    with Pdf.new() as new:
        for number, part in enumerate(pages):
            width, height = document.get_page_size(number)
            picture = Stream(
                new, part.content, Type=Name.XObject, Subtype=Name.Image, Width=part.width, Height=part.height,
                ColorSpace=Name.DeviceRGB, BitsPerComponent=8,
            )  # fmt: skip
            picture.write(part.content, filter=Name.DCTDecode)
            page = Dictionary(
                Type=Name.Page, MediaBox=Array([0, 0, width, height]), Resources=Dictionary(XObject=Dictionary(Im=picture)),
                Contents=Stream(new, f"{width:.3f} 0 0 {height:.3f} 0 0 cm /Im Do".encode()),
            )  # fmt: skip
            new.pages.append(pikepdf.Page(new.make_indirect(page)))
        out = io.BytesIO()
        new.save(out, deterministic_id=True)
        return out.getvalue()
