"""Budget 18: a list of 100,000 people from the database to a workbook, against XlsxWriter in constant memory; and the memory it takes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.figures import ROUNDS, Figure, against

LINES = 100_000


def measure(number: int = LINES, rounds: int = ROUNDS) -> list[Figure]:
    """Rows a second of both ways over the same list and the same columns, in turns; the memory above an idle worker's."""
    from bench.roster_import import COHORT, Bench, database, taken

    with database():
        bench = Bench(number)
        bench.from_file()
        from django.conf import settings
        from django.utils import timezone

        from qicheng.domain.orgs.models import Seat
        from qicheng.domain.roster import listings
        from qicheng.foundation.access import Role
        from qicheng.foundation.listing import exports
        from qicheng.foundation.papers.models import Export

        seat = Seat.objects.get(role=Role.SCHOOL)
        listing, folder = listings.roster(), Path(settings.QICHENG_FILES)

        def ours() -> None:
            row = Export.objects.create(
                account=seat.account_id, role=seat.role, node=seat.node, by="王敏", unit="江临大学", room="roster", listing="roster",
                label=listing.label, cohort=COHORT, purpose="就业统计",
            )  # fmt: skip
            exports.make(row.pk)
            row.refresh_from_db()
            assert (row.state, row.done) == ("ready", number), (row.state, row.reason)
            Export.objects.filter(pk=row.pk).update(made_at=timezone.now() - timedelta(days=2))

        def theirs() -> None:
            stock(listing, bench.actor, COHORT, folder / "stock.xlsx")

        measured: dict[str, list[float]] = {"ours": [], "theirs": []}
        for _ in range(rounds):
            measured["ours"].append(number / taken(ours))
            measured["theirs"].append(number / taken(theirs))
        used = memory(COHORT)
    return [
        against(18, "export of a list from the database, rows a second, against XlsxWriter in constant memory", "/s",
                measured["ours"], measured["theirs"], 4, at_least=True),
        Figure(18, "memory of an export of 100,000 rows, above the idle process", used, "MB", 100, at_least=False),
    ]  # fmt: skip


def stock(listing: Any, actor: Any, cohort: int, target: Path) -> None:
    """The usual way: the ORM's objects of the list's own columns, one after the other, written by XlsxWriter in constant memory."""
    import xlsxwriter

    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation import codes
    from qicheng.foundation.kit import masks

    levels, modes = codes.table("education_levels"), codes.table("training_modes")
    book = xlsxwriter.Workbook(
        str(target), {"constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False}
    )
    page = book.add_worksheet()
    page.write_row(0, 0, listing.headings)
    rows = Graduate.objects.seen_by(actor).filter(cohort=cohort, removed_at=None).select_related("college", "school")
    for place, one in enumerate(rows.order_by("exam_number").iterator(chunk_size=2000), 1):
        confirmed = "已核对" if one.confirmed_revision == one.revision else "还没有核对"
        cells = (
            one.name, one.exam_number, one.student_number, masks.id_number(one.id_number), one.college.name, levels.label(one.level),
            one.major, modes.label(one.training_mode), "", confirmed, one.school.name,
        )  # fmt: skip
        for column, cell in enumerate(cells):
            page.write_string(place, column, cell)
    book.close()


MEMORY = """
import django, sys
django.setup()
from datetime import timedelta
from django.utils import timezone
from qicheng.domain.orgs.models import Seat
from qicheng.foundation.listing import exports
from qicheng.foundation.papers.models import Export
seat = Seat.objects.get(role="school")
row = Export.objects.create(account=seat.account_id, role=seat.role, node=seat.node, by="王敏", unit="江临大学", room="roster",
    listing="roster", label="学生名单", cohort=int(sys.argv[1]), purpose="就业统计")
def used(): return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024
before = used()
exports.make(row.pk)
row.refresh_from_db()
assert row.state == "ready", row.reason
Export.objects.filter(pk=row.pk).update(made_at=timezone.now() - timedelta(days=2))
print(used() - before)
"""


def memory(cohort: int) -> float:
    """Megabytes at the height of an export in a process of its own, beyond those of that process before."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(cohort)], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


if __name__ == "__main__":
    for figure in measure():
        print(figure.cells)
