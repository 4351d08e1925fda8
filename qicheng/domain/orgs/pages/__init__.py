"""Pages of organisations: settings, accounts, authorities, employers; here what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.foundation.access import Area
from qicheng.foundation.flow.perform import Stopped
from qicheng.foundation.listing.page import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.forms import Form

    from qicheng.foundation.sheets import Sheet


def filled(sheet: Sheet, request: Any, initial: Mapping[str, Any] | None = None, prefix: str | None = None) -> Form:
    """The sheet's form as it was sent, or as it is to be shown first."""
    sent = request.POST if request.method == "POST" else None
    return sheet.form(request.cohort or None)(sent, initial=dict(initial or {}), prefix=prefix)


def tried(
    request: Any, form: Form, act: Callable[[dict[str, Any]], object], done: str, area: Area = Area.EMPLOYMENT
) -> bool:
    """Whether the form was sent and its act is over: done, or found outdated; else what is wrong stands in the form."""
    if request.method != "POST":
        return False
    must_write(request, area)
    if not form.is_valid():
        return False
    try:
        act(form.cleaned_data)
    except Outdated as old:
        say(request, str(old), "warn")
    except Stopped as why:
        form.add_error(None, str(why))
        return False
    else:
        say(request, done)
    return True


def stood(request: Any, act: Callable[[], object], done: str) -> bool:
    """Do an act that has no form, and say what came of it; whether it was done."""
    must_write(request)
    try:
        act()
    except Stopped as why:
        say(request, str(why), "bad")
        return False
    say(request, done)
    return True


def with_area(request: Any) -> Any:
    """The request with the three selects of a division put together: the lowest that was chosen and lies below the others."""
    if request.method == "POST" and "area" not in request.POST:
        request.POST = request.POST.copy()
        request.POST["area"] = queries.chosen_area(request.POST)
    return request


def must_write(request: Any, area: Area = Area.EMPLOYMENT) -> None:
    """Who may only look finds no place to change anything (ORG-05)."""
    if not request.actor.may_write(area):
        raise Http404


def status_of(*forms: Form) -> int:
    """422 where something that was sent is wrong."""
    return 422 if any(form.errors for form in forms) else 200
