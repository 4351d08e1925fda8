"""Every list that staff see, read from its declaration: columns are the schema, filters the parameters, parts go by a mark (SYN-02).

A row says what the page and the workbook say, in their words and behind their masks. Beside a coded column stands its code; behind
`identity:read` a number stands whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.core.signing import BadSignature
from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field, create_model

from qicheng.domain.orgs import listings as orgs
from qicheng.domain.orgs.models import KeyScope
from qicheng.domain.registration import listings as registrations
from qicheng.domain.roster import listings as roster
from qicheng.domain.transfer.listings import confirmation, mailing, records, reports
from qicheng.foundation.access import Area, Role
from qicheng.foundation.codes import Table
from qicheng.foundation.kit import masks
from qicheng.foundation.listing import Column, Filter, Listing
from qicheng.interfaces.api.door import Asker, must
from qicheng.interfaces.api.problems import Problem
from qicheng.interfaces.api.shapes import Place

MOST, USUAL = 1_000, 200
MASKED = (masks.id_number, masks.phone, masks.email, masks.name)
# The version of a case is wanted by whoever acts on it; of the hidden columns nothing else goes out but the public id.
SHOWN_HIDDEN = {"public_id": "id", "version": "version"}
EVERYBODY = (Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)


@dataclass(frozen=True)
class Published:
    """A list as it is published: where, of what scope, to whom; `is_told` says whether whoever asks is told of it at all."""

    path: str
    listing: Listing
    needs: KeyScope
    roles: tuple[Role, ...] = EVERYBODY
    is_told: Callable[[Asker, int], bool] | None = None


def published() -> list[Published]:
    """All lists that are published; a way to register joins by its own listing."""

    def is_told(name: str) -> Callable[[Asker, int], bool]:
        return lambda asker, cohort: name in registrations.named(asker.actor, cohort)

    areas = ((Area.ARCHIVE, KeyScope.ARCHIVE_READ), (Area.HOUSEHOLD, KeyScope.HOUSEHOLD_READ))
    return [
        Published("roster", roster.roster(), KeyScope.ROSTER_READ),
        Published("roster/removed", roster.removed(), KeyScope.ROSTER_READ),
        Published("roster/training", roster.training(), KeyScope.ROSTER_READ),
        Published("registrations/review", registrations.queue(Role.SCHOOL), KeyScope.REGISTRATIONS_READ, (Role.SCHOOL,)),
        *(
            Published(f"registrations/{name}", one, KeyScope.REGISTRATIONS_READ, EVERYBODY, is_told(name))
            for name, one in registrations.lists().items()
        ),
        Published("confirmations", confirmation.everybody(), KeyScope.CONFIRMATIONS_READ),
        *(Published(f"{area.value}/records", records.records(area), scope) for area, scope in areas),
        *(Published(f"{area.value}/changes", records.changes(area), scope) for area, scope in areas),
        *(Published(f"{area.value}/lapsed", records.lapsed(area), scope) for area, scope in areas),
        *(Published(f"{area.value}/review", records.queue(area, Role.SCHOOL), scope, (Role.SCHOOL,)) for area, scope in areas),
        *(Published(f"{area.value}/reports", reports.reports(area), scope, (Role.SCHOOL,)) for area, scope in areas),
        Published("archive/mailings", mailing.requests(), KeyScope.ARCHIVE_READ, (Role.SCHOOL,)),
        Published("flags", orgs.flags(), KeyScope.REGISTRATIONS_READ, (Role.SCHOOL,)),
    ]  # fmt: skip


def router() -> Router:
    """One operation for each list."""
    made = Router(tags=["清单"])
    for one in published():
        view, response = _operation(one)
        made.add_api_operation(
            f"/lists/{one.path}/", ["GET"], view, response=response, summary=one.listing.label, url_name=f"list_{_name(one)}",
            operation_id=f"list_{_name(one)}", description=_about(one.listing),
        )  # fmt: skip
    return made


def _name(one: Published) -> str:
    return one.path.replace("/", "_").replace("-", "_")


def _about(listing: Listing) -> str:
    coded = [f"{c.label}（{table.name}）" for c in listing.shown if (table := _table(c))]
    about = "和页面上的清单同样的行、同样的列、同样的文字。"
    return about + (f"带代码的列：{'、'.join(coded)}。" if coded else "")


def _operation(one: Published) -> tuple[Callable[..., Any], Any]:
    asked_model, rows_model = _asked(one), _rows(one)

    def view(request: Any, asked: Query[asked_model]) -> HttpResponse:  # type: ignore[valid-type]
        asker: Asker = request.asker
        if asker.actor.role not in one.roles:
            raise Problem("not-allowed", f"这份清单只对{'、'.join(role.label for role in one.roles)}的密钥开放。")
        must(asker, one.needs)
        if strange := set(request.GET) - set(asked_model.model_fields):
            raise Problem("invalid", errors=[(name[:60], "没有这个参数") for name in sorted(strange)])
        given = {
            key: value.isoformat() if isinstance(value, date) else str(value)
            for key, value in asked.model_dump(exclude_none=True).items()  # type: ignore[attr-defined]
        }
        cohort = int(given.pop("cohort", 0))
        if one.is_told and not one.is_told(asker, cohort):
            raise Problem("not-found")
        try:
            rows, after = one.listing.part(asker.actor, given, cohort, int(given.pop("size")))
        except BadSignature:
            raise Problem("invalid", errors=[("after", "不是这份清单给出的 after，从头读起时不带它")]) from None
        request.rows = len(rows)
        whole = asker.may(KeyScope.IDENTITY_READ)
        return {"rows": [_row(one.listing, row, whole=whole) for row in rows], "after": after}  # type: ignore[return-value]

    view.needs = one.needs  # type: ignore[attr-defined]
    return view, rows_model


def _asked(one: Published) -> type[Schema]:
    fields: dict[str, Any] = {
        "after": (str, Field("", max_length=600, description="上一页给出的 after")),
        "size": (int, Field(USUAL, ge=1, le=MOST, description="一页最多几行")),
    }
    if one.listing.cohort:
        fields["cohort"] = (int, Field(ge=2000, le=2100, description="届别"))
    for each in one.listing.filters:
        # A filter of the page that has the name of the mark is asked by another.
        fields.setdefault(each.key, (_kind(each) | None, Field(None, description=_said(each))))
    return create_model(f"{_name(one)}_asked", __base__=Schema, **fields)


def _kind(each: Filter) -> Any:
    if each.conditions:
        return Literal[tuple(each.conditions)]
    if each.kind == "choice" and not callable(each.choices):
        return Literal[tuple(value for value, _ in each.choices)]
    if each.kind == "whole":
        return int
    return date if each.kind == "date" else str


def _said(each: Filter) -> str:
    if each.kind == "code":
        return f"{each.label}：代码表 {each.table} 的代码"
    if callable(each.choices) or not each.choices:
        return each.label
    return (
        f"{each.label}：{'、'.join(value if value == words else f'{value} {words}' for value, words in each.choices)}"[
            :1_000
        ]
    )


def _rows(one: Published) -> type[Schema]:
    fields: dict[str, Any] = {}
    for column in one.listing.columns:
        if column.hidden and column.key in SHOWN_HIDDEN:
            name = SHOWN_HIDDEN[column.key]
            fields[name] = (
                str | None if name == "id" else int | None,
                Field(description="编号" if name == "id" else "版本"),
            )
        elif not column.hidden:
            fields[column.key] = (str, Field(description=column.label))
            if table := _table(column):
                fields[f"{column.key}_code"] = (str, Field(description=f"{column.label}的代码，代码表 {table.name}"))
    row = create_model(f"{_name(one)}_row", __base__=Schema, **fields)
    return create_model(f"{_name(one)}_rows", __base__=Place, rows=(list[row], ...))  # type: ignore[valid-type]


def _row(listing: Listing, row: Any, *, whole: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for column in listing.columns:
        value = getattr(row, column.key)
        if column.hidden:
            if name := SHOWN_HIDDEN.get(column.key):
                made[name] = value if name == "version" or value is None else str(value)
            continue
        made[column.key] = str(value or "") if whole and column.shown in MASKED else column.words(value)
        if _table(column):
            made[f"{column.key}_code"] = value or ""
    return made


def _table(column: Column) -> Table | None:
    """The code table by which a column is named."""
    owner = getattr(column.shown, "__self__", None)
    return owner if isinstance(owner, Table) else None
