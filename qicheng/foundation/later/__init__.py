"""Work after commit: `later("room.task", case=...)` joins the caller's transaction, so a rolled-back act leaves no job."""

from __future__ import annotations

from procrastinate.contrib.django import app


def later(task: str, **arguments: str | int) -> None:
    """Defer the task of that name; `arguments` are ids only. The job is visible to workers once the transaction commits."""
    app.configure_task(task, allow_unknown=True).defer(**arguments)
