"""Budget 7: what an agreement costs, against the same content through WeasyPrint; its size; do bytes repeat."""

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from bench.figures import ROUNDS, Figure, against
from bench.peers import agreement_weasyprint
from qicheng.foundation.papers.typeset import typeset
from tests.foundation.papers.agreements import agreement

TEMPLATE = Path(__file__).parents[1] / "qicheng/domain/registration/templates/registration/agreement.typ"
TYPESET, PRINTED = 20, 4

_serial = count()


def measure() -> list[Figure]:
    """CPU seconds of one document both ways, in turns; bytes; whether the same input gives the same bytes."""
    ours, theirs = [], []
    cost(ours_of, 2)
    cost(agreement_weasyprint.agreement, 1)
    for _ in range(ROUNDS):
        ours.append(cost(ours_of, TYPESET))
        theirs.append(cost(agreement_weasyprint.agreement, PRINTED))
    documents = [typeset(TEMPLATE, agreement(form)) for form in ("two_party", "three_party")]
    repeated = [typeset(TEMPLATE, agreement(form)) for form in ("two_party", "three_party")]
    return [
        against(7, "agreement PDF, CPU, against WeasyPrint", "s", ours, theirs, 1 / 6, at_least=False),
        Figure(7, "agreement PDF, size", max(map(len, documents)) / 1000, "KB", 120, at_least=False,
               beside=len(agreement_weasyprint.agreement(agreement())) / 1000),
        Figure(7, "agreement PDFs that differ when repeated", sum(a != b for a, b in zip(documents, repeated, strict=True)), "", 0,
               at_least=False),
    ]  # fmt: skip


def ours_of(values: dict[str, Any]) -> bytes:
    return typeset(TEMPLATE, values)


def cost(make: Callable[[dict[str, Any]], bytes], times: int) -> float:
    """CPU seconds of all threads for one document; no two documents share a value, so that no cache flatters."""
    started = time.process_time()
    for _ in range(times):
        make(unlike_the_last())
    return (time.process_time() - started) / times


def unlike_the_last() -> dict[str, Any]:
    serial = next(_serial)
    number = f"20264{serial:014d}"
    values = agreement(name=f"陈诚{serial}", number=number, qr=number)
    for block in values["blocks"]:
        for row in block["rows"]:
            row["value"] = row["value"] and f"{row['value']}{serial}"
    return values
