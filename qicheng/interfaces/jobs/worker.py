"""The worker: runs jobs and the timetable, sends what is owed, and takes up what a killed worker left behind."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

import django
from asgiref.sync import sync_to_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from procrastinate import App

log = logging.getLogger(__name__)
# Seconds between two looks at the outbox; an act writes its messages, it never waits for them.
OUTBOX_SECONDS = 2.0
# A job that says it is running while its worker has been silent for so long is taken up again.
SILENT_SECONDS = 60
SWEEP_SECONDS = 30.0


def run() -> None:
    """Work until told to stop (SIGINT, SIGTERM)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qicheng.interfaces.web.settings")
    django.setup()
    asyncio.run(work())


async def work(*, once: bool = False) -> None:
    """Jobs, outbox and sweeper side by side; `once` does all that is due now and returns, for tests."""
    from procrastinate.contrib.django import app  # noqa: PLC0415 -- needs Django to be set up

    connector: Any = app.connector
    worker_app = app.with_connector(connector.get_worker_connector())
    async with worker_app.open_async():
        if once:
            await worker_app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
            await send_due()
            return
        others = [
            asyncio.create_task(forever(OUTBOX_SECONDS, send_due)),
            asyncio.create_task(forever(SWEEP_SECONDS, lambda: sweep(worker_app))),
        ]
        try:
            await worker_app.run_worker_async(concurrency=4, wait=True, delete_jobs="successful")
        finally:
            for other in others:
                other.cancel()
            await asyncio.gather(*others, return_exceptions=True)


async def forever(seconds: float, action: Callable[[], Awaitable[None]]) -> None:
    """Do `action` again and again; a failure is logged and does not end the worker."""
    while True:
        try:
            await action()
        except Exception:
            log.exception("a round of the worker failed")
        await asyncio.sleep(seconds)


async def send_due() -> None:
    """Send every message that is owed and due."""
    from .outbox import send_owed  # noqa: PLC0415 -- needs Django to be set up

    await sync_to_async(send_owed, thread_sensitive=False)()


async def sweep(worker_app: App) -> None:
    """Put jobs of killed workers back in the queue."""
    for job in await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
        log.warning("job %s is taken up again", job.id)
        await worker_app.job_manager.retry_job(job)
