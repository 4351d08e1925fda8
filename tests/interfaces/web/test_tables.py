"""Every code table can be looked up and taken along with its version, by anybody."""

from __future__ import annotations

import io

import pytest
from python_calamine import CalamineWorkbook

from qicheng.foundation import codes
from qicheng.interfaces.web.tables import NAMES

pytestmark = [pytest.mark.django_db, pytest.mark.rule("SYN-03")]


def test_every_table_has_a_name_that_people_know():
    assert set(NAMES) == set(codes.names())


def test_a_table_is_found_looked_up_and_taken_along_with_its_codes_as_texts(client):
    page = client.get("/code-tables/").content.decode()
    assert all(codes.table(name).version in page for name in codes.names())
    found = client.get("/code-tables/countries/", {"q": "中国"}).content.decode()
    assert ("中国" in found, "法国" in found, codes.table("countries").version in found) == (True, False, True)
    assert "前 200 项" in client.get("/code-tables/admin_divisions/").content.decode()
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/code-tables/gender.xlsx").content))
    assert [row[0] for row in book.get_sheet_by_index(0).to_python()[1:]] == list(codes.table("gender"))
    assert client.get("/code-tables/nothing/").status_code == 404
