"""Budget 1: a college's approval over HTTP, against its own statements in pgbench; each approves another case."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from bench import country, floor, load, website
from bench.capture import Answer, capture
from bench.figures import ROUNDS, Figure, against

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 4
# More than any client of pgbench approves in a round.
PER_CLIENT = 4_000
MOST_REQUESTS = 12_000
SEEN = 2

HEAD = f"""\\set own :own + 1
\\set place FIRST + :client_id * {PER_CLIENT} + :own
\\set case {country.WAITING_STEP} * (:place * {country.STRIDE} % {country.WAITING} + 1)
\\set college (:case - 1) / {country.PER_COLLEGE} + 1
\\set school (:case - 1) / {country.PER_SCHOOL} + 1
\\set employer :case % {country.EMPLOYERS} + 1
\\set account :college + {country.SCHOOLS}
"""
PUBLIC_ID = "('00000000-0000-4000-8000-' || lpad(:case::text, 12, '0'))"


def measure() -> list[Figure]:
    """Approvals a second over HTTP and in pgbench, in turns."""
    statements = script()
    ours, beside = [], []
    with website.product() as product:
        drive(product, 1)
        for _ in range(ROUNDS):
            beside.append(in_pgbench(statements))
            ours.append(drive(product).rate)
    return [against(1, "approval over HTTP, against its SQL", "/s", ours, beside, 1 / 8, at_least=True)]


def drive(site: website.Website, seconds: float = SECONDS) -> load.Outcome:
    """Approve over HTTP for a while; every answer must have been an approval."""
    # Taken before anything is counted: the country renews itself where none are left.
    places = country.here().waiting(MOST_REQUESTS)
    before = approvals()
    outcome = load.drive(site.port, requests(places), seconds, expected=302)
    if (done := approvals() - before) != outcome.count:
        raise RuntimeError(f"{outcome.count} answers, {done} approvals")
    return outcome


def in_pgbench(statements: str) -> float:
    """The same statements a second without anything around them."""
    places = country.here().waiting(8 * PER_CLIENT)
    before = approvals()
    rate, number = floor.run(HEAD.replace("FIRST", str(places.start)), statements, SECONDS)
    if (done := approvals() - before) != number:
        raise RuntimeError(f"{number} transactions, {done} approvals")
    return rate


def approvals() -> int:
    return country.here().scalar(f"SELECT count(*) FROM flow_record WHERE id > {country.GRADUATES}")


def requests(places: range) -> Iterator[bytes]:
    for place in places:
        yield load.post(*asked(country.case_at(place)))


def asked(case: int) -> tuple[str, str, str]:
    """(path, cookies, body) of the approval of a case."""
    path = f"/act/online_signing/{country.public_id(case)}/approve/"
    body = f"csrfmiddlewaretoken={website.CSRF}&seen={SEEN}&key=bench-{case}&internal="
    return path, website.cookies("college", country.college_of(case)), body


written: list[int] = []


@cache
def example() -> tuple[int, Answer]:
    """A case and what its approval ran; the case before it was approved in the same process by the same reviewer."""
    case = next(each for each in map(country.case_at, country.here().waiting(1_000)) if _is_clear(each))
    asks = [asked(each) for each in (case + country.WAITING_STEP, case)]
    answer = capture("POST", [path for path, _, _ in asks], asks[0][1], [body for _, _, body in asks])
    assert answer.status == 302, answer.body[:2000]
    assert len(answer.statements) == 9, "one statement for each thing that an approval does"
    written.append(
        country.here().scalar(
            f"SELECT id FROM flow_record WHERE \"case\" = '{country.public_id(case)}' AND act = 'approve'"
        )
    )
    # Both cases wait again: whoever is given their places finds them as all others are.
    country.here().renew()
    return case, answer


def newest() -> int:
    """The number of the record that the example wrote."""
    example()
    return written[0]


def _is_clear(case: int) -> bool:
    """Whether the next waiting case has the same reviewer, and no two of the numbers around the case are the same."""
    college, school = country.college_of(case), (case - 1) // country.PER_SCHOOL + 1
    numbers = (case, college, school, college + country.SCHOOLS, 1 + case % country.EMPLOYERS)
    return country.college_of(case + country.WAITING_STEP) == college and len(set(numbers)) == 5 and min(numbers) > 100


def script() -> str:
    """The statements of an approval as pgbench runs them, in whose place the variables of HEAD stand."""
    case, answer = example()
    college, school = country.college_of(case), (case - 1) // country.PER_SCHOOL + 1
    account = college + country.SCHOOLS
    return floor.script(answer.statements, {
        case: ":case::bigint", college: ":college::bigint", school: ":school::bigint", account: ":account::bigint",
        1 + case % country.EMPLOYERS: ":employer::bigint", str(account): ":account::text", newest(): ":id::bigint",
        UUID(country.public_id(case)): f"{PUBLIC_ID}::uuid", country.public_id(case): PUBLIC_ID, f"bench-{case}": "('bench-' || :case::text)",
        _token(college): "sha256(convert_to('college-' || :college::text, 'UTF8'))",
    })  # fmt: skip


def _token(college: int) -> bytes:
    import hashlib

    return hashlib.sha256(f"college-{college}".encode()).digest()
