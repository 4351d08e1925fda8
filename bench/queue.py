"""Budget 10: how soon a job begins, and how fast a full queue drains, against django-tasks-db."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

import psycopg

from bench import country
from bench.figures import ROUNDS, Figure, against
from qicheng.interfaces.command.lifeline import line
from qicheng.interfaces.command.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SINGLE, MANY = 40, 1_000
PATIENCE = 60.0
OURS = ("-m", "bench.queue_worker")
PEER_WORK = ("-m", "django", "db_worker", "--interval", "0.05", "--no-startup-delay", "--verbosity", "0")
PEER_DEFER = ("-m", "bench.peers.queue.tasks")


def measure() -> list[Figure]:
    """Milliseconds from enqueueing to the start, one at a time; jobs a second out of a queue that was filled before."""
    ours = _environment("queue", "qicheng.interfaces.web.settings")
    peer = _environment("queue_peer", "bench.peers.queue.settings")
    _run(
        ("-m", "qicheng", "migrate", "--quiet"),
        ours | {"DATABASE_OWNER_URL": country.here().server.url("queue", Postgres.OWNER)},
    )
    _run(("-m", "django", "migrate", "--verbosity", "0"), peer)
    waits, drained, beside = [], [], []
    with _working((*OURS, "work"), ours) as began:
        for _ in range(ROUNDS):
            _run((*OURS, "defer", "one", str(SINGLE)), ours)
            waits.append(median(start - sent for sent, start in _wait(began, SINGLE)) / 1000)
            began.clear()
    for _ in range(ROUNDS):
        drained.append(_drain((*OURS, "defer", "many", str(MANY)), (*OURS, "work"), ours))
        beside.append(_drain((*PEER_DEFER, str(MANY)), PEER_WORK, peer))
    return [
        Figure(10, "job, from enqueueing to start, p50", median(waits), "ms", 20, at_least=False),
        against(10, "jobs drained, against django-tasks-db", "/s", drained, beside, 1.5, at_least=True),
    ]


def _environment(database: str, settings: str) -> Mapping[str, str]:
    server = country.here().server
    with psycopg.connect(server.url("postgres", Postgres.SUPERUSER), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    server.create_database(database)
    role = Postgres.APP if database == "queue" else Postgres.OWNER
    return dict(country.here().environment) | {
        "DATABASE_URL": server.url(database, role),
        "DJANGO_SETTINGS_MODULE": settings,
    }


def _drain(defer: tuple[str, ...], work: tuple[str, ...], environment: Mapping[str, str]) -> float:
    """Jobs a second, from the first start to the last."""
    _run(defer, environment)
    with _working(work, environment) as began:
        starts = sorted(start for _, start in _wait(began, MANY))
    return (MANY - 1) / ((starts[-1] - starts[0]) / 1_000_000)


def _run(arguments: tuple[str, ...], environment: Mapping[str, str]) -> None:
    subprocess.run([sys.executable, *arguments], env=environment, check=True, stdout=sys.stderr)


@contextmanager
def _working(arguments: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[list[tuple[int, int]]]:
    """A worker, and the list into which (enqueued, begun) of its jobs is written as they print it."""
    began: list[tuple[int, int]] = []
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        preexec_fn=line(signal.SIGKILL),  # noqa: PLW1509 -- PR_SET_PDEATHSIG can be set nowhere else
    )  # fmt: skip

    def read() -> None:
        assert process.stdout is not None
        for printed in process.stdout:
            sent, _, start = printed.strip().partition(" ")
            if start.isdigit():
                began.append((int(sent), int(start)))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        time.sleep(3)
        yield began
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
        reader.join()


def _wait(began: list[tuple[int, int]], number: int) -> list[tuple[int, int]]:
    deadline = time.monotonic() + PATIENCE
    while len(began) < number:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(began)} of {number} jobs began")
        time.sleep(0.02)
    return list(began)
