"""The numbers that identify people and organisations: how they are written, and whether they can be true."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from qicheng.foundation.kit.calendar import BEIJING

ID_LENGTH = 18
ID_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))
ID_CHECKS = "10X98765432"
YOUNGEST, OLDEST = 10, 100
PROVINCES = frozenset(
    map(
        str,
        (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82),
    )
)
RESIDENCE_PERMITS = frozenset({"810000", "820000", "830000"})

CREDIT_LENGTH = 18
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = tuple(3**place % 31 for place in range(17))
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "mobile": re.compile(r"1[3-9]\d{9}", re.ASCII),
        "landline": re.compile(r"(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?|400-?\d{3}-?\d{4}", re.ASCII),
        "postcode": re.compile(r"[0-8]\d{5}", re.ASCII),
        "month": re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])", re.ASCII),
        "school_code": re.compile(r"\d{5}", re.ASCII),
        "student_number": re.compile(r"[0-9A-Za-z]{4,20}"),
        "agreement_number": re.compile(r"20\d{2}\d\d{5}\d{9}", re.ASCII),
    }
)

INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x00AD])


class NotValid(ValueError):
    """A number that cannot be true; the text says in Chinese what is wrong and what to do, never the number itself."""


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """What an 18-digit identity number says. `sex` is the code of GB/T 2261.1: "1" male, "2" female."""

    number: str
    birth: date
    sex: str
    area: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreditCode:
    """A unified social credit code and its parts; `kind` is the pair of authority and kind of unit ("91")."""

    number: str
    kind: str
    area: str
    organisation: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExamineeNumber:
    """A number of the entrance examination; `kind` is "undergraduate", "postgraduate" or "other"."""

    number: str
    kind: str
    warnings: tuple[str, ...] = ()


def code_text(text: str) -> str:
    """A code as it is compared and stored: half-width, upper case, without spaces and invisible characters."""
    return "".join(unicodedata.normalize("NFKC", text).translate(INVISIBLE).split()).upper()


def name_text(text: str) -> str:
    """A name as it is stored: every character kept, only composed (NFC) and freed of spaces around it."""
    return unicodedata.normalize("NFC", text.strip())


def has_form(form: str, text: str) -> bool:
    """Whether a text is written as the form asks; `form` is a key of FORMS. The text must already be `code_text`."""
    return FORMS[form].fullmatch(text) is not None


def id_check_digit(digits: str) -> str:
    """The 18th character to 17 digits (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return ID_CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, ID_WEIGHTS, strict=True)) % 11]


def identity_number(
    text: str, *, today: date | None = None, is_area: Callable[[str], bool] | None = None
) -> IdentityNumber:
    """Read an identity number or a residence permit of Hong Kong, Macao and Taiwan (GB 11643-1999).

    An area that is not known is a warning only: people born before a code was made bear it too. Raises NotValid.
    """
    number = code_text(text)
    _refuse_shape(number)
    birth = _birth(number, today or datetime.now(BEIJING).date())
    if id_check_digit(number[:17]) != number[17]:
        hint = (
            "；末尾是 000 时，多半是表格软件把它当成了数字，请把该列设为文本后重新填写"
            if number.endswith("000")
            else ""
        )
        raise NotValid(f"身份证号校验位不符，可能有数字写错，请对照证件逐位核对{hint}")
    area = number[:6]
    known = is_area(area) if is_area else number[:2] in PROVINCES
    warnings = () if known or area in RESIDENCE_PERMITS else ("身份证号前 6 位的地区代码不在已知范围，请核对",)
    return IdentityNumber(number, birth, "1" if int(number[16]) % 2 else "2", area, warnings)


def _refuse_shape(number: str) -> None:
    if not number:
        raise NotValid("身份证号没有填写，请填写 18 位身份证号")
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+", number, re.ASCII):
        raise NotValid("身份证号被表格软件变成了数字，末几位已丢失，请把该列设为文本后重新填写")
    strange = next((place for place, sign in enumerate(number, 1) if sign not in "0123456789X"), None)
    if strange:
        raise NotValid(f"身份证号第 {strange} 位不是数字，请核对；只有第 18 位可以是 X")
    if len(number) == 15:
        raise NotValid("15 位身份证号已停用，请填写 18 位身份证号")
    if len(number) < ID_LENGTH:
        raise NotValid(f"身份证号少 {ID_LENGTH - len(number)} 位，现在是 {len(number)} 位，请补全到 18 位")
    if len(number) > ID_LENGTH:
        raise NotValid(f"身份证号多 {len(number) - ID_LENGTH} 位，现在是 {len(number)} 位，请核对后填写 18 位")
    if "X" in number[:17]:
        raise NotValid(f"身份证号第 {number.index('X') + 1} 位是 X，只有第 18 位可以是 X，请核对")
    if number[0] == "0":
        raise NotValid("身份证号不以 0 开头，请核对第 1 位")


def _birth(number: str, today: date) -> date:
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise NotValid("身份证号第 7 至 14 位不是存在的日期，请对照证件核对出生日期") from None
    if birth > today:
        raise NotValid("身份证号里的出生日期在今天之后，请核对第 7 至 14 位")
    age = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    if not YOUNGEST <= age <= OLDEST:
        raise NotValid(f"按身份证号计算的年龄是 {age} 岁，应在 {YOUNGEST} 至 {OLDEST} 岁之间，请核对第 7 至 14 位")
    return birth


def credit_check_character(characters: str) -> str:
    """The 18th character to 17 characters of a credit code (GB 32100-2015)."""
    total = sum(CREDIT_ALPHABET.index(sign) * weight for sign, weight in zip(characters, CREDIT_WEIGHTS, strict=True))
    return CREDIT_ALPHABET[-total % 31]


def organisation_check_character(characters: str) -> str:
    """The 9th character to 8 characters of an organisation code (GB 11714-1997)."""
    value = -sum(int(sign, 36) * weight for sign, weight in zip(characters, ORGANISATION_WEIGHTS, strict=True)) % 11
    return "X" if value == 10 else str(value)


def credit_code(text: str, *, is_kind: Callable[[str], bool] | None = None) -> CreditCode:
    """Read a unified social credit code (GB 32100-2015), those that begin with a letter too. Raises NotValid.

    A pair of authority and kind that is not known is a warning only.
    """
    number = code_text(text).replace("-", "")
    if not number:
        raise NotValid("统一社会信用代码没有填写，请填写营业执照或登记证书上的 18 位代码")
    if len(number) < CREDIT_LENGTH:
        raise NotValid(f"统一社会信用代码少 {CREDIT_LENGTH - len(number)} 位，现在是 {len(number)} 位，请补全到 18 位")
    if len(number) > CREDIT_LENGTH:
        raise NotValid(f"统一社会信用代码多 {len(number) - CREDIT_LENGTH} 位，现在是 {len(number)} 位，请核对")
    for place, sign in enumerate(number, 1):
        if sign in "IOSVZ":
            raise NotValid(
                f"统一社会信用代码第 {place} 位是字母 {sign}，代码里没有 I、O、S、V、Z，请核对是否为数字 1、0、5、2"
            )
        if sign not in CREDIT_ALPHABET:
            raise NotValid(f"统一社会信用代码第 {place} 位不是数字或大写字母，请核对")
    if not (number[2:8].isascii() and number[2:8].isdigit()):
        raise NotValid("统一社会信用代码第 3 至 8 位应是 6 位数字的地区代码，请核对")
    if credit_check_character(number[:17]) != number[17]:
        raise NotValid("统一社会信用代码校验位不符，可能有字符写错，请对照证书逐位核对")
    if organisation_check_character(number[8:16]) != number[16]:
        raise NotValid("统一社会信用代码第 9 至 17 位的组织机构代码校验不符，请对照证书逐位核对")
    kind = number[:2]
    warnings = (
        ("统一社会信用代码前两位的登记机关和机构类别不在已知范围，请核对",) if is_kind and not is_kind(kind) else ()
    )
    return CreditCode(number, kind, number[2:8], number[8:17], warnings)


def examinee_number(text: str) -> ExamineeNumber:
    """Read an examinee number: 14 digits (undergraduate), 15 (postgraduate), others with a warning. Raises NotValid."""
    number = code_text(text)
    if not number:
        raise NotValid("考生号没有填写，请填写录取时的考生号")
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+", number, re.ASCII):
        raise NotValid("考生号被表格软件变成了数字，末几位已丢失，请把该列设为文本后重新填写")
    if not re.fullmatch(r"[0-9A-Z]+", number):
        raise NotValid("考生号只能由数字和大写字母组成，请核对")
    if number.isdigit() and len(number) == 14:
        area = number[2:4]
        return ExamineeNumber(
            number, "undergraduate", () if area in PROVINCES else ("考生号第 3、4 位不是已知的省份，请核对",)
        )
    if number.isdigit() and len(number) == 15:
        return ExamineeNumber(number, "postgraduate")
    if 10 <= len(number) <= 18:
        return ExamineeNumber(
            number, "other", (f"考生号是 {len(number)} 位，本专科通常为 14 位、研究生为 15 位，请核对",)
        )
    raise NotValid(f"考生号现在是 {len(number)} 位，本专科应为 14 位，研究生应为 15 位，请核对")
