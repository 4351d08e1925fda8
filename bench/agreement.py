"""Budget 7: what an agreement costs, against the same content through WeasyPrint; its size; do bytes repeat."""

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from bench.peers import agreement_weasyprint
from qicheng.foundation.papers.typeset import typeset
from tests.foundation.papers.agreements import agreement

TEMPLATE = Path(__file__).parents[1] / "qicheng/domain/registration/templates/registration/agreement.typ"
ROUNDS = 5
TYPESET, PRINTED = 20, 4

_serial = count()


def measure() -> dict[str, Any]:
    """CPU seconds of one document both ways (medians of rounds that take turns), their ratio, bytes, repeatability."""
    ours, theirs = [], []
    cost(ours_of, 2)
    cost(agreement_weasyprint.agreement, 1)
    for _ in range(ROUNDS):
        ours.append(cost(ours_of, TYPESET))
        theirs.append(cost(agreement_weasyprint.agreement, PRINTED))
    documents = [typeset(TEMPLATE, agreement(form)) for form in ("two_party", "three_party")]
    return {
        "cpu_seconds": median(ours),
        "peer_cpu_seconds": median(theirs),
        "ratio": median(ours) / median(theirs),
        "budget_ratio": 1 / 6,
        "bytes": max(map(len, documents)),
        "budget_bytes": 120_000,
        "peer_bytes": len(agreement_weasyprint.agreement(agreement())),
        "same_bytes": documents == [typeset(TEMPLATE, agreement(form)) for form in ("two_party", "three_party")],
    }


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


if __name__ == "__main__":
    for figure, value in measure().items():
        print(f"{figure:20} {value}")
