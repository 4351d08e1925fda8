"""What schools and colleges open of the archives' way by post: requests, batches, numbers, and the check of which can go (MAIL-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from qicheng.domain.transfer.effects import mail_batches as effects
from qicheng.domain.transfer.effects import mail_numbers, mail_papers
from qicheng.domain.transfer.flows.mailing import MAILING
from qicheng.domain.transfer.listings import mailing as listings
from qicheng.domain.transfer.models import MailBatch, Mailing, MailPrint, NumberUpload
from qicheng.domain.transfer.queries import mailing as queries
from qicheng.domain.transfer.sheets.mailing import place_of
from qicheng.foundation.flow.perform import Stopped, noted
from qicheng.foundation.listing.download import XLSX
from qicheng.foundation.listing.page import render, say

from .module import frame, of_module, workbook

if TYPE_CHECKING:
    from qicheng.foundation.access import Area
    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.listing import Listing

PDF = "application/pdf"
COUNTED = {
    "pending": "待处理",
    "batched": "已编入批次",
    "held": "信息有变化",
    "sent": "已寄出",
    "signed": "已签收",
    "returned": "退回",
}


# ---- the requests


@of_module()
def requests(request: Request, area: Area) -> HttpResponse:
    """Every request under its filters, to be taken into a batch."""
    listing = listings.requests()
    page = listing.page(request.actor, request.GET, request.cohort, listings.states_counted())
    return render(request, "transfer/mail_requests.html", {
        **frame(request, area), "page": page, "states": MAILING.states, "counters": counters(page), "carriers": MailBatch.CARRIERS,
        "may_batch": may_batch(request, area), "role": request.actor.role,
    })  # fmt: skip


def counters(page: Any) -> list[dict[str, Any]]:
    """The counts above the requests, each a filter."""
    found = []
    for key, label in COUNTED.items():
        query = {"held": "yes"} if key == "held" else {"state": key}
        current = page.values.get("held") == "yes" if key == "held" else page.values.get("state") == key
        found.append({
            "label": label, "count": page.tally[key], "url": f"?{urlencode(query)}", "is_current": current,
            "tone": "warn" if key in ("held", "returned") else "",
        })  # fmt: skip
    return found


def may_batch(request: Request, area: Area) -> bool:
    """Batches are the school's to make."""
    return request.actor.role == "school" and request.actor.may_write(area)


@of_module()
def requests_workbook(request: Request, area: Area) -> HttpResponse:
    """The requests under their filters as a workbook."""
    return workbook(request, listings.requests(), request.GET, reverse("transfer:mail"))


@of_module(write=True)
def take(request: Request, area: Area) -> HttpResponse:
    """Take what was ticked, or everything under the filters, into a new batch or the newest one."""
    if not may_batch(request, area):
        raise Http404
    asked = chosen(request, listings.requests())
    rows = (
        []
        if asked is None
        else listings.requests().head(
            request.actor, {**asked, "state": "pending"}, request.cohort, effects.MOST_LETTERS
        )
    )
    if request.method != "POST" or not rows:
        say(request, "先在左边勾选待处理的申请；已经编入批次的不会再编一次。", "info")
        return redirect("transfer:mail")
    cases = Mailing.objects.seen_by(request.actor).in_bulk([row.public_id for row in rows], field_name="public_id")
    try:
        is_new = request.POST.get("into") == "new"
        batch = (
            effects.new_batch(request.actor, request.cohort, request.POST.get("carrier", ""))
            if is_new
            else effects.waiting_batch(request.actor, request.cohort)
        )
    except Stopped as stopped:
        say(request, str(stopped), "warn")
        return redirect("transfer:mail")
    passed = effects.take_all(request.actor, batch, [cases[row.public_id] for row in rows if row.public_id in cases])
    told(request, passed, f"{passed.moved} 封编入{batch.title}。")
    return redirect("transfer:mail_batch", batch.public_id)


def told(request: Request, passed: effects.Passed, words: str) -> None:
    """Say what became of many letters: how many moved, and who stayed and why."""
    if passed.moved:
        say(request, words)
    for name, why in passed.left[:5]:
        say(request, f"{name}：{why}", "warn")
    if len(passed.left) > 5:
        say(request, f"还有 {len(passed.left) - 5} 封没有办成，打开看原因。", "warn")


def chosen(request: Request, listing: Listing) -> dict[str, str] | None:
    """The query of the rows that were ticked, or of everything under the filters; None if nothing was."""
    if request.POST.get("every"):
        return {one.key: request.GET[one.key] for one in listing.filters if request.GET.get(one.key)}
    ticked = picked(request.POST.getlist("case"))
    return {"case": ",".join(map(str, ticked))} if ticked else None


def picked(values: list[str]) -> list[UUID]:
    """The ids among what a form sent."""
    found = []
    for value in values[: effects.MOST_LETTERS]:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found


# ---- batches


@of_module()
def batches(request: Request, area: Area) -> HttpResponse:
    """The batches of the school."""
    page = listings.batches().page(request.actor, request.GET, request.cohort)
    return render(
        request, "transfer/mail_batches.html", {**frame(request, area), "page": page, "role": request.actor.role}
    )


@of_module()
def batch(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """One batch: its letters, their numbers typed or scanned, who signed, what was printed and is old by now."""
    found = one_batch(request, public_id)
    if request.method == "POST":
        if not may_batch(request, area):
            raise Http404
        if request.POST.get("step") == "sign":
            signed(request)
        else:
            sent(request, found)
        return redirect("transfer:mail_batch", public_id)
    rows = queries.letters(request.actor, found)
    return render(request, "transfer/mail_batch.html", {
        **frame(request, area), "batch": found, "rows": rows, "states": MAILING.states, "role": request.actor.role, "place_of": place_of,
        "may_batch": may_batch(request, area), "printable": len(queries.printable(rows)), "next_empty": next((row.public_id for row in rows if row.state == "batched" and not row.held), None),
        "news": [(label, one, mail_papers.news_words(one)) for kind, label in MailPrint.KINDS if (one := queries.news(request.actor, found, kind, rows))],
        "uploads": NumberUpload.objects.seen_by(request.actor).filter(batch=found).order_by("-id")[:5],
        "records": noted("mail_batch", case=str(public_id), newest=30),
    })  # fmt: skip


def sent(request: Request, batch: MailBatch) -> None:
    """Send the letters whose number was typed or scanned."""
    typed = {
        key.removeprefix("number-"): value
        for key in request.POST
        if key.startswith("number-") and (value := str(request.POST[key]).strip())
    }
    cases = (
        Mailing.objects.seen_by(request.actor).filter(batch=batch).in_bulk(picked(list(typed)), field_name="public_id")
    )
    numbers = []
    for public_id, case in cases.items():
        seen = request.POST.get(f"seen-{public_id}", "")
        numbers.append((case, int(seen) if seen.isdecimal() and len(seen) < 10 else None, typed[str(public_id)]))
    if not numbers:
        say(request, "还没有填单号。照面单填，或者把光标放进输入框用扫码枪扫。", "info")
        return
    passed = effects.send_all(request.actor, numbers)
    told(request, passed, f"{passed.moved} 封已经登记单号并寄出，毕业生会收到消息。")


def signed(request: Request) -> None:
    """Note that the ticked letters were signed for."""
    cases = Mailing.objects.seen_by(request.actor).in_bulk(picked(request.POST.getlist("case")), field_name="public_id")
    passed = effects.sign_all(request.actor, cases.values())
    told(request, passed, f"{passed.moved} 封已经登记签收，毕业生会收到消息。")
    if not cases:
        say(request, "先在左边勾选已经签收的邮件。", "info")


def one_batch(request: Request, public_id: UUID) -> MailBatch:
    """The batch as far as whoever asks may see it; Http404 else (ORG-01)."""
    found = MailBatch.objects.seen_by(request.actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@of_module(write=True)
def paper(request: Request, area: Area, public_id: UUID, kind: str) -> HttpResponse:
    """Labels, hand-over sheet or its workbook, made now; each print is kept."""
    found = one_batch(request, public_id)
    if not may_batch(request, area):
        raise Http404
    make = {"labels": mail_papers.labels, "handover": mail_papers.handover, "workbook": mail_papers.workbook}[kind]
    try:
        content = make(request.actor, found)
    except Stopped as stopped:
        say(request, str(stopped), "warn")
        return redirect("transfer:mail_batch", public_id)
    is_table = kind == "workbook"
    name = f"{dict(MailPrint.KINDS)[kind]}-{found.cohort}届{found.title}.{'xlsx' if is_table else 'pdf'}"
    return HttpResponse(
        content, content_type=XLSX if is_table else PDF,
        headers={"Content-Disposition": content_disposition_header(is_table, name) or "", "Cache-Control": "no-store"},
    )  # fmt: skip


# ---- numbers from a workbook


@of_module(write=True)
def numbers(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """The door for a workbook of numbers."""
    found = one_batch(request, public_id)
    if not may_batch(request, area):
        raise Http404
    fault, file = "", request.FILES.get("file")
    if request.method == "POST":
        try:
            if file is None or (file.size or 0) > mail_numbers.MOST_BYTES:
                fault = "先选择一个文件，不超过 2 MB。"
            else:
                upload = mail_numbers.read(request.actor, found, file.read(), file.name or "")
                return redirect("transfer:mail_upload", upload.public_id)
        except Stopped as stopped:
            fault = str(stopped)
    context = {**frame(request, area), "batch": found, "fault": fault, "most": effects.MOST_LETTERS}
    return render(request, "transfer/mail_numbers.html", context, status=422 if fault else 200)


@of_module(write=True)
def numbers_template(request: Request, area: Area) -> HttpResponse:
    """The workbook to fill in."""
    headers = {"Content-Disposition": content_disposition_header(True, "邮件单号模板.xlsx") or ""}
    return HttpResponse(mail_numbers.template(), content_type=XLSX, headers=headers)


@of_module(write=True)
def upload(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """What each line of a workbook says and what is wrong in it; then what became of it."""
    found = one_upload(request, public_id)
    if request.method == "POST":
        try:
            if request.POST.get("step") == "drop":
                mail_numbers.drop(request.actor, found)
                say(request, "已放弃这个文件，没有登记单号。")
            else:
                passed = mail_numbers.register(request.actor, found)
                told(request, passed, f"{passed.moved} 封已经登记单号并寄出，毕业生会收到消息。")
        except Stopped as stopped:
            say(request, str(stopped), "warn")
        return redirect("transfer:mail_upload", public_id)
    return render(request, "transfer/mail_upload.html", {**frame(request, area), "upload": found, "batch": found.batch})


@of_module(write=True)
def refused(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """The lines in which something is wrong, in the shape of the file."""
    found = one_upload(request, public_id)
    if not found.bad:
        raise Http404
    headers = {
        "Content-Disposition": content_disposition_header(True, "要修改的单号.xlsx") or "",
        "Cache-Control": "no-store",
    }
    return HttpResponse(mail_numbers.refused_workbook(found), content_type=XLSX, headers=headers)


def one_upload(request: Request, public_id: UUID) -> NumberUpload:
    """The upload as far as whoever asks may see it; Http404 else (ORG-01)."""
    found = NumberUpload.objects.seen_by(request.actor).select_related("batch").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


# ---- which archive can go


@of_module()
def check(request: Request, area: Area) -> HttpResponse:
    """Every graduate with an archive at the school: why it cannot go yet, and who can mend it."""
    listing = listings.check()
    page = listing.page(request.actor, request.GET, request.cohort, listings.reasons_counted())
    counted = [
        {"label": one.label, "count": page.tally[one.key], "url": f"?{urlencode({'reason': one.key})}", "is_current": page.values.get("reason") == one.key}
        for one in queries.STANDINGS
    ]  # fmt: skip
    return render(request, "transfer/mail_check.html", {
        **frame(request, area), "page": page, "counters": counted, "standings": queries.BY_KEY, "who": queries.WHO, "role": request.actor.role,
        "going": sum(page.tally[one.key] for one in queries.STANDINGS if not one.is_waiting), "now_": timezone.now(),
    })  # fmt: skip


@of_module()
def check_workbook(request: Request, area: Area) -> HttpResponse:
    """The same as a workbook."""
    return workbook(request, listings.check(), request.GET, reverse("transfer:mail_check"))
