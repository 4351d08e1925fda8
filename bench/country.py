"""The country that the pages are measured in: a million graduates and their registrations on an embedded server, kept in var/bench.

`Land` is what every such database has, `Country` the one of `make bench`; `ground()` is the one that is being measured.

250 schools of ten colleges with 400 graduates each, two levels of review, one reviewer with an open session for every school and
every college. A registration has the number of its graduate, so whatever belongs together is found by arithmetic.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from qicheng.interfaces.command.postgres import MEGABYTE, Postgres, memory

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path("var/bench").absolute()
DATABASE = "country"
PROVINCES, SCHOOLS, COLLEGES, GRADUATES = 10, 250, 2_500, 1_000_000
EMPLOYERS = 20_000
PER_SCHOOL, PER_COLLEGE = GRADUATES // SCHOOLS, GRADUATES // COLLEGES
# Every eighth registration waits for its college.
WAITING_STEP = 8
WAITING = GRADUATES // WAITING_STEP
STRIDE = (
    48_611  # has no divisor in common with WAITING: steps of it visit every waiting case once, all over the country
)
YEAR = time.localtime().tm_year
# A graduate with a log-in and an invitation that waits for an answer.
PHONED = 6

SPEED = {
    "max_connections": "60", "max_wal_size": "8GB", "checkpoint_timeout": "30min", "checkpoint_completion_target": "0.9",
    "maintenance_work_mem": "512MB", "autovacuum": "off", "parallel_setup_cost": "50000",
}  # fmt: skip

TERMS = {
    "job_category": "13", "post": "数据分析师", "work_place": "北京市西城区", "probation": "3个月", "probation_pay": "6400 元/月",
    "pay": "8000 元/月", "penalty": "", "report_place": "", "report_by": None, "archive_type": "x_trustee",
    "archive_receiver": "北京市西城区人才服务中心", "archive_address": "北京市西城区西直门外大街56号", "archive_contact": "",
    "archive_phone": "", "archive_postcode": "100056", "household_type": "x_home", "household_address": "", "extra_terms": "",
}  # fmt: skip

NAME = """(ARRAY['王','李','张','刘','陈','杨','赵','黄','周','吴','徐','孙','胡','朱','高','林','何','郭','马','罗'])[1 + {g} %% 20]
    || (ARRAY['嘉禾','知夏','书言','一诺','思远','子涵','雨桐','浩然','欣怡','梓萱','俊杰','若溪','景行'])[1 + {g} / 20 %% 13]"""

PLACES = """
INSERT INTO orgs_cohort (year, edition) VALUES (%(year)s, '2024');
INSERT INTO orgs_province (id, code, name) SELECT p, 900000 + p, '第' || p || '省' FROM generate_series(1, %(provinces)s) p;
INSERT INTO orgs_opening (province_id, cohort, module, is_open) SELECT p, %(year)s, 'signing', true FROM generate_series(1, %(provinces)s) p;
INSERT INTO orgs_provincesettings (province_id, cohort, agreement_form)
    SELECT p, %(year)s, 'three_party' FROM generate_series(1, %(provinces)s) p;
INSERT INTO orgs_school (id, province_id, code, name)
    SELECT s, 1 + s %% %(provinces)s, 10000 + s, '江临第' || s || '大学' FROM generate_series(1, %(schools)s) s;
INSERT INTO orgs_college (id, school_id, name)
    SELECT c, 1 + (c - 1) / %(each)s, '第' || 1 + (c - 1) %% %(each)s || '学院' FROM generate_series(1, %(colleges)s) c;
INSERT INTO orgs_signingsettings (school_id, cohort, online_signing, supplementary, destination, review_mode, dissolution_limit,
        version, submitted_at)
    SELECT s, %(year)s, true, true, true, 'college_then_school', 3, 1, now() FROM generate_series(1, %(schools)s) s;
INSERT INTO orgs_handler (school_id, cohort, tier, name, phone, address, postcode)
    SELECT s, %(year)s, 'all', '钱老师', '010-62750000', '江临市学府路1号', '100871' FROM generate_series(1, %(schools)s) s;
INSERT INTO orgs_employer (id, public_id, credit_code, name, nature, industry, area, address, contact, phone, mobile, email, is_verified)
    SELECT e, gen_random_uuid(), '91110108' || lpad(e::text, 10, '0'), '云岭第' || e || '科技有限公司', '39', '34', '110102',
        '西直门外大街18号楼3层', '李经理', '010-11111111', '13111111111', 'hr@example.com', true
    FROM generate_series(1, %(employers)s) e;
INSERT INTO orgs_account (id, password, login, name, email, must_change_password)
    SELECT a, '!', 'reviewer' || a, '审核员' || a, '', false FROM generate_series(1, %(schools)s + %(colleges)s) a;
INSERT INTO orgs_seat (id, account_id, role, node, employment, archive, household, tier, is_administrator)
    SELECT a, a, CASE WHEN a <= %(schools)s THEN 'school' ELSE 'college' END,
        CASE WHEN a <= %(schools)s THEN a ELSE a - %(schools)s END, 2, 2, 2, 'all', false
    FROM generate_series(1, %(schools)s + %(colleges)s) a;
INSERT INTO orgs_session (token_hash, account_id, seat_id, cohort, expires_at, origin, browser)
    SELECT sha256(convert_to(role || '-' || node, 'UTF8')), account_id, id, NULL, now() + interval '10 years', '', '' FROM orgs_seat;
"""

# The columns that every graduate has alike are in the document that a registration froze, too.
PEOPLE = f"""
INSERT INTO roster_graduate (id, public_id, cohort, school_id, college_id, exam_number, id_number, name, sex, nation, political_status,
        level, tier, major_code, major, major_direction, training_mode, directed_unit, origin, urban_rural, study_years, entered_on,
        graduates_on, normal_student, hardship, class_name, student_number, birth_date, phone, email, study_form, extra, revision,
        confirmed_revision, confirmed_at)
    SELECT g, ('10000000-0000-4000-8000-' || lpad(g::text, 12, '0'))::uuid, %(year)s, 1 + (g - 1) / {PER_SCHOOL},
        1 + (g - 1) / {PER_COLLEGE}, '26' || lpad(g::text, 12, '0'), '1101012003' || lpad(g::text, 7, '0') || 'X', {NAME.format(g="g")},
        1 + g %% 2, '01', '03', '31', 'undergraduate', '080901', '计算机科学与技术', '', '10', '', '110102', '', '4', '202209',
        '202606', '1', '0', '一班', lpad(g::text, 10, '0'), '20030506', '13' || lpad(g::text, 9, '0'), '', '', '{{}}', 1, 1, now()
    FROM generate_series(%(first)s, %(last)s) g;
"""
CASES = f"""
INSERT INTO registration_registration (id, public_id, flow_name, state, live, version, cohort, begun_at, waiting_since, school_id,
        college_id, tier, graduate_id, employer_id, edition, agreement_form, review_mode, number, employer_name, job_category, post, terms,
        employer_shown, student, sent_at, days_open, deadline, answered_at, effective_at, closed_at)
    SELECT g, ('00000000-0000-4000-8000-' || lpad(g::text, 12, '0'))::uuid, 'online_signing', k.state, k.live, k.version, %(year)s,
        w.began, w.began + interval '1 day', 1 + (g - 1) / {PER_SCHOOL}, 1 + (g - 1) / {PER_COLLEGE}, 'undergraduate', g,
        1 + g %% {EMPLOYERS}, '2024', 'three_party', CASE WHEN k.version > 1 THEN 'college_then_school' ELSE '' END,
        CASE WHEN k.state = 'effective' THEN lpad(g::text, 19, '0') END, '云岭第' || 1 + g %% {EMPLOYERS} || '科技有限公司', '13',
        '数据分析师', %(terms)s::jsonb,
        %(employer)s::jsonb || jsonb_build_object('name', '云岭第' || 1 + g %% {EMPLOYERS} || '科技有限公司'),
        CASE WHEN k.version > 1 THEN jsonb_build_object('exam_number', '26' || lpad(g::text, 12, '0'), 'name', {NAME.format(g="g")},
            'id_number', '1101012003' || lpad(g::text, 7, '0') || 'X', 'school', '江临第' || 1 + (g - 1) / {PER_SCHOOL} || '大学',
            'college', '第' || 1 + (g - 1) / {PER_COLLEGE} %% 10 || '学院') || %(student)s::jsonb ELSE '{{}}' END,
        w.began, 7, w.began + interval '7 days', CASE WHEN k.version > 1 THEN w.began + interval '1 day' END,
        CASE WHEN k.state = 'effective' THEN w.began + interval '3 days' END,
        CASE WHEN k.state IN ('rejected', 'withdrawn') THEN w.began + interval '3 days' END
    FROM generate_series(%(first)s, %(last)s) g
    CROSS JOIN LATERAL (SELECT now() - (g::bigint * 7919 %% 2000000 + 90000) * interval '1 second' AS began) w
    CROSS JOIN LATERAL (SELECT
        (ARRAY['college_review','school_review','effective','effective','effective','effective','invited','rejected'])[1 + g %% 8] AS state,
        g %% 8 < 6 AS live, (ARRAY[2, 3, 4, 4, 4, 4, 1, 3])[1 + g %% 8] AS version) k;
INSERT INTO flow_record (flow, "case", cohort, school_id, act, before, after, version, role, node, name, unit, origin, reason, words,
        internal, changes, at)
    SELECT 'online_signing', '00000000-0000-4000-8000-' || lpad(g::text, 12, '0'), %(year)s, 1 + (g - 1) / {PER_SCHOOL}, 'invite', '',
        'invited', 1, 'employer', 1 + g %% {EMPLOYERS}, '李经理', '云岭科技有限公司', '', '', '', '', '{{}}', now()
    FROM generate_series(%(first)s, %(last)s) g;
INSERT INTO notice_notice (record, flow, "case", act, cohort, role, node, channel, state, attempts, failure, sent_at, read_at)
    SELECT g, 'online_signing', '00000000-0000-4000-8000-' || lpad(g::text, 12, '0'), 'invite', %(year)s, 'graduate', g, 'inbox', 'sent', 0,
        '', now(), now()
    FROM generate_series(%(first)s, %(last)s) g;
"""
PERSON = """
INSERT INTO orgs_account (id, password, login, name, email, must_change_password)
    SELECT 1000000 + id, '!', id_number, name, '', false FROM roster_graduate WHERE id = %(phoned)s;
INSERT INTO orgs_seat (id, account_id, role, node, employment, archive, household, tier, is_administrator)
    VALUES (1000000 + %(phoned)s, 1000000 + %(phoned)s, 'graduate', %(phoned)s, 2, 2, 2, 'all', false);
UPDATE roster_graduate SET account_id = 1000000 + %(phoned)s WHERE id = %(phoned)s;
INSERT INTO orgs_session (token_hash, account_id, seat_id, cohort, expires_at, origin, browser)
    SELECT sha256(convert_to('graduate-' || %(phoned)s, 'UTF8')), account_id, id, NULL, now() + interval '10 years', '', ''
    FROM orgs_seat WHERE role = 'graduate';
"""
EMPLOYER = {
    "credit_code": "911101080000000017", "nature": "39", "industry": "34", "area": "110102", "address": "西直门外大街18号楼3层",
    "contact": "李经理", "phone": "010-11111111", "mobile": "13111111111", "email": "hr@example.com",
}  # fmt: skip
STUDENT = {
    "level": "31", "sex": "1", "nation": "01", "political_status": "03", "training_mode": "10", "origin": "110102", "major": "计算机科学与技术",
    "study_years": "4", "graduates_on": "202606", "student_number": "0000000001", "phone": "13000000000", "email": "", "revision": 1,
}  # fmt: skip


class Land:
    """A database on an embedded server that is filled once and found again: `recipe` is all that its rows are made of."""

    def __init__(self, server: Postgres, database: str) -> None:
        self.server, self.database = server, database

    @property
    def recipe(self) -> str:
        raise NotImplementedError

    def settle(self) -> None:
        """Have the rows in the database: as they were kept, or filled anew where the recipe or the tables are others."""
        mark = self.server.folder / f"{self.database}.txt"
        if not mark.exists() or mark.read_text() != self.recipe or not self._migrated():
            mark.unlink(missing_ok=True)
            self._fill()
            mark.write_text(self.recipe)

    @property
    def environment(self) -> dict[str, str]:
        """What the product needs to run on this land."""
        return os.environ | {
            "DATABASE_URL": self.url(), "QICHENG_SECRET_KEY": "only-for-measuring-" + "0" * 40,
            "QICHENG_FILES": str(self.server.folder / "files"), "QICHENG_STATIC": str(self.server.folder / "static"),
            "DJANGO_SETTINGS_MODULE": "qicheng.interfaces.web.settings", "QICHENG_LOG": "ERROR",
        }  # fmt: skip

    def url(self, role: str = Postgres.APP) -> str:
        return self.server.url(self.database, role)

    @property
    def postmaster(self) -> int:
        assert self.server._process is not None
        return self.server._process.pid

    def scalar(self, sql: str) -> int:
        """One number out of the database."""
        with psycopg.connect(self.url()) as connection:
            return connection.execute(sql).fetchone()[0]  # type: ignore[call-overload,index]

    def owned(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection that may do all, each statement for itself; values are written into the statement's text."""
        return psycopg.connect(
            self.url(Postgres.SUPERUSER), autocommit=True, cursor_factory=psycopg.ClientCursor
        )  # fmt: skip

    def warm(self) -> None:
        """Have in memory what the pages read, as a server has that is up for a while: else whoever comes first pays for the disk."""
        with psycopg.connect(self.url(Postgres.SUPERUSER), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
            connection.execute(
                "SELECT pg_prewarm(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i')"
            )

    def in_django(self, *command: str) -> None:
        """Run one of the product's commands on this land."""
        subprocess.run([sys.executable, "-m", "qicheng", *command], env=self.environment, check=True, stdout=sys.stderr)

    def _migrated(self) -> bool:
        with suppress(subprocess.CalledProcessError):
            self._migrate()
            return True
        return False

    def _migrate(self) -> None:
        subprocess.run(
            [sys.executable, "-m", "qicheng", "migrate", "--quiet"], check=True, stdout=sys.stderr,
            env=self.environment | {"DATABASE_OWNER_URL": self.url(Postgres.OWNER)},
        )  # fmt: skip

    def _fill(self) -> None:
        began = time.monotonic()
        print(f"filling {self.database}, once …", file=sys.stderr, flush=True)
        with psycopg.connect(self.server.url("postgres", Postgres.SUPERUSER), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        self.server.create_database(self.database)
        self._migrate()
        self.fill()
        print(f"filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)

    def fill(self) -> None:
        """Make the rows in the empty tables."""
        raise NotImplementedError


class Country(Land):
    """The running server with its million graduates."""

    def __init__(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        self._taken = 0
        super().__init__(Postgres(FOLDER, settings=SPEED | {"shared_buffers": shared_buffers()}), DATABASE)
        self.server.start()
        self.settle()
        self.renew()
        self.warm()
        self.in_django("static")

    @property
    def recipe(self) -> str:
        return hashlib.sha256(
            repr((YEAR, PLACES, PEOPLE, CASES, PERSON, TERMS, EMPLOYER, STUDENT)).encode()
        ).hexdigest()

    def waiting(self, number: int) -> range:
        """So many places of cases that wait for their college and were given to nobody before; `case_at` says which ones."""
        if number > WAITING:
            raise ValueError(number)
        if self._taken + number > WAITING:
            self.renew()
        first, self._taken = self._taken, self._taken + number
        return range(first, first + number)

    def renew(self) -> None:
        """Undo all approvals, so that every waiting case waits again; sessions are in use."""
        with psycopg.connect(self.url(Postgres.SUPERUSER), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("UPDATE orgs_session SET seen_at = now() + interval '1 day'")
            connection.execute(
                "UPDATE registration_registration SET state = 'college_review', version = 2, live = true, "
                "waiting_since = begun_at + interval '1 day' WHERE public_id IN (SELECT \"case\"::uuid FROM flow_record WHERE id > %s)",
                [GRADUATES],
            )
            connection.execute("DELETE FROM flow_record WHERE id > %s", [GRADUATES])
            connection.execute(
                "UPDATE registration_registration SET sent_at = now(), begun_at = now(), waiting_since = now(), "
                "deadline = now() + interval '7 days' WHERE id = %s", [PHONED],
            )  # fmt: skip
            connection.execute("DELETE FROM notice_notice WHERE record > %s", [GRADUATES])
            for table in ("registration_registration", "flow_record", "notice_notice", "orgs_session"):
                connection.execute(f"VACUUM (ANALYZE) {table}")
            connection.execute("CHECKPOINT")
        self._taken = 0

    def fill(self) -> None:
        given = {
            "year": YEAR, "provinces": PROVINCES, "schools": SCHOOLS, "colleges": COLLEGES, "each": COLLEGES // SCHOOLS,
            "employers": EMPLOYERS, "terms": json.dumps(TERMS), "employer": json.dumps(EMPLOYER), "student": json.dumps(STUDENT),
        }  # fmt: skip
        with self.owned() as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET synchronous_commit = off")
            connection.execute(PLACES, given)
            # GiST is slow to grow and quick to build.
            slow = "registration_registration", "one_answerable_invitation"
            row = connection.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s",
                slow,
            ).fetchone()
            if row is not None:
                connection.execute(f"ALTER TABLE {slow[0]} DROP CONSTRAINT {slow[1]}")
            for first in range(1, GRADUATES, GRADUATES // 10):
                part = given | {"first": first, "last": first + GRADUATES // 10 - 1}
                connection.execute(PEOPLE, part)
                connection.execute(CASES, part)
            connection.execute(PERSON, {"phoned": PHONED})
            if row is not None:
                connection.execute(f"ALTER TABLE {slow[0]} ADD CONSTRAINT {slow[1]} {row[0]}")
            continue_sequences(connection)
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")


def case_at(place: int) -> int:
    """The case (and graduate) at a place of `Country.waiting`."""
    return WAITING_STEP * (place * STRIDE % WAITING + 1)


def college_of(graduate: int) -> int:
    return (graduate - 1) // PER_COLLEGE + 1


def public_id(case: int) -> str:
    """The public id of a registration."""
    return f"00000000-0000-4000-8000-{case:012d}"


@cache
def here() -> Country:
    """The country, started and filled on first use."""
    return Country()


_stood_on: list[Land] = []


def ground() -> Land:
    """The land that is being measured: the country, but where `standing_on` says another."""
    return _stood_on[-1] if _stood_on else here()


@contextmanager
def standing_on(land: Land) -> Iterator[Land]:
    """Measure another land while this lasts."""
    _stood_on.append(land)
    try:
        yield land
    finally:
        _stood_on.pop()


def close() -> None:
    """Undo what was measured and stop the server, if it was started."""
    if here.cache_info().currsize:
        here().renew()
        here().server.stop()
        here.cache_clear()


def shared_buffers() -> str:
    """What the server keeps in memory of its own: 4 GB, or a quarter of a small machine."""
    return "4GB" if memory() > 12 * 1024 * MEGABYTE else f"{memory() // MEGABYTE // 4}MB"


def continue_sequences(connection: psycopg.Connection) -> None:  # type: ignore[type-arg]
    """Let identity columns go on after the rows that were given numbers."""
    for table in ("orgs_province", "orgs_school", "orgs_college", "orgs_employer", "orgs_account", "orgs_seat", "roster_graduate",
                  "registration_registration"):  # fmt: skip
        connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
