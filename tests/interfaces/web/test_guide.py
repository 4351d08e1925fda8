"""The guide of a role, to keep."""

import io

import pypdf
import pytest
from django.urls import reverse

from qicheng.foundation.access import Role
from qicheng.interfaces.web.guide import blocks
from tests.clients import signed_in

TITLES = {
    Role.GRADUATE: "毕业生", Role.EMPLOYER: "用人单位", Role.COLLEGE: "学院", Role.SCHOOL: "学校", Role.PROVINCE: "省级",
    Role.MINISTRY: "平台",
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.rule("HOME-01")
@pytest.mark.parametrize("role", TITLES)
def test_everybody_downloads_the_guide_of_the_own_role(world, role):
    answer = signed_in(world.seats[role]).get(reverse("guide"))
    text = pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert f"操作指南：{TITLES[role]}" in text.replace(" ", "")


def test_a_guide_is_read_in_blocks_without_its_pictures():
    text = "# 学校\n\n1. **名单。** 上传，见[学院](college.md)。\n\n   ![图](a.png)\n\n- 一点"

    assert list(blocks(text)) == [
        {"kind": "h1", "parts": [[False, "学校"]]},
        {"kind": "step", "parts": [[True, "名单。"], [False, " 上传，见学院。"]]},
        {"kind": "point", "parts": [[False, "一点"]]},
    ]
