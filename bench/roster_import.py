"""Budgets 5 and 6: a roster of 100,000 lines and 30 columns from .xlsx to applied, against reading it and against bare COPY."""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINES = 100_000
# bulk_create is so much slower that a part of the lines has to do.
PART = 5
ROUNDS = 3
COHORT = 2026
HEADINGS = [
    "考生号",
    "身份证号",
    "姓名",
    "性别代码",
    "民族代码",
    "民族",
    "政治面貌代码",
    "院校代码",
    "院校名称",
    "学历代码",
    "专业代码",
    "专业",
    "培养方式代码",
    "培养方式",
    "生源所在地代码",
    "生源所在地",
    "城乡生源",
    "学制",
    "入学时间",
    "毕业时间",
    "师范生类别代码",
    "困难生类别代码",
    "所在院系",
    "所在班级",
    "学号",
    "出生日期",
    "户口是否转入学校",
    "手机号码",
    "电子邮箱",
    "毕业年份",
]


def lines(number: int, school: tuple[str, str]) -> list[list[str]]:
    """Lines of a roster as a school would upload it: valid, in 20 colleges."""
    from qicheng.foundation.codes import table
    from qicheng.foundation.kit.identity import id_check_digit

    chance = random.Random(7)
    divisions = [code for code in table("admin_divisions") if table("admin_divisions").row(code)["level"] == "county"]
    nations = list(table("ethnic_groups"))
    made = []
    for n in range(number):
        day = f"{2001 + n % 4}{n // 7 % 12 + 1:02d}{n // 3 % 28 + 1:02d}"
        digits = f"{divisions[n % 2500]}{day}{n % 1000:03d}"
        origin, nation = chance.choice(divisions), chance.choice(nations)
        made.append([
            f"221101{n:08d}", digits + id_check_digit(digits), f"陈{chr(0x4E00 + n % 5000)}{chr(0x5000 + n // 5000)}",
            "1" if int(digits[16]) % 2 else "2", nation, table("ethnic_groups").label(nation), "03", *school, "31", "080901",
            "计算机科学与技术", "1", "非定向", origin, table("admin_divisions").row(origin)["full_name"], "城镇", "4", "202209", "202607",
            "2", "0", f"第{n % 20 + 1}学院", f"{n % 20}班", f"2022{n:06d}", day, "0", f"138{n:08d}", f"s{n}@example.cn", str(COHORT),
        ])  # fmt: skip
    return made


@contextmanager
def database() -> Iterator[None]:
    """DATABASE_URL where it is given (a migrated database that may be written to), else an embedded server of its own."""
    os.environ.setdefault("QICHENG_SECRET_KEY", "only-for-the-bench-" + "0" * 40)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qicheng.interfaces.web.settings")
    with tempfile.TemporaryDirectory(prefix="qicheng-bench-") as folder:
        os.environ["QICHENG_FILES"] = folder
        if "DATABASE_URL" in os.environ:
            yield from _ready()
            return
        from qicheng.interfaces.command.postgres import Postgres

        server = Postgres(Path(folder) / "postgres", settings={"shared_buffers": "512MB", "max_wal_size": "4GB"})
        server.start()
        try:
            server.create_database("bench")
            os.environ["DATABASE_URL"] = server.url("bench", Postgres.OWNER)
            yield from _ready(migrate=True)
        finally:
            server.erase()


def _ready(*, migrate: bool = False) -> Iterator[None]:
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    if migrate:
        call_command("migrate", verbosity=0)
    yield
    connections.close_all()


def taken(work: Callable[[], object]) -> float:
    """Seconds of wall time of a piece of work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Bench:
    """A school with nothing on its roster, the file, and the ways to load it."""

    def __init__(self, number: int) -> None:
        from django.conf import settings

        from qicheng.domain.orgs.models import Account, College, Province, School, Seat
        from qicheng.foundation.access import Area, Level, Role
        from qicheng.foundation.kit import workbooks

        province = Province.objects.create(code="320000", name="江苏省")
        self.school = School.objects.create(province=province, code="10284", name="江临大学")
        for n in range(20):
            College.objects.create(school=self.school, name=f"第{n + 1}学院")
        account = Account.objects.create(login="bench", name="王敏", password="!")
        seat = Seat.objects.create(
            account=account, role=Role.SCHOOL, node=self.school.pk, **{a.value: Level.WRITE for a in Area}
        )
        self.actor = seat.actor(name="王敏", unit="江临大学")
        self.lines = lines(number, (self.school.code, self.school.name))
        self.file = Path(settings.QICHENG_FILES) / "roster.xlsx"
        workbooks.write(HEADINGS, self.lines, self.file)

    def empty(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            # This database is thrown away: what may never be emptied is emptied here.
            cursor.execute(
                "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text ~ '^(registration|transfer|campus)_'"
            )
            for (table,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute("TRUNCATE roster_graduate, roster_employmentrecord, roster_uploadline CASCADE")

    def read(self) -> None:
        """Merely reading the file: calamine, every cell."""
        from python_calamine import CalamineWorkbook

        for _ in CalamineWorkbook.from_path(str(self.file)).get_sheet_by_index(0).iter_rows():
            pass

    def upload(self) -> Any:
        from qicheng.domain.roster.imports import receive
        from qicheng.domain.roster.models import Upload

        Upload.all_rows.exclude(state="applied").update(state="dropped")
        return receive(self.actor, COHORT, "roster.xlsx", [self.file.read_bytes()])

    def from_file(self) -> None:
        """The product's way, as the worker goes it."""
        from qicheng.domain.roster.imports import apply_upload, read_upload, request_writing

        upload = self.upload()
        read_upload(upload.pk)
        upload.refresh_from_db()
        request_writing(upload, self.actor)
        apply_upload(upload.pk)
        upload.refresh_from_db()
        assert (upload.state, upload.counts["written"]["added"]) == ("applied", len(self.lines)), upload.counts

    def from_rows(self) -> Callable[[], None]:
        """The same from rows that were read already."""
        from qicheng.domain.roster.imports import apply_upload, request_writing, stage
        from qicheng.domain.roster.imports.jobs import check

        upload = self.upload()
        rows = [list(HEADINGS), *[list(line) for line in self.lines]]

        def work() -> None:
            upload.total = stage.fill_from(upload, rows)
            check(upload)
            request_writing(upload, self.actor)
            apply_upload(upload.pk)
            upload.refresh_from_db()
            assert (upload.state, upload.counts["written"]["added"]) == ("applied", len(self.lines)), upload.counts

        return work

    def prepared(self) -> tuple[str, bytes]:
        """COPY's text of what the import wrote, and its statement."""
        from django.db import connection
        from psycopg import Cursor

        columns = """public_id, school_id, cohort, exam_number, id_number, name, sex, nation, political_status, level, tier, major_code, major,
            major_direction, training_mode, directed_unit, origin, urban_rural, study_years, entered_on, graduates_on, normal_student,
            hardship, class_name, student_number, birth_date, archive_moved, household_moved, phone, email, study_form, extra, revision,
            college_id"""
        with (
            Cursor(connection.connection) as cursor,
            cursor.copy(f"COPY (SELECT {columns} FROM roster_graduate) TO STDOUT") as copy,
        ):
            return f"COPY roster_graduate ({columns}) FROM STDIN", b"".join(bytes(block) for block in copy)

    def bare_copy(self, statement: str, text: bytes) -> None:
        """COPY of prepared text straight into the table, with its keys, indexes and references."""
        from django.db import connection
        from psycopg import Cursor

        with Cursor(connection.connection) as cursor, cursor.copy(statement) as copy:
            for start in range(0, len(text), 1 << 20):
                copy.write(text[start : start + (1 << 20)])

    def bulk_create(self) -> None:
        """Django's bulk_create, 1000 a batch, of values that need no check."""
        from qicheng.domain.orgs.models import College
        from qicheng.domain.roster.models import Graduate

        colleges = dict(College.objects.filter(school=self.school).values_list("name", "pk"))
        Graduate.all_rows.bulk_create(
            (
                Graduate(
                    cohort=COHORT, school_id=self.school.pk, college_id=colleges[row[22]], exam_number=row[0], id_number=row[1], name=row[2],
                    sex=row[3], nation=row[4], political_status=row[6], level=row[9], tier="undergraduate", major_code=row[10],
                    major=row[11], training_mode=row[12], origin=row[14], urban_rural="x_urban", study_years=row[17],
                    entered_on=row[18], graduates_on=row[19], normal_student=row[20], hardship=row[21], class_name=row[23],
                    student_number=row[24], birth_date=row[25], household_moved=False, phone=row[27], email=row[28],
                )
                for row in self.lines[::PART]
            ),
            batch_size=1000,
        )  # fmt: skip


def measure(number: int = LINES, rounds: int = ROUNDS) -> dict[str, Any]:
    """Medians in seconds, and the ratios of budgets 5 (at most 2.5) and 6 (at least 0.25 and 4)."""
    with database():
        bench = Bench(number)
        found: dict[str, list[float]] = {}

        def add(name: str, work: Callable[[], object]) -> None:
            found.setdefault(name, []).append(taken(work))

        for turn in range(rounds):
            add("read", bench.read)
            bench.empty()
            add("from_file", bench.from_file)
            prepared = bench.prepared()
            bench.empty()
            add("from_rows", bench.from_rows())
            bench.empty()
            add("bare_copy", lambda: bench.bare_copy(*prepared))  # noqa: B023 -- called at once
            if not turn:
                bench.empty()
                add("bulk_create", bench.bulk_create)
        seconds = {name: statistics.median(values) for name, values in found.items()}
        seconds["bulk_create"] *= PART
    return {
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "import_to_read": round(seconds["from_file"] / seconds["read"], 2),
        "rows_to_copy": round(seconds["bare_copy"] / seconds["from_rows"], 3),
        "rows_to_bulk_create": round(seconds["bulk_create"] / seconds["from_rows"], 2),
    }


if __name__ == "__main__":
    print(json.dumps(measure(*map(int, sys.argv[1:])), indent=2))
