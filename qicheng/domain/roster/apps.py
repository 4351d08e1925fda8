"""The app of the room."""

from django.apps import AppConfig


class RosterConfig(AppConfig):
    name = "qicheng.domain.roster"
    label = "roster"

    def ready(self) -> None:
        """Tell the outbox how graduates are reached, and offer the lists."""
        from qicheng.foundation.access import Role  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.notice.channels import ADDRESSES  # noqa: PLC0415 -- needs the models

        from .queries import address  # noqa: PLC0415 -- needs the models

        ADDRESSES[Role.GRADUATE] = address
        self._offer_lists()

    def _offer_lists(self) -> None:
        """EXP-01: which lists are taken away."""
        from qicheng.foundation.listing import exports  # noqa: PLC0415 -- needs the models

        from . import listings  # noqa: PLC0415 -- needs the models

        exports.offers("roster", listings.taken_away)
