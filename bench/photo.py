"""Budget 12: what it costs to make a photo of four megabytes again as one of about 300 KB, and the most memory that it takes.

Measured by `python -m bench.photo` in a process of its own: the memory of a child is counted from its parent's.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.figures import Figure

TIMES = 7
WIDTH, HEIGHT = 4032, 3024
LARGEST_RESULT = 320


def measure() -> list[Figure]:
    """CPU seconds of the whole program that makes a photo again (its start, decoding, writing, hash), its peak, and the result's size."""
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        size = photo(Path(file.name))
        made = subprocess.run(
            [sys.executable, "-m", "bench.photo", file.name], capture_output=True, text=True, check=True
        )
    found = json.loads(made.stdout)
    return [
        Figure(12, "photo of 4 MB to about 300 KB, CPU", found["seconds"], "s", 0.4, at_least=False),
        Figure(12, "the same, peak memory", found["megabytes"], "MB", 200, at_least=False),
        Figure(12, "the same, size of what comes of it", found["kilobytes"], "KB", LARGEST_RESULT, at_least=False, beside=size / 1000),
    ]  # fmt: skip


def photo(path: Path) -> int:
    """A page on a table as a phone takes it: grainy, on its side by EXIF, about four megabytes; its size in bytes."""
    from PIL import Image, ImageDraw

    page = Image.new("RGB", (WIDTH, HEIGHT), (212, 204, 190))
    pen = ImageDraw.Draw(page)
    for y in range(HEIGHT // 12, HEIGHT * 11 // 12, HEIGHT // 40):
        pen.line([(WIDTH // 9, y), (WIDTH * 8 // 9 - y * 7 % 900, y)], fill=(40, 40, 48), width=18)
    pen.ellipse([WIDTH * 6 // 10, HEIGHT * 6 // 10, WIDTH * 8 // 10, HEIGHT * 9 // 10], outline=(196, 32, 32), width=40)
    grain = Image.effect_noise((WIDTH, HEIGHT), 64).convert("RGB")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.blend(page, grain, 0.18).save(path, "JPEG", quality=90, exif=turned)
    return path.stat().st_size


def main() -> None:
    from qicheng.foundation.kit import proofs

    content = Path(sys.argv[1]).read_bytes()
    seconds, size = [], 0
    for _ in range(TIMES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = len(proofs.remake(content).whole.content)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    json.dump({"seconds": statistics.median(seconds), "megabytes": peak, "kilobytes": size / 1000}, sys.stdout)


if __name__ == "__main__":
    main()
