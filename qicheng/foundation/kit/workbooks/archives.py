"""Looks at the contents of a zip archive before it is unpacked: too many, too large, overlapping or locked."""

import struct
import zipfile
from collections.abc import Sequence
from typing import BinaryIO

END = struct.Struct("<4s4H2LH")
END_MARK, ENTRY_MARK, LOCAL_MARK = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
LOCAL_SIZE = 30
SMALLEST_ENTRY = 46
LONGEST_COMMENT = 0xFFFF
LOCKED = 0x1
PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
# Small files may be packed tightly without harm.
HARMLESS = 10 * 1024 * 1024


class Hostile(ValueError):
    """An archive that must not be unpacked; the text says why, in Chinese."""


def entries(file: BinaryIO, size: int, *, most: int, unpacked: int, ratio: int) -> Sequence[zipfile.ZipInfo]:
    """The entries of an archive that is safe to unpack by what it says of itself. Raises Hostile.

    `size` and `unpacked` are bytes, `ratio` is unpacked to packed. What the archive says may be a lie: whoever unpacks
    must still limit memory.
    """
    _count(file, size, most)
    try:
        with zipfile.ZipFile(file) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        raise Hostile("文件已损坏，无法读取，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传") from None
    if len({entry.filename for entry in found}) != len(found):
        raise Hostile("文件结构异常：同名内容出现两次，请用 Excel 或 WPS 另存后再上传")
    if any(entry.flag_bits & LOCKED for entry in found):
        raise Hostile("文件设有打开密码，请取消密码后重新上传")
    if any(entry.compress_type not in PACKINGS for entry in found):
        raise Hostile("文件的压缩方式不受支持，请用 Excel 或 WPS 另存为 .xlsx 后再上传")
    total, packed = sum(entry.file_size for entry in found), sum(entry.compress_size for entry in found)
    if total > unpacked:
        raise Hostile(f"文件解压后超过 {unpacked // 1024 // 1024} MB，请分批上传")
    if total > HARMLESS and total > ratio * max(packed, 1):
        raise Hostile("文件的压缩比例异常，请用 Excel 或 WPS 另存为 .xlsx 后再上传")
    _refuse_overlap(file, found, size)
    return found


def _count(file: BinaryIO, size: int, most: int) -> None:
    """The number of entries is known from the last bytes, before a list of them takes any memory."""
    file.seek(max(0, size - END.size - LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(END_MARK)
    if at < 0 or len(tail) - at < END.size:
        raise Hostile("文件不完整，可能没有传完，请重新上传")
    _, disk, _, here, everywhere, length, offset, _ = END.unpack_from(tail, at)
    place = size - len(tail) + at
    if disk or here != everywhere or here == 0xFFFF or offset + length > place:
        raise Hostile("文件结构异常，请用 Excel 或 WPS 另存为 .xlsx 后再上传")
    if here > most or length > most * 1024 or here * SMALLEST_ENTRY > length:
        raise Hostile(f"文件内部包含的内容超过 {most:,} 项，请用 Excel 或 WPS 另存为 .xlsx 后再上传")
    file.seek(offset)
    if here and file.read(4) != ENTRY_MARK:
        raise Hostile("文件结构异常，请用 Excel 或 WPS 另存为 .xlsx 后再上传")


def _refuse_overlap(file: BinaryIO, found: Sequence[zipfile.ZipInfo], size: int) -> None:
    end = 0
    for entry in sorted(found, key=lambda entry: entry.header_offset):
        file.seek(entry.header_offset)
        header = file.read(LOCAL_SIZE)
        if entry.header_offset < end or len(header) < LOCAL_SIZE or header[:4] != LOCAL_MARK:
            raise Hostile("文件结构异常：内容互相重叠，请用 Excel 或 WPS 另存为 .xlsx 后再上传")
        name, extra = struct.unpack_from("<2H", header, 26)
        end = entry.header_offset + LOCAL_SIZE + name + extra + entry.compress_size
    if end > size:
        raise Hostile("文件不完整，可能没有传完，请重新上传")
