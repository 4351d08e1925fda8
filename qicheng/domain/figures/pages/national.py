"""全国和全省毕业去向: the table of the ministry and of provinces, live from the counters, or as it was at the end of any day (STA-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.figures.listings.national import people
from qicheng.domain.figures.pages import standings
from qicheng.domain.figures.pages.standings import Figures
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request

ABOVE = (Role.PROVINCE, Role.MINISTRY)


@audience(*ABOVE, area=Area.EMPLOYMENT)
def national(request: Request) -> HttpResponse:
    """Province × type of destination, and school × type of one province; each number leads on."""
    return standings.page(request, of_everybody(request))


@audience(*ABOVE, area=Area.EMPLOYMENT)
def national_workbook(request: Request) -> HttpResponse:
    """The same as a workbook."""
    return standings.workbook(request, of_everybody(request))


def of_everybody(request: Request) -> Figures:
    """The table for whoever asks."""
    title = "全国毕业去向" if request.actor.role is Role.MINISTRY else "全省毕业去向"
    return Figures("national", title, people(), keys=("level", "province"))
