"""What anybody opens to verify a report: by the code on it, or by its number and the graduate's name (VER-01). Nobody has to log in.

Every answer to what was not found is the same page, whatever the reason; nothing that was typed is kept, logged or shown again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpResponseNotAllowed
from django.urls import reverse

from qicheng.domain.transfer.effects import verification as effects
from qicheng.domain.transfer.queries import verification as queries
from qicheng.domain.transfer.sheets.reports import NUMBERS
from qicheng.domain.transfer.sheets.verification import shown
from qicheng.foundation.access.pages import anyone
from qicheng.foundation.kit.numbers import grouped
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

# The origin goes along with a form; the path, which has the token, never does.
REFERRER = "strict-origin"
TOO_MANY = "这个网络核验的次数太多，或者正忙。十分钟以后再试；报告上的二维码可以离线核验。"


class Looked(forms.Form):
    """The number on the paper and the graduate's name."""

    number = forms.CharField(
        label="转递编号或核验编号", max_length=40, help_text="18 位数字和字母，印在报告上方；空格可以不填",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": "编号还没有填写", "max_length": "编号是 18 位，对照报告再填"},
    )  # fmt: skip
    name = forms.CharField(
        label="毕业生姓名", max_length=60, help_text="和报告上一样",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "姓名还没有填写", "max_length": "姓名太长了，对照报告再填"},
    )  # fmt: skip


@anyone
def verify(request: HttpRequest) -> HttpResponse:
    """The form, and by POST the answer."""
    form = Looked(request.POST or None)
    if request.method != "POST":
        return asking(request, form)
    if not form.is_valid():
        return asking(request, form, status=422)
    said = form.cleaned_data
    return answered(
        request, effects.look(effects.NUMBER, number=said["number"], name=said["name"], origin=origin(request))
    )


@anyone
def scanned(request: HttpRequest, token: str) -> HttpResponse:
    """The answer to whoever scanned the code; a machine that only knocks is not counted as having looked."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    return answered(request, effects.look(effects.SCAN, token=token, origin=origin(request)))


@anyone
def help_(request: HttpRequest) -> HttpResponse:
    """How a report is verified, on line and without a network, and what to do where something does not agree."""
    return render(request, "transfer/verify_help.html", {"domain": queries.domain()})


def origin(request: Any) -> str:
    """The address that looks are counted against."""
    return request.origin


def asking(request: HttpRequest, form: Looked, *, why: str = "", status: int = 200) -> HttpResponse:
    """The form, with what stands against an answer now."""
    return unkept(
        render(request, "transfer/verify.html", {"form": form, "why": why, "domain": queries.domain()}, status=status)
    )


def answered(request: HttpRequest, answer: effects.Answer) -> HttpResponse:
    """The page of an answer."""
    if answer.result == effects.BUSY:
        return asking(request, Looked(), why=TOO_MANY, status=429)
    return unkept(render(request, "transfer/verified.html", {**told(answer), "domain": queries.domain()}))


def told(answer: effects.Answer) -> dict[str, Any]:
    """What the page says of an answer; of one that found nothing, nothing of what was asked."""
    report = answer.report
    if report is None:
        return {
            "answer": answer,
            "report": None,
            "blocks": [],
            "number": "",
            "number_label": "",
            "again": reverse("transfer:verify"),
        }
    blocks = shown(report.kind, report.printed) if answer.result in (effects.VALID, effects.OVER) else []
    return {
        "answer": answer, "report": report, "blocks": blocks, "number": grouped(report.number), "number_label": NUMBERS[report.kind],
        "again": reverse("transfer:verify"),
    }  # fmt: skip


def unkept(response: HttpResponse) -> HttpResponse:
    """Nobody keeps the answer or finds it by searching, and its address goes nowhere."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = REFERRER
    response["X-Robots-Tag"] = "noindex"
    return response
