"""All addresses: the API's, then the pages'. It stands here because only `command` lies above both, and neither knows the other."""

from __future__ import annotations

from django.urls import include, path

from qicheng.interfaces.api import urls as api
from qicheng.interfaces.web import urls as pages

urlpatterns = [path("api/v1/", include((api.urlpatterns, "api"))), *pages.urlpatterns]

handler400, handler403, handler404, handler500 = pages.handler400, pages.handler403, pages.handler404, pages.handler500
