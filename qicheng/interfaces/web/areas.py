"""Entries of long code tables as options: the divisions below a code for cascades, names that match what is typed; public and long kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.utils.html import format_html, format_html_join

from qicheng.foundation import codes
from qicheng.foundation.access.pages import anyone
from qicheng.foundation.codes import divisions

if TYPE_CHECKING:
    from django.http import HttpRequest

DAY = 86_400
# Tables that are typed, not chosen from a select (sheets' fields of kind 'lookup'), and how many names are offered while typing.
TYPED = frozenset({"admin_divisions", "countries", "universities_2022"})
OFFERED, LONGEST = 10, 40


@anyone
def below(request: HttpRequest, code: str = "") -> HttpResponse:
    """`<option>`s right below a division of GB/T 2260; none below a county, the provinces without a code."""
    if code and not (len(code) == 6 and code.isascii() and code.isdigit() and divisions.is_known(code)):
        raise Http404
    options = format_html_join("", '<option value="{}">{}</option>', divisions.children(code))
    response = HttpResponse(format_html('<option value="">没有选</option>{}', options))
    response["Cache-Control"] = f"public, max-age={DAY}"
    return response


@anyone
def entries(request: HttpRequest, table: str) -> HttpResponse:
    """`<option>`s with the names of a table that have the text `q` in them, for a list beside a control; none for an empty text."""
    if table not in TYPED:
        raise Http404
    known = codes.table(table)
    found = known.search(request.GET.get("q", "")[:LONGEST], OFFERED)
    response = HttpResponse(
        format_html_join("", '<option value="{}"></option>', ((known.known_as(one),) for one in found))
    )
    response["Cache-Control"] = f"public, max-age={DAY}"
    return response
