"""The app of the room."""

from functools import partial
from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


class OrgsConfig(AppConfig):
    name = "qicheng.domain.orgs"
    label = "orgs"

    def ready(self) -> None:
        """Let the flows register themselves with the engine."""
        from . import flows  # noqa: PLC0415 -- flows need the models of all rooms

        for module in iter_modules(flows.__path__, flows.__name__ + "."):
            import_module(module.name)
        self._tell_addresses()
        self._offer_lists()

    def _offer_lists(self) -> None:
        """EXP-01: which lists are taken away, and how whoever asked for one is found as it stands when it is made."""
        from qicheng.foundation.flow.words import TOLD  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.listing import exports  # noqa: PLC0415 -- needs the models

        from . import listings  # noqa: PLC0415 -- needs the models
        from .queries import seated  # noqa: PLC0415 -- needs the models

        TOLD["export"] = ("exports", "exports", "")
        exports.seated_by(seated)
        exports.offers("orgs", listings.taken_away)

    def _tell_addresses(self) -> None:
        """Tell the outbox how units, schools and colleges are reached; the staff of these has e-mail, and its inbox."""
        from qicheng.foundation.access import Role  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.flow.words import TOLD  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.notice.channels import ADDRESSES  # noqa: PLC0415 -- needs the models

        from .queries import address, desk_address  # noqa: PLC0415 -- needs the models

        TOLD["webhook"] = ("orgs", "orgs:webhooks", "")
        TOLD["key"] = ("orgs", "orgs:keys", "")
        ADDRESSES[Role.EMPLOYER] = address
        for role in (Role.COLLEGE, Role.SCHOOL):
            ADDRESSES[role] = partial(desk_address, role)
