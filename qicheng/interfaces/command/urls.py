"""All addresses: the API's, then the pages'. It stands here because only `command` lies above both, and neither knows the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import include, path

from qicheng.interfaces.api import pages as api_pages
from qicheng.interfaces.api import urls as api
from qicheng.interfaces.web import urls as pages

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PROGRAMS = "api/v1/"

urlpatterns = [path(PROGRAMS, include((api.urlpatterns, "api"))), *pages.urlpatterns]

handler400, handler403, handler500 = pages.handler400, pages.handler403, pages.handler500


def handler404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Nothing is there: said to programs and to people, each in their way."""
    if request.path.startswith(f"/{PROGRAMS}"):
        return api_pages.nowhere(request)
    return pages.handler404(request, exception)
