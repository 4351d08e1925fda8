"""What is asked of whoever authorises and of whoever verifies, and what a verified report shows (VER)."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from qicheng.foundation.kit import masks
from qicheng.foundation.sheets import Field, Sheet

from .reports import blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

LEAST_DAYS, MOST_DAYS = 30, 180
# Whether the verifier has the paper or not, it does not need these to compare: an address may be somebody's home.
KEPT_BACK = ("archive_address", "archive_postcode", "household_address")
DOTS = str.maketrans(dict.fromkeys("•‧・．。.･∙●", "·"))


AUTHORISATION = Sheet(
    "Authorisation",
    (
        Field(
            "days",
            "授权期限",
            "whole",
            unit="天",
            low=LEAST_DAYS,
            high=MOST_DAYS,
            hint="30 到 180 天，从今天算起；随时可以结束",
        ),
    ),
)


def shown(kind: str, said: Mapping[str, str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(heading, lines) of a report as a verifier sees it: the order of the paper, the name masked, addresses kept back."""
    open_to_all = {key: words for key, words in said.items() if key not in KEPT_BACK}
    return blocks(kind, open_to_all | {"name": masks.name(said.get("name", ""))})


def plain_name(typed: str) -> str:
    """A name as it is compared: one kind of dot, no gaps, no full-width letters."""
    return "".join(unicodedata.normalize("NFKC", typed).translate(DOTS).split()).upper()
