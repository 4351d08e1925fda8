"""Days and deadlines in Beijing time."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qicheng.foundation.kit import calendar
from qicheng.foundation.kit.calendar import BEIJING

ZONES = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
SENT = datetime(2023, 1, 9, 16, 54, 26, tzinfo=BEIJING)


def test_three_days_end_at_the_midnight_after_the_third_day():
    assert calendar.answer_deadline(SENT, 3) == datetime(2023, 1, 13, tzinfo=BEIJING)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)), st.integers(1, 60), ZONES)  # noqa: DTZ001
def test_a_deadline_is_the_same_wherever_the_server_stands(sent, days, zone):
    sent = sent.replace(tzinfo=BEIJING)
    deadline = calendar.answer_deadline(sent.astimezone(zone), days)
    assert deadline == calendar.answer_deadline(sent, days)
    assert (deadline.astimezone(BEIJING).hour, deadline.astimezone(BEIJING).minute) == (0, 0)
    assert timedelta(days=days) < deadline - sent <= timedelta(days=days + 1)


def test_the_deadline_does_not_depend_on_the_zone_of_the_process(monkeypatch):
    import time

    for zone in ("UTC", "America/New_York", "Pacific/Kiritimati"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert calendar.answer_deadline(SENT, 3).timestamp() == 1673539200
    monkeypatch.undo()
    time.tzset()


def test_an_instant_without_a_zone_or_a_span_without_a_day_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        calendar.answer_deadline(SENT.replace(tzinfo=None), 3)
    with pytest.raises(ValueError, match="one day"):
        calendar.answer_deadline(SENT, 0)


def test_a_cohort_acts_until_the_end_of_january_of_the_next_year():
    closes = calendar.cohort_closes(2023)
    assert closes == datetime(2024, 1, 31, 16, 0, tzinfo=UTC)
    assert calendar.day_of(closes - timedelta(microseconds=1)) == date(2024, 1, 31)


def test_working_days_leave_out_holidays_and_count_their_make_up_days():
    # National Day 2023: holiday from 29 September to 6 October, work on 7 and 8 October.
    assert calendar.add_working_days(date(2023, 9, 28), 1) == (date(2023, 10, 7), True)
    assert calendar.add_working_days(date(2023, 9, 28), 3) == (date(2023, 10, 9), True)
    assert calendar.working_days_between(date(2023, 9, 28), date(2023, 10, 9)) == (3, True)


def test_a_year_without_published_holidays_counts_weekdays_and_says_so():
    assert calendar.add_working_days(date(2099, 1, 1), 2) == (date(2099, 1, 5), False)
    assert calendar.working_days_between(date(2099, 1, 1), date(2099, 1, 5)) == (2, False)


@given(st.dates(date(2010, 1, 1), date(2040, 1, 1)), st.integers(0, 60))
def test_counting_forward_and_counting_between_agree(start, days):
    assert calendar.working_days_between(start, calendar.add_working_days(start, days).date).days == days


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (timedelta(days=2, hours=5, minutes=59), "2 天 5 小时"),
        (timedelta(days=2, minutes=59), "2 天"),
        (timedelta(hours=23, minutes=59), "23 小时"),
        (timedelta(hours=1), "1 小时"),
        (timedelta(minutes=59, seconds=59), "59 分钟"),
        (timedelta(seconds=59), "不到 1 分钟"),
    ],
)
def test_what_is_left_is_said_without_seconds(gone, words):
    assert calendar.left(SENT + gone, SENT) == words
    assert calendar.waited(SENT, SENT + gone) == words


def test_nothing_is_left_from_the_deadline_on():
    assert calendar.left(SENT, SENT) == "已截止"


@given(st.datetimes(datetime(2024, 1, 1), datetime(2026, 12, 1)), st.integers(1, 12))  # noqa: DTZ001
def test_working_days_before_is_the_latest_instant_from_which_they_have_passed(instant, days):
    instant = instant.replace(tzinfo=BEIJING)
    since = calendar.working_days_before(instant, days)
    assert calendar.working_days_between(since.date(), instant.date()).days == days
    assert calendar.working_days_between(since.date() + timedelta(days=1), instant.date()).days == days - 1
    assert since.timetz() == instant.timetz()


@pytest.mark.rule("CON-01", "MAIL-01")
@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-06-12 23:59", "2026-06-15 23:59"),  # a Friday night; in Greenwich it is Friday afternoon
        ("2026-06-15 00:00", "2026-06-16 00:00"),  # the first instant of a Monday, a Sunday in Greenwich
        ("2026-06-13 10:00", "2026-06-15 10:00"),  # a Saturday
        ("2025-09-30 17:00", "2025-10-09 17:00"),  # before the week of the National Day and mid-autumn
        ("2025-09-26 17:00", "2025-09-28 17:00"),  # a Friday before a Sunday that is worked
        ("2026-02-13 09:00", "2026-02-14 09:00"),  # a Friday before a Saturday that is worked
    ],
)
def test_one_working_day_later_is_the_same_hour_of_the_next_day_on_which_people_work(since, until):
    since, until = (datetime.fromisoformat(one).replace(tzinfo=BEIJING) for one in (since, until))
    assert calendar.working_days_after(since, 1) == (until, True)
    assert calendar.working_days_after(since.astimezone(UTC), 1) == (until, True)


def test_one_working_day_later_in_a_year_without_published_holidays_counts_weekdays_and_says_so():
    since = datetime(2099, 9, 30, 17, tzinfo=BEIJING)
    assert calendar.working_days_after(since, 1) == (datetime(2099, 10, 1, 17, tzinfo=BEIJING), False)
