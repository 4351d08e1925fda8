"""A website under measurement: the product's own start of its web server, or a peer, with two workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import country, processor
from qicheng.interfaces.command.lifeline import line
from qicheng.interfaces.command.processes import free_port, web

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WORKERS = 2
PATIENCE = 30.0
# A form's token as it stands in the cookie: the product takes it from the field unmasked, too.
CSRF = "x" * 32


@dataclass(frozen=True, slots=True)
class Website:
    """Something that answers on a port; `cpu` is what it and the database have used so far."""

    port: int
    process: int

    def cpu(self) -> float:
        return processor.seconds(self.process) + processor.seconds(country.ground().postmaster)


@contextmanager
def product() -> Iterator[Website]:
    """The product as `qicheng serve` starts it."""
    port = free()
    with running(web("127.0.0.1", port, WORKERS).command, port) as website:
        yield website


@contextmanager
def running(command: Sequence[str], port: int, **environment: str) -> Iterator[Website]:
    """A server on the country's database, up while this lasts."""
    process = subprocess.Popen(
        command, env=country.ground().environment | environment, start_new_session=True, stdout=sys.stderr,
        preexec_fn=line(signal.SIGKILL),  # noqa: PLW1509 -- PR_SET_PDEATHSIG can be set nowhere else
    )  # fmt: skip
    try:
        deadline = time.monotonic() + PATIENCE
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command} does not answer")
            time.sleep(0.05)
        yield Website(port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free() -> int:
    """A port that nobody listens on."""
    port = free_port("127.0.0.1", 18_000, 200)
    assert port is not None
    return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def cookies(role: str, node: int) -> str:
    """The cookies of the reviewer of a school or a college."""
    return f"session={role}-{node}; csrf={CSRF}"
