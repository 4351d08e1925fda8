"""Writes the declarations of all flows into the database whenever it has been migrated."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _write(**_: Any) -> None:
    from .feed import keep_growing  # noqa: PLC0415 -- needs the connection
    from .guard import write_declarations  # noqa: PLC0415 -- needs the models of all rooms

    write_declarations()
    keep_growing()


class FlowConfig(AppConfig):
    name = "qicheng.foundation.flow"
    label = "flow"

    def ready(self) -> None:
        """Let acts know on which channels they have something to say, and the database what they are."""
        from . import words  # noqa: F401, PLC0415 -- needs the model of records

        post_migrate.connect(_write, sender=self)
