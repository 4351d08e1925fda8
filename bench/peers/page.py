"""The reviewer's page as the peers write it: the product's own bytes, turned into a template with a loop over rows and choices.

What the templates say is the same for Jinja2 and for Django: `{{ … }}`, `{% for %}` and `{% if %}`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BEIJING = timezone(timedelta(hours=8))
LATE = '<span class="sr">，超过 2 个工作日</span>'
SELECT = re.compile(r'(<select[^>]* name="(\w+)"[^>]*>)(.*?)</select>')
OPTION = re.compile(r'<option value="([^"]*)"[^>]*>([^<]*)</option>')


def template(html: str, row: Mapping[str, str], page: Mapping[str, str]) -> str:
    """The page with its first row as a loop; `row` and `page` map an expression to the text that stands for it.

    Raises ValueError for a text that the page does not have: then the page has changed, and this module has to follow.
    """
    head, _, rest = html.partition("<tbody>")
    body, _, tail = rest.partition("</tbody>")
    first = body[body.index("<tr") : body.index("</tr>") + 5]
    first = _swapped(first, row).replace("num late", "num{% if row.late %} late{% endif %}")
    first = first.replace(LATE, f"{{% if row.late %}}{LATE}{{% endif %}}")
    frame = (
        _swapped(head, page)
        + f"<tbody>\n{{% for row in rows %}}{first}\n{{% endfor %}}</tbody>"
        + _swapped(tail, page, lax=True)
    )
    return SELECT.sub(_loop, frame)


def choices(html: str) -> dict[str, list[tuple[str, str]]]:
    """The choices of every select of the page."""
    return {name: OPTION.findall(options) for _, name, options in SELECT.findall(html)}


def _loop(found: re.Match[str]) -> str:
    return (
        f"{found[1]}{{% for value, label in choices.{found[2]} %}}"
        '<option value="{{ value }}"{% if not value %} selected{% endif %}>{{ label }}</option>{% endfor %}</select>'
    )


def _swapped(text: str, expressions: Mapping[str, str], *, lax: bool = False) -> str:
    ordered = sorted(expressions.items(), key=lambda pair: -len(pair[1]))
    for i, (_, shown) in enumerate(ordered):
        if shown not in text and not lax:
            raise ValueError(f"{shown!r} is not on the page")
        text = text.replace(shown, f"\x00{i}\x00")
    for i, (expression, _) in enumerate(ordered):
        text = text.replace(f"\x00{i}\x00", f"{{{{ {expression} }}}}")
    return text


# ---- what a row's values look like


def masked_id(number: str) -> str:
    return "*" * (len(number) - 4) + number[-4:]


def masked_phone(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}"


def minute(at: datetime) -> str:
    return at.astimezone(BEIJING).isoformat(timespec="minutes")


def waited(since: datetime, now: datetime | None = None) -> str:
    seconds = int(((now or datetime.now(UTC)) - since).total_seconds())
    days, rest = divmod(max(seconds, 0), 86_400)
    hours, rest = divmod(rest, 3_600)
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    return f"{hours} 小时" if hours else f"{rest // 60} 分钟"
