"""Secrets that have to be read again and must not lie open in the database: AES-256-GCM under a key made from the deployment's own."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12


def put_away(secret: str, key: bytes, about: str) -> bytes:
    """What is kept of `secret`; `about` says whose it is, and opens nobody else's."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + _cipher(key).encrypt(nonce, secret.encode(), about.encode())


def take_out(kept: bytes, key: bytes, about: str) -> str | None:
    """The secret again; None where it was put away under another key, for somebody else, or was changed."""
    try:
        return _cipher(key).decrypt(kept[:NONCE], kept[NONCE:], about.encode()).decode()
    except (InvalidTag, ValueError):
        return None


def _cipher(key: bytes) -> AESGCM:
    if len(key) < 16:
        raise ValueError("the key has at least 16 bytes")
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"qicheng strongbox").derive(key))
