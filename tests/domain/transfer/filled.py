"""Files of records as schools fill them in, and what becomes of them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from qicheng.domain.transfer import imports
from qicheng.domain.transfer.imports.columns import headings
from qicheng.domain.transfer.models import FAULTS, RECORDS, UPLOADS
from qicheng.foundation.access import Area, Role
from qicheng.foundation.kit.workbooks import write
from tests.world import CHANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qicheng.domain.roster.models import Graduate
    from qicheng.domain.transfer.models import RecordUpload
    from qicheng.foundation.access import Actor
    from tests.world import World

__all__ = ["RECORDS", "UPLOADS"]
PARTS = ("new", "changed", "unchanged", "blank", "refused", "missing")


def line(graduate: Graduate, area: Area = Area.ARCHIVE, **values: str) -> dict[str, str]:
    """A line about a graduate under the area's headings: CHANGE, or what `values` says otherwise, by keys."""
    filled = CHANGE | {
        "kind": "托管单位接收",
        "region": "北京市海淀区",
        "exam_number": graduate.exam_number,
        "name": graduate.name,
    }
    return {label: str((filled | values)[key]) for key, label in headings(area).items()}


def blank(graduate: Graduate, area: Area = Area.ARCHIVE) -> dict[str, str]:
    """A line with nothing but the graduate."""
    return line(graduate, area, **dict.fromkeys(CHANGE, ""))


def table(lines: Sequence[dict[str, str]]) -> list[list[str]]:
    return [list(lines[0]), *[list(one.values()) for one in lines]]


def text(rows: Sequence[Sequence[Any]], encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    return write([str(cell) for cell in rows[0]], rows[1:])


def uploaded(
    world: World,
    lines: Sequence[dict[str, str]] | bytes,
    area: Area = Area.ARCHIVE,
    actor: Actor | None = None,
    *,
    read: bool = True,
) -> RecordUpload:
    """The upload of these lines by the school, or by `actor`, read and checked."""
    content = lines if isinstance(lines, bytes) else text(table(lines))
    upload = imports.receive(area, actor or world.actor(Role.SCHOOL), world.cohort, "档案信息.csv", [content])
    if read:
        imports.read_upload(area.value, upload.pk)
        upload.refresh_from_db()
    return upload


def applied(upload: RecordUpload, actor: Actor) -> RecordUpload:
    """The same, and its good lines written."""
    imports.request_writing(upload, actor)
    imports.apply_upload(upload.AREA.value, upload.pk)
    upload.refresh_from_db()
    return upload


def written(
    world: World, lines: Sequence[dict[str, str]] | bytes, area: Area = Area.ARCHIVE, actor: Actor | None = None
) -> RecordUpload:
    upload = uploaded(world, lines, area, actor)
    return applied(upload, actor or world.actor(Role.SCHOOL))


def counts(upload: RecordUpload) -> tuple[int, ...]:
    """(new, changed, unchanged, blank, refused, missing) of a preview."""
    return tuple(upload.counts[key] for key in PARTS)


def reasons(upload: RecordUpload) -> list[tuple[int, str, str]]:
    """(line, place, reason) of everything that is wrong, by line."""
    rows = FAULTS[upload.AREA].all_rows.filter(upload=upload.pk)
    return list(rows.order_by("line", "place", "id").values_list("line", "place", "reason"))
