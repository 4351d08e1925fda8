"""The app of the room."""

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


class CampusConfig(AppConfig):
    name = "qicheng.domain.campus"
    label = "campus"

    def ready(self) -> None:
        """Let the flows register themselves with the engine."""
        from . import flows  # noqa: PLC0415 -- flows need the models of all rooms

        for module in iter_modules(flows.__path__, flows.__name__ + "."):
            import_module(module.name)
