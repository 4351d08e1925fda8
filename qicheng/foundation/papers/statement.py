"""Says what a paper says in a few hundred signed bytes, for a QR code that is checked without a network; and which numbers no longer count.

A statement is COSE_Sign1 (RFC 9052) with ES256 over CWT claims (RFC 8392): 1 who issues, 4 until when, 6 when issued, 7 the number,
-65537 the kind and the lines of the paper. Its text is `QC1` and base32 (RFC 4648): letters and digits alone survive pasting, scanners
that type and Chinese input methods, and QR codes take them at little more than five bits each. The list of numbers that no longer
count is signed alike; the two differ in what is signed along with them, so that neither is ever taken for the other.

Keys are PEM files (P-256) in the folder of the settings. The last by name that has its private part signs; the others are published,
so that what they signed is believed: to change the key add a file, to retire the old one leave its public part.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cwt import COSE, COSEKey, CWTError
from django.conf import settings

PREFIX = "QC1"
PAPER, LIST = b"qicheng statement", b"qicheng list"
ISSUER, UNTIL, ISSUED, NUMBER, SAID, ENTRIES = 1, 4, 6, 7, -65537, -65538
ALGORITHM, KEY_ID = 1, 4
ES256 = -7
LONGEST_LINE = 30
LIST_DAYS = 7
# Why a number no longer counts, as the list says it in one byte.
SUPERSEDED, WITHDRAWN, ENDED = 1, 2, 3
FIRST_DAY = date(2020, 1, 1)
_HEAD, _ENTRY = 8, 11


class NoKey(Exception):
    """There is no key to sign with: whoever wants a signature waits, and says so."""

    def __init__(self) -> None:
        super().__init__("平台还没有配置签发核验信息的密钥，配置好以后会自动继续。")


class NotGenuine(Exception):
    """A text that is no statement, or none that a published key signed."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a statement says: `lines` in the order that its kind gives them, `key` is the id of the key that signed it."""

    number: str
    kind: str
    issuer: str
    issued: datetime
    until: datetime | None
    lines: tuple[str, ...]
    key: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """A number that no longer counts since `day`, and which of the three reasons it has."""

    number: str
    day: date
    reason: int = SUPERSEDED


@dataclass(frozen=True, slots=True)
class Key:
    """One published key; `private` is None for a retired one."""

    id: bytes
    public: ec.EllipticCurvePublicKey
    private: ec.EllipticCurvePrivateKey | None

    @property
    def jwk(self) -> dict[str, str]:
        """The public part as the JWK that is published (RFC 7517)."""
        numbers = self.public.public_numbers()
        return {
            "kty": "EC", "crv": "P-256", "x": _url64(numbers.x.to_bytes(32, "big")), "y": _url64(numbers.y.to_bytes(32, "big")),
            "kid": self.id.hex(), "use": "sig", "alg": "ES256",
        }  # fmt: skip


def sign(number: str, kind: str, lines: Sequence[str], *, issued: datetime, until: datetime | None = None) -> str:
    """The text of a statement for a QR code; a line that is very long is cut and ends with 「…」. Raises `NoKey`."""
    claims: dict[int, Any] = {
        ISSUER: issuer(), ISSUED: int(issued.timestamp()), NUMBER: number.encode("ascii"), SAID: [kind, *map(_short, lines)],
    }  # fmt: skip
    if until is not None:
        claims[UNTIL] = int(until.timestamp())
    return PREFIX + base64.b32encode(_signed(claims, PAPER)).decode().rstrip("=")


def read(text: str) -> Statement:
    """What a statement says, if a published key signed it; whether it still counts is not its to say. Raises `NotGenuine`."""
    plain = re.sub(r"\s", "", text)
    content = plain.removeprefix(PREFIX)
    if content == plain or not re.fullmatch(r"[A-Z2-7]+", content):
        raise NotGenuine("no statement")
    try:
        raw = base64.b32decode(content + "=" * (-len(content) % 8))
    except ValueError:
        raise NotGenuine("no statement") from None
    if base64.b32encode(raw).decode().rstrip("=") != content:
        raise NotGenuine("not in its one form")
    claims, key = _checked(raw, PAPER)
    try:
        kind, *lines = claims[SAID]
        until = claims.get(UNTIL)
        return Statement(
            claims[NUMBER].decode("ascii"), kind, claims[ISSUER], datetime.fromtimestamp(claims[ISSUED], UTC),
            None if until is None else datetime.fromtimestamp(until, UTC), tuple(lines), key,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError, OSError, OverflowError):
        raise NotGenuine("signed, but no statement") from None


def revocations(entries: Iterable[Revoked], *, at: datetime) -> bytes:
    """The signed list of numbers that no longer count, to be carried along; believed for a week, then too old. Raises `NoKey`.

    Eleven bytes each, in order: eight of the number's SHA-256, the day since 2020 in two, the reason in one. It names no number.
    """
    found = sorted(
        _digest(one.number) + (one.day - FIRST_DAY).days.to_bytes(2, "big") + bytes((one.reason,)) for one in entries
    )
    until = at + timedelta(days=LIST_DAYS)
    claims = {ISSUER: issuer(), ISSUED: int(at.timestamp()), UNTIL: int(until.timestamp()), ENTRIES: b"".join(found)}
    return _signed(claims, LIST)


def revoked(content: bytes, number: str) -> Revoked | None:
    """What a signed list says of a number. Raises `NotGenuine`."""
    claims, _ = _checked(content, LIST)
    entries, wanted = claims[ENTRIES], _digest(number)
    for place in range(0, len(entries), _ENTRY):
        entry = entries[place : place + _ENTRY]
        if entry[:_HEAD] == wanted:
            day = FIRST_DAY + timedelta(days=int.from_bytes(entry[_HEAD : _HEAD + 2], "big"))
            return Revoked(number, day, entry[-1])
    return None


def published() -> dict[str, list[dict[str, str]]]:
    """The keys that statements are checked against, as a JWK set: the one that signs first, retired ones after it."""
    return {"keys": [key.jwk for key in keys()]}


def keys() -> tuple[Key, ...]:
    """All keys of the deployment, the one that signs first; none where there are none."""
    folder = Path(settings.QICHENG_STATEMENT_KEYS)
    files = sorted(folder.glob("*.pem"), reverse=True) if folder.is_dir() else []
    return _loaded(tuple((str(file), file.stat().st_mtime_ns) for file in files))


def new_key(folder: Path, name: str) -> Path:
    """Write a new private key into the folder, readable by its owner alone; for a demo, or to change the key."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"{name}.pem"
    file.touch(mode=0o600)
    file.write_bytes(content)
    return file


def issuer() -> str:
    """The domain in whose name statements are made."""
    return urlsplit(settings.QICHENG_ADDRESS).hostname or ""


@lru_cache(maxsize=4)
def _loaded(files: tuple[tuple[str, int], ...]) -> tuple[Key, ...]:
    found = [_key(Path(name).read_bytes()) for name, _ in files]
    return (*(key for key in found if key.private), *(key for key in found if not key.private))


def _key(pem: bytes) -> Key:
    private: Any = serialization.load_pem_private_key(pem, None) if b"PRIVATE KEY" in pem else None
    public: Any = serialization.load_pem_public_key(pem) if private is None else private.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != "secp256r1":
        raise ValueError("a key for statements is one of the curve P-256")
    x, y = (_url64(number.to_bytes(32, "big")) for number in (public.public_numbers().x, public.public_numbers().y))
    # RFC 7638: the digest of the key in its one form.
    thumbprint = hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest()
    return Key(thumbprint[:8], public, private)


def _signed(claims: dict[int, Any], about: bytes) -> bytes:
    key = next((key for key in keys() if key.private), None)
    if key is None or key.private is None:
        raise NoKey
    pem = key.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = COSEKey.from_pem(pem, alg="ES256", kid=key.id)
    content = cbor2.dumps(claims, canonical=True)
    signed = COSE.new().encode_and_sign(
        content, signer, protected={ALGORITHM: ES256, KEY_ID: key.id}, external_aad=about
    )
    assert isinstance(signed, bytes)
    return signed


def _checked(content: bytes, about: bytes) -> tuple[dict[int, Any], str]:
    """(claims, key id) of what a published key signed, written in the one way that we write it."""
    try:
        outer = cbor2.loads(content)
        header = cbor2.loads(outer.value[0])
        key = next(key for key in keys() if key.id == header[KEY_ID])
        pem = key.public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        _, loose, payload = COSE.new().decode_with_headers(
            content, COSEKey.from_pem(pem, alg="ES256", kid=key.id), external_aad=about
        )
        claims = cbor2.loads(payload)
    except (
        CWTError,
        cbor2.CBORDecodeError,
        StopIteration,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
    ):
        raise NotGenuine("not signed by a published key") from None
    if loose or header.get(ALGORITHM) != ES256 or cbor2.dumps(outer) != content or not isinstance(claims, dict):
        raise NotGenuine("not in its one form")
    return claims, key.id.hex()


def _digest(number: str) -> bytes:
    return hashlib.sha256(number.encode()).digest()[:_HEAD]


def _short(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


def _url64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
