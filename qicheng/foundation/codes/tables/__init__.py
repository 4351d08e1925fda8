"""Reads the tables beside it, each once and for good: the code in the first column, its name in the second."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

FOLDER = Path(__file__).parent
SPREADSHEET_NUMBER = re.compile(r"(\d+)\.0+")
GAPS = re.compile(r"[\s/、\-—]+")


class Table:
    """One code table; never changes while the process lives.

    Columns with a meaning of their own: `since` and `until` (first and last cohort that a code is offered to),
    `offered` ("0": a code that may be met but is not offered), `also` (other names, with | between
    them), `full_name` (understood like the name).
    """

    def __init__(self, name: str, text: str) -> None:
        header, *lines = (line.split("\t") for line in text.rstrip("\n").split("\n"))
        self.name = name
        self.columns = tuple(header)
        self.version = hashlib.sha256(text.encode()).hexdigest()[:12]
        self._rows: Mapping[str, Mapping[str, str]] = MappingProxyType(
            {cells[0]: MappingProxyType(dict(zip(header, cells, strict=True))) for cells in lines}
        )
        if len(self._rows) != len(lines):
            raise ValueError(f"{name}: a code occurs twice")
        self._labels = MappingProxyType({cells[0]: cells[1] for cells in lines})

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<Table {self.name}: {len(self)} codes>"

    def has(self, code: str) -> bool:
        return code in self._rows

    def row(self, code: str) -> Mapping[str, str]:
        """All columns of a code. KeyError if the table does not know it."""
        return self._rows[code]

    def label(self, code: str) -> str:
        """The Chinese name of a code; a code that the table does not know is its own name."""
        return self._labels.get(code, code)

    def find(self, text: str) -> str | None:
        """The code that a person meant: by code, by name, or by what a spreadsheet made of it ("1", "1.0" for "01").

        None for what is unknown, and for a name that several codes bear.
        """
        if text in self._rows:
            return text
        found = self._meant.get(text)
        return found if found is not None else self._meant.get(_plain(text))

    def known_as(self, code: str) -> str:
        """The name by which a code is understood and offered while typing: the full one where the table has it."""
        row = self._rows.get(code)
        return (row.get("full_name") or self._labels[code]) if row else code

    def search(self, text: str, limit: int = 10) -> list[str]:
        """Codes whose name has the text in it, those that begin with it first; at most `limit`, none for an empty text."""
        wanted = _plain(text)
        if not wanted:
            return []
        found = [(code, name) for code, name in self._spelled if wanted in name]
        found.sort(key=lambda one: (not one[1].startswith(wanted), len(one[1])))
        return [code for code, _ in found[:limit]]

    def choices(self, cohort: int | None = None) -> list[tuple[str, str]]:
        """Code and name of what is offered, in the order of the table; with a cohort, what is valid for it."""
        return [(code, self._labels[code]) for code, row in self._rows.items() if _is_offered(row, cohort)]

    @cached_property
    def _spelled(self) -> tuple[tuple[str, str], ...]:
        return tuple((code, _plain(self.known_as(code))) for code, row in self._rows.items() if _is_offered(row, None))

    @cached_property
    def _meant(self) -> Mapping[str, str]:
        written: dict[str, set[str]] = {}
        for code, row in self._rows.items():
            others = row.get("also", "").split("|")
            for name in {self._labels[code], row.get("full_name", ""), *others} - {""}:
                written.setdefault(_plain(name), set()).add(code)
        meant = {name: codes.pop() for name, codes in written.items() if len(codes) == 1}
        shortened: dict[str, set[str]] = {}
        for code in self._rows:
            meant[_plain(code)] = code
            if code.isdigit():
                shortened.setdefault(str(int(code)), set()).add(code)
        for short, codes in shortened.items():
            if len(codes) == 1:
                meant.setdefault(short, codes.pop())
        return MappingProxyType(meant)


def _is_offered(row: Mapping[str, str], cohort: int | None) -> bool:
    if row.get("offered") == "0":
        return False
    since, until = row.get("since"), row.get("until")
    return cohort is None or ((not since or int(since) <= cohort) and (not until or cohort <= int(until)))


def _plain(text: str) -> str:
    """Width, case, gaps and a spreadsheet's decimal point taken away, so that two spellings of one thing are equal."""
    plain = GAPS.sub("", unicodedata.normalize("NFKC", text)).upper()
    number = SPREADSHEET_NUMBER.fullmatch(plain)
    return str(int(number[1])) if number else plain


@cache
def table(name: str) -> Table:
    """The table of that name. KeyError if there is none."""
    if name not in names():
        raise KeyError(name)
    return Table(name, (FOLDER / f"{name}.tsv").read_text(encoding="utf-8"))


@cache
def names() -> frozenset[str]:
    """The names of all tables."""
    return frozenset(path.stem for path in FOLDER.glob("*.tsv"))


def tier(education_level: str) -> str:
    """'undergraduate' or 'postgraduate', from the table of education levels. KeyError for an unknown level."""
    return table("education_levels").row(education_level)["tier"]


def may_sign_online(training_mode: str) -> bool:
    """Whether a graduate of this training mode signs online (ROS-06); an unknown mode may not."""
    modes = table("training_modes")
    return modes.has(training_mode) and modes.row(training_mode)["may_sign_online"] == "1"
