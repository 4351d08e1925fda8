"""A queue of the product's as one measures it: `python -m bench.queue_worker work` is the product's worker with one more task that
does nothing, `… defer one|many N` enqueues it. Each job prints when it was enqueued and when it began, in microseconds."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import django


def micros() -> int:
    return time.time_ns() // 1000


def declare() -> Any:
    """The task, declared as the product declares its own."""
    from qicheng.interfaces.jobs.tasks import task

    @task("bench.nothing")
    def nothing(sent: int) -> None:
        os.write(1, f"{sent} {micros()}\n".encode())

    return nothing


def main() -> None:
    django.setup()
    if sys.argv[1] == "work":
        declare()
        from qicheng.interfaces.jobs.worker import run

        run()
        return
    many, number = sys.argv[2] == "many", int(sys.argv[3])
    if many:
        from procrastinate.contrib.django import app

        app.configure_task("bench.nothing", allow_unknown=True).batch_defer(
            *({"sent": micros()} for _ in range(number))
        )
        return
    from qicheng.foundation.later import later

    for _ in range(number):
        later("bench.nothing", sent=micros())
        time.sleep(0.05)


if __name__ == "__main__":
    main()
