"""`python -m bench.national [row …] [--graduates N] [--beside N]`: the rows of the budgets that need the whole country; 0 are the pages."""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib import import_module

from bench.__main__ import report
from bench.country import standing_on
from bench.figures import Figure
from bench.national import land

# Rows and the module of this package that measures them, in an order in which none is touched by what those before it have changed.
ROWS: dict[int, str] = {15: "list_at_scale", 16: "table", 0: "pages", 17: "cost", 19: "cut"}


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m bench.national")
    asked.add_argument(
        "rows", nargs="*", type=int, metavar="row", help=f"of {sorted(ROWS)}; 0 are the pages of every role"
    )
    asked.add_argument("--graduates", type=int, default=land.WHOLE, help="of the whole country")
    asked.add_argument("--beside", type=int, default=land.BESIDE, help="of the small one in row 15")
    given = asked.parse_args()
    wanted = set(given.rows) or set(ROWS)
    if unknown := wanted - set(ROWS):
        print(f"no such row: {sorted(unknown)}", file=sys.stderr)
        return 2
    began = time.monotonic()
    whole, small = land.settled(given.graduates, given.beside)
    found: list[Figure] = []
    try:
        with standing_on(whole):
            for row, module in ROWS.items():
                if row in wanted:
                    started = time.monotonic()
                    measured = import_module(f"bench.national.{module}").measure(whole, small)
                    found += measured
                    print(f"{module} … {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
                    for figure in measured:
                        print("  ", " ".join(figure.cells), file=sys.stderr, flush=True)
            whole.forget()
            if wanted & {0, 17}:
                print(f"recount after what was measured: {whole.recount()} cells mended", file=sys.stderr)
    finally:
        whole.server.stop()
    report(found)
    over = [figure for figure in found if not figure.is_kept]
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(
        f"\n{whole.graduates:,} graduates beside {small.graduates:,}; {len(found)} figures, {len(over)} over budget; "
        f"{time.monotonic() - began:.0f} s; load {load}"
    )
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
