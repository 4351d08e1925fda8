"""Proofs on the screen: who brings them, who sees them, what comes with them, and what becomes of an upload that breaks off."""

from __future__ import annotations

import io
import os
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from qicheng.foundation.access import Role
from qicheng.foundation.flow import gather
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.papers import proofs as kept
from qicheng.foundation.papers.models import Proof
from qicheng.interfaces.jobs import tasks
from tests.asking import ask_for_proofs
from tests.clients import signed_in
from tests.foundation.kit import hostile

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.rule("REG-09")]

PAGE = hostile.saved(hostile.drawing(), exif=hostile.exif(6))
OTHER_PAGE = hostile.saved(hostile.drawing(1000, 800))


@pytest.fixture(autouse=True)
def asking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    settings.QICHENG_FILES = tmp_path
    ask_for_proofs(monkeypatch)


def address(case: Any) -> str:
    return f"/proofs/{case.flow_name}/{case.public_id}/"


def bring(client: Client, case: Any, *contents: bytes, kind: str = "contract", name: str = "IMG_{}.jpg") -> Any:
    files = [SimpleUploadedFile(name.format(n), content) for n, content in enumerate(contents, 1)]
    return client.post(address(case), {"kind": kind, f"{kind}-added": files})


def of(case: Any) -> list[Proof]:
    return kept.proofs_of(case.flow_name, str(case.public_id))


def test_an_employer_brings_a_photo_and_sees_it_upright_and_clean(world: Any) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    before = client.get(address(case)).content.decode()
    answer = bring(client, case, PAGE)
    after = client.get(address(case)).content.decode()

    assert "图像清晰完整，每张最好不超过300k，否则系统自动压缩，可能会影响清晰度。" in before
    assert ("还差 2 份" in before, "还差 1 份" in after, "已添加 1 份。" in after) == (True, True, True)
    assert (answer.status_code, answer["Location"]) == (302, address(case))
    (proof,) = of(case)
    assert f'href="/proof/{proof.public_id}/"' in after
    shown = client.get(f"/proof/{proof.public_id}/")
    assert Image.open(io.BytesIO(shown.content)).size == (hostile.HEIGHT, hostile.WIDTH)
    assert hostile.MARK not in shown.content
    small = client.get(f"/proof/{proof.public_id}/small/")
    assert max(Image.open(io.BytesIO(small.content)).size) == 360


def test_what_is_shown_is_what_it_is_and_is_kept_by_no_cache(world: Any) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    bring(client, case, PAGE, hostile.pdf(pages=2))
    picture, document = of(case)

    headers = (
        "Content-Type",
        "Content-Disposition",
        "Content-Security-Policy",
        "Cache-Control",
        "X-Content-Type-Options",
        "Cross-Origin-Resource-Policy",
    )
    told = [
        client.get(f"/proof/{path}/")
        for path in (f"{picture.public_id}", f"{document.public_id}", f"{document.public_id}/2")
    ]
    common = ("default-src 'none'; sandbox", "private, no-store", "nosniff", "same-origin")
    name = document.public_id.hex[:12]
    assert [tuple(answer[header] for header in headers) for answer in told] == [
        ("image/jpeg", f'inline; filename="{picture.public_id.hex[:12]}.jpg"', *common),
        ("application/pdf", f'attachment; filename="{name}.pdf"', *common),
        ("image/jpeg", f'inline; filename="{name}.jpg"', *common),
    ]
    page = client.get(address(case)).content.decode()
    assert f'data-save="/proof/{document.public_id}/"' in page
    assert "PDF，2 页" in page


def test_only_those_who_may_see_the_case_open_its_proofs(world: Any) -> None:
    case = world.invitation()
    bring(signed_in(world.seats[Role.EMPLOYER]), case, PAGE)
    (proof,) = of(case)
    unknown = uuid.uuid4()

    seen = {role: signed_in(seat).get(f"/proof/{proof.public_id}/").status_code for role, seat in world.seats.items()}
    strangers = [signed_in(seat) for seat in (*world.stranger_seats.values(), world.other_college_seat)]
    assert seen == dict.fromkeys(world.seats, 200)
    for client in strangers:
        for path in ("/proof/{}/", "/proof/{}/small/"):
            foreign, missing = client.get(path.format(proof.public_id)), client.get(path.format(unknown))
            assert (foreign.status_code, missing.status_code) == (404, 404)
            masked = [
                re.sub(r'[0-9a-f-]{36}|value="[^"]+"|data-now="[^"]+"|mono">[0-9a-f]{12}', "", answer.content.decode())
                for answer in (foreign, missing)
            ]
            assert masked[0] == masked[1]
        assert client.get(address(case)).status_code == 404
        assert client.post(f"/proof/{proof.public_id}/remove/").status_code == 404
    anonymous = Client().get(f"/proof/{proof.public_id}/")
    assert (anonymous.status_code, anonymous["Location"].startswith("/login/")) == (302, True)
    assert len(of(case)) == 1


def test_those_who_only_look_have_no_way_to_change_anything(world: Any) -> None:
    case = world.invitation()
    bring(signed_in(world.seats[Role.EMPLOYER]), case, PAGE, OTHER_PAGE)
    first, second = of(case)
    reviewer = signed_in(world.seats[Role.SCHOOL])
    page = reviewer.get(address(case)).content.decode()

    refused = bring(reviewer, case, hostile.saved(hostile.drawing(901, 700)))
    for what in ("remove", "up", "down"):
        reviewer.post(f"/proof/{second.public_id}/{what}/")
    assert ('type="file"' in page, "移除" in page, "上移" in page, str(first.public_id) in page) == (
        False,
        False,
        False,
        True,
    )
    assert (refused.status_code, of(case)) == (422, [first, second])
    assert "现在不能改动证明材料。" in refused.content.decode()


def test_proofs_are_ordered_and_removed_by_buttons_that_need_no_script(world: Any) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    bring(client, case, PAGE, OTHER_PAGE)
    first, second = of(case)
    up = client.post(f"/proof/{second.public_id}/up/")

    assert (up.status_code, up["Location"]) == (302, f"{address(case)}#k-contract")
    assert of(case) == [second, first]
    client.post(f"/proof/{second.public_id}/remove/")
    assert of(case) == [first]
    assert client.get(f"/proof/{second.public_id}/").status_code == 404
    assert client.get(f"/proof/{first.public_id}/remove/").status_code == 405


def test_what_was_submitted_is_still_seen_after_it_is_removed(world: Any) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    bring(client, case, PAGE)
    (proof,) = of(case)
    gather.freeze_proofs(case)
    client.post(f"/proof/{proof.public_id}/remove/")

    assert (of(case), client.get(f"/proof/{proof.public_id}/").status_code) == ([], 200)


def test_good_files_are_taken_and_bad_ones_named_with_the_reason(world: Any) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    answer = bring(client, case, PAGE, b"<svg onload=alert(1)>", hostile.saved(hostile.drawing(200, 100)))
    page = answer.content.decode()

    assert (answer.status_code, len(of(case))) == (422, 1)
    assert "IMG_2.jpg：这是网页或矢量图，请上传 JPG、PNG、WebP、HEIC 图片或 PDF" in page
    assert "IMG_3.jpg：照片只有 200×100，看不清字，请重拍" in page
    assert "已添加 1 份。" in page
    assert "还差 1 份" in page


def test_a_name_is_shown_as_words_and_never_kept(world: Any) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    page = bring(client, case, b"<svg>", b"<svg>", name="<img src=x onerror=alert(1)>{}.jpg").content.decode()

    assert "<img src=x" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;1.jpg" in page


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "文件是空的，请重新选择"), (b"\xff\xd8\xff" + b"\0" * (15 * 2**20 + 9), "最多 15 MB，请压缩后再上传")],
    ids=["empty", "too large"],
)
def test_a_file_of_no_or_too_great_size_is_refused_with_the_reason(world: Any, content: bytes, why: str) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    answer = bring(client, case, content)

    assert (answer.status_code, why in answer.content.decode(), of(case)) == (422, True, [])


def test_nothing_chosen_is_said_so(world: Any) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])

    assert "先选择图片或 PDF" in bring(client, case).content.decode()
    assert client.post(address(case), {"kind": "passport"}).status_code == 404
    assert client.post(address(case)).status_code == 404


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_an_upload_that_is_cut_leaves_nothing_behind(world: Any, share: float, tmp_path: Path) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    body = encode_multipart(BOUNDARY, {"kind": "contract", "contract-added": SimpleUploadedFile("IMG_1.jpg", PAGE)})

    answer = client.generic("POST", address(case), body[: int(len(body) * share)], content_type=MULTIPART_CONTENT)

    assert answer.status_code in (400, 404, 422)
    assert (of(case), [path for path in tmp_path.rglob("*") if path.is_file()]) == ([], [])
    assert bring(client, case, PAGE).status_code == 302
    assert len(of(case)) == 1


def test_a_form_without_the_token_brings_nothing(world: Any) -> None:
    case = world.invitation()

    answer = bring(signed_in(world.seats[Role.EMPLOYER], checks_csrf=True), case, PAGE)

    assert (answer.status_code, of(case)) == (403, [])


def test_after_the_case_has_moved_on_the_page_only_shows(world: Any) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    bring(client, case, PAGE)
    perform(case, "accept", world.of(world.graduate))
    page = client.get(address(case)).content.decode()

    assert ("现在不能改动证明材料。" in page, 'type="file"' in page, str(of(case)[0].public_id) in page) == (
        True,
        False,
        True,
    )


def test_a_case_of_another_flow_or_of_none_has_no_such_page(world: Any) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])

    assert client.get(f"/proofs/employer_verification/{case.public_id}/").status_code == 404
    assert client.get(f"/proofs/nothing/{case.public_id}/").status_code == 404
    assert client.get(address(case)).status_code == 200


def test_a_proof_whose_file_was_harmed_is_not_shown(world: Any, tmp_path: Path) -> None:
    case, client = world.invitation(), signed_in(world.seats[Role.EMPLOYER])
    bring(client, case, PAGE)
    (proof,) = of(case)
    (tmp_path / proof.path).write_bytes(b"<script>")

    assert client.get(f"/proof/{proof.public_id}/").status_code == 404
    assert client.get(f"/proof/{proof.public_id}/7/").status_code == 404


def test_the_nightly_sweep_lets_go_of_what_nobody_owns(committed_world: Any, tmp_path: Path) -> None:
    case = committed_world.invitation()
    bring(signed_in(committed_world.seats[Role.EMPLOYER]), case, PAGE)
    stray = tmp_path / "proofs" / "ab" / ("ab" * 16)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"stray")
    yesterday = time.time() - 86_400
    for path in tmp_path.rglob("*"):
        os.utime(path, (yesterday, yesterday))

    tasks.sweep(0)

    assert (stray.exists(), kept.read_proof(of(case)[0])[1]) == (False, "image/jpeg")
