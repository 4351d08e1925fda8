"""The app of the room."""

from django.apps import AppConfig


class RosterConfig(AppConfig):
    name = "qicheng.domain.roster"
    label = "roster"

    def ready(self) -> None:
        """Tell the outbox how graduates are reached, and offer the lists."""
        from qicheng.foundation.access import Role
        from qicheng.foundation.notice.channels import ADDRESSES

        from .queries import address

        ADDRESSES[Role.GRADUATE] = address
        self._tell_of_wechat()
        self._offer_lists()

    def _offer_lists(self) -> None:
        """EXP-01: which lists are taken away."""
        from qicheng.foundation.listing import exports

        from . import listings

        exports.offers("roster", listings.taken_away)

    def _tell_of_wechat(self) -> None:
        """Tell the engine the words about WeChat, and the outbox what to do once somebody has left."""
        from qicheng.domain.orgs.effects.binding import ABOUT, gone
        from qicheng.foundation.flow.words import MUST, TOLD
        from qicheng.foundation.notice.channels import GONE

        from .effects import ASKED

        GONE["wechat"] = gone
        TOLD[ABOUT] = TOLD[ASKED] = ("roster", "wechat", "")
        MUST.add(ABOUT)
