"""Keys of one's own, for the demo and for tests: an authority, a key for seals that it vouches for, a key for statements in QR codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from qicheng.foundation.papers import statement

if TYPE_CHECKING:
    from pathlib import Path

BITS = 2048
YEARS = timedelta(days=5 * 365)


def make_seal(
    folder: Path, name: str, *, begins: datetime | None = None, ends: datetime | None = None, bits: int = BITS
) -> Path:
    """Write `seal.pem` (key, certificate, the authority's certificate) and `authority.pem` into the folder; the authority's key is let go.

    `name` is who seals. Files are readable by their owner alone. What is there already stays.
    """
    file = folder / "seal.pem"
    if file.exists():
        return file
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    begins = begins or datetime.now(UTC) - timedelta(days=1)
    ends = ends or begins + YEARS
    above, own = (rsa.generate_private_key(65537, size) for size in (BITS, bits))
    issuer = _named("启程演示签章机构")
    root = _certificate(
        issuer, issuer, above, above, begins - timedelta(days=1), ends + timedelta(days=1), is_authority=True
    )
    leaf = _certificate(_named(name), issuer, own, above, begins, ends, is_authority=False)
    _write(folder / "authority.pem", _pem(root))
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(file, key + _pem(leaf) + _pem(root))
    return file


def make_statement_key(folder: Path) -> Path:
    """A folder with a key for the statements in QR codes; what is there already stays."""
    if not any(folder.glob("*.pem")):
        statement.new_key(folder, "1")
    return folder


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPrivateKey, signer: rsa.RSAPrivateKey, begins: datetime, ends: datetime,
    *, is_authority: bool,
) -> x509.Certificate:  # fmt: skip
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not is_authority, content_commitment=not is_authority, key_cert_sign=is_authority,
                crl_sign=is_authority, **usage,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )  # fmt: skip


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(file: Path, content: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)
