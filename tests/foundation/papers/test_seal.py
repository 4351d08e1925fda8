"""The seal: one key that is kept, PAdES over the whole file, and nothing else is believed (REP-02, T-16)."""

from __future__ import annotations

import asyncio
import io
import random
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec

from qicheng.foundation.papers import seal
from qicheng.foundation.papers.seal import NotIntact, NotReady
from qicheng.foundation.papers.typeset import typeset
from qicheng.interfaces.command.authority import make_seal

TEMPLATE = Path(seal.__file__).parents[2] / "domain/transfer/templates/transfer/report.typ"
VALUES: dict[str, Any] = {
    "title": "全国普通高等学校毕业生去向登记信息", "purpose": "转递档案用", "number_label": "转递编号", "number": "2610 001A D4MJ RWK0 0X",
    "issuer": "江临大学", "issued": "2026 年 6 月 25 日", "until": "2027 年 1 月 31 日", "address": "dj.example.edu.cn/v/",
    "blocks": [{"title": "基本信息", "rows": [{"label": "姓名", "value": "陈诚"}, {"label": "毕业院校", "value": "江临大学"}]}],
    "qr": "QC1ABCDEF", "scan": "https://dj.example.edu.cn/v/s/abc/", "made_at": "2026-06-25T09:00:00+08:00",
}  # fmt: skip


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with its authority; making one takes a while."""
    return make_seal(tmp_path_factory.mktemp("seal"), "江临大学")


@pytest.fixture
def sealing(settings: Any, keys: Path) -> Path:
    settings.QICHENG_SEAL, settings.QICHENG_SEAL_PASSWORD, settings.QICHENG_SEAL_TRUST = str(keys), "", ""
    return keys


@pytest.fixture(scope="module")
def plain() -> bytes:
    return typeset(TEMPLATE, VALUES, standards=("a-2b",))


@pytest.fixture
def sealed(sealing: Path, plain: bytes) -> bytes:
    return seal.ready().sign(plain)


@pytest.mark.rule("REP-02")
def test_a_sealed_paper_is_believed_as_it_is(sealed: bytes):
    found = seal.check(sealed)
    assert (found.signer, seal.check(sealed, sha256=found.sha256)) == ("江临大学", found)
    assert abs(found.signed_at - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.rule("REP-02")
def test_openssl_believes_it_too(sealed: bytes, sealing: Path, tmp_path: Path):
    """A second validator, which shares no code with the one that signed: the CMS taken out of the file, over the bytes it covers."""
    signature = PdfFileReader(io.BytesIO(sealed)).embedded_signatures[0]
    start, before, after, rest = signature.byte_range
    covered = sealed[start : start + before] + sealed[after : after + rest]
    assert len(sealed) == after + rest
    (tmp_path / "covered").write_bytes(covered)
    (tmp_path / "cms").write_bytes(signature.pkcs7_content)

    def verified(name: str) -> int:
        command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", tmp_path / "cms", "-content", tmp_path / name, "-CAfile",
                   sealing.parent / "authority.pem", "-purpose", "any", "-out", tmp_path / "out"]  # fmt: skip
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert verified("covered") == 0
    (tmp_path / "changed").write_bytes(covered[:1000] + bytes((covered[1000] ^ 1,)) + covered[1001:])
    assert verified("changed") != 0


@pytest.mark.rule("REP-02")
@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="poppler is no part of the product")
def test_poppler_believes_it_too(sealed: bytes, tmp_path: Path):
    (tmp_path / "paper.pdf").write_bytes(sealed)
    said = subprocess.run(["pdfsig", tmp_path / "paper.pdf"], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said


def test_it_says_that_it_is_pdf_a_and_carries_its_fonts(sealed: bytes):
    with pikepdf.open(io.BytesIO(sealed)) as document:
        said = document.open_metadata()
        assert (said["pdfaid:part"], said["pdfaid:conformance"]) == ("2", "B")
        fonts = document.pages[0].Resources.Font
        descriptors = [font.DescendantFonts[0].FontDescriptor for font in fonts.values()]
        assert descriptors
        assert all("/FontFile3" in one or "/FontFile2" in one for one in descriptors)
        assert document.Root.OutputIntents[0].S == "/GTS_PDFA1"
        field = document.Root.AcroForm.Fields[0]
        # A widget must be printed and never hidden (ISO 19005-2, 6.3.2).
        assert (int(field.F) & 4, int(field.F) & 3) == (4, 0)
        assert "/Encrypt" not in document.trailer


def test_it_is_sealed_and_checked_also_where_an_event_loop_runs(sealing: Path, plain: bytes):
    async def both() -> str:
        return seal.check(seal.ready().sign(plain)).signer

    assert asyncio.run(both()) == "江临大学"


# ---- what is refused (T-16)


@pytest.mark.rule("REP-02")
def test_a_paper_with_any_byte_turned_is_refused(sealed: bytes):
    chance, kept = random.Random(16), seal.check(sealed).sha256
    for _ in range(150):
        place, bit = chance.randrange(len(sealed)), 1 << chance.randrange(8)
        changed = sealed[:place] + bytes((sealed[place] ^ bit,)) + sealed[place + 1 :]
        with pytest.raises(NotIntact):
            seal.check(changed, sha256=kept)


def test_a_turned_bit_under_the_signature_is_found_without_the_stored_digest(sealed: bytes):
    signature = PdfFileReader(io.BytesIO(sealed)).embedded_signatures[0]
    _, before, after, rest = signature.byte_range
    chance = random.Random(17)
    for place in [chance.randrange(before) for _ in range(60)] + [after + chance.randrange(rest) for _ in range(20)]:
        changed = sealed[:place] + bytes((sealed[place] ^ 4,)) + sealed[place + 1 :]
        with pytest.raises(NotIntact):
            seal.check(changed)


@pytest.mark.rule("REP-02")
@pytest.mark.parametrize("garbage", [b"\n", b"% nothing", b"\x00" * 4096, b"\n1 0 obj\n<<>>\nendobj\n"])
def test_what_is_appended_after_the_seal_is_refused(sealed: bytes, garbage: bytes):
    with pytest.raises(NotIntact):
        seal.check(sealed + garbage)


@pytest.mark.rule("REP-02")
def test_a_page_laid_over_the_sealed_one_is_refused(sealed: bytes):
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/MediaBox"][3] = generic.NumberObject(300)
    writer.update_container(page)
    shadow = io.BytesIO()
    writer.write(shadow)
    with pytest.raises(NotIntact, match="追加或者改动"):
        seal.check(shadow.getvalue())


@pytest.mark.rule("REP-02")
def test_a_paper_without_its_seal_is_refused(plain: bytes, sealed: bytes, sealing: Path):
    with pytest.raises(NotIntact):
        seal.check(plain)
    with pikepdf.open(io.BytesIO(sealed)) as document:
        del document.Root.AcroForm, document.pages[0].Annots
        stripped = io.BytesIO()
        document.save(stripped)
    with pytest.raises(NotIntact):
        seal.check(stripped.getvalue())


@pytest.mark.rule("REP-02")
def test_a_second_seal_is_refused_even_if_it_is_our_own(plain: bytes, sealing: Path):
    once = signed_by(plain, "First", certify=False)
    twice = signed_by(once, seal.FIELD, certify=False)
    with pytest.raises(NotIntact, match="只有一个"):
        seal.check(twice)


def test_a_seal_in_another_field_is_refused(plain: bytes, sealing: Path):
    with pytest.raises(NotIntact, match="只有一个"):
        seal.check(signed_by(plain, "Another", certify=False))


@pytest.mark.rule("REP-02")
def test_a_seal_by_somebody_else_of_the_same_name_is_refused(
    sealing: Path, plain: bytes, settings: Any, tmp_path: Path
):
    settings.QICHENG_SEAL = str(make_seal(tmp_path, "江临大学"))
    foreign = seal.ready().sign(plain)
    assert seal.check(foreign)
    settings.QICHENG_SEAL = str(sealing)
    with pytest.raises(NotIntact, match="不是平台签发的"):
        seal.check(foreign)


def test_what_is_no_paper_at_all_is_refused(sealing: Path):
    for content in (b"", b"%PDF-1.7", b"PK\x03\x04", random.Random(1).randbytes(20_000), b"%PDF-1.7\n" + b"(" * 50_000):
        with pytest.raises(NotIntact):
            seal.check(content)


@pytest.mark.rule("REP-02")
def test_another_file_of_ours_is_not_the_one_that_was_kept(sealing: Path, plain: bytes, sealed: bytes):
    other = seal.ready().sign(typeset(TEMPLATE, VALUES | {"number": "2610 001A D4MJ RWK0 0Y"}, standards=("a-2b",)))
    with pytest.raises(NotIntact, match="留存"):
        seal.check(other, sha256=seal.check(sealed).sha256)


# ---- the key


@pytest.mark.rule("REP-02")
def test_without_a_key_nothing_is_sealed_and_it_is_said_why(settings: Any, tmp_path: Path, keys: Path):
    settings.QICHENG_SEAL, settings.QICHENG_SEAL_PASSWORD = "", ""
    assert seal.why_not_ready() == "平台还没有配置签章的密钥，配置以后会自动继续。"
    settings.QICHENG_SEAL = str(tmp_path / "nothing.pem")
    assert seal.why_not_ready() == "平台签章的密钥文件读不出来，修好以后会自动继续。"
    for content in (
        b"",
        b"-----BEGIN nonsense",
        keys.read_bytes()[:900],
        keys.read_bytes().partition(b"-----BEGIN CERTIFICATE")[0],
    ):
        (tmp_path / "broken.pem").write_bytes(content)
        settings.QICHENG_SEAL = str(tmp_path / "broken.pem")
        assert seal.why_not_ready() == "平台签章的证书和密钥不能用来签章，更换以后会自动继续。"


@pytest.mark.rule("REP-02")
def test_a_key_before_and_after_its_time_seals_nothing(settings: Any, tmp_path: Path):
    now = datetime.now(UTC)
    for name, begins, ends, said in (
        ("early", now + timedelta(days=40), now + timedelta(days=80), "起才有效"),
        ("late", now - timedelta(days=80), now - timedelta(days=40), "到期"),
    ):
        settings.QICHENG_SEAL = str(make_seal(tmp_path / name, "江临大学", begins=begins, ends=ends))
        with pytest.raises(NotReady, match=said):
            seal.ready()


def test_a_key_that_is_too_short_or_that_the_certificate_does_not_belong_to_is_not_used(
    settings: Any, tmp_path: Path, keys: Path
):
    settings.QICHENG_SEAL = str(make_seal(tmp_path / "short", "江临大学", bits=1024))
    assert "不能用来签章" in (seal.why_not_ready() or "")
    other = make_seal(tmp_path / "other", "江临大学").read_bytes().partition(b"-----BEGIN CERTIFICATE")[0]
    (tmp_path / "mixed.pem").write_bytes(other + keys.read_bytes().partition(b"-----END PRIVATE KEY-----\n")[2])
    settings.QICHENG_SEAL = str(tmp_path / "mixed.pem")
    assert "不能用来签章" in (seal.why_not_ready() or "")


def test_a_key_that_is_put_in_place_is_taken_without_a_restart(settings: Any, tmp_path: Path, keys: Path):
    file = tmp_path / "seal.pem"
    settings.QICHENG_SEAL = str(file)
    assert seal.why_not_ready() is not None
    shutil.copy(keys, file)
    assert seal.why_not_ready() is None


def test_pkcs_12_with_a_password_is_read(settings: Any, tmp_path: Path, keys: Path, plain: bytes):
    content = keys.read_bytes()
    key = serialization.load_pem_private_key(content, None)
    own, above = x509.load_pem_x509_certificates(content)
    (tmp_path / "seal.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"seal", key, own, [above], serialization.BestAvailableEncryption("密码".encode())
        )
    )
    settings.QICHENG_SEAL, settings.QICHENG_SEAL_PASSWORD = str(tmp_path / "seal.p12"), "密码"
    assert seal.check(seal.ready().sign(plain)).signer == "江临大学"
    settings.QICHENG_SEAL_PASSWORD = "another"
    assert "不能用来签章" in (seal.why_not_ready() or "")


def test_what_an_old_key_sealed_is_still_believed_where_its_authority_is_named(
    settings: Any, tmp_path: Path, sealing: Path, sealed: bytes, plain: bytes
):
    new = make_seal(tmp_path / "new", "江临大学")
    settings.QICHENG_SEAL = str(new)
    with pytest.raises(NotIntact):
        seal.check(sealed)
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes((sealing.parent / "authority.pem").read_bytes() + (new.parent / "authority.pem").read_bytes())
    settings.QICHENG_SEAL_TRUST = str(trusted)
    assert seal.check(sealed).signer == seal.check(seal.ready().sign(plain)).signer == "江临大学"


def signed_by(content: bytes, field: str, *, certify: bool) -> bytes:
    """Signed with our own key, but not the way we seal."""
    metadata = signers.PdfSignatureMetadata(field_name=field, md_algorithm="sha256", certify=certify)
    signer = signers.PdfSigner(metadata, seal.ready().signer, new_field_spec=SigFieldSpec(field))
    return signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content))).getvalue()
