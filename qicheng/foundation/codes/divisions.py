"""Administrative divisions (GB/T 2260): who lies below whom, and the full name of each, retired ones too."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from qicheng.foundation.codes.tables import table


def children(code: str = "") -> Sequence[tuple[str, str]]:
    """Code and name of the divisions right below; without a code, the provinces; nothing below a county."""
    return _below().get(code, ())


def full_name(code: str) -> str:
    """「江苏省苏州市昆山市」; a retired code is put together from those above it, an unknown one is its own name."""
    current = table("admin_divisions")
    if current.has(code):
        return current.row(code)["full_name"]
    if not table("admin_divisions_retired").has(code):
        return code
    chain = dict.fromkeys((f"{code[:2]}0000", f"{code[:4]}00", code))
    return "".join(label(part) for part in chain if is_known(part))


def label(code: str) -> str:
    """The short name of a current or retired division; an unknown code is its own name."""
    current = table("admin_divisions")
    return current.label(code) if current.has(code) else table("admin_divisions_retired").label(code)


def is_known(code: str) -> bool:
    """Whether the code stands for a place now or did at some time since 1980."""
    return table("admin_divisions").has(code) or table("admin_divisions_retired").has(code)


def find(text: str) -> str | None:
    """The code that a person meant, current ones first: code, full name, or a name that only one place bears."""
    found = table("admin_divisions").find(text)
    return found if found is not None else table("admin_divisions_retired").find(text)


@cache
def _below() -> Mapping[str, Sequence[tuple[str, str]]]:
    below: dict[str, list[tuple[str, str]]] = {}
    current = table("admin_divisions")
    for code in current:
        below.setdefault(current.row(code)["parent_code"], []).append((code, current.label(code)))
    return MappingProxyType({parent: tuple(found) for parent, found in below.items()})
