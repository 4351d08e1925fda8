"""The app of the room."""

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


class RegistrationConfig(AppConfig):
    name = "qicheng.domain.registration"
    label = "registration"

    def ready(self) -> None:
        """Let the flows register themselves with the engine."""
        from . import flows  # noqa: PLC0415 -- flows need the models of all rooms

        for module in iter_modules(flows.__path__, flows.__name__ + "."):
            import_module(module.name)
        self._reach_bearers()
        self._tell_of_digests()
        self._offer_lists()

    def _offer_lists(self) -> None:
        """EXP-01: which lists are taken away."""
        from qicheng.foundation.listing import exports  # noqa: PLC0415 -- needs the models

        from . import listings  # noqa: PLC0415 -- needs the models

        exports.offers("registration", listings.taken_away)

    def _tell_of_digests(self) -> None:
        """Where the words of the reviewers' digest are, and where it leads."""
        from qicheng.foundation.flow.words import TOLD  # noqa: PLC0415 -- needs the models

        from .effects.reminding import DIGEST  # noqa: PLC0415 -- needs the models

        TOLD[DIGEST] = ("registration", "registration:review", "wait=late")

    def _reach_bearers(self) -> None:
        """How an employer is reached to whom a link was sent."""
        from qicheng.foundation.access import Role  # noqa: PLC0415 -- beside the next one
        from qicheng.foundation.notice.channels import ADDRESSES  # noqa: PLC0415 -- needs the settings

        from .queries import address_of_link  # noqa: PLC0415 -- needs the models

        ADDRESSES[Role.BEARER] = address_of_link
