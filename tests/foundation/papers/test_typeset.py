"""Documents: every character printed, the same bytes for the same input, what users typed never read as code."""

import hashlib
import io
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pypdf
import pypdfium2
import pytest
import segno

from qicheng.foundation.kit import glyphs
from qicheng.foundation.papers.typeset import MissingGlyphs, missing_glyphs, typeset
from tests.foundation.papers.agreements import agreement

AGREEMENT = Path(__file__).parents[3] / "qicheng/domain/registration/templates/registration/agreement.typ"
FORMS = ("two_party", "three_party")
# Kangxi radicals and private use: no font may have the second one.
UNPRINTABLE = "\uf8ff"


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def text_of(content: bytes) -> str:
    """What is printed, without the line breaks and the gaps between Chinese and Latin."""
    return re.sub(r"\s|\u200b", "", "".join(pages(content)))


def replace_name(values: dict, name: str) -> dict:
    return json.loads(json.dumps(values).replace(json.dumps("陈诚")[1:-1], json.dumps(name)[1:-1]))


@pytest.mark.rule("SIGN-06", "SET-01")
@pytest.mark.parametrize(
    ("form", "own", "other"),
    [
        (
            "two_party",
            ["（两方）", "鉴证方（毕业院校）", "线上鉴证", "自学校鉴证通过时生效"],
            ["丙方", "三方", "线上审核"],
        ),
        ("three_party", ["（三方）", "丙方（毕业院校）", "线上审核", "自丙方审核通过时生效"], ["鉴证", "两方"]),
    ],
)
def test_each_form_names_its_own_parties_and_the_school_s_own_act(form: str, own: list[str], other: list[str]) -> None:
    text = text_of(typeset(AGREEMENT, agreement(form)))

    assert [word for word in own if word not in text] == []
    assert [word for word in other if word in text] == []


@pytest.mark.rule("SIGN-06")
@pytest.mark.parametrize("form", FORMS)
def test_every_field_is_printed_and_an_empty_one_says_so(form: str) -> None:
    values = agreement(form)
    text = text_of(typeset(AGREEMENT, values))

    rows = [row for block in values["blocks"] for row in block["rows"]]
    expected = [re.sub(r"\s", "", row["label"] + (row["value"] or row["empty"])) for row in rows]
    assert [line for line in expected if line not in text] == []
    assert "违约金未约定" in text
    assert "户口迁移地址未填写" in text


@pytest.mark.rule("SIGN-06")
@pytest.mark.parametrize("form", FORMS)
def test_who_agreed_and_when_stands_in_place_of_the_seals(form: str) -> None:
    values = agreement(form)
    text = text_of(typeset(AGREEMENT, values))

    for mark in values["marks"]:
        assert mark["mark"] in text
        for row in mark["rows"]:
            assert row["label"] + "：" + row["value"].replace(" ", "") in text


@pytest.mark.rule("REG-11")
def test_every_page_carries_the_number_and_its_place_among_the_pages() -> None:
    both = pages(typeset(AGREEMENT, agreement()))

    assert ["协议编号：2026412345678901234" in page for page in both] == [True, True]
    numbered = [re.search(r"第(\d)页共(\d)页", re.sub(r"\s", "", page)) for page in both]
    assert [found and found.groups() for found in numbered] == [("1", "2"), ("2", "2")]


@pytest.mark.rule("SIGN-06")
@pytest.mark.parametrize(
    "name", ["𬱖𬱖", "迪丽热巴·买买提江·阿布都热合曼", "龙䶮", "〇一", "García Márquez", "李明 (John)"]
)
def test_rare_characters_are_printed(name: str) -> None:
    content = typeset(AGREEMENT, replace_name(agreement(), name))

    assert text_of(content).count(name.replace(" ", "")) == 2


def picture(paper: bytes) -> list[bytes]:
    """The first page at 72 dots an inch: lines of shades, 0 black to 255 white."""
    with pypdfium2.PdfDocument(paper) as document:
        drawn = document[0].render(scale=1, grayscale=True)
        shades = bytes(drawn.buffer)
        return [shades[line * drawn.stride : line * drawn.stride + drawn.width] for line in range(drawn.height)]


@pytest.mark.rule("SIGN-06")
def test_a_rare_character_leaves_ink_on_the_paper(tmp_path: Path) -> None:
    """Extracted text may name what nobody sees, so the picture itself is compared with one that has a space there."""
    template = tmp_path / "one.typ"
    template.write_text(
        '#set document(title: "字")\n#set page(width: 60pt, height: 60pt, margin: 5pt)\n'
        '#set text(font: ("Noto Sans SC", "Noto Serif SC"), size: 40pt, lang: "zh")\n'
        "#json(bytes(sys.inputs.values)).name\n"
    )

    def ink(name: str) -> int:
        lines = picture(typeset(template, {"name": name, "made_at": "2026-03-03T15:41:50+08:00"}))
        return sum(shade < 128 for line in lines for shade in line)

    blank, plain, rare, rarer = (ink(name) for name in (" ", "陈", "𬱖", "䶮"))
    assert blank == 0
    assert min(plain, rare, rarer) > 100


@pytest.mark.rule("SIGN-06")
def test_a_character_that_no_font_has_holds_the_document_back_and_says_which() -> None:
    values = replace_name(agreement(), "陈" + UNPRINTABLE)

    assert missing_glyphs(values) == {"姓名": {UNPRINTABLE}, "name": {UNPRINTABLE}}
    with pytest.raises(MissingGlyphs, match=f"^“{UNPRINTABLE}”字库里没有，协议暂不能生成；请联系平台加装字体$"):
        typeset(AGREEMENT, values)


def test_a_text_of_many_unprintable_characters_is_told_in_a_line() -> None:
    name = "".join(map(chr, range(0xF800, 0xF8C8)))

    with pytest.raises(MissingGlyphs) as held:
        typeset(AGREEMENT, replace_name(agreement(), name))
    assert "等 200 个字字库里没有" in str(held.value)
    assert len(str(held.value)) < 100


@pytest.mark.rule("SIGN-06")
def test_a_character_that_the_check_overlooks_is_still_not_left_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "missing", lambda *_: set())

    with pytest.raises(MissingGlyphs) as held:
        typeset(AGREEMENT, replace_name(agreement(), "陈" + UNPRINTABLE))
    assert UNPRINTABLE in str(held.value)


@pytest.mark.parametrize(
    "typed",
    [
        "#let 陈 = 1",
        "*粗* _斜_ $x^2$ `code`",
        r"C:\工资\#panic()",
        "<标签> @引用 ~ -- --- ...",
        '" + read("/etc/passwd") + "',
        '#image("secret.png")',
        "= 标题",
        "1. 列表",
        "// 注释 /* */",
        "\\u{41} %d {name} {{ name }}",
    ],
)
def test_what_users_typed_is_printed_as_typed(typed: str) -> None:
    content = typeset(AGREEMENT, replace_name(agreement(), typed))

    assert text_of(content).count(typed.replace(" ", "")) == 2


def test_the_same_input_gives_the_same_bytes_and_another_gives_others() -> None:
    def digest(name: str) -> str:
        return hashlib.sha256(typeset(AGREEMENT, replace_name(agreement(), name))).hexdigest()

    first = digest("陈诚")
    other = digest("陈晨")
    with ThreadPoolExecutor(2) as threads:
        again = list(threads.map(digest, ["陈诚", "陈晨", "陈诚", "陈晨"]))

    assert first != other
    assert again == [first, other, first, other]


def test_a_new_process_gives_the_same_bytes() -> None:
    script = (
        "import hashlib, sys; from pathlib import Path; from qicheng.foundation.papers.typeset import typeset; "
        "from tests.foundation.papers.agreements import agreement; "
        "print(hashlib.sha256(typeset(Path(sys.argv[1]), agreement())).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, str(AGREEMENT)],
        cwd=Path(__file__).parents[3],
        check=True,
        capture_output=True,
        text=True,
    )

    assert other.stdout.strip() == hashlib.sha256(typeset(AGREEMENT, agreement())).hexdigest()


@pytest.mark.parametrize("form", FORMS)
def test_an_agreement_is_small_tagged_archivable_and_has_its_fonts_within(form: str) -> None:
    content = typeset(AGREEMENT, agreement(form))
    document = pypdf.PdfReader(io.BytesIO(content))
    fonts = {font["/BaseFont"].split("+")[1] for page in document.pages for font in fonts_of(page)}
    metadata = document.trailer["/Root"]["/Metadata"].get_object().get_data().decode()

    assert len(content) <= 120_000
    assert len(document.pages) <= 2
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"] == True  # noqa: E712 -- an object of pypdf
    assert document.trailer["/Root"]["/Lang"] == "zh-CN"
    assert re.search(r"pdfaid:part>2<.*pdfaid:conformance>A<", metadata, re.DOTALL)
    assert fonts == {"NotoSansSC-Regular-Identity-H"}
    assert all("/FontFile3" in descriptor(font) for page in document.pages for font in fonts_of(page))


def fonts_of(page: pypdf.PageObject) -> list:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def descriptor(font: dict) -> dict:
    return font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()


def test_long_values_are_printed_whole() -> None:
    terms = "补充条款，" * 200
    address, mail = "长" * 200, "a" * 48 + "@example.com"
    values = agreement()
    by_label = {row["label"]: row for block in values["blocks"] for row in block["rows"]}
    by_label["协议补充内容"]["value"] = terms
    by_label["详细地址"]["value"] = address
    by_label["联系人邮箱"]["value"] = mail
    by_label["学号"]["value"] = "W" * 300

    text = re.sub(
        r"第\d页共\d页(全国高校毕业生就业协议书（三方）)?协议编号：\d{19}", "", text_of(typeset(AGREEMENT, values))
    )

    assert [whole in text for whole in (terms, address, mail, "W" * 300)] == [True] * 4


def test_terms_of_full_length_still_fit_on_two_pages() -> None:
    values = agreement()
    values["blocks"][3]["rows"][-1]["value"] = "补充条款，" * 200

    assert len(pages(typeset(AGREEMENT, values))) == 2


def test_nothing_runs_off_the_paper() -> None:
    values = agreement()
    values["blocks"][0]["rows"][0]["value"] = "W" * 300
    with pypdfium2.PdfDocument(typeset(AGREEMENT, values)) as paper:
        texts = [page.get_textpage() for page in paper]
        edges = [text.get_charbox(place)[2] for text in texts for place in range(text.count_chars())]

    half_a_full_stop = 5
    assert max(edges) < 595.28 - 18 / 25.4 * 72 + half_a_full_stop


def test_the_qr_code_on_paper_is_that_of_its_content(tmp_path: Path) -> None:
    template = tmp_path / "code.typ"
    template.write_text(
        '#set document(title: "码")\n#set page(width: 232pt, height: 232pt, margin: 0pt)\n#set text(lang: "zh")\n'
        '#image(bytes(sys.inputs.qr), format: "svg", width: 232pt, alt: "码")\n'
    )
    content = "2026412345678901234"
    shades = picture(typeset(template, {"qr": content, "made_at": "2026-03-03T15:41:50+08:00"}))

    drawn = [[shades[8 * y + 4][8 * x + 4] < 128 for x in range(4, 25)] for y in range(4, 25)]
    assert drawn == [
        [bool(dark) for dark in line] for line in segno.make(content, error="m", mask=3, micro=False).matrix
    ]
