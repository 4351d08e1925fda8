"""A school's log-in by OpenID Connect: discovery, the code flow with PKCE, and the signed statement of who it is (CAM-06).

OpenID Connect Core 1.0 §§ 3.1, 5.3; Discovery 1.0 § 4; RFC 7636 (PKCE, S256), RFC 9207 (issuer in the answer).
"""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from django.conf import settings
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from qicheng.domain.orgs.effects.vouching import Errand, NotVouched, Vouched
from qicheng.foundation.kit.numbers import fingerprint
from qicheng.foundation.kit.outward import Silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.orgs.models import SignOn

USER = "sub"
# Signatures that a holder of the public key cannot make: no shared secrets, no `none`.
SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
CLOCKS_DIFFER = 60
KEPT_SECONDS = 600.0
LONGEST = 4_000

_kept: dict[str, tuple[float, dict[str, Any]]] = {}


def way_out(row: SignOn, errand: Errand, state: str, back: str) -> str:
    """The address of the server that asks who it is and leads back to `back` with a code and this state. Raises Silent."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(_of(state, "verifier").encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code", "client_id": row.client_id, "redirect_uri": back, "scope": "openid profile", "state": state,
        "nonce": _of(state, "nonce"), "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    return _with_query(_endpoint(_said_of_itself(row, errand), "authorization_endpoint"), asked)


def way_off(row: SignOn, errand: Errand, back: str) -> str:
    """The address at which the person leaves the school's own session too; '' where the server has none."""
    known = _said_of_itself(row, errand)
    if "end_session_endpoint" not in known:
        return ""
    asked = {"client_id": row.client_id, "post_logout_redirect_uri": back}
    return _with_query(_endpoint(known, "end_session_endpoint"), asked)


def vouched(row: SignOn, errand: Errand, given: Mapping[str, str], state: str, back: str, secret: str) -> Vouched:
    """What the server says of whom it gave this code, in answer to our own question. Raises NotVouched, Silent."""
    known = _said_of_itself(row, errand)
    if given.get("iss", known["issuer"]) != known["issuer"]:
        raise NotVouched("answer of another issuer")
    code = given.get("code", "")
    if not 0 < len(code) <= LONGEST:
        raise NotVouched("no code")
    asked = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": back, "client_id": row.client_id,
        "code_verifier": _of(state, "verifier"),
    }  # fmt: skip
    headers = {}
    if secret and "client_secret_basic" in known.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
        pair = f"{quote(row.client_id, safe='')}:{quote(secret, safe='')}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    elif secret:
        asked["client_secret"] = secret
    token = errand.ask_json("POST", _endpoint(known, "token_endpoint"), data=asked, headers=headers)
    claims = _verified(row, errand, known, str(token.get("id_token", "")), _of(state, "nonce"))
    if row.claim and row.claim not in claims and "userinfo_endpoint" in known and token.get("access_token"):
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        more = errand.ask_json("GET", _endpoint(known, "userinfo_endpoint"), headers=bearer)
        if more.get("sub") != claims["sub"]:
            raise NotVouched("details of somebody else")
        claims = {**more, **claims}
    return Vouched({name: _words(value) for name, value in claims.items()})


def forget() -> None:
    """Ask every server anew for what it says of itself."""
    _kept.clear()


def _verified(row: SignOn, errand: Errand, known: Mapping[str, Any], token: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that this issuer signed, for us, in answer to this question, just now."""
    if not 0 < len(token) <= 4 * LONGEST:
        raise NotVouched("no ID token")
    address = _endpoint(known, "jwks_uri")
    expected = jwt.JWTClaimsRegistry(
        leeway=CLOCKS_DIFFER, iss={"essential": True, "value": known["issuer"]}, nonce={"essential": True, "value": nonce},
        aud={"essential": True, "value": row.client_id}, sub={"essential": True}, exp={"essential": True}, iat={"essential": True},
    )  # fmt: skip
    try:
        try:
            read = jwt.decode(token, _keys(address, errand), algorithms=SIGNATURES)
        except InvalidKeyIdError:  # the server has taken another key since
            read = jwt.decode(token, _keys(address, errand, anew=True), algorithms=SIGNATURES)
        expected.validate(read.claims)
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise NotVouched(f"ID token: {type(fault).__name__}") from None
    claims = dict(read.claims)
    audience = claims["aud"]
    if claims.get("azp", row.client_id if isinstance(audience, str) or len(audience) == 1 else "") != row.client_id:
        raise NotVouched("ID token for another party")
    return claims


def _keys(address: str, errand: Errand, *, anew: bool = False) -> KeySet:
    """The server's public keys for signatures."""
    said = _once(address, errand, anew=anew)
    found = said.get("keys")
    public = [key for key in found if _signs(key)] if isinstance(found, list) else []
    if not public:
        raise Silent("no keys")
    return KeySet.import_key_set({"keys": public})


def _signs(key: Any) -> bool:
    """Whether it is a public key for signatures, of a kind that can be read."""
    if not isinstance(key, dict) or key.get("kty") not in ("RSA", "EC", "OKP") or key.get("use", "sig") != "sig":
        return False
    try:
        KeySet.import_key_set({"keys": [key]})
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


def _said_of_itself(row: SignOn, errand: Errand) -> dict[str, Any]:
    """The server's own description, whose issuer must be the one that was asked."""
    known = _once(f"{row.server}/.well-known/openid-configuration", errand)
    issuer = known.get("issuer")
    if not isinstance(issuer, str) or issuer.rstrip("/") != row.server:
        raise Silent("description of another issuer")
    return known


def _once(address: str, errand: Errand, *, anew: bool = False) -> dict[str, Any]:
    at, said = _kept.get(address, (0.0, {}))
    if anew or not said or time.monotonic() - at > KEPT_SECONDS:
        said = errand.ask_json("GET", address)
        _kept[address] = (time.monotonic(), said)
    return said


def _endpoint(known: Mapping[str, Any], name: str) -> str:
    """An address from the description; over TLS as the server itself is, or on this machine in tests and trials."""
    address = known.get(name)
    scheme = str(known["issuer"]).partition(":")[0]
    if not isinstance(address, str) or len(address) > LONGEST or not address.startswith((f"{scheme}://", "https://")):
        raise Silent(f"no usable {name}")
    return address


def _with_query(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def _of(state: str, what: str) -> str:
    """A secret of one log-in that no browser sees before its time, made from its state."""
    return fingerprint(f"{what}|{state}", settings.SECRET_KEY.encode())


def _words(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one).strip() for one in values if isinstance(one, str | int) and not isinstance(one, bool)]
