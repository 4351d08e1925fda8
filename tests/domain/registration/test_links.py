"""The employer's link: what it opens, for how long, and that nothing else does (OFF-03)."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.registration.effects.agreement import make_agreement
from qicheng.domain.registration.effects.offline import MOST_LINKS
from qicheng.domain.registration.models import EmployerLink
from qicheng.domain.registration.queries import link_by
from qicheng.foundation.access import Role
from qicheng.foundation.flow import words
from qicheng.foundation.flow.gather import gathered
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, perform, timeline
from qicheng.foundation.notice.channels import CHANNELS, NotSent
from qicheng.foundation.notice.deliver import deliver
from qicheng.foundation.notice.models import Notice
from qicheng.interfaces.web.links import VISITS
from tests.clients import signed_in
from tests.world import picture

pytestmark = [pytest.mark.django_db, pytest.mark.rule("OFF-03")]


@pytest.fixture
def case(world):
    return world.form_approved()


@pytest.fixture
def link(world, case):
    return world.link(case)


@pytest.fixture
def anybody():
    return Client()


def at(link, more=""):
    return f"/s/{link.token}/{more}"


def upload(number=0):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(f"page{number}.jpg", picture(number), "image/jpeg")


def brought(case):
    return [one.role for one in gathered(case)[0].proofs]


# ---- what it opens


def test_it_shows_what_is_asked_and_by_whom(anybody, case, link):
    page = anybody.get(at(link))
    shown = page.content.decode()

    assert page.status_code == 200
    assert [
        words in shown
        for words in ("陈诚", "江临大学", "澄江生物制药有限公司", "工艺工程师", "第一步：下载，打印，盖章")
    ] == [True] * 5
    assert [secret in shown for secret in (case.graduate.id_number, case.graduate.phone, "8000 元", "8,000 元")] == [
        False
    ] * 4


def test_the_form_to_be_stamped_is_downloaded(anybody, case, link):
    assert anybody.get(at(link, "form.pdf")).status_code == 302
    make_agreement(str(case.public_id))
    answer = anybody.get(at(link, "form.pdf"))

    assert (answer["Content-Type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert answer["Content-Disposition"] == f'attachment; filename="{case.number}.pdf"'


def test_pictures_are_brought_looked_at_removed_and_handed_in(anybody, world, case, link):
    anybody.post(at(link), {"step": "add", "stamped-added": [upload(1), upload(2)]})
    assert brought(case) == ["bearer", "bearer"]
    first, second = gathered(case)[0].proofs
    assert anybody.get(at(link, f"{first.public_id}/"))["Content-Type"] == "image/jpeg"
    assert anybody.get(at(link, f"{first.public_id}/small/")).status_code == 200
    anybody.post(at(link), {"step": "remove", "proof": str(first.public_id)})
    assert [one.pk for one in gathered(case)[0].proofs] == [second.pk]

    done = anybody.post(at(link), {"step": "hand_in", "seen": case.version})
    case.refresh_from_db()
    link.refresh_from_db()
    assert ("已经提交" in done.content.decode(), case.state, link.used_at is not None) == (True, "college_review", True)
    last = timeline(case)[-1]
    assert (last.act, last.role, last.account_id, last.unit) == ("bring_back", "bearer", None, "澄江生物制药有限公司")
    assert "用人单位通过链接" in words.sentence(last, case)


def test_what_cannot_be_read_is_refused_with_the_reason(anybody, case, link):
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = anybody.post(
        at(link), {"step": "add", "stamped-added": [SimpleUploadedFile("a.jpg", b"MZ no picture", "image/jpeg")]}
    )

    assert (answer.status_code, brought(case)) == (422, [])
    assert 'class="err-sum"' in answer.content.decode()


def test_nothing_is_handed_in_without_a_picture(anybody, case, link):
    answer = anybody.post(at(link), {"step": "hand_in", "seen": case.version})

    case.refresh_from_db()
    assert (answer.status_code, case.state) == (422, "form_approved")
    assert "先上传盖章的协议书图像" in answer.content.decode()


def test_what_the_graduate_brought_is_neither_shown_nor_removed(anybody, world, case, link):
    world.prove(case, "stamped")
    own = gathered(case)[0].proofs[0]
    anybody.post(at(link), {"step": "remove", "proof": str(own.public_id)})

    assert brought(case) == ["graduate"]
    assert str(own.public_id) not in anybody.get(at(link)).content.decode()
    assert anybody.get(at(link, f"{own.public_id}/")).status_code == 404


def test_every_opening_is_on_record_and_the_graduate_sees_the_first(anybody, world, case, link):
    for _ in range(2):
        anybody.get(at(link))

    opened = Record.objects.filter(flow="employer_link", case=str(link.public_id))
    assert [(one.act, one.role, one.node) for one in opened] == [("open_link", "bearer", case.pk)] * 2
    assert [record.act for record in timeline(case)][-1] == "send_link"
    page = signed_in(world.seats[Role.GRADUATE]).get(f"/invites/{case.public_id}/").content.decode()
    assert "还没有打开" not in page


# ---- for how long


def dead(link, case, world, how):
    rows = EmployerLink.all_rows.filter(pk=link.pk)
    if how == "used":
        world.prove(case, "stamped", world.bearer(case))
        perform(case, "bring_back", world.bearer(case))
    elif how == "revoked":
        perform(case, "revoke_link", world.actor(Role.GRADUATE))
    elif how == "replaced":
        world.link(case)
    elif how == "given up":
        perform(case, "give_up", world.actor(Role.GRADUATE))
    elif how == "brought back by the graduate":
        perform(case, "bring_back", world.actor(Role.GRADUATE), statement="名称写错了")
    elif how == "expired":
        rows.update(expires_at=timezone.now() - timedelta(seconds=1))
    return link.token


@pytest.mark.parametrize(
    "how",
    [
        "used",
        "revoked",
        "replaced",
        "expired",
        "given up",
        "brought back by the graduate",
        "guessed",
        "changed",
        "empty",
    ],
)
def test_a_link_that_does_not_serve_answers_all_alike(anybody, world, case, link, how):
    """The same page and the same answer, whatever was asked and whatever was wrong."""
    proof = uuid4()
    token = dead(link, case, world, how)
    token = {"guessed": "A" * 44, "changed": f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}", "empty": "-"}.get(
        how, token
    )
    before = case.version
    answers = [
        anybody.get(f"/s/{token}/"), anybody.get(f"/s/{token}/form.pdf"), anybody.get(f"/s/{token}/{proof}/"),
        anybody.post(f"/s/{token}/", {"step": "add", "stamped-added": [upload(7)]}), anybody.post(f"/s/{token}/", {"step": "hand_in", "seen": before}),
    ]  # fmt: skip
    neutral = anybody.get(f"/s/{'B' * 44}/").content

    def plain(content):
        return re.sub(rb'data-now="[^"]*"', b"", content)

    assert [answer.status_code for answer in answers] == [404] * 5
    assert {plain(answer.content) for answer in answers} == {plain(neutral)}
    assert "这个链接不能用" in neutral.decode()
    case.refresh_from_db()
    assert case.version == before


def test_a_link_serves_again_once_the_school_returned_it_and_another_was_sent(anybody, world, case, link):
    world.prove(case, "stamped", world.bearer(case))
    perform(case, "bring_back", world.bearer(case))
    perform(case, "return", world.actor(Role.COLLEGE), reason="other", words="公章不清楚")
    fresh = world.link(case)

    assert anybody.get(at(link)).status_code == 404
    assert "重新上传" in anybody.get(at(fresh)).content.decode()


def test_the_bearer_of_one_case_has_no_part_in_another(world, case, link):
    other = world.form_approved(world.neighbour)
    world.link(other)

    with pytest.raises(NotFound):
        perform(other, "bring_back", world.bearer(case))
    for act in ("revoke_link", "give_up", "approve", "send_link"):
        with pytest.raises(NotOpen):
            perform(case, act, world.bearer(case))


def test_after_revoking_the_act_itself_is_refused(world, case, link):
    world.prove(case, "stamped", world.bearer(case))
    perform(case, "revoke_link", world.actor(Role.GRADUATE))

    with pytest.raises(Refused, match="这个链接已经失效"):
        perform(case, "bring_back", world.bearer(case))


def test_the_token_is_told_by_nothing_that_is_kept(case, link, django_assert_num_queries):
    kept = str(list(EmployerLink.all_rows.values()) + list(Record.objects.values()) + list(Notice.objects.values()))

    assert len(link.token) == 44
    assert link.token[22:] not in kept
    assert link_by(link.token) == link
    with django_assert_num_queries(0):
        assert link_by(f"{link.token[:22]}{'A' * 22}") is None
    assert [link_by(bad) for bad in ("", "中" * 44, "\0" * 44, "-" * 44, link.token + "A", f"{link.token[:43]} ")] == [
        None
    ] * 6


def test_an_address_that_opens_too_much_is_told_to_wait(anybody, link):
    assert spend("link|127.0.0.1", VISITS, 600, VISITS - 1)
    assert [anybody.get(at(link)).status_code for _ in range(2)] == [200, 429]
    assert anybody.get("/s/guess/").status_code == 429


def test_pages_are_kept_by_nobody_and_tell_nobody_where_one_came_from(anybody, case, link):
    make_agreement(str(case.public_id))
    for answer in (anybody.get(at(link)), anybody.get(at(link, "form.pdf")), anybody.get("/s/guess/")):
        assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "strict-origin")
    assert '<meta name="referrer" content="strict-origin">' in anybody.get(at(link)).content.decode()


def test_no_log_line_has_the_token(link, caplog, settings):
    from qicheng.interfaces.web.numbered import Numbered

    caplog.handler.addFilter(Numbered())
    client = Client(enforce_csrf_checks=True)
    client.post(at(link), {"step": "hand_in"})
    logging.getLogger("django.request").error("%s: %s", "Internal Server Error", at(link, "form.pdf"))
    logging.getLogger("x").warning(f"plain {at(link)}")

    assert caplog.records
    assert link.token not in caplog.text
    assert "/s/…/form.pdf" in caplog.text


# ---- how it gets there


@pytest.fixture
def gateway(settings, monkeypatch):
    """A gateway that is switched on: what it was told to send, and how often it fails first."""
    settings.QICHENG_SMS_URL = "http://gateway.invalid/"

    class Sms:
        repeats_safely = True
        failures = 0

        def __init__(self):
            self.sent = []

        def send(self, key, address, subject, body):
            if self.failures:
                self.failures -= 1
                raise NotSent("短信网关没有回答", unsure=True)
            self.sent.append((address, f"{subject}{body}"))

    channel = Sms()
    monkeypatch.setitem(CHANNELS, "sms", channel)
    return channel


def send_owed():
    """Send what is due in the words of the flows, as the worker does."""

    def said(notice):
        [(_, message)] = words.messages([notice])
        return message.subject, message.body

    deliver(said)


def owed(case):
    return list(Notice.objects.filter(role="bearer", case=str(case.public_id)).order_by("channel"))


def test_the_link_goes_by_sms_and_by_mail(world, case, gateway, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    perform(case, "send_link", world.actor(Role.GRADUATE), mobile="13700000001", email="zhou@example.com")
    link = case.open_link
    send_owed()

    address = f"{settings.QICHENG_ADDRESS}/s/{link.token}/"
    [(phone, text)] = [one for one in gateway.sent if one[0] == "13700000001"]
    [message] = [one for one in mail.outbox if one.to == ["zhou@example.com"]]
    assert (phone, address in text, "陈诚" in text, "江临大学" in text) == ("13700000001", True, True, True)
    assert (address in message.body, "陈诚" in message.subject) == (True, True)
    assert {one.channel: one.state for one in owed(case)} == {"inbox": "sent", "mail": "sent", "sms": "sent"}


def test_a_gateway_that_fails_is_tried_again(world, case, gateway):
    gateway.failures = 1
    perform(case, "send_link", world.actor(Role.GRADUATE), mobile="13700000001", email="")
    Notice.objects.exclude(role="bearer").update(state="sent")
    send_owed()
    assert (gateway.sent, {one.channel: one.state for one in owed(case)}["sms"]) == ([], "owed")
    Notice.objects.filter(role="bearer", channel="sms").update(due_at=timezone.now() - timedelta(seconds=1))
    send_owed()

    assert [phone for phone, _ in gateway.sent] == ["13700000001"]
    assert {one.channel: one.state for one in owed(case)} == {"inbox": "sent", "mail": "without", "sms": "sent"}


def test_a_link_that_was_revoked_before_it_went_out_is_not_sent(world, case, gateway):
    perform(case, "send_link", world.actor(Role.GRADUATE), mobile="13700000001", email="")
    perform(case, "revoke_link", world.actor(Role.GRADUATE))
    send_owed()

    assert [phone for phone, _ in gateway.sent if phone == "13700000001"] == []
    assert {one.channel: one.state for one in owed(case)}["sms"] == "without"


def test_somebody_who_sends_link_after_link_is_stopped(world, case):
    for _ in range(MOST_LINKS):
        world.link(case)

    with pytest.raises(Refused, match=f"最多发 {MOST_LINKS} 次"):
        world.link(case)
    assert EmployerLink.all_rows.filter(revoked_at=None).count() == 1
