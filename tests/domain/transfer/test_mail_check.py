"""The check of which archive can go: one answer for everybody, from one statement, with who can mend it (MAIL-01, MAIL-02)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects import records
from qicheng.domain.transfer.listings import mailing as listings
from qicheng.domain.transfer.models import ArchiveRecord
from qicheng.domain.transfer.queries.mailing import STANDINGS, readiness
from qicheng.foundation.access import Area, Level, Role, Tier
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.domain.transfer import post
from tests.domain.transfer.test_mailing import ELSEWHERE

pytestmark = pytest.mark.django_db


def cleared(world, graduate):
    version = ArchiveRecord.all_rows.get(graduate=graduate).version
    records.clear_record(Area.ARCHIVE, graduate.public_id, world.actor(Role.SCHOOL), seen=version, words="登记错了人")


def changed(world, graduate):
    version = ArchiveRecord.all_rows.get(graduate=graduate).version
    records.edit_record(Area.ARCHIVE, graduate.public_id, world.actor(Role.SCHOOL), seen=version, **ELSEWHERE)


def country(world):
    """A graduate at every stage: key of the answer → who."""
    world.open_transfer()
    world.open_confirmation()
    school = world.actor(Role.SCHOOL)

    def fresh(name):
        return world.new_graduate(name, world.college)

    found = {"unregistered": fresh("未登记"), "in_review": fresh("在审核")}
    perform(world.accepted(found["in_review"]), "approve", world.actor(Role.COLLEGE))
    for key, terms in (
        ("unconfirmed", {}), ("undecided", {"archive_type": "x_undecided"}), ("stays", {"archive_type": "x_study_own"}),
        ("lacking", {"archive_phone": ""}), ("no_archive", {}), ("applying", {}), ("disputed", {}),
    ):  # fmt: skip
        found[key] = post.settled(world, fresh(key), **terms)
    cleared(world, found["no_archive"])
    world.change_submitted(graduate=found["applying"])
    perform(
        world.confirmation_of(found["disputed"]), "dispute", world.of(found["disputed"]), destination="right", archive="wrong",
        remark="地址少了门牌号",
    )  # fmt: skip
    found["waiting"] = post.settled(world, fresh("等一天"))
    perform(world.confirmation_of(found["waiting"]), "confirm", world.of(found["waiting"]))
    found["ready"] = post.ready(world, fresh("可以申请"))
    for key, stage in (("drafted", post.drafted), ("asked", post.asked), ("held", post.batched), ("sent", post.sent)):
        found[key] = stage(world, post.ready(world, fresh(key))).graduate
    changed(world, found["held"])
    returned = post.asked(world, post.ready(world, fresh("退回")))
    perform(returned, "send_back", school, words="电话打不通")
    found["returned"] = returned.graduate
    signed = post.sent(world, post.ready(world, fresh("签收")), tracking="EA222222222CN")
    perform(signed, "sign", school)
    found["signed"] = signed.graduate
    return found


def answers(world, actor=None, **query):
    page = listings.check().page(actor or world.actor(Role.SCHOOL), query, world.cohort)
    return {row.public_id: (row.reason, row.who) for row in page.rows}


@pytest.mark.rule("MAIL-01", "MAIL-02")
def test_everybody_is_answered_why_the_archive_does_not_go_and_who_can_mend_it(world):
    found = country(world)
    told = answers(world)
    assert {key: told[one.public_id] for key, one in found.items()} == {
        "unregistered": ("unregistered", "graduate"), "in_review": ("in_review", "school"), "unconfirmed": ("unconfirmed", "graduate"),
        "undecided": ("undecided", "graduate"), "stays": ("stays", ""), "lacking": ("lacking", "graduate"),
        "no_archive": ("no_archive", "graduate"), "applying": ("applying", "college"), "disputed": ("disputed", "school"),
        "waiting": ("waiting", ""), "ready": ("ready", "graduate"), "drafted": ("drafted", "graduate"), "asked": ("asked", "school"),
        "held": ("held", "graduate"), "sent": ("sent", ""), "returned": ("returned", "graduate"), "signed": ("signed", ""),
    }  # fmt: skip
    for key, one in found.items():
        own = readiness(world.of(one), one)
        assert (own.standing.key, own.who) == told[one.public_id], key
        assert "{" not in own.words
    assert readiness(world.of(found["in_review"]), found["in_review"]).words.endswith("起，等学校办理。")


@pytest.mark.rule("ORG-02")
def test_where_confirmation_is_shut_the_province_can_mend_it(world):
    world.open_transfer()
    case = world.accepted(world.graduate, **post.TERMS)
    world.approved(case)
    told = answers(world)[world.graduate.public_id]
    assert told == ("closed", "province")


def test_the_graduate_of_a_friday_is_told_the_day(world):
    graduate = post.settled(world)
    post.confirm(world, graduate, timezone.now() - timedelta(minutes=1))
    words = readiness(world.of(graduate), graduate).words
    assert words.startswith("确认无误一个工作日以后可以申请邮寄，")
    assert words.endswith(" 起开放。")


@pytest.mark.rule("ARC-08")
def test_who_has_no_archive_here_is_not_on_the_list(world):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(archive_moved=False)
    assert world.graduate.public_id not in answers(world)
    assert readiness(world.of(world.graduate), world.graduate) is None


@pytest.mark.rule("ORG-05", "ORG-07", "ARC-07")
def test_the_list_is_seen_by_the_permission_for_archives_and_by_tier(world):
    school = world.actor(Role.SCHOOL)
    only_archive = replace(school, levels={Area.ARCHIVE: Level.READ})
    assert set(answers(world, only_archive)) == {world.graduate.public_id, world.neighbour.public_id}
    assert answers(world, replace(school, levels={Area.EMPLOYMENT: Level.WRITE})) == {}
    assert answers(world, world.actor(Role.SCHOOL, tier=Tier.POSTGRADUATE)) == {}
    assert set(answers(world, world.actor(Role.COLLEGE))) == {world.graduate.public_id}
    assert set(answers(world, world.stranger_actor(Role.SCHOOL))) == {world.stranger.public_id}


def test_filters_and_counts_agree(world):
    found = country(world)
    school = world.actor(Role.SCHOOL)
    counts = listings.check().tally(school, world.cohort, listings.reasons_counted())
    told = answers(world)
    for one in STANDINGS:
        mine = {key for key, (reason, _) in told.items() if reason == one.key}
        assert (counts[one.key], set(answers(world, reason=one.key))) == (len(mine), mine)
    assert sum(counts.values()) == len(told)
    assert set(answers(world, who="school")) == {key for key, (_, who) in told.items() if who == "school"}
    assert set(answers(world, q="可以申")) == {found["ready"].public_id}


@pytest.mark.rule("MAIL-02")
def test_a_page_of_the_check_costs_as_many_statements_for_many_as_for_few(world):
    client = signed_in(world.seats[Role.SCHOOL])
    page = reverse("transfer:mail_check")

    world.open_transfer()
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    country(world)
    client.get(page)
    with CaptureQueriesContext(connection) as many:
        html = client.get(page).content.decode()
    assert len(many) == len(few)
    assert "可以申请，还没有申请" in html


def test_every_page_of_letters_opens_for_whoever_it_is_for(world):
    found = country(world)
    school, college = signed_in(world.seats[Role.SCHOOL]), signed_in(world.seats[Role.COLLEGE])
    for name in ("mail", "mail_check", "mail_batches"):
        assert school.get(reverse(f"transfer:{name}")).status_code == 200
        assert college.get(reverse(f"transfer:{name}")).status_code == 200
    assert school.get(reverse("transfer:mail_workbook")).status_code == 200
    assert school.get(reverse("transfer:mail_check_workbook")).status_code == 200
    for key, graduate in found.items():
        html = signed_in(world.graduate_seat(graduate)).get(reverse("transfer:mail"), follow=True).content.decode()
        assert "档案邮寄" in html
        assert readiness(world.of(graduate), graduate).words in html, key


@pytest.mark.rule("MAIL-01")
def test_the_graduate_looks_applies_and_submits_on_the_phone(world):
    graduate = post.ready(world)
    client = signed_in(world.seats[Role.GRADUATE])
    html = client.get(reverse("transfer:mail")).content.decode()
    for words in (
        "北京市西城区人才服务中心",
        "云岭数据科技有限公司",
        "联系学校核对名单",
        "申请修改档案信息",
        "解约或作废以后重新登记",
        "修改去向信息",
    ):
        assert words in html
    answer = client.post(reverse("transfer:mail"), {"key": "once"}, follow=True)
    assert "确认并提交" in answer.content.decode()
    case = graduate.mailing_set.get()
    submit = reverse("act", kwargs={"flow": "mailing", "public_id": case.public_id, "name": "submit"})
    answer = client.post(submit, {"seen": case.version, "key": "two"}, follow=True)
    html = answer.content.decode()
    assert "已经提交，等学校寄出。" in html
    changed(world, graduate)
    html = client.get(reverse("transfer:mailing", args=[case.public_id])).content.decode()
    assert "提交以后有了变化，这封邮件先不寄" in html
    assert "<ins>东城区人才服务中心</ins>" in html
