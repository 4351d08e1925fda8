"""上报就业方案: a college reports what its graduates have filled in, frozen line by line; then changes go through the college."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import DatabaseError, transaction

from qicheng.domain.campus.effects.plan import remind
from qicheng.domain.campus.flows.plan import PLANNING
from qicheng.domain.campus.models import Plan, PlanLine
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role, Tier
from qicheng.foundation.flow.perform import NotFound, Refused, begin, perform
from qicheng.foundation.kit import workbooks
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.domain.campus.declaring import close_in, drafted, opened, reported, seen, submitted

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PKU-03")]


@pytest.fixture
def forms(world):
    """A school with the forms; 计算机学院 has 陈诚 and two more."""
    opened(world)
    world.saving = world.new_graduate("周思源", world.college)
    world.idle = world.new_graduate("许念", world.college, woman=True)
    return world


def lines(case, around=None):
    rows = PlanLine.all_rows.filter(plan=case, round=around or case.rounds).order_by("place")
    return {row.name: (row.form, row.unit, row.state) for row in rows}


def test_a_plan_is_reported_from_the_day_on_when_everybody_is_reviewed_and_accounted_for(forms):
    college, case = forms.actor(Role.COLLEGE), submitted(forms)
    drafted(forms, "unemployed", forms.saving)
    given = {"cohort": forms.cohort, "tier": forms.graduate.tier}
    with pytest.raises(Refused, match="起上报"):
        begin(PLANNING, college, **given)
    close_in(forms, 0)
    with pytest.raises(Refused, match="还有 1 人的毕业去向在等学院审核"):
        begin(PLANNING, college, **given)
    perform(case, "approve", college)
    with pytest.raises(Refused, match="还有 2 人没有填报"):
        begin(PLANNING, college, **given)
    plan = reported(forms, "周思源已保存，许念在联系")
    assert (plan.state, plan.total, plan.missing) == ("reported", 3, 2)
    assert lines(plan) == {
        "陈诚": ("declared_flex_cert", "云岭数据科技有限公司", "school_review"), "周思源": ("nothing", "", ""), "许念": ("nothing", "", "")
    }  # fmt: skip
    with pytest.raises(Refused, match="已经上报过"):
        reported(forms)


def test_who_is_recommended_for_a_master_is_accounted_for_without_a_form(forms):
    Graduate.all_rows.filter(pk__in=[forms.saving.pk, forms.idle.pk, forms.graduate.pk]).update(
        extra={"recommended": True}
    )
    plan = reported(forms, "")
    assert (plan.missing, {form for form, _, _ in lines(plan).values()}) == (0, {"recommended"})


def test_after_the_report_graduates_edit_no_more_and_what_the_college_amends_is_seen_beside_the_lines(forms):
    case = seen(forms)
    plan = reported(forms)
    close_in(forms, 30)
    with pytest.raises(Refused, match="已经上报就业方案"):
        perform(case, "edit", forms.actor(Role.GRADUATE), name="甲公司")
    perform(case, "amend", forms.actor(Role.COLLEGE), name="江临某某公司", words="本人申请")
    perform(plan, "accept", forms.actor(Role.SCHOOL))
    page = signed_in(forms.seats[Role.SCHOOL]).get(f"/campus/plan/{plan.public_id}/?since=changed").content.decode()
    assert ("现在是「灵活就业（用人单位证明）　江临某某公司」" in page, "许念" in page) == (True, False)
    assert lines(plan)["陈诚"][1] == "云岭数据科技有限公司"


def test_a_plan_that_the_school_sends_back_is_reported_again_and_the_first_round_stays(forms):
    plan, school, college = reported(forms), forms.actor(Role.SCHOOL), forms.actor(Role.COLLEGE)
    perform(plan, "return", school, words="许念要核实")
    case = submitted(forms, "unemployed", forms.idle)
    with pytest.raises(Refused, match="等学院审核"):
        perform(plan, "again", college, explanation="核实过了")
    perform(case, "approve", college)
    with pytest.raises(Refused, match="写明原因"):
        perform(plan, "again", college, explanation="")
    perform(plan, "again", college, explanation="核实过了")
    perform(plan, "accept", school)
    assert (plan.rounds, plan.missing, lines(plan, 1)["许念"][0], lines(plan, 2)["许念"][0]) == (
        2,
        2,
        "nothing",
        "declared_unemployed",
    )
    perform(plan, "return", school, words="再补充一次")
    assert plan.state == "returned"


def changed(rows, change):
    return rows.update(**change) if change else rows.delete()


def test_lines_only_grow(forms):
    plan = reported(forms)
    for change in ({"unit": "甲"}, None):
        with pytest.raises(DatabaseError), transaction.atomic():
            changed(PlanLine.all_rows.filter(plan=plan), change)


def test_a_plan_belongs_to_its_college_and_tier(forms):
    plan = reported(forms)
    other = Tier.POSTGRADUATE if forms.graduate.tier == Tier.UNDERGRADUATE else Tier.UNDERGRADUATE
    with pytest.raises(Refused, match="不管这个培养层次"):
        begin(PLANNING, forms.actor(Role.COLLEGE, tier=other), cohort=forms.cohort, tier=forms.graduate.tier)
    with pytest.raises(NotFound):
        perform(plan, "accept", forms.actor(Role.SCHOOL, tier=other))
    with pytest.raises(Refused, match="没有毕业生"):
        begin(PLANNING, forms.actor(Role.COLLEGE), cohort=forms.cohort, tier=other.value)


def test_who_has_filled_in_nothing_is_reminded_once_a_day(forms):
    people, college = [forms.saving.public_id, forms.idle.public_id], forms.actor(Role.COLLEGE)
    assert (remind(people, college, forms.cohort), remind(people, college, forms.cohort)) == (2, 0)
    assert remind([forms.stranger.public_id], college, forms.cohort) == 0
    assert Notice.objects.filter(flow="declared_reminder", role="graduate", channel="inbox").count() == 2


def test_the_college_looks_reminds_and_reports_in_pages_and_takes_the_workbook_away(forms):
    client, tier = signed_in(forms.seats[Role.COLLEGE]), forms.graduate.tier
    drafted(forms, "unemployed", forms.saving)
    assert "还没有上报" in client.get("/campus/plan/").content.decode()
    missing = client.get(f"/campus/plan/{tier}/people/?stage=missing").content.decode()
    assert ("许念" in missing, "已保存，没有提交" in missing, "提醒没有填报的 3 人" in missing) == (True, True, True)
    client.post(f"/campus/plan/{tier}/remind/")
    assert Notice.objects.filter(flow="declared_reminder", channel="inbox").count() == 3
    close_in(forms, 0)
    refused = client.post(f"/campus/plan/{tier}/report/", {"explanation": "", "key": "a"})
    assert (refused.status_code, "还有 3 人没有填报" in refused.content.decode()) == (422, True)
    shown = client.post(f"/campus/plan/{tier}/report/", {"explanation": "正在联系", "key": "b"}, follow=True)
    plan = Plan.all_rows.get()
    assert (shown.redirect_chain, "学院说明：正在联系" in shown.content.decode()) == (
        [(f"/campus/plan/{plan.public_id}/", 302)],
        True,
    )
    rows = list(workbooks.rows(client.get(f"/campus/plan/{plan.public_id}/lines.xlsx").content))
    assert [row[1] for row in rows[1:]] == list(lines(plan))
    assert "计算机学院" in signed_in(forms.seats[Role.SCHOOL]).get("/campus/plan/").content.decode()
    assert client.get(f"/campus/plan/{UUID(int=0)}/").status_code == 404
