"""Seals a paper with the deployment's own key (PAdES, ISO 32000 and ETSI EN 319 142-1 B-B), and checks a file that claims to be one.

The key comes from one file, PKCS#12 or PEM with the certificate and its chain. It is loaded once, kept, and loaded again when the
file changes. A key that is missing, expired, not yet valid or of no use is said in words (`NotReady`): nothing is sealed with another.
A sealed paper is certified: no change of any kind is allowed after it.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asn1crypto import x509 as asn1
from asn1crypto.algos import SignedDigestAlgorithm
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.extensions import ExtensionNotFound
from django.conf import settings
from django.utils import timezone
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError, UnacceptableSignerError
from pyhanko.sign.validation import KeyUsageConstraints, validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

if TYPE_CHECKING:
    from collections.abc import Callable

FIELD, DIGEST = "Seal", "sha256"
WEAKEST_RSA = 2048
# What a CMS has beside its certificates, in bytes, generously.
BESIDE_CERTIFICATES = 4096
NOT_GIVEN = "平台还没有配置签章的密钥"
NOT_READABLE = "平台签章的密钥文件读不出来"
NOT_FIT = "平台签章的证书和密钥不能用来签章"


class NotReady(Exception):
    """There is no key to seal with now; its text says why, for whoever waits."""


class NotIntact(Exception):
    """A file that is not a paper exactly as it was sealed; its text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A paper exactly as it was sealed: by whom (the certificate's common name), when, and the digest of the file."""

    signer: str
    signed_at: datetime | None
    sha256: str


class FastSigner(signers.SimpleSigner):
    """Signs with the key as it was loaded: the stock signer reads and checks the key again for each signature."""

    def __init__(self, key: Any, **given: Any) -> None:
        super().__init__(signing_key=None, **given)  # its own copy of the key is never asked for
        self._key = key

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        digest = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[digest_algorithm]
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), digest)
        signature: bytes = self._key.sign(data, ec.ECDSA(digest))
        return signature


@dataclass(frozen=True, slots=True)
class Seal:
    """The key with its certificate, `chain` up to the authority, ready to seal."""

    signer: FastSigner
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    def sign(self, pdf: bytes) -> bytes:
        """The same document with the seal over all of it."""
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        metadata = signers.PdfSignatureMetadata(
            field_name=FIELD, md_algorithm=DIGEST, subfilter=SigSeedSubFilter.PADES, certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )  # fmt: skip
        reserved = 2 * (BESIDE_CERTIFICATES + sum(map(_size, (self.certificate, *self.chain))))
        try:
            signer = signers.PdfSigner(metadata, self.signer, new_field_spec=SigFieldSpec(FIELD))
            sealed = _apart(lambda: signer.sign_pdf(writer, bytes_reserved=reserved))
        except (SigningError, UnacceptableSignerError) as fault:
            raise NotReady(NOT_FIT) from fault
        content: bytes = sealed.getvalue()
        return content

    def why_not_at(self, now: datetime) -> str | None:
        """The reason why it cannot be used at that time, or None."""
        begins, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if now < begins:
            return f"平台签章的证书从 {_day(begins)} 起才有效"
        if now > ends:
            return f"平台签章的证书已于 {_day(ends)} 到期"
        return None


def ready() -> Seal:
    """The seal, to be used at once. Raises `NotReady`."""
    seal = loaded()
    if why := seal.why_not_at(timezone.now()):
        raise NotReady(f"{why}，更换以后会自动继续。")
    return seal


def loaded() -> Seal:
    """The seal as its file holds it, whether or not it is its time. Raises `NotReady`."""
    if not settings.QICHENG_SEAL:
        raise NotReady(f"{NOT_GIVEN}，配置以后会自动继续。")
    try:
        file = Path(settings.QICHENG_SEAL).stat()
        return _load(str(settings.QICHENG_SEAL), settings.QICHENG_SEAL_PASSWORD, (file.st_mtime_ns, file.st_size))
    except OSError:
        raise NotReady(f"{NOT_READABLE}，修好以后会自动继续。") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NotReady(f"{NOT_FIT}，更换以后会自动继续。") from None


def why_not_ready() -> str | None:
    """Why nothing can be sealed now, or None."""
    try:
        ready()
    except NotReady as why:
        return str(why)
    return None


def check(content: bytes, *, sha256: str = "") -> Checked:
    """What a file says of itself if it is a paper exactly as it was sealed. Raises `NotIntact`.

    One seal, over the whole file, by a key that the deployment's authorities vouch for, and nothing added or changed after it; with
    `sha256`, the very file that was kept. Appended bytes alone leave a signature valid, so its coverage is asked for (T-16).
    """
    digest = hashlib.sha256(content).hexdigest()
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=True)
        found = reader.embedded_signatures
        if len(found) != 1 or found[0].field_name != FIELD:
            raise NotIntact("文件上应有且只有一个平台的签章")
        signed_at = found[0].self_reported_timestamp
        roots = [asn1.Certificate.load(_der(one)) for one in authorities()]
        context = ValidationContext(
            trust_roots=roots, moment=signed_at, allow_fetching=False, best_signature_time=signed_at
        )
        usage = KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}, match_all_key_usages=False)
        status = _apart(lambda: validate_pdf_signature(found[0], context, key_usage_settings=usage))
    except NotIntact:
        raise
    except (PdfError, SignatureValidationError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError,
            NotImplementedError, AssertionError):  # fmt: skip
        # Whatever a broken file makes a reader stumble over, it is not what was sealed.
        raise NotIntact("文件已损坏，或者不是平台签发的报告") from None
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        raise NotIntact("签章以后文件被追加或者改动过")
    if not status.bottom_line:
        raise NotIntact("签章无效：内容被改动过，或者不是平台签发的")
    if sha256 and digest != sha256:
        raise NotIntact("文件和平台留存的不一致")
    return Checked(status.signing_cert.subject.native.get("common_name", ""), signed_at, digest)


def authorities() -> list[x509.Certificate]:
    """Who vouches for seals: the certificates of the settings, else the last of the seal's own chain."""
    if settings.QICHENG_SEAL_TRUST:
        try:
            return x509.load_pem_x509_certificates(Path(settings.QICHENG_SEAL_TRUST).read_bytes())
        except (OSError, ValueError):
            return []
    try:
        seal = loaded()
    except NotReady:
        return []
    return [(seal.certificate, *seal.chain)[-1]]


@lru_cache(maxsize=4)
def _load(path: str, password: str, version: tuple[int, int]) -> Seal:
    content, secret = Path(path).read_bytes(), password.encode() or None
    key: Any
    certificate: x509.Certificate | None
    if b"-----BEGIN" in content:
        key = serialization.load_pem_private_key(content, secret)
        certificate, *others = x509.load_pem_x509_certificates(content)
    else:
        key, certificate, others = pkcs12.load_key_and_certificates(content, secret)
    if key is None or certificate is None or not _is_fit(key, certificate):
        raise ValueError("no key that can seal")
    chain = tuple(_upwards(certificate, others))
    store = SimpleCertificateStore.from_certs([asn1.Certificate.load(_der(one)) for one in chain])
    mechanism = "sha256_rsa" if isinstance(key, rsa.RSAPrivateKey) else "sha256_ecdsa"
    signer = FastSigner(
        key, signing_cert=asn1.Certificate.load(_der(certificate)), cert_registry=store,
        signature_mechanism=SignedDigestAlgorithm({"algorithm": mechanism}),
    )  # fmt: skip
    return Seal(signer, certificate, chain)


def _apart(work: Callable[[], Any]) -> Any:
    """What `work` comes to; the library makes an event loop for it, so where one runs in this thread it is done in another."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(work).result()


def _is_fit(key: Any, certificate: x509.Certificate) -> bool:
    is_strong = isinstance(key, ec.EllipticCurvePrivateKey) or (
        isinstance(key, rsa.RSAPrivateKey) and key.key_size >= WEAKEST_RSA
    )
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        may_sign = usage.digital_signature or usage.content_commitment
    except ExtensionNotFound:
        may_sign = True
    return is_strong and may_sign and key.public_key() == certificate.public_key()


def _upwards(certificate: x509.Certificate, others: list[x509.Certificate]) -> list[x509.Certificate]:
    """Those who vouch for the certificate, one above the other; strangers in the file are left out."""
    chain: list[x509.Certificate] = []
    below = certificate
    while below.issuer != below.subject:
        above = next((one for one in others if one.subject == below.issuer and one not in chain), None)
        if above is None:
            break
        chain.append(above)
        below = above
    return chain


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _size(certificate: x509.Certificate) -> int:
    return len(_der(certificate))


def _day(instant: datetime) -> str:
    local = timezone.localtime(instant.astimezone(UTC))
    return f"{local.year} 年 {local.month} 月 {local.day} 日"
