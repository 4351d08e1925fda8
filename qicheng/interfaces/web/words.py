"""How times, numbers and codes are written for people: 「6 月 12 日 24:00」, 「还剩 2 天 5 小时」, 8,000."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils import timezone

from qicheng.foundation.kit.calendar import BEIJING

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def _local(at: datetime) -> datetime:
    return at.astimezone(BEIJING) if at.tzinfo else at


def _today() -> date:
    return timezone.localdate()


def day(at: date | datetime) -> str:
    """「6 月 9 日」, with the year in front when it is not this one."""
    on = _local(at).date() if isinstance(at, datetime) else at
    year = "" if on.year == _today().year else f"{on.year} 年 "
    return f"{year}{on.month} 月 {on.day} 日"


def month(at: date | datetime) -> str:
    """「2026 年 6 月」."""
    on = _local(at) if isinstance(at, datetime) else at
    return f"{on.year} 年 {on.month} 月"


def moment(at: datetime) -> str:
    """「6 月 9 日 16:54」."""
    local = _local(at)
    return f"{day(local)} {local:%H:%M}"


def deadline(at: datetime) -> str:
    """A last moment; midnight belongs to the day that it ends: 13 June 00:00 is 「6 月 12 日 24:00」."""
    local = _local(at)
    if local.time() == time(0):
        return f"{day(local.date() - timedelta(days=1))} 24:00"
    return moment(local)


def stamp(at: datetime) -> str:
    """The short form for tables: 「06-07 10:51」, with the year when it is not this one."""
    local = _local(at)
    return f"{local:%m-%d %H:%M}" if local.year == _today().year else f"{local:%Y-%m-%d %H:%M}"


def iso(at: date | datetime) -> str:
    """The machine's form, for `<time datetime>`."""
    return _local(at).isoformat(timespec="minutes") if isinstance(at, datetime) else at.isoformat()


def span(length: timedelta) -> str:
    """「3 天 1 小时」, 「5 小时」; minutes only below one hour, never seconds."""
    seconds = max(0, int(length.total_seconds()))
    days, rest = divmod(seconds, _DAY)
    hours, rest = divmod(rest, _HOUR)
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    return f"{hours} 小时" if hours else f"{rest // _MINUTE} 分钟"


def waited(since: datetime, until: datetime | None = None) -> str:
    """How long something has been waiting."""
    return span((until or timezone.now()) - since)


def remaining(at: datetime, now: datetime | None = None) -> str:
    """「还剩 2 天 5 小时」, or 「已截止」 once it has passed."""
    left = at - (now or timezone.now())
    return f"还剩 {span(left)}" if left > timedelta(0) else "已截止"


def number(value: int | float | Decimal) -> str:
    """With separators: 「3,543」."""
    return f"{value:,}"


def money(value: int | float | Decimal | str) -> str:
    """An amount without its unit; cents only when there are any: 「8,000」, 「8,000.50」."""
    amount = Decimal(str(value))
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def percent(part: int, whole: int) -> str:
    """「78.3%」; of nobody, nothing: 「0.0%」."""
    return f"{100 * part / whole if whole else 0:.1f}%"


def grouped(code: str, *sizes: int) -> str:
    """A code in groups that can be read aloud, of four unless told otherwise."""
    code = str(code)
    groups, at = [], 0
    for size in sizes or (4,) * (len(code) // 4 + 1):
        groups.append(code[at : at + size])
        at += size
    return " ".join(filter(None, [*groups, code[at:]]))


def filesize(count: int) -> str:
    """「286 KB」, 「4.8 MB」."""
    return f"{count / 1_048_576:.1f} MB" if count >= 1_048_576 else f"{max(1, round(count / 1024))} KB"
