"""The guide of whoever asks, as a PDF to keep (HOME-01): typeset from the same pages that the repository shows."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.papers.typeset import typeset
from qicheng.interfaces.web import menus

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "guides"
FILES = {
    Role.GRADUATE: "graduate", Role.EMPLOYER: "employer", Role.COLLEGE: "college", Role.SCHOOL: "school",
    Role.PROVINCE: "province", Role.MINISTRY: "operator",
}  # fmt: skip
LINE = re.compile(r"(?P<mark>#+|\d+\.|-)\s+(?P<text>.+)")
PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@audience(*menus.EVERYBODY)
def guide(request: Any) -> HttpResponse:
    """The guide of the actor's role."""
    name = FILES[request.actor.role]
    disposition = content_disposition_header(True, f"启程操作指南-{request.actor.role.label}.pdf")
    return HttpResponse(paper(name), content_type="application/pdf", headers={"Content-Disposition": str(disposition)})


@cache
def paper(name: str) -> bytes:
    """The PDF of one guide; made once a process."""
    path = FOLDER / f"{name}.md"
    made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return typeset(FOLDER / "guide.typ", {"blocks": list(blocks(path.read_text("utf-8"))), "made_at": made_at})


def blocks(text: str) -> Iterator[dict[str, Any]]:
    """The guide in blocks: {kind: h1 | h2 | step | point | text, parts: [[is_bold, text], …]}; pictures stay on the screen."""
    kinds = {"#": "h1", "##": "h2", "-": "point"}
    for line in PICTURE.sub("", text).splitlines():
        plain = LINK.sub(r"\1", line.strip())
        if not plain:
            continue
        found = LINE.match(plain)
        kind = kinds.get(found["mark"], "step") if found else "text"
        parts = (found["text"] if found else plain).split("**")
        yield {"kind": kind, "parts": [[bool(i % 2), part] for i, part in enumerate(parts) if part]}
