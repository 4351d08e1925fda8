"""A university's own log-in on loopback, as real servers run it, and what a person's browser does there (CAM-06)."""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from qicheng.domain.orgs.effects import sign_on
from qicheng.domain.orgs.models import School, SignOn
from qicheng.foundation.access import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from qicheng.foundation.access import Actor

LOOPBACK = ["127.0.0.0/8", "::1/128"]
SECRET = "the secret of this client+/="
HIDDEN = re.compile(r"<input[^>]*>")
PART = re.compile(r'(\w+)\s*=\s*["\']([^"\']*)["\']')


class Campus:
    """A running CAS server (`cas`) and OpenID provider (`issuer`); everybody's password is `of-<name>`."""

    def __init__(self, port: int, key: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.cas, self.issuer, self.key = f"{self.address}/cas", f"{self.address}/oidc", key

    def tell(self, **given: Any) -> None:
        """Tell it of people (name → number), clients, mistakes to make (`wrong`), or where log-out notices go."""
        httpx.post(f"{self.address}/-/told/", json=given, trust_env=False, timeout=60).raise_for_status()

    def browse(self, name: str, address: str) -> str:
        """What that person's browser does at the school: log in where asked to; the address that it is sent back to."""
        with httpx.Client(trust_env=False, timeout=60) as browser:
            return browse(browser, name, address)


def browse(browser: httpx.Client, name: str, address: str) -> str:
    """The same in a browser that may have been there before."""
    home = httpx.URL(address).netloc
    for _ in range(12):
        answer = browser.get(address)
        if answer.status_code == 200:
            form = {
                part["name"]: html.unescape(part.get("value", ""))
                for part in (dict(PART.findall(one)) for one in HIDDEN.findall(answer.text)) if "name" in part
            }  # fmt: skip
            form.pop("warn", None)
            answer = browser.post(address, data=form | {"username": name, "password": f"of-{name}"})
        assert answer.is_redirect, f"{answer.status_code} {answer.text[:2000]}"
        address = urljoin(address, answer.headers["Location"])
        if httpx.URL(address).netloc != home:
            return address
    raise AssertionError("no way out of the school's pages")


@contextmanager
def campus() -> Iterator[Campus]:
    """Start both servers as one process on a free port, in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="qicheng-campus-") as folder:
        key = Path(folder) / "key.pem"
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        command = [sys.executable, "-W", "ignore", "-m", "tests.campus_server", folder, str(key)]
        root = Path(__file__).resolve().parents[1]
        with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                yield Campus(int(server.stdout.readline()), key)
            finally:
                server.kill()


def offer(actor: Actor, protocol: str, server: str, *, is_on: bool = True, **given: str) -> SignOn:
    """Let the school's user submit these settings; tried and switched on as if a try had gone well."""
    assert actor.role is Role.SCHOOL
    sign_on.keep(
        actor, _version(actor), {"protocol": protocol, "server": server, "client_id": "", "claim": "", **given}
    )
    if is_on:
        sign_on.note_try(actor, SignOn.objects.get(school=actor.node))
        sign_on.switch(actor, _version(actor), is_on=True)
    return SignOn.objects.select_related("school").get(school=actor.node)


def _version(actor: Actor) -> int:
    row = SignOn.objects.filter(school=actor.node).first()
    return row.version if row else 0


@contextmanager
def cas_server(people: Mapping[str, str], actor: Actor) -> Iterator[tuple[Campus, SignOn]]:
    """A running CAS server with these people (account name → student or work number), switched on for that school user's school."""
    with campus() as running:
        running.tell(people=dict(people))
        yield running, offer(actor, "cas", running.cas, claim="xgh")


def named_by(school: School) -> str:
    """The address at which a log-in at that school begins."""
    return f"/login/sso/{school.code}/"
