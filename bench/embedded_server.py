"""Budget 8: a new embedded server is ready in seconds, and nothing of it is left after the kill of whoever started it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.figures import ROUNDS, Figure
from qicheng.interfaces.command import places

STARTING = """
import sys, time
from pathlib import Path
from qicheng.interfaces.command.postgres import Postgres
server = Postgres(Path(sys.argv[1]))
server.start()
server.create_database()
print(server._home, flush=True)
time.sleep(600)
"""
LONGEST_ENDING = 5.0


def measure() -> list[Figure]:
    """Seconds from nothing to a database that answers; processes left after kill -9."""
    ready, left = zip(*(_round() for _ in range(ROUNDS)), strict=True)
    return [
        Figure(8, "embedded server ready", median(ready), "s", 3.0, at_least=False),
        Figure(8, "processes left after kill -9", max(left), "", 0, at_least=False),
    ]


def _round() -> tuple[float, int]:
    folder = Path(tempfile.mkdtemp(prefix="qicheng-bench-"))
    try:
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, "-c", STARTING, str(folder)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        home = process.stdout.readline().strip()
        ready = time.monotonic() - began
        if not home or not _living(home):
            raise RuntimeError("the server was not there")
        process.send_signal(signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + LONGEST_ENDING
        while (left := _living(home)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return ready, left
    finally:
        home_folder = places.home(folder)
        for each in {folder, home_folder, places.SOCKETS / home_folder.name}:
            shutil.rmtree(each, ignore_errors=True)


def _living(home: str) -> int:
    """How many processes work on the data under `home`: the postmaster by its arguments, its children by their folder."""
    found = 0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found += str((entry / "cwd").readlink()).startswith(home)
        except OSError:
            continue
    return found
