"""Serves the pages: granian with one process per core, all of which end when their master or supervisor is gone.

Started by the supervisor as `python -m qicheng.interfaces.command.webserver --port 8000`. Granian's master makes its
workers by fork, and a killed master would leave them serving; so each of them ties itself to the master first.
"""

import argparse
import importlib
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from qicheng.interfaces.command.lifeline import hold

APPLICATION = "qicheng.interfaces.web.wsgi:application"
BLOCKING_THREADS = 2


def tied(master: int, target: str) -> Callable[..., Any]:
    """Import `package.module:name` in a worker, after tying its life to the master's."""
    hold(master, signal.SIGKILL)
    module, _, name = target.partition(":")
    application: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return application


def main() -> None:
    options = argparse.ArgumentParser(prog="qicheng webserver")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8000)
    options.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options.add_argument("--application", default=APPLICATION)
    given = options.parse_args()
    server = Server(
        given.application,
        address=given.host,
        port=given.port,
        interface=Interfaces.WSGI,
        workers=given.workers,
        blocking_threads=BLOCKING_THREADS,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
        process_name="qicheng web",
    )
    server.serve(target_loader=partial(tied, os.getpid()))


if __name__ == "__main__":
    main()
