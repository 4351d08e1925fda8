"""What every answer carries, and what is refused before anything reads it."""

from __future__ import annotations

import gzip
import logging
import re

import pytest
from django.test import Client

from qicheng.foundation.access import Role
from tests.clients import signed_in

PUBLIC = (
    "/login/",
    "/login/why/",
    "/login/first/",
    "/login/forgotten/",
    "/areas/",
    "/help/",
    "/a11y/",
    "/privacy/",
    "/gibt-es-nicht/",
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def says_who_may_do_what(answer) -> None:
    assert answer["Content-Security-Policy"] == POLICY
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch(r"[0-9a-f]{12}", answer["X-Request-Id"])


@pytest.mark.django_db
@pytest.mark.parametrize("path", PUBLIC)
def test_a_public_page_has_every_header_and_nothing_inline(path):
    answer = Client().get(path)

    says_who_may_do_what(answer)
    body = answer.content.decode()
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", body)


@pytest.mark.django_db
def test_pages_of_every_role_have_every_header_and_are_not_kept(world):
    for seat in world.seats.values():
        for path in ("/account/", "/messages/"):
            answer = signed_in(seat).get(path)
            says_who_may_do_what(answer)
            assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")


def test_huge_cookies_are_refused_before_they_are_read():
    answer = Client().get("/help/", HTTP_COOKIE="a=" + '"' + "\\" * 8200)

    assert answer.status_code == 400
    says_who_may_do_what(answer)


@pytest.mark.django_db
def test_every_request_has_a_number_of_its_own_which_the_error_page_shows():
    one, other = Client().get("/gibt-es-nicht/"), Client().get("/gibt-es-nicht/")

    assert one.status_code == 404
    assert one["X-Request-Id"] != other["X-Request-Id"]
    assert one["X-Request-Id"] in one.content.decode()


@pytest.mark.django_db
def test_our_own_fault_shows_the_number_and_no_detail_and_logs_it(world, monkeypatch, caplog):
    from qicheng.interfaces.web import middleware
    from qicheng.interfaces.web.numbered import Numbered

    caplog.handler.addFilter(Numbered())
    client = signed_in(world.seats[Role.SCHOOL])
    client.raise_request_exception = False
    monkeypatch.setattr(middleware.menus, "frame", None)

    with caplog.at_level(logging.ERROR, logger="django.request"):
        answer = client.get("/account/")

    assert answer.status_code == 500
    assert answer["X-Request-Id"] in answer.content.decode()
    assert "TypeError" not in answer.content.decode()
    assert {record.number for record in caplog.records} == {answer["X-Request-Id"]}
    assert world.seats[Role.SCHOOL].account.name not in caplog.text


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_in_plain_words(world):
    client = signed_in(world.seats[Role.SCHOOL], checks_csrf=True)

    for path in (
        "/login/",
        "/leave/",
        "/account/password/",
        "/account/sessions/end/",
        "/account/seat/",
        "/cohort/",
        "/messages/read/",
    ):
        answer = client.post(path, {})
        assert (path, answer.status_code) == (path, 403)
    assert "页面放久了" in answer.content.decode()
    says_who_may_do_what(answer)


def test_a_body_larger_than_anything_that_is_asked_for_is_refused_before_it_is_read():
    answer = Client().post(
        "/login/", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(97 * 1024 * 1024)
    )

    assert (answer.status_code, answer.content.decode()) == (413, "一次最多上传 96 MB，请分几次上传。")


def without_moment(page: bytes) -> bytes:
    """The page as it is in any minute."""
    return re.sub(rb'data-now="[^"]*"', b"", page)


@pytest.mark.django_db
def test_a_page_is_compressed_for_whoever_takes_it_and_is_the_same_page() -> None:
    plain = Client().get("/privacy/")
    small = Client().get("/privacy/", headers={"Accept-Encoding": "gzip, br"})

    assert (small["Content-Encoding"], small["Content-Length"]) == ("gzip", str(len(small.content)))
    assert without_moment(gzip.decompress(small.content)) == without_moment(plain.content)
    assert len(small.content) < len(plain.content)
    assert "Accept-Encoding" in plain["Vary"]
    assert "Content-Encoding" not in plain


@pytest.mark.django_db
def test_the_length_of_a_compressed_page_is_left_to_chance() -> None:
    client = Client(headers={"Accept-Encoding": "gzip"})

    assert len({len(client.get("/privacy/").content) for _ in range(12)}) > 1


@pytest.mark.django_db
def test_what_is_no_page_stays_as_it_is() -> None:
    assert "Content-Encoding" not in Client(headers={"Accept-Encoding": "gzip"}).get("/")
