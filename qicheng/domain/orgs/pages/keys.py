"""Pages of the keys by which other systems come in over the API: made, rotated, revoked, and what was called with them (SYN-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import keys
from qicheng.domain.orgs.pages import filled, status_of, stood
from qicheng.domain.orgs.sheets import key_sheet
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import Refused, noted
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.domain.orgs.models import Key

HOLDERS = (Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)


@audience(*HOLDERS, area=Area.EMPLOYMENT)
def overview(request: Any) -> HttpResponse:
    """The keys of one's own unit, with when each was last used and when it ends."""
    rows = [(key, keys.is_in_force(key), keys.last_used(key)) for key in queries.own_keys(request.actor)]
    context = {"rows": rows, "may_write": queries.may_give_keys(request.actor)}
    return render(request, "orgs/keys.html", context)


@audience(*HOLDERS, area=Area.EMPLOYMENT, write=True)
def new(request: Any) -> HttpResponse:
    """Make a key; its secret stands on the answer, once."""
    actor = request.actor
    if not queries.may_give_keys(actor):
        raise Http404
    form = filled(key_sheet(actor.role), request, {"a_minute": 120, "days": "180"})
    if request.method == "POST" and form.is_valid():
        try:
            key, secret = keys.make(actor, form.cleaned_data)
            return shown_once(request, key, secret)
        except Refused as why:
            form.add_error(None, str(why))
    return render(request, "orgs/key_new.html", {"form": form}, status=status_of(form))


@audience(*HOLDERS, area=Area.EMPLOYMENT)
def key(request: Any, public_id: UUID) -> HttpResponse:
    """One key: what it may, what was done to it, what was called with it."""
    row = own(request, public_id)
    context = {
        "key": row, "in_force": keys.is_in_force(row), "last_used": keys.last_used(row), "stamp": keys.stamp(row),
        "may_write": queries.may_give_keys(request.actor), "overlap": keys.OVERLAP, "kept": keys.CALLS_KEPT,
        "calls": queries.calls_of(row, request.actor), "records": noted(keys.ABOUT, case=str(row.public_id), newest=20),
        "labels": KEY_LABELS,
    }  # fmt: skip
    return render(request, "orgs/key.html", context)


@require_POST
@audience(*HOLDERS, area=Area.EMPLOYMENT, write=True)
def rotate(request: Any, public_id: UUID) -> HttpResponse:
    """Another secret; the one before goes on to work for a few days."""
    row = own(request, public_id)
    try:
        secret = keys.rotate(request.actor, row, request.POST.get("seen", ""))
    except Refused as why:
        say(request, str(why), "warn")
        return redirect("orgs:key", public_id)
    return shown_once(request, own(request, public_id), secret)


@require_POST
@audience(*HOLDERS, area=Area.EMPLOYMENT, write=True)
def revoke(request: Any, public_id: UUID) -> HttpResponse:
    """The key is of no use any more."""
    row = own(request, public_id)
    stood(
        request,
        lambda: keys.revoke(request.actor, row, request.POST.get("seen", "")),
        "密钥已撤销，用它的系统马上不能再访问。",
    )
    return redirect("orgs:key", public_id)


def own(request: Any, public_id: UUID) -> Key:
    """The key of that id, of the unit of whoever asks; Http404 else."""
    row = queries.own_keys(request.actor).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row


def shown_once(request: Any, row: Key, secret: str) -> HttpResponse:
    """The answer that carries a secret; no browser keeps it."""
    response = render(request, "orgs/key_secret.html", {"key": row, "secret": secret, "overlap": keys.OVERLAP})
    response["Cache-Control"] = "no-store"
    return response


KEY_LABELS = {
    ("key", "add"): "创建接口密钥", ("key", "rotate"): "更换接口密钥", ("key", "revoke"): "撤销接口密钥", ("key", "expiring"): "接口密钥快到期",
}  # fmt: skip
