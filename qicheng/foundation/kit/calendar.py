"""Days and deadlines as the platform counts them, always in Beijing time."""

from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

import chinese_calendar

# A fixed offset, because China has kept one since 1992 and a bare machine may lack the time zone files.
BEIJING = timezone(timedelta(hours=8), "北京时间")
ONE_DAY = timedelta(days=1)


class Day(NamedTuple):
    """A date that was counted; `is_certain` is false where the holidays of a year on the way are not published yet."""

    date: date
    is_certain: bool


class Moment(NamedTuple):
    """An instant that was counted; `is_certain` is false where the holidays of a year on the way are not published yet."""

    at: datetime
    is_certain: bool


class Count(NamedTuple):
    """A number of days; `is_certain` is false where the holidays of a year on the way are not published yet."""

    days: int
    is_certain: bool


def midnight(day: date) -> datetime:
    """The instant at which a day begins in Beijing."""
    return datetime.combine(day, time(), BEIJING)


def day_of(instant: datetime) -> date:
    """The day in Beijing on which an instant falls. ValueError for an instant without a time zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(BEIJING).date()


def answer_deadline(sent_at: datetime, days: int) -> datetime:
    """The instant from which no answer is possible: midnight after the `days` that follow the sending (SIGN-02)."""
    if days < 1:
        raise ValueError("an answer needs at least one day")
    return midnight(day_of(sent_at) + timedelta(days=days + 1))


def cohort_closes(cohort: int) -> datetime:
    """The instant from which a cohort can only look: 1 February of the year after its graduation year (ROS-03)."""
    return midnight(date(cohort + 1, 2, 1))


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> tuple[bool, bool]:
    """Whether people work on that day, and whether that is certain; a year that is not published counts by weekdays."""
    try:
        return chinese_calendar.is_workday(day), True
    except NotImplementedError:
        return day.weekday() < 5, False


def add_working_days(start: date, days: int) -> Day:
    """The `days`-th working day after `start`; with 0 the start itself."""
    if days < 0:
        raise ValueError("days are counted forward")
    day, certain = start, True
    while days:
        day += ONE_DAY
        works, known = is_working_day(day)
        days -= works
        certain = certain and known
    return Day(day, certain)


def working_days_between(start: date, end: date) -> Count:
    """How many working days lie after `start` and up to `end`, the last included; 0 if `end` is not later."""
    days, certain, day = 0, True, start
    while day < end:
        day += ONE_DAY
        works, known = is_working_day(day)
        days += works
        certain = certain and known
    return Count(days, certain)


def working_days_before(instant: datetime, days: int) -> datetime:
    """The latest instant from which `days` working days have passed by `instant`, at the same time of day in Beijing."""
    day = day_of(instant)
    while days > 0:
        days -= is_working_day(day)[0]
        day -= ONE_DAY
    return datetime.combine(day, instant.astimezone(BEIJING).timetz())


def working_days_after(instant: datetime, days: int) -> Moment:
    """The instant at which `days` working days have passed since `instant`: the same time of day in Beijing, on a working day."""
    day, is_certain = add_working_days(day_of(instant), days)
    return Moment(datetime.combine(day, instant.astimezone(BEIJING).timetz()), is_certain)


def waited_before(instant: datetime, days: int) -> datetime:
    """Whoever has waited since before this midnight has waited `days` working days by `instant`, as `working_days_between` counts."""
    return midnight(day_of(working_days_before(instant, days)) + ONE_DAY)


def span(length: timedelta) -> str:
    """A length in words: 「2 天 5 小时」, 「5 小时」, minutes only below an hour, never seconds; rounded down."""
    minutes = max(length, timedelta()) // timedelta(minutes=1)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    if hours:
        return f"{hours} 小时"
    return f"{minutes} 分钟" if minutes else "不到 1 分钟"


def left(until: datetime, now: datetime) -> str:
    """What is left until a deadline, in words; 「已截止」 from the deadline on."""
    return span(until - now) if now < until else "已截止"


def waited(since: datetime, now: datetime) -> str:
    """How long somebody has waited, in words."""
    return span(now - since)
