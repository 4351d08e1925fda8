"""What WeChat's servers tell ours: whether it is really they, now, and what has happened; plain or encrypted (ORG-11).

A call is signed with SHA-1 over the sorted token, time stamp and nonce; an encrypted body has a signature of its own and is AES-256-CBC.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from django.conf import settings
from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW_SECONDS = 300
LARGEST = 32 * 1024
BLOCK = 32
KNOWN = ("ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "MsgID", "Status", "Encrypt")


def signature(*parts: str) -> str:
    """The signature of a call: SHA-1 of its parts in sorted order."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 -- the protocol's


def is_theirs(given: Mapping[str, str]) -> bool:
    """Whether a call is signed with our token and of this moment."""
    token, stamp, nonce = settings.QICHENG_WECHAT_TOKEN, given.get("timestamp", ""), given.get("nonce", "")
    if not token or not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 12 or not nonce or len(nonce) > 64:
        return False
    if abs(time.time() - int(stamp)) > WINDOW_SECONDS:
        return False
    return hmac.compare_digest(signature(token, stamp, nonce).encode(), given.get("signature", "").encode())


def told(body: bytes, given: Mapping[str, str]) -> dict[str, str] | None:
    """What a call says, by name; None for what is no message of ours. Without a key to decrypt an encrypted one is none.

    Where a key is set nothing plain is believed.
    """
    said = _fields(body)
    if said is None:
        return None
    if settings.QICHENG_WECHAT_AES_KEY:
        sealed, stamp, nonce = said.get("Encrypt", ""), given.get("timestamp", ""), given.get("nonce", "")
        expected = signature(settings.QICHENG_WECHAT_TOKEN, stamp, nonce, sealed)
        if not sealed or not hmac.compare_digest(expected.encode(), given.get("msg_signature", "").encode()):
            return None
        plain = decrypted(sealed)
        said = _fields(plain) if plain is not None else None
    return said if said is not None and said.get("FromUserName") and "Encrypt" not in said else None


def decrypted(sealed: str) -> bytes | None:
    """The message in an encrypted one: after 16 random bytes its length and itself, then whose account it is for; None where it is not ours."""
    try:
        key = base64.b64decode(f"{settings.QICHENG_WECHAT_AES_KEY}=", validate=False)
        cipher = Cipher(AES(key), CBC(key[:16])).decryptor()
        padded = cipher.update(base64.b64decode(sealed, validate=True)) + cipher.finalize()
    except ValueError:
        return None
    fill = padded[-1] if padded else 0
    if not 1 <= fill <= BLOCK or padded[-fill:] != bytes([fill]) * fill:
        return None
    plain = padded[:-fill]
    end = 20 + int.from_bytes(plain[16:20], "big")
    if plain[end:] != settings.QICHENG_WECHAT_APP.encode():
        return None
    return plain[20:end]


def _fields(content: bytes) -> dict[str, str] | None:
    """The fields of a message that we know; None for what is no XML or brings declarations of its own."""
    if len(content) > LARGEST:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if root is None or root.tag != "xml" or root.getroottree().docinfo.doctype:
        return None
    return {name: (text or "").strip() for name in KNOWN if (text := root.findtext(name)) is not None}
