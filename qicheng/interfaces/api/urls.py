"""Addresses of the API below /api/v1/: every operation behind the door, its document and its page."""

from __future__ import annotations

from django.urls import URLPattern, path

from qicheng.interfaces.api import description, pages
from qicheng.interfaces.api.door import guarded


def _operations() -> list[URLPattern]:
    """The operations as the library routes them, each address once, behind the door."""
    found: dict[str, URLPattern] = {}
    for entry in description.api().urls[0]:
        if isinstance(entry, URLPattern) and entry.name != "api-root":
            route = str(entry.pattern)
            found.setdefault(
                route, path(route, guarded(entry.callback, is_open=entry.name in description.OPEN), name=entry.name)
            )
    return list(found.values())


urlpatterns = [
    path("openapi.json", pages.schema, name="openapi"),
    path("docs/", pages.docs, name="docs"),
    *_operations(),
]
