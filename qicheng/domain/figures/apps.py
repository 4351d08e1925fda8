"""The app of the room."""

from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "qicheng.domain.figures"
    label = "figures"

    def ready(self) -> None:
        """How the past is kept; the lists behind the tables stand beside the other lists of registrations (STA-01)."""
        from qicheng.domain.registration.listings import stands_beside  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.listing import exports  # noqa: PLC0415 -- needs the models

        from .listings import standings, taken_away  # noqa: PLC0415 -- needs the models
        from .queries.moments import keep_the_past  # noqa: PLC0415 -- needs the flows

        keep_the_past()
        stands_beside(standings.agreements)
        stands_beside(standings.destinations)
        exports.offers("figures", taken_away.lists)
