"""Statements in QR codes: small, signed, and believed only as they were written."""

from __future__ import annotations

import base64
import random
import string
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import segno
from cryptography.hazmat.primitives import serialization

from qicheng.foundation.papers import statement
from qicheng.foundation.papers.statement import ENDED, NoKey, NotGenuine, Revoked, Statement

NUMBER = "2610001AD4MJRWK00X"
ISSUED, UNTIL = datetime(2026, 6, 25, 1, 0, tzinfo=UTC), datetime(2026, 12, 22, 16, 0, tzinfo=UTC)
LINES = (
    "陈诚", "男", "江临大学", "2026 年 6 月", "本科", "计算机科学与技术", "签就业协议形式就业", "云岭数据科技有限公司", "北京市西城区",
    "托管单位接收", "北京市西城区人才服务中心",
)  # fmt: skip


@pytest.fixture
def keys(settings: Any, tmp_path: Path) -> Path:
    settings.QICHENG_STATEMENT_KEYS = tmp_path / "keys"
    settings.QICHENG_ADDRESS = "https://dj.example.edu.cn"
    statement.new_key(tmp_path / "keys", "2026-1")
    return tmp_path / "keys"


def test_a_statement_says_what_the_paper_says(keys: Path):
    text = statement.sign(NUMBER, "g", LINES, issued=ISSUED, until=UNTIL)

    assert statement.read(text) == Statement(
        NUMBER, "g", "dj.example.edu.cn", ISSUED, UNTIL, LINES, statement.keys()[0].id.hex()
    )


def test_it_fits_a_code_that_a_phone_reads_from_paper(keys: Path):
    code = segno.make(statement.sign(NUMBER, "g", LINES, issued=ISSUED, until=UNTIL), error="m", micro=False)
    longest = segno.make(statement.sign(NUMBER, "g", ["很长的名字" * 20] * 5, issued=ISSUED), error="m", micro=False)

    assert (code.mode, code.version <= 15, longest.version <= 22) == ("alphanumeric", True, True)


def test_a_very_long_line_is_cut_and_says_so(keys: Path):
    text = statement.sign(NUMBER, "g", ["长" * 31, "短" * 30], issued=ISSUED)

    assert statement.read(text).lines == ("长" * 29 + "…", "短" * 30)


def test_without_a_key_nothing_is_signed_and_the_words_say_what_is_missing(settings: Any, tmp_path: Path):
    settings.QICHENG_STATEMENT_KEYS = tmp_path / "nowhere"

    with pytest.raises(NoKey, match="还没有配置"):
        statement.sign(NUMBER, "g", LINES, issued=ISSUED)
    with pytest.raises(NoKey):
        statement.revocations([], at=ISSUED)
    assert statement.published() == {"keys": []}


def test_a_private_key_is_readable_by_its_owner_alone_and_never_published(keys: Path):
    assert (keys / "2026-1.pem").stat().st_mode & 0o777 == 0o600
    assert [set(key) for key in statement.published()["keys"]] == [{"kty", "crv", "x", "y", "kid", "use", "alg"}]


def test_after_a_change_of_keys_the_newer_one_signs_and_the_older_is_still_believed(keys: Path):
    old = statement.sign(NUMBER, "g", LINES, issued=ISSUED)
    retired = statement.keys()[0]
    statement.new_key(keys, "2026-2")
    (keys / "2026-1.pem").write_bytes(
        retired.public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )

    new = statement.read(statement.sign(NUMBER, "g", LINES, issued=ISSUED))

    assert [key["kid"] for key in statement.published()["keys"]] == [new.key, retired.id.hex()]
    assert statement.read(old).key == retired.id.hex()
    (keys / "2026-1.pem").unlink()
    with pytest.raises(NotGenuine):
        statement.read(old)


@pytest.mark.rule("VER-01")
def test_ten_thousand_random_changes_of_a_statement_are_all_refused(keys: Path):
    text = statement.sign(NUMBER, "g", LINES, issued=ISSUED, until=UNTIL)
    dice, believed = random.Random(20260625), 0

    for _ in range(10_000):
        try:
            statement.read(changed(text, dice))
            believed += 1
        except NotGenuine:
            pass

    assert believed == 0
    assert statement.read(text).number == NUMBER


def test_a_line_break_that_a_mail_put_in_changes_nothing(keys: Path):
    text = statement.sign(NUMBER, "g", LINES, issued=ISSUED)

    assert statement.read(f" {text[:100]}\r\n{text[100:]}\n").number == NUMBER


def test_the_list_says_since_when_a_number_no_longer_counts_and_names_none(keys: Path):
    superseded, ended = Revoked(NUMBER, date(2026, 7, 1)), Revoked("2610001AAAAAAAAAAA", date(2026, 8, 1), ENDED)
    content = statement.revocations([superseded, ended], at=ISSUED)

    assert statement.revoked(content, NUMBER) == superseded
    assert statement.revoked(content, ended.number) == ended
    assert statement.revoked(content, "2610001BBBBBBBBBBB") is None
    assert NUMBER.encode() not in content


def test_a_hundred_thousand_numbers_are_little_more_than_a_megabyte(keys: Path):
    content = statement.revocations([Revoked(f"26{i:016d}", date(2026, 7, 1)) for i in range(100_000)], at=ISSUED)

    assert len(content) - 100_000 * 11 < 200


def test_a_list_is_no_statement_and_a_statement_no_list(keys: Path):
    text = statement.sign(NUMBER, "g", LINES, issued=ISSUED)
    signed_list = statement.revocations([], at=ISSUED)

    with pytest.raises(NotGenuine):
        statement.read("QC1" + base64.b32encode(signed_list).decode().rstrip("="))
    with pytest.raises(NotGenuine):
        statement.revoked(base64.b32decode(text[3:] + "=" * (-len(text[3:]) % 8)), NUMBER)
    with pytest.raises(NotGenuine):
        statement.revoked(signed_list[:-1] + bytes((signed_list[-1] ^ 1,)), NUMBER)


def test_what_is_no_key_of_the_curve_stops_the_start(keys: Path):
    from cryptography.hazmat.primitives.asymmetric import ec

    (keys / "9.pem").write_bytes(
        ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )

    with pytest.raises(ValueError, match="P-256"):
        statement.keys()


def changed(text: str, dice: random.Random) -> str:
    """The text with one thing about it changed: a character, a bit, a gap, two neighbours."""
    place, kind = dice.randrange(len(text)), dice.randrange(6)
    if kind == 0:
        other = dice.choice([c for c in string.ascii_letters + string.digits + string.punctuation if c != text[place]])
        return text[:place] + other + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[place + 1 :]
    if kind == 2:
        return text[:place] + dice.choice(string.ascii_uppercase + "234567") + text[place:]
    if kind == 3:
        return text[:place]
    if kind == 4:
        pairs = [i for i in range(len(text) - 1) if text[i] != text[i + 1]]
        at = dice.choice(pairs)
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    raw = bytearray(base64.b32decode(text[3:] + "=" * (-len(text[3:]) % 8)))
    bit = dice.randrange(len(raw) * 8)
    raw[bit // 8] ^= 1 << bit % 8
    return text[:3] + base64.b32encode(raw).decode().rstrip("=")
