"""Pages that stand: help, accessibility, what is kept of whom. Their words are in their templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.foundation.access.pages import anyone
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@anyone
def help_page(request: HttpRequest) -> HttpResponse:
    """The questions that are asked most, and whom to ask the others."""
    return render(request, "help.html")


@anyone
def accessibility(request: HttpRequest) -> HttpResponse:
    """What works with which aids, and where to say what does not."""
    return render(request, "a11y.html")


@anyone
def privacy(request: HttpRequest) -> HttpResponse:
    """Which personal data are kept, what for, who sees them and for how long."""
    return render(request, "privacy.html")
