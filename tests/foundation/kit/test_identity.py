"""The numbers of people and organisations."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qicheng.foundation.kit import identity
from qicheng.foundation.kit.identity import NotValid

TODAY = date(2023, 6, 1)
REAL_CREDIT_CODES = ("91110108749352307A", "91110108551385082Q")
REAL_ORGANISATIONS = ("749352307", "551385082", "MA08Y7FL6", "600037341", "802100433", "400002259")


def read(text):
    return identity.identity_number(text, today=TODAY)


def numbers():
    areas = st.sampled_from(["110101", "320681", "650102"])
    births = st.dates(date(1930, 1, 1), date(2010, 1, 1)).map(lambda day: f"{day:%Y%m%d}")
    bodies = st.builds(lambda *parts: "".join(parts), areas, births, st.integers(0, 999).map("{:03d}".format))
    return bodies.map(lambda body: body + identity.id_check_digit(body))


def test_a_number_tells_birth_sex_and_area():
    assert read("32068119971123082x") == identity.IdentityNumber(
        "32068119971123082X", date(1997, 11, 23), "2", "320681"
    )


@given(numbers())
def test_every_number_with_its_check_digit_is_read(number):
    found = read(number)
    assert (found.number, f"{found.birth:%Y%m%d}", found.warnings) == (number, number[6:14], ())
    assert found.sex == ("1" if number[16] in "13579" else "2")


@given(numbers(), st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_never_passes(number, place, digit):
    if number[place] == digit:
        return
    with pytest.raises(NotValid):
        read(number[:place] + digit + number[place + 1 :])


@given(numbers(), st.integers(0, 16))
def test_two_neighbours_changed_round_never_pass(number, place):
    if number[place] == number[place + 1]:
        return
    with pytest.raises(NotValid):
        read(number[:place] + number[place + 1] + number[place] + number[place + 2 :])


@given(numbers(), st.sampled_from([" ", "\u3000", "\u00a0", "\u200b"]), st.integers(0, 18))
def test_spaces_and_width_do_not_matter(number, gap, place):
    wide = number[:place].translate({sign: sign + 0xFEE0 for sign in range(0x21, 0x7F)})
    assert read(f"{wide}{gap}{number[place:].lower()}").number == number


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "身份证号没有填写，请填写 18 位身份证号"),
        ("32068119971123082", "身份证号少 1 位，现在是 17 位，请补全到 18 位"),
        ("32068119971123082XX", "身份证号多 1 位，现在是 19 位，请核对后填写 18 位"),
        ("320681971123082", "15 位身份证号已停用，请填写 18 位身份证号"),
        ("32068119971123082A", "身份证号第 18 位不是数字，请核对；只有第 18 位可以是 X"),
        ("3206811997112X0829", "身份证号第 14 位是 X，只有第 18 位可以是 X，请核对"),
        ("020681199711230829", "身份证号不以 0 开头，请核对第 1 位"),
        ("320681199702300829", "身份证号第 7 至 14 位不是存在的日期，请对照证件核对出生日期"),
        ("320681209911230829", "身份证号里的出生日期在今天之后，请核对第 7 至 14 位"),
        ("320681201611230829", "按身份证号计算的年龄是 6 岁，应在 10 至 100 岁之间，请核对第 7 至 14 位"),
        ("320681190011230829", "按身份证号计算的年龄是 122 岁，应在 10 至 100 岁之间，请核对第 7 至 14 位"),
        ("320681199711230829", "身份证号校验位不符，可能有数字写错，请对照证件逐位核对"),
        ("3.2068119971123e+17", "身份证号被表格软件变成了数字，末几位已丢失，请把该列设为文本后重新填写"),
    ],
)
def test_what_is_wrong_is_said_in_words(text, why):
    with pytest.raises(NotValid) as caught:
        read(text)
    assert str(caught.value) == why


def test_a_number_that_a_spreadsheet_rounded_gets_a_hint():
    with pytest.raises(NotValid, match=r"末尾是 000 时，多半是表格软件把它当成了数字，请把该列设为文本后重新填写$"):
        read("320681199711230000")


@given(st.text(max_size=30))
def test_no_text_is_repeated_or_breaks_anything(text):
    try:
        found = read(text)
    except NotValid as why:
        said = str(why)
        assert len(text) < 6 or text not in said
    else:
        assert found.number == identity.code_text(text)


@pytest.mark.parametrize("number", ["810000199408230021", "830000199201300022"])
def test_a_residence_permit_of_hong_kong_or_taiwan_passes_without_a_warning(number):
    assert (read(number).number, read(number).warnings) == (number, ())


def test_an_unknown_area_is_only_a_warning():
    body = "99010119971123082"
    number = body + identity.id_check_digit(body)
    assert read(number).warnings == ("身份证号前 6 位的地区代码不在已知范围，请核对",)
    assert identity.identity_number("32068119971123082X", today=TODAY, is_area={"110101"}.__contains__).warnings != ()


@pytest.mark.parametrize("number", REAL_CREDIT_CODES)
def test_a_real_credit_code_passes(number):
    found = identity.credit_code(f" {number.lower()} ")
    assert (found.number, found.kind, found.area, found.organisation) == (number, "91", "110108", number[8:17])


@pytest.mark.parametrize("code", REAL_ORGANISATIONS)
def test_a_real_organisation_code_has_its_check_character(code):
    assert identity.organisation_check_character(code[:8]) == code[8]


def credit_codes():
    kinds = st.sampled_from(["91", "A1", "N2", "Y1", "52"])

    def whole(kind, area, body):
        start = kind + area + body + identity.organisation_check_character(body)
        return start + identity.credit_check_character(start)

    body = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8)
    return st.builds(whole, kinds, st.sampled_from(["110108", "330100"]), body)


@given(credit_codes())
def test_every_credit_code_with_its_checks_is_read_letters_in_front_too(number):
    assert identity.credit_code(number).number == number


@given(credit_codes(), st.integers(0, 17), st.sampled_from(identity.CREDIT_ALPHABET))
def test_one_wrong_character_of_a_credit_code_never_passes(number, place, sign):
    if number[place] == sign:
        return
    with pytest.raises(NotValid):
        identity.credit_code(number[:place] + sign + number[place + 1 :])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "统一社会信用代码没有填写，请填写营业执照或登记证书上的 18 位代码"),
        ("9111010874935230", "统一社会信用代码少 2 位，现在是 16 位，请补全到 18 位"),
        ("91110108749352307AA", "统一社会信用代码多 1 位，现在是 19 位，请核对"),
        (
            "9111010874935230OA",
            "统一社会信用代码第 17 位是字母 O，代码里没有 I、O、S、V、Z，请核对是否为数字 1、0、5、2",
        ),
        ("91110108749352307?", "统一社会信用代码第 18 位不是数字或大写字母，请核对"),
        ("91A10108749352307A", "统一社会信用代码第 3 至 8 位应是 6 位数字的地区代码，请核对"),
        ("91110108749352307B", "统一社会信用代码校验位不符，可能有字符写错，请对照证书逐位核对"),
    ],
)
def test_what_is_wrong_with_a_credit_code_is_said_in_words(text, why):
    with pytest.raises(NotValid) as caught:
        identity.credit_code(text)
    assert str(caught.value) == why


def test_the_organisation_code_within_a_credit_code_is_checked_too():
    start = "9111010874935230" + "8"
    with pytest.raises(NotValid, match="第 9 至 17 位"):
        identity.credit_code(start + identity.credit_check_character(start))


def test_an_unknown_authority_is_only_a_warning():
    assert identity.credit_code(REAL_CREDIT_CODES[0], is_kind=lambda kind: kind == "12").warnings == (
        "统一社会信用代码前两位的登记机关和机构类别不在已知范围，请核对",
    )


@pytest.mark.parametrize(
    ("text", "kind", "warned"),
    [
        ("16210102150123", "undergraduate", False),
        ("16990102150123", "undergraduate", True),
        ("100013000000123", "postgraduate", False),
        ("１００013000000123", "postgraduate", False),
        ("A2023110101", "other", True),
    ],
)
def test_an_examinee_number_tells_its_kind(text, kind, warned):
    found = identity.examinee_number(text)
    assert (found.kind, bool(found.warnings)) == (kind, warned)


@pytest.mark.parametrize("text", ["", "123", "1.6210102150123e+13", "1621010215中文", "1" * 19])
def test_what_is_no_examinee_number_is_refused(text):
    with pytest.raises(NotValid):
        identity.examinee_number(text)


@pytest.mark.parametrize(
    ("form", "text", "fits"),
    [
        ("mobile", "13156785678", True),
        ("mobile", "12156785678", False),
        ("landline", "010-67410388", True),
        ("landline", "62751275", True),
        ("landline", "010-11111111", False),
        ("postcode", "100056", True),
        ("month", "202313", False),
        ("month", "202306", True),
        ("agreement_number", "2023110001313572712", True),
    ],
)
def test_forms_are_those_of_the_number_table(form, text, fits):
    assert identity.has_form(form, text) is fits


def test_a_name_keeps_every_character():
    assert identity.name_text(" 阿卜杜拉·\u202f𬱖  Ａ ") == "阿卜杜拉·\u202f𬱖  Ａ"
