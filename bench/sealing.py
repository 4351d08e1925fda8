"""Budget 14: sealing a report with RSA-2048, against pyHanko's plain signer, which reads its key for each signature."""

from __future__ import annotations

import io
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asn1crypto import keys
from cryptography.hazmat.primitives import serialization
from django.conf import settings
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter

from bench.figures import ROUNDS, Figure, against
from qicheng.foundation.papers import seal
from qicheng.foundation.papers.typeset import typeset
from qicheng.interfaces.command.authority import make_seal
from tests.foundation.papers.test_seal import TEMPLATE, VALUES

if TYPE_CHECKING:
    from collections.abc import Callable

SEALED, PLAIN = 30, 10


def measure() -> list[Figure]:
    """CPU seconds of one signature both ways, in turns, over the same report; both must hold."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qicheng.interfaces.web.settings")
    with tempfile.TemporaryDirectory(prefix="qicheng-bench-") as folder:
        given: Any = settings
        given.QICHENG_SEAL, given.QICHENG_SEAL_PASSWORD, given.QICHENG_SEAL_TRUST = (
            str(make_seal(Path(folder), "江临大学")),
            "",
            "",
        )
        stock = plainly(seal.loaded())
        report = typeset(TEMPLATE, VALUES, standards=("a-2b",))
        ours, theirs = [], []
        for sign in (seal.loaded().sign, stock):
            seal.check(sign(report))
        for _ in range(ROUNDS):
            ours.append(cost(seal.loaded().sign, report, SEALED))
            theirs.append(cost(stock, report, PLAIN))
        size = len(seal.loaded().sign(report)) / 1000
    return [
        against(14, "sealing a report, signatures a second of CPU, against pyHanko's plain signer", "/s",
                [1 / each for each in ours], [1 / each for each in theirs], 3, at_least=True),
        Figure(14, "a sealed report, size", size, "KB", 120, at_least=False),
    ]  # fmt: skip


def plainly(own: seal.Seal) -> Callable[[bytes], bytes]:
    """The stock signer with the same key and chain, and the same kind of signature."""
    key = own.signer._key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = signers.SimpleSigner(own.signer.signing_cert, keys.PrivateKeyInfo.load(key), own.signer.cert_registry)

    def sign(pdf: bytes) -> bytes:
        metadata = signers.PdfSignatureMetadata(
            field_name=seal.FIELD, md_algorithm=seal.DIGEST, subfilter=SigSeedSubFilter.PADES, certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
        )  # fmt: skip
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        signed: bytes = (
            signers.PdfSigner(metadata, signer, new_field_spec=SigFieldSpec(seal.FIELD)).sign_pdf(writer).getvalue()
        )
        return signed

    return sign


def cost(sign: Callable[[bytes], bytes], report: bytes, times: int) -> float:
    """CPU seconds of one signature."""
    began = time.process_time()
    for _ in range(times):
        sign(report)
    return (time.process_time() - began) / times
