"""What a college opens of the supplements that wait for it: the queue, the next one, many approved at once (PKU-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.campus.listings.personal import held_back, queue
from qicheng.domain.campus.models import Part, Supplement
from qicheng.domain.campus.sheets.personal import SUPPLEMENT
from qicheng.domain.registration.effects.reviewing import approve_all
from qicheng.domain.registration.listings import late, long_wait
from qicheng.domain.registration.pages.staff import MOST_AT_ONCE, filters, parsed, picked
from qicheng.domain.transfer.pages.reviewing import told
from qicheng.foundation.access import Area, Role
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .module import of_part

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request

COLLEGE = (Role.COLLEGE,)


@of_part(Part.SUPPLEMENT, roles=COLLEGE, area=Area.EMPLOYMENT)
def review(request: Request) -> HttpResponse:
    """What waits for this college, the longest wait first."""
    actor, cohort = request.actor, request.cohort
    page = queue().page(actor, request.GET, cohort)
    return render(request, "campus/personal_queue.html", {
        "page": page, "held": {row.public_id: held_back(row) for row in page.rows}, "now_": timezone.now(), "late": late(actor, cohort),
        "long_wait": long_wait(actor, cohort), "further": "major" in page.values, "may_write": actor.may_write(Area.EMPLOYMENT), "cohort": cohort,
    })  # fmt: skip


@of_part(Part.SUPPLEMENT, roles=COLLEGE, area=Area.EMPLOYMENT)
def next_(request: Request) -> HttpResponse:
    """On to what waits behind the one that was just decided."""
    actor, after = request.actor, {"after": request.GET.get("after", "")}
    waiting = queue().head(actor, after, request.cohort, 1) or queue().head(actor, {}, request.cohort, 1)
    if not waiting:
        return redirect("campus:supplement_review")
    return redirect("campus:supplement_case", waiting[0].public_id)


@of_part(Part.SUPPLEMENT, roles=COLLEGE, area=Area.EMPLOYMENT, write=True)
def batch(request: Request) -> HttpResponse:
    """What will be approved, and what has to be looked at by itself, before anything is done."""
    ticked = picked(request.POST.getlist("case"))
    asked = filters(request, queue()) if request.POST.get("every") else {"case": ",".join(ticked) or "-"}
    rows = queue().head(request.actor, asked, request.cohort, MOST_AT_ONCE + 1)
    if not rows:
        say(request, "先在左边勾选要通过的补充信息；已经审过的不会再出现。", "info")
        return redirect("campus:supplement_review")
    lines = [(row, held_back(row), token()) for row in rows[:MOST_AT_ONCE]]
    return render(request, "campus/personal_batch.html", {
        "place": SUPPLEMENT["origin"].shown, "passing": [(row, key) for row, why, key in lines if not why], "held": [(row, why) for row, why, _ in lines if why],
        "is_cut": len(rows) > MOST_AT_ONCE, "most": MOST_AT_ONCE, "back": f"{reverse('campus:supplement_review')}?{urlencode(filters(request, queue()))}",
    })  # fmt: skip


@of_part(Part.SUPPLEMENT, roles=COLLEGE, area=Area.EMPLOYMENT, write=True)
def batch_done(request: Request) -> HttpResponse:
    """Each line through its own act, and what became of it; sent again it answers the same and does nothing twice."""
    actor = request.actor
    sent = {line[0]: line for value in request.POST.getlist("line")[:MOST_AT_ONCE] if (line := parsed(value))}
    if not sent:
        return redirect("campus:supplement_review")
    found = Supplement.objects.seen_by(actor).select_related("graduate").in_bulk(list(sent), field_name="public_id")
    asked = [(found[one], version, key) for one, version, key in sent.values() if one in found]
    results = [
        (case, *told(case, [], outcome)) for (case, _, _), outcome in zip(asked, approve_all(asked, actor), strict=True)
    ]
    return render(request, "campus/personal_batch_done.html", {
        "done": [(case, words) for case, is_done, words in results if is_done],
        "stopped": [(case, words) for case, is_done, words in results if not is_done], "missing": len(sent) - len(found),
    })  # fmt: skip
