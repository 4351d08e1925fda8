"""Budgets 5 and 6: the import of a roster, measured by `bench.roster_import` in a process and on a server of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from bench.figures import Figure

LINES = 100_000


def measure() -> list[Figure]:
    """Seconds of the import against reading alone; the same without reading against COPY and bulk_create."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    made = subprocess.run(
        [sys.executable, "-m", "bench.roster_import", str(LINES)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"{made.returncode}: {made.stderr[-3000:]}")
    found = json.loads(made.stdout[made.stdout.index("{") :])
    seconds = found["seconds"]
    rows, copied, created = seconds["from_rows"], seconds["bare_copy"], seconds["bulk_create"]
    return [
        Figure(5, "roster of 100,000 × 30, from .xlsx to applied, against reading", seconds["from_file"], "s", 2.5, at_least=False,
               beside=seconds["read"], ratio=found["import_to_read"]),
        Figure(6, "the same without reading, against COPY", LINES / rows, "rows/s", 0.25, at_least=True, beside=LINES / copied,
               ratio=found["rows_to_copy"]),
        Figure(6, "the same without reading, against bulk_create", LINES / rows, "rows/s", 4, at_least=True, beside=LINES / created,
               ratio=found["rows_to_bulk_create"]),
    ]  # fmt: skip
