"""`python -m bench [row …]`: measure all rows of the budgets or those named, print them, and fail where one is over."""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module

from bench import country
from bench.figures import HEADINGS, Figure

# Which module measures which rows of the budgets; quick ones first, the pages together on one filled database.
ROWS: dict[tuple[int, ...], str] = {
    (8,): "embedded_server", (9,): "password", (12,): "photo", (7,): "agreement", (10,): "queue", (5, 6): "roster",
    (1,): "approval", (2,): "reviewer_list", (3,): "against_litestar", (4,): "against_stock", (11,): "page_weight",
    (13,): "batch", (14,): "sealing", (18,): "export",
}  # fmt: skip


def main() -> int:
    wanted = {int(row) for row in sys.argv[1:]} or {row for rows in ROWS for row in rows}
    if unknown := wanted - {row for rows in ROWS for row in rows}:
        print(f"no such row: {sorted(unknown)}", file=sys.stderr)
        return 2
    began = time.monotonic()
    found: list[Figure] = []
    try:
        for rows, module in ROWS.items():
            if wanted & set(rows):
                started = time.monotonic()
                found += import_module(f"bench.{module}").measure()
                print(f"{module} … {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    finally:
        country.close()
    found.sort(key=lambda figure: figure.row)
    report(found)
    over = [figure for figure in found if not figure.is_kept]
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"\n{len(found)} figures, {len(over)} over budget; {time.monotonic() - began:.0f} s; load {load}")
    return 1 if over else 0


def report(found: list[Figure]) -> None:
    lines = [HEADINGS, *(figure.cells for figure in found)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
