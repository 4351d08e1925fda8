"""What an employer opens at the PC: its invitations, the way to a new one, and many from a workbook (EMP-04, EMP-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs.models import EmployerCase
from qicheng.domain.orgs.queries import employer_of
from qicheng.domain.registration import queries
from qicheng.domain.registration.effects import inviting
from qicheng.domain.registration.models import InvitationBatch, Registration
from qicheng.domain.registration.sheets import EMPLOYER, INVITATION, INVITATION_DAYS, LOOK_UP, OFFER
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.sheets import STUDENT
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotOpen, Refused, begin, open_acts, timeline
from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.calendar import answer_deadline
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpRequest

    from qicheng.foundation.access import Actor

SIGNING = "online_signing"
SALT = "registration.invite"
# How long a graduate that was found can be invited without being looked up again.
FOUND_SECONDS = 30 * 60
MOST_BYTES = 2 * 1024 * 1024
# The counters above the list: states as the employer reads them, in the order in which they come.
PLACES = (
    ("invited", "待毕业生回应", ("invited",)), ("review", "待审核", ("college_review", "school_review")),
    ("effective", "已生效", ("effective",)), ("rejected", "审核不通过", ("rejected",)), ("declined", "已拒绝", ("declined",)),
    ("expired", "逾期失效", ("expired",)), ("withdrawn", "已撤回", ("withdrawn",)), ("dissolved", "已解约", ("dissolved",)), ("voided", "已作废", ("voided",)),
)  # fmt: skip
SEEN_OF_GRADUATE = ("name", "school", "college", "level", "major", "graduates_on", "training_mode")


@audience(Role.EMPLOYER)
def home(request: HttpRequest) -> HttpResponse:
    """How many invitations stand where, and the latest ones."""
    actor, now = request.actor, timezone.now()  # type: ignore[attr-defined]
    found, _ = queries.invitations(actor, request.cohort, now, most=8)  # type: ignore[attr-defined]
    return render(request, "registration/employer_home.html", {
        "unit": employer_of(actor), "missing": missing(actor), "places": places(request, None), "rows": rows(found, now),
        "to_answer": queries.dissolution_counts(actor, request.cohort).get("asked_by_graduate", 0),  # type: ignore[attr-defined]
        "cohort": request.cohort,  # type: ignore[attr-defined]
    })  # fmt: skip


@audience(Role.EMPLOYER)
def invitations(request: HttpRequest) -> HttpResponse:
    """The employer's invitations of a cohort, by state, name or post."""
    actor, now, place = request.actor, timezone.now(), request.GET.get("state", "")  # type: ignore[attr-defined]
    states = next((states for key, _, states in PLACES if key == place), ())
    words, before = request.GET.get("q", "").strip()[:60], request.GET.get("before", "")
    found, after = queries.invitations(
        actor, request.cohort, now, states=states, words=words,  # type: ignore[attr-defined]
        before=int(before) if before.isascii() and before.isdigit() else None,
    )  # fmt: skip
    following = f"?{urlencode({'state': place, 'q': words, 'before': after})}" if after else ""
    return render(request, "registration/invitations.html", {
        "places": places(request, place), "rows": rows(found, now), "state": place if states else "", "q": words, "following": following,
        "cohort": request.cohort, "filtered": bool(states or words), "missing": missing(actor),  # type: ignore[attr-defined]
    })  # fmt: skip


@audience(Role.EMPLOYER)
def invite(request: HttpRequest) -> HttpResponse:
    """Step one: find the graduate, by exact name and number."""
    actor = request.actor  # type: ignore[attr-defined]
    form, why, found = LOOK_UP.form()(request.POST or None), missing(actor), []
    if request.method == "POST" and not why and form.is_valid():
        try:
            found = next(
                iter(inviting.look_up(actor, [(form.cleaned_data["name"], form.cleaned_data["number"])]).values()), []
            )
            if len(found) == 1:
                return redirect("registration:offer", bound(found[0], actor))
            form.add_error(None, f"{inviting.NOT_FOUND}；也可能学校还没有上传名单。") if not found else None
        except Refused as stopped:
            form.add_error(None, str(stopped))
    return render(request, "registration/invite.html", {
        "form": form, "missing": why, "choices": [(person, bound(person, actor)) for person in found],
    }, status=422 if form.is_bound and form.errors else 200)  # fmt: skip


@audience(Role.EMPLOYER)
def offer(request: HttpRequest, found: str) -> HttpResponse:
    """Step two: the terms; then what was written once more, to be checked and sent."""
    actor = request.actor  # type: ignore[attr-defined]
    graduate = unbound(found, actor)
    if graduate is None:
        say(request, "查到的毕业生只保留 30 分钟，再查一次就可以接着发。", "info")
        return redirect("registration:invite")
    typed = typed_terms(request) if request.method == "POST" else None
    form, step = INVITATION.form(graduate.cohort)(typed), request.POST.get("step", "")
    why = missing(actor) or queries.obstacle(SIGNING, graduate, actor)
    if step == "send" and form.is_valid():
        return send(request, graduate, found, form)
    if step == "check" and form.is_valid() and not why:
        return check(request, graduate, found, form)
    return write(request, graduate, found, form, why, wrong=step in ("check", "send"))


def write(
    request: HttpRequest, graduate: Graduate, found: str, form: Form, why: str | None, *, wrong: bool
) -> HttpResponse:
    """The form of the terms, beside what the graduate will see."""
    actor, now = request.actor, timezone.now()  # type: ignore[attr-defined]
    if not wrong and form.is_bound:
        form.errors.clear()
    earlier = queries.cases_of(actor).filter(graduate=graduate)[:5]
    days = str(form["days_open"].value() or INVITATION_DAYS[0])
    return render(request, "registration/offer.html", {
        "graduate": graduate, "found": found, "form": form, "why": why, "groups": groups(form), "unit": employer_of(actor),
        "earlier": [(case, queries.tag(case, Role.EMPLOYER, now)[1]) for case in earlier], "days": days,
        "deadlines": [(str(n), answer_deadline(now, n)) for n in INVITATION_DAYS],
        "level": STUDENT["level"].shown(graduate.level), "mode": STUDENT["training_mode"].shown(graduate.training_mode),
    }, status=422 if wrong else 200)  # fmt: skip


def check(request: HttpRequest, graduate: Graduate, found: str, form: Form, why: str = "") -> HttpResponse:
    """Everything that was written, once more, before it is sent."""
    return render(request, "registration/offer_check.html", {
        "graduate": graduate, "found": found, "lines": OFFER.lines(form.cleaned_data), "key": request.POST.get("key") or token(),
        "typed": [(name, form.data.get(name, "")) for name in INVITATION.keys], "why": why,
        "days_open": form.cleaned_data["days_open"], "deadline": answer_deadline(timezone.now(), form.cleaned_data["days_open"]),
    }, status=409 if why else 200)  # fmt: skip


def send(request: HttpRequest, graduate: Graduate, found: str, form: Form) -> HttpResponse:
    """Send the invitation; a second press of the same button is given the first one."""
    key = request.POST.get("key", "")[:64] or None
    try:
        case = begin(FLOWS[SIGNING], request.actor, key=key, graduate=graduate, **form.cleaned_data)  # type: ignore[attr-defined]
    except (Refused, NotOpen) as stopped:
        return check(request, graduate, found, form, str(stopped))
    say(
        request,
        f"邀请已发出。{graduate.name}收到后会在 {form.cleaned_data['days_open']} 天内回应，结果会发消息告诉你。",
    )
    return redirect(case.detail, public_id=case.public_id)


def invitation(request: HttpRequest, case: Registration) -> HttpResponse:
    """One invitation as its employer sees it: where it is, what was offered, what can be done."""
    actor, now, events = request.actor, timezone.now(), timeline(case)  # type: ignore[attr-defined]
    line = case.student or {key: getattr(case.graduate, key) for key in SEEN_OF_GRADUATE if key not in ("school", "college")} | {
        "school": case.school.name, "college": case.college.name}  # fmt: skip
    return render(request, "registration/employer_invitation.html", {
        "case": case, "tag": queries.tag(case, actor.role, now), "answerable": queries.is_answerable(case, now),
        "acts": [one for one in open_acts(case, actor) if not one.why], "lines": OFFER.lines(case.terms),
        "unit": EMPLOYER.lines(case.employer_shown), "graduate": STUDENT.lines(line, SEEN_OF_GRADUATE), "key": token(),
        "waits": queries.wait_words(case, actor.role, now),
        "stations": queries.stations(case, actor.role, now, two_levels=queries.has_two_levels(case), rejected_by=queries.rejected_by(events)),
        "timeline": queries.lines(case, events), "paper": queries.agreement_of(case) if case.number else None,
        "is_over": not case.live and not queries.is_answerable(case, now),
        "dissolutions": queries.dissolutions_about(case, actor) if case.number else [],
    })  # fmt: skip


@audience(Role.EMPLOYER)
def batches(request: HttpRequest) -> HttpResponse:
    """Many invitations at once: the template, the upload, and the files of before."""
    actor = request.actor  # type: ignore[attr-defined]
    why, fault, file = missing(actor), "", request.FILES.get("file")
    if request.method == "POST" and not why:
        try:
            if file is None or (file.size or 0) > MOST_BYTES:
                raise Refused("先选择一个文件，不超过 2 MB。")
            return redirect("registration:batch", inviting.read_batch(actor, file.read(), file.name or "").public_id)
        except Refused as stopped:
            fault = str(stopped)
    earlier = InvitationBatch.objects.seen_by(actor).order_by("-id")[:10]
    return render(
        request, "registration/batches.html", {"missing": why, "fault": fault, "earlier": earlier, "most": inviting.MOST_LINES},
        status=422 if fault else 200,
    )  # fmt: skip


@audience(Role.EMPLOYER)
def batch(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What each line of a workbook says and what is wrong in it; then what became of it."""
    one = InvitationBatch.objects.seen_by(request.actor).filter(public_id=public_id).first()  # type: ignore[attr-defined]
    if one is None:
        raise Http404
    if request.method == "POST":
        if request.POST.get("step") == "send" and not inviting.release_batch(one):
            say(request, "这个文件已经发出或放弃，没有再发一次。", "warn")
        elif request.POST.get("step") == "drop" and not inviting.drop_batch(one):
            say(request, "这个文件已经发出，不能放弃。", "warn")
        return redirect("registration:batch", public_id)
    return render(
        request, "registration/batch.html", {"batch": one, "sent": inviting.SENT, "bad": len(one.lines) - one.good}
    )


@audience(Role.EMPLOYER)
def batch_template(request: HttpRequest) -> HttpResponse:
    """The workbook to fill in, with the choices of each column."""
    columns = [workbooks.Column("姓名", required=True), workbooks.Column(inviting.NUMBER, required=True, width=24)]
    columns += [
        workbooks.Column(
            field.label, required=field.required, by_name=bool(field.table), note=field.hint, width=18,
            choices=codes.table(field.table).choices(request.cohort) if field.table else (),  # type: ignore[attr-defined]
        )
        for field in OFFER
    ]  # fmt: skip
    content = workbooks.template([*columns, workbooks.Column(inviting.DAYS, required=True)], sheet="签约邀请")
    response = HttpResponse(content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response["Content-Disposition"] = (
        "attachment; filename=\"invitations.xlsx\"; filename*=UTF-8''%E7%AD%BE%E7%BA%A6%E9%82%80%E8%AF%B7.xlsx"
    )
    return response


def missing(actor: Actor) -> str:
    """What an employer still lacks before it can invite, '' where nothing (EMP-01)."""
    if employer_of(actor).is_verified:
        return ""
    waits = EmployerCase.objects.seen_by(actor).filter(live=True, flow_name="employer_verification").exists()
    if waits:
        return "平台正在核验你的单位资料，核验通过后才能发出邀请，结果会发消息告诉你。"
    return "单位资料还没有通过平台核验。把营业执照照片和单位资料补齐并提交核验，通过后就能发出邀请。"


def places(request: HttpRequest, current: str | None) -> list[dict[str, Any]]:
    """The counters above a list, each of them a filter."""
    counts = queries.counts_by_state(request.actor, request.cohort, timezone.now())  # type: ignore[attr-defined]
    url = reverse("registration:invitations")
    every = {"label": "全部", "count": sum(counts.values()), "url": url, "is_current": current == ""}
    return [every, *(
        {"label": label, "count": sum(counts.get(state, 0) for state in states), "url": f"{url}?state={key}", "is_current": key == current}
        for key, label, states in PLACES
    )]  # fmt: skip


def rows(found: list[Registration], now: Any) -> list[dict[str, Any]]:
    """Invitations as the table shows them."""
    return [
        {"case": case, "tag": queries.tag(case, Role.EMPLOYER, now), "open": queries.is_answerable(case, now)}
        for case in found
    ]


def groups(form: Form) -> list[tuple[str, list[Any]]]:
    """The fields of the form under the headings of their sheet."""
    headings = dict.fromkeys(field.group for field in OFFER)
    return [(heading, [form[field.key] for field in OFFER if field.group == heading]) for heading in headings]


def typed_terms(request: HttpRequest) -> Any:
    """What was typed, the employer's own number of days in the place of the offered ones."""
    typed = request.POST.copy()
    if typed.get("days_open") == "other":
        typed["days_open"] = typed.get("days_other", "")
    return typed


def bound(graduate: Graduate, actor: Actor) -> str:
    """A graduate that was found, signed for this employer alone."""
    return signing.dumps({"graduate": str(graduate.public_id), "employer": actor.node}, salt=SALT)


def unbound(found: str, actor: Actor) -> Graduate | None:
    """The graduate that `bound` named; None once it is too old, Http404 for somebody else's or a forged one."""
    try:
        given = signing.loads(found, salt=SALT, max_age=FOUND_SECONDS)
    except signing.SignatureExpired:
        return None
    except signing.BadSignature:
        raise Http404 from None
    if given["employer"] != actor.node:
        raise Http404
    people = Graduate.objects.unscoped("found by exact identity, signed for this employer").select_related(
        "school", "college"
    )
    return people.filter(public_id=given["graduate"], removed_at=None).first()
