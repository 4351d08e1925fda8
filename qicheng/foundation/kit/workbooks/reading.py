"""Reads .xlsx, .xls and .csv, told apart by content, as rows of clean text; says in words why it takes nothing else."""

import codecs
import contextlib
import csv
import io
import itertools
import json
import marshal
import os
import queue
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from qicheng.foundation.kit.workbooks import archives, cells

MB = 1024 * 1024
SAVE_AS = "请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"
OLE_MARK = bytes.fromhex("D0CF11E0A1B11AE1")
FOREIGN = (
    (b"%PDF", "这是 PDF 文件，不是表格，请上传 .xlsx、.xls 或 .csv 文件"),
    (b"\x89PNG", "这是图片，不是表格，请上传 .xlsx、.xls 或 .csv 文件"),
    (b"\xff\xd8\xff", "这是图片，不是表格，请上传 .xlsx、.xls 或 .csv 文件"),
    (b"GIF8", "这是图片，不是表格，请上传 .xlsx、.xls 或 .csv 文件"),
    (b"Rar!", "这是压缩包，请解压后上传其中的表格"),
    (b"7z\xbc\xaf\x27\x1c", "这是压缩包，请解压后上传其中的表格"),
    (b"\x1f\x8b", "这是压缩包，请解压后上传其中的表格"),
    (b"{\\rtf", f"这是文档，不是表格，{SAVE_AS}"),
)
NOT_A_TABLE = "文件不是表格，请上传 .xlsx、.xls 或 .csv 文件"
ENCODINGS = ("utf-8", "gb18030")
NEVER_IN_TEXT = frozenset(map(chr, range(0x20))) - frozenset("\t\n\v\f\r\x1a")
# What is read ahead at most: so many blocks of so many rows.
AHEAD, AT_ONCE = 40, 500


class Unreadable(ValueError):
    """A file that cannot be taken; the text says in Chinese why, and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken: sizes in bytes, `cell` and `text` in characters, `seconds` of CPU, rows with the headings."""

    size: int = 50 * MB
    entries: int = 2_000
    unpacked: int = 400 * MB
    ratio: int = 100
    rows: int = 150_000
    columns: int = 200
    cell: int = 32_767
    text: int = 200_000_000
    memory: int = 2_048 * MB
    seconds: int = 120


LIMITS = Limits()


def rows(source: Path | bytes | BinaryIO, limits: Limits = LIMITS, sheet: str = "") -> Generator[list[str], None, None]:
    """The rows of the first visible sheet, or of the named one, each a list of clean text (`cells.clean`).

    A blank line gives a row of "", so that the n-th row is line n; blank lines at the end are left out; a row of a CSV
    file is filled up to the width of the first. Nothing is read before the first row is asked for. Raises Unreadable,
    also in the middle.
    """
    with _opened(source, limits) as (file, size):
        is_text = _kind(file, size, limits) == "csv"
        found = _csv_rows(file, limits) if is_text else _workbook_rows(file, sheet, limits)
        blank = width = 0
        with closing(found):
            for row in found:
                if not any(row):
                    blank, width = blank + 1, len(row)
                    continue
                yield from ([""] * width for _ in range(blank))
                blank = 0
                yield row


def ahead(found: Generator[list[str], None, None]) -> Iterator[list[str]]:
    """The same rows, read on by a thread of their own while whoever takes them is at work."""
    blocks: queue.Queue[list[list[str]] | BaseException | None] = queue.Queue(AHEAD)
    wanted = threading.Event()
    wanted.set()

    def hand_over(block: list[list[str]] | BaseException | None) -> None:
        while wanted.is_set():
            with contextlib.suppress(queue.Full):
                blocks.put(block, timeout=0.2)
                return

    def read() -> None:
        try:
            while wanted.is_set() and (block := list(itertools.islice(found, AT_ONCE))):
                hand_over(block)
            hand_over(None)
        except BaseException as why:  # noqa: BLE001 -- raised again where the rows are used
            hand_over(why)
        finally:
            found.close()

    reader = threading.Thread(target=read, name="reads ahead", daemon=True)
    reader.start()
    try:
        while (block := blocks.get()) is not None:
            if isinstance(block, BaseException):
                raise block
            yield from block
    finally:
        wanted.clear()
        reader.join()


def kind_of(source: Path | bytes | BinaryIO, limits: Limits = LIMITS) -> str:
    """'xlsx', 'xls' or 'csv', judged by content and never by name. Raises Unreadable for anything else."""
    with _opened(source, limits) as (file, size):
        return _kind(file, size, limits)


@contextmanager
def _opened(source: Path | bytes | BinaryIO, limits: Limits) -> Iterator[tuple[BinaryIO, int]]:
    """A real file, since another process reads it, and its size."""
    with source.open("rb") if isinstance(source, Path) else tempfile.TemporaryFile() as file:
        if not isinstance(source, Path):
            stream = io.BytesIO(source) if isinstance(source, bytes) else source
            stream.seek(0)
            while (block := stream.read(MB)) and file.tell() <= limits.size:
                file.write(block)
            file.flush()
        size = file.seek(0, io.SEEK_END)
        if size > limits.size:
            raise Unreadable(f"文件超过 {limits.size // MB} MB，请分批上传")
        if not size:
            raise Unreadable("文件是空的，请核对后重新上传")
        yield cast("BinaryIO", file), size


def _kind(file: BinaryIO, size: int, limits: Limits) -> str:
    file.seek(0)
    head = file.read(4096)
    if head.startswith((archives.LOCAL_MARK, archives.END_MARK)):
        return _kind_of_archive(file, size, limits)
    if head.startswith(OLE_MARK):
        return _kind_of_compound(file)
    for mark, why in FOREIGN:
        if head.startswith(mark):
            raise Unreadable(why)
    if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<"):
        raise Unreadable(f"这是网页或 XML 格式的表格，{SAVE_AS}")
    _encoding(file)
    return "csv"


def _kind_of_archive(file: BinaryIO, size: int, limits: Limits) -> str:
    try:
        found = archives.entries(file, size, most=limits.entries, unpacked=limits.unpacked, ratio=limits.ratio)
    except archives.Hostile as why:
        raise Unreadable(str(why)) from None
    names = {entry.filename.lower() for entry in found}
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names or "content.xml" in names:
        raise Unreadable(f"这种表格格式不受支持，{SAVE_AS}")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise Unreadable(f"这是文档，不是表格，{SAVE_AS}")
    raise Unreadable("这是压缩包，请解压后上传其中的表格")


def _kind_of_compound(file: BinaryIO) -> str:
    file.seek(0)
    content = file.read()
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Unreadable("文件设有打开密码，请取消密码后重新上传")
    if any(name.encode("utf-16-le") in content for name in ("Workbook", "Book\0")):
        return "xls"
    raise Unreadable(NOT_A_TABLE)


def _workbook_rows(file: BinaryIO, sheet: str, limits: Limits) -> Generator[list[str], None, None]:
    # The other process shares the position in the file, which seek() need not move within its buffer.
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    reader = subprocess.Popen(  # noqa: S603 -- our own program; the arguments are a sheet's name and numbers
        [sys.executable, "-I", cells.__file__, sheet, json.dumps(asdict(limits))],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    pipe = cast("IO[bytes]", reader.stdout)
    try:
        while True:
            try:
                (length,) = cells.LENGTH.unpack(pipe.read(cells.LENGTH.size))
                word, content = marshal.loads(pipe.read(length))  # noqa: S302 -- our own program wrote it
            except (struct.error, EOFError, ValueError, TypeError):
                raise Unreadable(f"表格的内容过大或已损坏，无法读取，{SAVE_AS}") from None
            if word == "refused":
                raise Unreadable(content)
            if word == "end":
                return
            yield from content
    finally:
        reader.kill()
        pipe.close()
        reader.wait()


def _csv_rows(file: BinaryIO, limits: Limits) -> Generator[list[str], None, None]:
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        first = next((line for line in text if line.strip()), "")
        file.seek(0)
        text.detach()
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
        delimiter = max(",\t;", key=first.count)
        read = csv.reader(itertools.takewhile(lambda line: line != "\x1a", text), delimiter=delimiter)
        width = size = 0
        for line, values in enumerate(read, 1):
            if line > limits.rows:
                raise Unreadable(f"表格超过 {limits.rows:,} 行，请分批上传")
            row = cells.clean_exported(values)
            if len(row) > limits.columns:
                raise Unreadable(f"第 {line:,} 行有 {len(row):,} 列，最多 {limits.columns:,} 列，请核对分隔符")
            length = sum(map(len, row))
            if length > limits.cell and max(map(len, row)) > limits.cell:
                raise Unreadable(f"第 {line:,} 行有单元格超过 {limits.cell:,} 个字符，请核对引号是否成对")
            size += length
            if size > limits.text:
                raise Unreadable("表格的文字总量过大，请分批上传")
            width = width or len(row)
            yield row if len(row) >= width else row + [""] * (width - len(row))
    except csv.Error:
        raise Unreadable("CSV 文件的引号不成对或单元格过长，请核对，或另存为 .xlsx 后上传") from None
    finally:
        text.detach()


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(4)
    if head.startswith(codecs.BOM_UTF8):
        return _proved(file, "utf-8-sig") or _refuse_encoding()
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _proved(file, "utf-16") or _refuse_encoding()
    for encoding in ENCODINGS:
        if _proved(file, encoding):
            return encoding
    return _refuse_encoding()


def _refuse_encoding() -> str:
    raise Unreadable(f"文件不是表格，或文字编码无法识别，{SAVE_AS}")


def _proved(file: BinaryIO, encoding: str) -> str | None:
    """The encoding, if every byte of the file is text in it."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while block := file.read(MB):
            text = decoder.decode(block)
            if not NEVER_IN_TEXT.isdisjoint(text):
                raise Unreadable(NOT_A_TABLE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return encoding
