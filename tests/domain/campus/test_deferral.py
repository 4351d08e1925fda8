"""暂缓派遣: for whom, with whose consent, until when; file and household stay at the school and then go home (PKU-05)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from qicheng.domain.campus.effects import deferral as effects
from qicheng.domain.campus.models import Deferral, Part
from qicheng.domain.campus.queries import deferral as queries
from qicheng.domain.registration import guards
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects.catching_up import catch_up
from qicheng.domain.transfer.models import ArchiveRecord, HouseholdRecord
from qicheng.domain.transfer.sheets.records import KEPT, KEPT_WORDS, shown_by
from qicheng.foundation.access import SYSTEM, Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, begin, perform
from qicheng.foundation.notice.models import Notice
from tests.domain.campus import consenting as has
from tests.domain.campus.consenting import AFTER, at

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PKU-05"), pytest.mark.usefixtures("before_the_years_end")]


def kinds(world) -> list[str]:
    return [model.all_rows.get(graduate=world.graduate).kind for model in (ArchiveRecord, HouseholdRecord)]


def test_with_both_consents_file_and_household_stay_at_the_school_and_the_records_say_until_when(world):
    has.opened(world)
    case = has.drafted(world)
    made = has.waiting(world, case)
    assert not ArchiveRecord.all_rows.filter(graduate=world.graduate).exists()
    perform(made, "approve", world.actor(Role.COLLEGE))
    assert (made.state, queries.in_force(world.graduate.pk, AFTER - timedelta(days=90))) == ("school_review", None)

    perform(made, "approve", world.actor(Role.SCHOOL))

    record = ArchiveRecord.all_rows.get(graduate=world.graduate)
    assert (made.state, made.until, kinds(world)) == ("granted", has.LAST_DAY, [KEPT, KEPT])
    assert (record.came_from, record.receiver, shown_by(Area.ARCHIVE)["kind"].shown(record.kind)) == (
        "暂缓派遣",
        "",
        KEPT_WORDS,
    )
    # The destination brings the place of origin when it takes effect; what was granted counts on.
    has.approved(world, has.submitted(world, case))
    assert kinds(world) == [KEPT, KEPT]
    with time_machine.travel(AFTER - timedelta(days=1)):
        assert queries.beside(case, world.of(world.graduate)).words == "暂存学校至 2026 年 12 月 31 日"
    told = [
        Record.objects.get(pk=n).act
        for n in Notice.objects.filter(flow="deferral", channel="inbox").values_list("record", flat=True)
    ]
    assert told == ["approve", "approve"]


@pytest.mark.parametrize(
    "kind", ["freelance", "startup", "flex.abroad", "agreement", "master", "abroad.home", "unemployed"]
)
def test_no_other_choice_can_be_deferred(world, kind):
    has.opened(world)
    case = has.drafted(world, kind)
    assert queries.beside(case, world.of(world.graduate)) is None
    with pytest.raises(Refused, match="只有灵活就业（用人单位证明）可以申请"):
        has.asked(world, case)


def test_it_is_asked_for_before_the_destination_is_submitted_and_nothing_is_left_lying(world):
    has.opened(world)
    case, own = has.drafted(world), world.of(world.graduate)
    made = has.asked(world, case, proven=False)
    has.prove(case, world)
    with pytest.raises(Refused, match="先提交它，或者删除它"):
        perform(case, "submit", own)
    with pytest.raises(Refused, match="还缺证明材料：本人签字的申请表"):
        perform(made, "submit", own)
    perform(made, "discard", own)
    perform(case, "submit", own)
    with pytest.raises(Refused, match="毕业去向已经提交"):
        has.asked(world, case)
    # A destination that was handed back is filled in again.
    perform(case, "return", world.actor(Role.COLLEGE), reason="x_other", words="补充单位地址")
    assert queries.may_defer(case, own) is None


def test_the_graduate_takes_it_back_until_the_college_has_acted_and_may_hand_it_in_again(world):
    has.opened(world)
    case, own = has.drafted(world), world.of(world.graduate)
    made = has.waiting(world, case)
    has.submitted(world, case)
    perform(made, "recall", own)
    perform(made, "submit", own)
    perform(made, "approve", world.actor(Role.COLLEGE))
    with pytest.raises(Refused, match="学院已经审核"):
        perform(made, "recall", own)
    perform(made, "reject", world.actor(Role.SCHOOL), reason="x_other", words="没有签约意向")
    assert (made.state, made.live, ArchiveRecord.all_rows.filter(kind=KEPT).exists()) == ("refused", False, False)


def test_at_the_years_end_it_counts_no_more_whether_or_not_the_job_has_run(world, monkeypatch):
    has.opened(world)
    case = has.drafted(world)
    made = has.granted(world, case)
    has.approved(world, has.submitted(world, case))
    assert queries.in_force(world.graduate.pk, AFTER - timedelta(seconds=1)) == made
    assert queries.in_force(world.graduate.pk, AFTER) is None
    with pytest.raises(Refused, match="还没有到期"):
        perform(made, "end", SYSTEM, carried=True)

    at(monkeypatch, AFTER - timedelta(days=13))
    with time_machine.travel(AFTER - timedelta(days=13)):
        assert (effects.remind(), effects.remind(), effects.end_due()) == (1, 0, 0)
    at(monkeypatch, AFTER)
    with time_machine.travel(AFTER):
        assert queries.beside(case, world.of(world.graduate)).words == ""
        assert (effects.end_due(), effects.end_due()) == (1, 0)
    made.refresh_from_db()
    record = ArchiveRecord.all_rows.get(graduate=world.graduate)
    assert (made.state, kinds(world), record.origin_case) == ("ended", ["x_home", "x_home"], str(case.public_id))
    acts = [
        Record.objects.get(pk=n).act
        for n in Notice.objects.filter(flow="deferral", channel="inbox").order_by("id").values_list("record", flat=True)
    ]
    assert acts[-2:] == ["remind", "end"]


def test_a_review_after_the_years_end_is_refused(world, monkeypatch):
    has.opened(world)
    made = has.waiting(world, has.drafted(world))
    at(monkeypatch, AFTER)
    with pytest.raises(Refused, match="只到 2026 年 12 月 31 日"):
        perform(made, "approve", world.actor(Role.COLLEGE))


def test_what_somebody_wrote_meanwhile_stays_when_it_ends(world, monkeypatch):
    has.opened(world)
    made = has.granted(world, has.drafted(world))
    ArchiveRecord.all_rows.filter(graduate=world.graduate).update(kind="x_trustee", origin="edit", origin_case="")
    at(monkeypatch, AFTER)
    with time_machine.travel(AFTER):
        assert effects.end_due() == 1
    assert (kinds(world), made.pk) == (["x_trustee", "x_home"], made.pk)


@pytest.mark.parametrize("kind", ["agreement", "freelance"])
def test_what_nobody_has_approved_goes_nowhere_when_it_ends(world, monkeypatch, kind):
    has.opened(world)
    case = has.drafted(world)
    made = has.granted(world, case)
    has.approved(world, has.submitted(world, case))
    has.approved(world, has.change_waiting(world, case))
    case.refresh_from_db()
    has.submitted(world, has.turned(case, kind))
    assert (case.state, kinds(world)) == ("school_review", [KEPT, KEPT])
    at(monkeypatch, AFTER)
    with time_machine.travel(AFTER):
        assert effects.end_due() == 1
    made.refresh_from_db()
    file = ArchiveRecord.all_rows.get(graduate=world.graduate)
    assert (made.state, kinds(world), file.receiver, file.origin) == ("ended", ["", ""], "", "")


@pytest.mark.rule("ROS-03", "ROS-07")
@pytest.mark.parametrize("held", ["closed", "removed"])
def test_time_ends_it_although_nobody_may_act_any_more(world, monkeypatch, held):
    has.opened(world)
    made = has.granted(world, has.drafted(world))
    waits = has.waiting(world, has.drafted(world, graduate=world.neighbour))
    if held == "closed":
        monkeypatch.setattr(guards, "cohort_closes", lambda cohort: timezone.now() - timedelta(days=1))
    else:
        Graduate.all_rows.filter(pk__in=(world.graduate.pk, world.neighbour.pk)).update(removed_at=timezone.now())
    why = "现在只能查看" if held == "closed" else "已从学校名单中删除"
    with pytest.raises(Refused, match=why):
        perform(waits, "approve", world.reviewer(waits, Role.COLLEGE))
    at(monkeypatch, AFTER)
    with time_machine.travel(AFTER):
        assert effects.end_due() == 2
    for one in (made, waits):
        one.refresh_from_db()
    assert (made.state, waits.state, kinds(world)) == ("ended", "ended", ["x_home", "x_home"])


def test_a_module_that_opens_later_is_told_that_they_stay(world):
    world.open_parts(*has.PARTS)
    case = has.drafted(world)
    has.granted(world, case)
    has.approved(world, has.submitted(world, case))
    world.open_transfer(Area.ARCHIVE)
    assert (
        catch_up("archive", world.school.pk, world.cohort),
        ArchiveRecord.all_rows.get(graduate=world.graduate).kind,
    ) == (1, "x_home")
    assert effects.end_due() == 0
    record = ArchiveRecord.all_rows.get(graduate=world.graduate)
    assert (record.kind, record.version, HouseholdRecord.all_rows.exists()) == (KEPT, 2, False)
    effects.end_due()
    record.refresh_from_db()
    assert record.version == 2


def test_another_choice_ends_what_waits_and_a_void_destination_takes_it_along(world):
    has.opened(world)
    case = has.drafted(world)
    made = has.waiting(world, case)
    has.turned(case, "agreement")
    has.submitted(world, case)
    made.refresh_from_db()
    assert made.state == "ended"


def test_a_destination_that_is_void_leaves_nothing_at_the_school(world):
    has.opened(world)
    case = has.drafted(world)
    made = has.granted(world, case)
    has.approved(world, has.submitted(world, case))
    perform(case, "void", world.actor(Role.SCHOOL), reason="x_agreed", words="双方商量一致")
    made.refresh_from_db()
    assert (made.state, kinds(world)) == ("ended", ["", ""])


def test_strangers_and_schools_without_the_part_see_none_of_it(world):
    has.opened(world)
    case = has.drafted(world)
    made = has.waiting(world, case)
    with pytest.raises(NotFound):
        begin(FLOWS["deferral"], world.of(world.neighbour), registration=case.public_id)
    with pytest.raises(NotFound):
        perform(made, "approve", world.stranger_actor(Role.COLLEGE))
    with pytest.raises(NotOpen):
        perform(made, "end", world.actor(Role.SCHOOL))
    world.open_parts(Part.FORMS)
    with pytest.raises(Refused, match="学校没有开启「暂缓派遣」"):
        perform(made, "approve", world.actor(Role.COLLEGE))
    assert queries.beside(case, world.of(world.graduate)) is None
    assert Deferral.objects.seen_by(world.stranger_actor(Role.SCHOOL)).count() == 0
