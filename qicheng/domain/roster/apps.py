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
        self._tell_of_wechat()
        self._tell_of_records()
        self._offer_lists()

    def _offer_lists(self) -> None:
        """EXP-01: which lists are taken away."""
        from qicheng.foundation.listing import exports  # noqa: PLC0415 -- needs the models

        from . import listings  # noqa: PLC0415 -- needs the models

        exports.offers("roster", listings.taken_away)

    def _tell_of_records(self) -> None:
        """Tell the engine the words about a destination that a file has changed (NOT-01)."""
        from qicheng.foundation.flow.words import MUST, TOLD  # noqa: PLC0415 -- needs the models

        from .imports.records.jobs import ABOUT  # noqa: PLC0415 -- needs the models

        TOLD[ABOUT] = ("roster", "registration:home", "")
        MUST.add(ABOUT)

    def _tell_of_wechat(self) -> None:
        """Tell the engine the words about WeChat, and the outbox what to do once somebody has left."""
        from qicheng.domain.orgs.effects.binding import ABOUT, gone  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.flow.words import MUST, TOLD  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.notice.channels import GONE  # noqa: PLC0415 -- needs the models

        from .effects import ASKED  # noqa: PLC0415 -- needs the models

        GONE["wechat"] = gone
        TOLD[ABOUT] = TOLD[ASKED] = ("roster", "wechat", "")
        MUST.add(ABOUT)
