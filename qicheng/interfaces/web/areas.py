"""The divisions below a code as options of a select, for cascades; public and long kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.utils.html import format_html, format_html_join

from qicheng.foundation.access.pages import anyone
from qicheng.foundation.codes import divisions

if TYPE_CHECKING:
    from django.http import HttpRequest

DAY = 86_400


@anyone
def below(request: HttpRequest, code: str = "") -> HttpResponse:
    """`<option>`s right below a division of GB/T 2260; none below a county, the provinces without a code."""
    if code and not (len(code) == 6 and code.isascii() and code.isdigit() and divisions.is_known(code)):
        raise Http404
    options = format_html_join("", '<option value="{}">{}</option>', divisions.children(code))
    response = HttpResponse(format_html('<option value="">没有选</option>{}', options))
    response["Cache-Control"] = f"public, max-age={DAY}"
    return response
