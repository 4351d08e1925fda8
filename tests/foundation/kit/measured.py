"""Makes every file of a folder again, as the door does, and says what came of each: outcome, CPU seconds, memory so far.

Run as a program of its own: the memory of a child is counted from its parent's, which is small here.
`python -m tests.foundation.kit.measured folder`; results are JSON on standard output, what was made lies beside each file.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from qicheng.foundation.kit import proofs


def main() -> None:
    found = {}
    for file in sorted(Path(sys.argv[1]).glob("*.in")):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            made = proofs.remake(file.read_bytes())
        except proofs.Unreadable as why:
            outcome, words, parts = "refused", str(why), []
        else:
            outcome, words, parts = "clean", made.phash, [made.whole, *made.parts]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        for part in parts:
            file.with_suffix(f".{part.name}").write_bytes(part.content)
        found[file.stem] = {
            "outcome": outcome, "words": words, "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "megabytes": after.ru_maxrss / 1024,
            "parts": [[part.name, part.media, part.width, part.height, len(part.content)] for part in parts],
        }  # fmt: skip
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
