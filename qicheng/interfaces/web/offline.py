"""What is carried to where there is no network: the page that verifies by itself, the keys that it trusts, the list of what no longer counts.

The page is one file that may be kept on a stick and opened from there. It is served under its own policy: the two pieces of script and
style that stand in it, and nothing from anywhere, so that it can send nothing either.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding
from django.http import HttpResponse
from django.utils import timezone

from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.transfer.queries import verification as queries
from qicheng.foundation.access.pages import anyone
from qicheng.foundation.papers import seal, statement
from qicheng.foundation.papers.statement import NoKey
from qicheng.interfaces.web.words import day

if TYPE_CHECKING:
    from django.http import HttpRequest

PAGE = Path(__file__).with_name("offline.html")
NAME = "qicheng-verify.html"
# What one address may fetch in ten minutes; the page brings the whole list along.
FETCHES, TEN_MINUTES = 60, 600
CAMERA = "accelerometer=(), camera=(self), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()"
NO_KEY = "平台还没有配置签发核验信息的密钥，现在没有可以下载的名单。"


@anyone
def page(request: HttpRequest) -> HttpResponse:
    """The page with the keys and the list of this moment in it; from then on it needs nobody."""
    if not _may_fetch(request):
        return _wait()
    source, policy = _source()
    try:
        carried = base64.b64encode(queries.revocations()).decode()
    except NoKey:
        carried = ""
    trust = json.dumps({**trusted(), "list": carried}, ensure_ascii=False).replace("<", "\\u003c")
    response = HttpResponse(source.replace(">null</script>", f">{trust}</script>", 1))
    response["Content-Security-Policy"] = f"{policy}; frame-ancestors 'none'"
    response["Permissions-Policy"] = CAMERA
    return _fresh(response)


@anyone
def keys(request: HttpRequest) -> HttpResponse:
    """The keys that statements are checked against (a JWK set), and who vouches for the seals of PDF files."""
    content = json.dumps(trusted(), ensure_ascii=False, indent=1)
    return _fresh(HttpResponse(content, content_type="application/json"))


@anyone
def list_(request: HttpRequest) -> HttpResponse:
    """The signed list of numbers that no longer count."""
    if not _may_fetch(request):
        return _wait()
    try:
        content = queries.revocations()
    except NoKey:
        return HttpResponse(NO_KEY, status=503, content_type="text/plain; charset=utf-8")
    response = HttpResponse(content, content_type="application/cbor")
    response["Content-Disposition"] = f'attachment; filename="revoked-{timezone.localdate():%Y%m%d}.cbor"'
    return _fresh(response)


def trusted() -> dict[str, Any]:
    """All that a check without a network goes by, but the list."""
    try:
        seals = [_der(seal.loaded().certificate)]
    except seal.NotReady:
        seals = []
    return {
        **statement.published(), "authorities": [_der(one) for one in seal.authorities()], "seals": seals, "kinds": queries.labels(),
        "issuer": queries.domain(), "made": f"{timezone.localdate().year} 年 {day(timezone.localdate()).split('年')[-1].strip()}",
    }  # fmt: skip


@cache
def _source() -> tuple[str, str]:
    """(the page, its policy): its one script and one style by their digests, which it says of itself too, for where no server does."""
    source = PAGE.read_text("utf-8")
    (style,), (script,) = (
        re.findall(r"<style>(.*?)</style>", source, re.DOTALL),
        re.findall(r"<script>(.*?)</script>", source, re.DOTALL),
    )
    allowed = "; ".join((
        "default-src 'none'", f"script-src '{_digest(script)}'", f"style-src '{_digest(style)}'", "img-src data: blob:",
        "media-src blob:", "base-uri 'none'", "form-action 'none'",
    ))  # fmt: skip
    return source.replace(
        "<!--policy-->", f'<meta http-equiv="Content-Security-Policy" content="{allowed}">', 1
    ), allowed


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _der(certificate: Any) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _may_fetch(request: Any) -> bool:
    return spend(f"offline|{request.origin}", FETCHES, TEN_MINUTES)


def _wait() -> HttpResponse:
    return HttpResponse("下载的次数太多了，十分钟以后再试。", status=429, content_type="text/plain; charset=utf-8")


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-cache"
    return response
