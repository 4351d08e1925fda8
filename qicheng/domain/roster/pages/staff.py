"""What staff see of the roster: the list, one graduate with history, who was taken off; and taking off and back (ROS-04, ROS-07)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from qicheng.domain.orgs.effects.accounts import opened
from qicheng.domain.roster import effects, listings
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import destination_words, history, record_of, withheld
from qicheng.domain.roster.sheets import ROSTER_LINE
from qicheng.foundation import codes
from qicheng.foundation.access import Area, Role, statements
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, Refused
from qicheng.foundation.kit import masks
from qicheng.foundation.kit.calendar import cohort_closes
from qicheng.foundation.listing import SIZES
from qicheng.foundation.listing.download import XLSX, export
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from django.http import HttpRequest

    from qicheng.foundation.access import Actor
    from qicheng.foundation.listing import Listing

STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
EMPLOYMENT = Area.EMPLOYMENT


@audience(*STAFF, area=EMPLOYMENT)
def students(request: HttpRequest) -> HttpResponse:
    """The roster of the cohort that is looked at."""
    return list_page(request, listings.roster())


@audience(*STAFF, area=EMPLOYMENT)
def removed(request: HttpRequest) -> HttpResponse:
    """失效信息: who was taken off the roster, each to be restored."""
    return list_page(request, listings.removed())


def list_page(request: HttpRequest, listing: Listing) -> HttpResponse:
    """A list of graduates with its filters."""
    actor, cohort = request.actor, request.cohort  # type: ignore[attr-defined]
    page = listing.page(actor, request.GET, cohort)
    further = any(key in page.values for key in ("major", "mode", "confirmed", "back"))
    is_removed = listing.name == "removed"
    return render(request, "roster/students.html", {
        "page": page, "further": further, "may_import": may_write(actor), "is_removed": is_removed,
        "may_pick": not is_removed and may_remove_many(actor, cohort),
    })  # fmt: skip


def may_remove_many(actor: Actor, cohort: int) -> bool:
    """Whether many lines can be taken off at once: by a school that has not turned online signing on (SET-03)."""
    return may_write(actor) and timezone.now() < cohort_closes(cohort) and not effects.is_signing(actor.node, cohort)


@audience(*STAFF, area=EMPLOYMENT)
def workbook(request: HttpRequest) -> HttpResponse:
    """The roster under its filters as a workbook, masked as the list is; the export is on record (EXP-01)."""
    return export(request, "roster", listings.roster(), request.GET, reverse("roster:students"))  # type: ignore[arg-type]


@audience(*STAFF, area=EMPLOYMENT)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One graduate: the line, the contacts, the employment record, where it stands now, all that changed."""
    actor = request.actor  # type: ignore[attr-defined]
    graduate = seen(actor, public_id)
    opened(actor, "graduate", public_id, cohort=graduate.cohort, school=graduate.school_id)
    record = record_of(graduate.pk, actor)
    return render(request, "roster/student.html", {
        "graduate": graduate, "lines": lines(graduate, actor), "contacts": contacts(graduate), "record": record and record_lines(record),
        "newest": newest(graduate), "history": history(graduate.pk, actor), "may_write": may_write(actor) and timezone.now() < cohort_closes(graduate.cohort),
        "unreported": is_unreported(graduate, record), "role_names": {str(role): role.label for role in Role},
    })  # fmt: skip


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Taking one graduate off: what follows is said before, and why is asked for."""
    graduate = seen(request.actor, public_id)  # type: ignore[attr-defined]
    why = ""
    if request.method == "POST":
        try:
            effects.remove_line(public_id, request.actor, words=request.POST.get("words", "")[:500])  # type: ignore[attr-defined]
        except Refused as stopped:
            why = str(stopped)
        else:
            say(request, f"{graduate.name}已从名单中删除，登记同时冻结。")
            return redirect("roster:removed")
    return render(request, "roster/remove.html", {"graduate": graduate, "why": why}, status=422 if why else 200)


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def remove_many(request: HttpRequest) -> HttpResponse:
    """The lines that were ticked, with what follows and one reason for all; then who is off, and who stays and why."""
    actor, cohort = request.actor, request.cohort  # type: ignore[attr-defined]
    ticked = picked(request.POST.getlist("line"))
    chosen = Graduate.objects.seen_by(actor).filter(public_id__in=ticked, cohort=cohort, removed_at=None)
    lines = list(chosen.select_related("college").order_by("exam_number"))
    context: dict[str, Any] = {"lines": lines, "why": ""}
    if not ticked:
        say(request, "先在左边勾选要删除的学生。", "info")
        return redirect("roster:students")
    if "words" in request.POST:
        try:
            removed, refused = effects.remove_lines(ticked, cohort, actor, words=request.POST["words"][:500])
            return render(request, "roster/removed_many.html", {
                "removed": removed, "refused": refused, "missing": len(ticked) - len(removed) - len(refused),
            })  # fmt: skip
        except Refused as stopped:
            context["why"] = str(stopped)
    return render(request, "roster/remove_many.html", context, status=422 if context["why"] else 200)


def picked(values: list[str]) -> list[UUID]:
    """The ids among what was ticked, each once, as many as a page has rows."""
    found = []
    for value in dict.fromkeys(values[: SIZES[-1]]):
        with suppress(ValueError):
            found.append(UUID(value))
    return found


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def restore(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Bring a graduate back with all former states, and report its record at once."""
    return act(request, public_id, effects.restore_line, "已恢复到名单，登记和去向恢复到删除之前。")


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def report(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """恢复网签数据: at once instead of by the job."""
    return act(request, public_id, effects.report_now, "网签数据已恢复上报。")


def act(request: HttpRequest, public_id: UUID, effect: Any, words: str) -> HttpResponse:
    """Do one thing to one graduate by a POST, and go to its page."""
    if request.method == "POST":
        try:
            effect(public_id, request.actor)  # type: ignore[attr-defined]
            say(request, words)
        except NotFound:
            raise Http404 from None
        except Refused as why:
            say(request, str(why), "warn")
    return redirect("roster:detail", public_id)


def seen(actor: Actor, public_id: UUID) -> Graduate:
    """The graduate of that id as far as the actor may see it; Http404 else (ORG-01)."""
    graduate = Graduate.objects.seen_by(actor).select_related("school", "college").filter(public_id=public_id).first()
    if graduate is None:
        raise Http404
    return graduate


def may_write(actor: Actor) -> bool:
    """Whether the actor may change the roster: a school's user with read-write (ORG-05)."""
    return actor.role is Role.SCHOOL and actor.may_write(EMPLOYMENT)


def lines(graduate: Graduate, actor: Actor) -> list[tuple[str, str]]:
    """The roster line for the page as far as the actor may read it, the identity number masked."""
    values = {key: getattr(graduate, key) for key in ROSTER_LINE.keys if key != "college"}
    values |= {"college": graduate.college.name, "id_number": masks.id_number(graduate.id_number)}
    return ROSTER_LINE.lines(
        values, [key for key in ROSTER_LINE.keys if key not in {"phone", "email", *withheld(actor)}]
    )


def contacts(graduate: Graduate) -> list[tuple[str, str]]:
    """Phone and e-mail; masked for whoever only has to count people."""
    return [("手机号码", masks.phone(graduate.phone)), ("电子邮箱", masks.email(graduate.email))]


def record_lines(record: Any) -> list[tuple[str, str]]:
    """The employment record in words."""
    return [
        ("毕业去向", destination_words(record)), ("单位", record.employer_name),
        ("职位类别", codes.table("job_categories").label(record.job_category) if record.job_category else ""),
        ("协议编号", record.number), ("来源", record.get_source_display()),
        ("更新时间", f"{timezone.localtime(record.changed_at):%Y-%m-%d %H:%M}"),
    ]  # fmt: skip


def newest(graduate: Graduate) -> tuple[str, str] | None:
    """(words, address) of the graduate's newest case, live ones first."""
    sql = listings.newest_case("n.flow_name || ' ' || n.state || ' ' || n.public_id::text")
    row = statements.plain(
        f"SELECT {sql} FROM roster_graduate g WHERE g.cohort = %s AND g.id = %s",  # noqa: S608 -- our own
        (graduate.cohort, graduate.pk),
    )
    if row is None or row[0] is None:
        return None
    flow, state, public_id = row[0].split(" ")
    return FLOWS[flow].states[state].label, reverse(FLOWS[flow].model.detail, args=[public_id])


def is_unreported(graduate: Graduate, record: Any) -> bool:
    """Whether the graduate came back and its record waits to be reported again."""
    return bool(
        record and graduate.restored_at and not graduate.removed_at and record.changed_at < graduate.restored_at
    )


def download(content: bytes, name: str) -> HttpResponse:
    """A workbook to take away."""
    return HttpResponse(
        content, content_type=XLSX,
        headers={"Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store"},
    )  # fmt: skip
