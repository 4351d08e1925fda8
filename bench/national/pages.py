"""What everybody of every role waits for in the whole country: pages, an approval and an import, over HTTP; and statements that scan."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING

import psycopg

from bench import load, website
from bench.capture import capture
from bench.country import YEAR, public_id
from bench.figures import Figure
from bench.national import plans, rows
from bench.national.list_at_scale import p99

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.national.land import National

# One request for each worker at a time: what is measured is how long a page takes, not a queue before it.
CONNECTIONS = 2
SECONDS = 5
# Milliseconds that the slowest of a hundred may take.
LIST, LIVE = 300, 1_000
LINES, IMPORT_SECONDS = 20_000, 10
DAYS_BACK = 9
APPROVALS = 4_000

IMPORTING = """
import sys, time
import django
django.setup()
from pathlib import Path
from tempfile import TemporaryDirectory
from bench.country import YEAR
from bench.roster_import import HEADINGS, lines
from qicheng.domain.orgs.models import School, Seat
from qicheng.domain.roster.imports import apply_upload, read_upload, receive, request_writing
from qicheng.foundation.kit import workbooks
school = School.objects.get(pk=int(sys.argv[1]))
seat = Seat.objects.get(role="school", node=school.pk)
actor = seat.actor(name="王敏", unit=school.name)
made = [[*line[:-1], str(YEAR)] for line in lines(int(sys.argv[2]), (school.code, school.name))]
with TemporaryDirectory() as folder:
    file = Path(folder) / "roster.xlsx"
    workbooks.write(HEADINGS, made, file)
    began = time.perf_counter()
    upload = receive(actor, YEAR, "roster.xlsx", [file.read_bytes()])
    read_upload(upload.pk)
    previewed = time.perf_counter()
    upload.refresh_from_db()
    request_writing(upload, actor)
    apply_upload(upload.pk)
    upload.refresh_from_db()
    ended = time.perf_counter()
assert upload.state == "applied" and upload.counts["written"]["added"] == len(made), (upload.state, upload.counts)
print(previewed - began, ended - previewed)
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: in words, its address with `{day}` for a past one and `{school}` for any, the role that looks, and what the slowest of a hundred may take."""

    what: str
    role: str
    path: str
    bound: int = LIST

    def node(self, land: National, chance: random.Random) -> int:
        match self.role:
            case "graduate":
                return chance.randint(1, land.graduates // rows.SIGNED_IN) * rows.SIGNED_IN
            case "college":
                return chance.randint(1, land.colleges)
            case "school":
                return chance.randint(1, land.schools)
            case "province":
                return PROVINCE
            case "employer":
                return 1 + chance.randrange(land.employers // rows.WITH_LOGIN) * rows.WITH_LOGIN
            case "first employer":
                return 1
        return 0

    def cookies(self, land: National, chance: random.Random) -> str:
        return website.cookies(self.role.split()[-1], self.node(land, chance)) if self.role != NOBODY else ""


# Whoever has no log-in; a role that may be one of a kind stands behind that word.
NOBODY = "nobody"
# A province that has schools in the small country, too.
PROVINCE = 2
# Seconds that a count in the background may take, of pages that are shown as last counted.
COUNTED, COUNT_SECONDS = ("area", "states"), 120
COUNTING = """
import sys, time
import django
django.setup()
from qicheng.domain.figures.effects import answers
from qicheng.domain.figures.models import Answer
from qicheng.foundation.access import FULL, Actor, Role
role, node, cohort, question = sys.argv[1:]
actor = Actor(Role(role), int(node), levels=FULL)
if answers.is_for_later(actor, question, int(cohort), {}, None):
    # Whoever asks as this one does is shown what is counted here.
    try:
        answers.newest(actor, question, int(cohort), {})
    except answers.Waiting:
        pass
    began = time.perf_counter()
    answers.make(Answer.objects.get(question=question, role=role, node=node, is_current=True).pk)
    print(time.perf_counter() - began)
else:
    print(0)
"""

PAGES = (
    Page("graduate's home", "graduate", "/"),
    Page("front door", NOBODY, "/login/"),
    Page("verification of a report", NOBODY, "/v/"),
    Page("employer's home", "employer", "/org/"),
    Page("employer's invitations", "employer", "/org/invites/"),
    Page("home of an employer with thousands of cases", "first employer", "/org/"),
    Page("invitations of an employer with thousands of cases", "first employer", "/org/invites/"),
    Page("its invitations by name", "first employer", "/org/invites/?q=%E7%8E%8B%E5%98%89"),
    Page("college's review list", "college", "/review/"),
    Page("school's review list", "school", "/review/"),
    Page("college's home with its numbers", "college", "/home/", LIVE),
    Page("school's home with its numbers", "school", "/home/", LIVE),
    Page("school's students", "school", "/students/"),
    Page("school's students by name", "school", "/students/?q=%E7%8E%8B%E5%98%89"),
    Page("college's students by name", "college", "/students/?q=%E7%8E%8B%E5%98%89"),
    Page("school's rates", "school", "/stats/", LIVE),
    Page("school's rates by college", "school", "/stats/by/college/", LIVE),
    Page("school's states of agreements", "school", "/stats/states/", LIVE),
    Page("school's rates on a past day", "school", "/stats/?at={day}", LIVE),
    Page("school's states on a past day", "school", "/stats/states/?at={day}", LIVE),
    Page("province's home", "province", "/gov/", LIVE),
    Page("province's destinations", "province", "/gov/figures/", LIVE),
    Page("province's rates", "province", "/stats/", LIVE),
    Page("province's states of agreements", "province", "/stats/states/", LIVE),
    Page("ministry's home", "ministry", "/gov/", LIVE),
    Page("ministry's destinations", "ministry", "/gov/figures/", LIVE),
    Page("ministry's destinations on a past day", "ministry", "/gov/figures/?at={day}", LIVE),
    Page("ministry's rates", "ministry", "/stats/", LIVE),
    Page("ministry's rates by major", "ministry", "/stats/by/major/", LIVE),
    Page("ministry's states of agreements", "ministry", "/stats/states/", LIVE),
    Page("ministry's list of a school's people", "ministry", "/stats/known/people/all/?school={school}"),
    Page(
        "ministry's list of a school's people by name",
        "ministry",
        "/stats/known/people/all/?school={school}&q=%E7%8E%8B%E5%98%89",
    ),
)


def measure(whole: National, small: National) -> list[Figure]:
    """p99 of every page, with p50 beside it; what scans more than it shows goes to the end, in words."""
    found: list[Figure] = []
    scanning: list[str] = []
    for role, node in (("province", PROVINCE), ("ministry", 0)):
        for question in COUNTED:
            seconds = float(whole.run(COUNTING, role, str(node), str(YEAR), question))
            found.append(
                Figure(
                    0, f"{role}'s {question}, counted in the background", seconds, "s", COUNT_SECONDS, at_least=False
                )
            )
    with website.product() as site:
        for page in PAGES:
            try:
                found += _measured(site, whole, page)
                scanning += [f"{page.what}: {one}" for one in _statements(whole, page) if one.is_wasteful]
            except (load.Broken, RuntimeError, OSError, psycopg.Error) as problem:
                # One page that fails, or takes longer than anybody waits, must not keep the others from being measured.
                print(f"  {page.what}: {str(problem)[:300]}", file=sys.stderr)
                found.append(
                    Figure(0, f"{page.what}: no answer", load.PATIENCE * 1000, "ms", page.bound, at_least=False)
                )
        found += _approvals(site, whole)
    found += _import(whole)
    print(
        "statements that read far more than they show:",
        *(scanning or ["none"]),
        sep="\n  ",
        file=sys.stderr,
        flush=True,
    )
    return found


def _path(page: Page, land: National, chance: random.Random) -> str:
    return page.path.format(
        day=(date.today() - timedelta(days=DAYS_BACK)).isoformat(),  # noqa: DTZ011 -- a day, days ago
        school=chance.randint(1, land.schools),
    )


def _measured(site: website.Website, land: National, page: Page) -> list[Figure]:
    chance = random.Random(7)

    def requests() -> Iterator[bytes]:
        while True:
            yield load.get(_path(page, land, chance), page.cookies(land, chance))

    load.drive(site.port, requests(), 1, expected=200, connections=CONNECTIONS)
    waits = load.drive(site.port, requests(), SECONDS, expected=200, connections=CONNECTIONS).waits
    return [_figure(page.what, waits, page.bound)]


def _figure(what: str, waits: list[float], bound: int) -> Figure:
    """p99 is what the bound holds, p50 stands beside it."""
    return Figure(
        0, f"{what}, p99 (beside: p50)", p99(waits) * 1000, "ms", bound, at_least=False, beside=median(waits) * 1000
    )


def _statements(land: National, page: Page) -> list[plans.Touched]:
    path = _path(page, land, random.Random(9))
    answer = capture("GET", [path, path], page.cookies(land, random.Random(9)))
    return plans.touched(answer.statements, {})


def _approvals(site: website.Website, land: National) -> list[Figure]:
    """Approvals by colleges all over the country; each answer must have been one."""
    before = land.scalar("SELECT coalesce(max(id), 0) FROM flow_record")
    waiting = list(islice(land.waiting(), APPROVALS))
    outcome = load.drive(
        site.port, (_approval(case) for case in waiting), SECONDS, expected=302, connections=CONNECTIONS
    )
    done = land.scalar(f"SELECT count(*) FROM flow_record WHERE id > {before} AND act = 'approve'")
    if done != outcome.count:
        raise RuntimeError(f"{outcome.count} answers, {done} approvals")
    return [_figure("college's approval", outcome.waits, LIST)]


def _approval(case: int) -> bytes:
    body = f"csrfmiddlewaretoken={website.CSRF}&seen=2&key=national-{case}&internal="
    college = (case - 1) // rows.PER_COLLEGE + 1
    return load.post(
        f"/act/online_signing/{public_id(case)}/approve/", website.cookies("college", college), body
    )  # fmt: skip


def _import(land: National) -> list[Figure]:
    """A roster of 20,000 lines for a school that had none, from the file to the preview and from there to the roster."""
    land.forget()
    preview, writing = map(float, land.run(IMPORTING, str(land.importing), str(LINES)).split())
    return [
        Figure(0, f"import of {LINES:,} lines, file to preview", preview, "s", IMPORT_SECONDS, at_least=False),
        Figure(0, f"import of {LINES:,} lines, preview to roster", writing, "s", IMPORT_SECONDS, at_least=False),
    ]  # fmt: skip
