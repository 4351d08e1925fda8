"""The page on which a school chooses the parts of its platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect

from qicheng.domain.campus.effects import profile as effects
from qicheng.domain.campus.models import PRESETS
from qicheng.domain.campus.queries.profile import closing_day, profile_of
from qicheng.domain.campus.sheets.profile import PROFILE
from qicheng.domain.orgs.pages import filled, status_of, tried
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request


@audience(Role.SCHOOL, area=Area.EMPLOYMENT)
def profile(request: Request) -> HttpResponse:
    """The parts, each with what it brings; `?preset=` fills the form in without submitting it."""
    actor, cohort = request.actor, request.cohort
    row = profile_of(actor.node, cohort)
    values = effects.values_of(row)
    preset = PRESETS.get(request.GET.get("preset", ""))
    if preset is not None:
        values |= {key: key in preset[1] for key in values if key != "closes_on"}
    form = filled(PROFILE, request, values)
    sent = request.POST.get("seen", "")
    seen = int(sent) if sent.isdecimal() and len(sent) < 10 else -1
    if tried(request, form, lambda given: effects.set_profile(actor, cohort, seen, given), "学校平台设置已提交。"):
        return redirect("campus:profile")
    context = {
        "form": form, "row": row, "presets": PRESETS, "preset": preset, "closing": closing_day(row), "cohort": cohort,
        "groups": dict.fromkeys(field.group for field in PROFILE), "fields": list(PROFILE), "may_write": actor.may_write(Area.EMPLOYMENT),
    }  # fmt: skip
    return render(request, "campus/profile.html", context, status=status_of(form))
