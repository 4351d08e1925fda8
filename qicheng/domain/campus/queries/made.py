"""Reads of the forms that a school makes: its own list for the builder, the open ones for its graduates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.models import MadeForm, MadeVersion, Purpose
from qicheng.foundation.flow.perform import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from types import SimpleNamespace
    from uuid import UUID

    from django.db.models import QuerySet

    from qicheng.foundation.access import Actor

EVERY_COHORT = 0


def made_by(actor: Actor, purpose: Purpose | str, cohort: int) -> list[MadeForm]:
    """The forms that the actor's school made for the cohort, and for every one, the newest first."""
    rows = MadeForm.objects.seen_by(actor).filter(purpose=purpose, cohort__in=(cohort, EVERY_COHORT))
    return list(rows.select_related("current").order_by("-pk"))


def own_form(actor: Actor, public_id: UUID | str) -> MadeForm:
    """A form of the actor's school; NotFound else (ORG-01)."""
    row = MadeForm.objects.seen_by(actor).filter(public_id=public_id).select_related("current").first()
    if row is None:
        raise NotFound("没有找到这份表。")
    return row


def versions_of(form: MadeForm) -> list[MadeVersion]:
    """All versions of a form, the newest first; the first of them may still be in the making."""
    return list(_versions().filter(form=form).order_by("-number"))


def in_the_making(form: MadeForm) -> MadeVersion | None:
    """The version that is being made, if there is one."""
    return _versions().filter(form=form, published_at=None).first()


def version_by(pk: int) -> MadeVersion:
    """A version with its form, for the case that keeps it."""
    return _versions().select_related("form").get(pk=pk)


def open_forms(school: int, cohort: int, purpose: Purpose | str, day: date) -> list[MadeForm]:
    """What graduates of the school may fill in on that day, with the version that they begin, the newest first."""
    return [form for form in published(school, cohort, purpose) if why_shut(form, day) is None]


def published(school: int, cohort: int, purpose: Purpose | str) -> list[MadeForm]:
    """What the school has published and not closed, whether or not its days are now."""
    rows = _of_school(school, cohort, purpose)
    return list(rows.filter(current__isnull=False, closed_at__isnull=True).select_related("current").order_by("-pk"))


def published_form(school: int, cohort: int, purpose: Purpose | str, public_id: UUID | str) -> MadeForm | None:
    """One of them, also closed since: whoever began it may look at it."""
    rows = _of_school(school, cohort, purpose).filter(public_id=public_id)
    return rows.filter(current__isnull=False).select_related("current").first()


def titles(school: int, cohort: int, purpose: Purpose | str) -> Mapping[int, str]:
    """id → title of all forms of a school for the cohort, for lists and filters."""
    rows = _of_school(school, cohort, purpose)
    return dict(rows.order_by("title", "pk").values_list("pk", "title"))


def why_shut(form: MadeForm | SimpleNamespace, day: date) -> str | None:
    """Why a form is not filled in on that day; None where it is."""
    if form.current_id is None or form.closed_at is not None:
        return f"「{form.title}」已经关闭，需要办理的请联系学校。"
    if form.opens_on and day < form.opens_on:
        return f"「{form.title}」从 {form.opens_on.month} 月 {form.opens_on.day} 日开始填写。"
    if form.closes_on and day > form.closes_on:
        return f"「{form.title}」到 {form.closes_on.month} 月 {form.closes_on.day} 日为止，已经截止。"
    return None


def _of_school(school: int, cohort: int, purpose: Purpose | str) -> QuerySet[MadeForm]:
    rows: QuerySet[MadeForm] = MadeForm.objects.unscoped("what a school has published is for everybody of the school")
    return rows.filter(school=school, purpose=purpose, cohort__in=(cohort, EVERY_COHORT))


def _versions() -> QuerySet[MadeVersion]:
    rows: QuerySet[MadeVersion] = MadeVersion.objects.unscoped("a version is read through its form or its case")
    return rows
