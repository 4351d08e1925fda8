"""The app of the room."""

from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "qicheng.domain.figures"
    label = "figures"

    def ready(self) -> None:
        """STA-01: the lists behind the tables stand beside the other lists of registrations."""
        from qicheng.domain.registration.listings import stands_beside  # noqa: PLC0415 -- needs the models

        from .listings import standings  # noqa: PLC0415 -- needs the models

        stands_beside(standings.agreements)
        stands_beside(standings.destinations)
