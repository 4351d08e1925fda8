"""The app of the room."""

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig

# Where a registration has taken effect, and where it has no effect any more; a state that a way does not have is left out.
IN_EFFECT, ENDED = "effective", ("dissolved", "voided", "cancelled")
WAYS = ("online_signing", "offline_signing", "supplementary", "destination")


class TransferConfig(AppConfig):
    name = "qicheng.domain.transfer"
    label = "transfer"

    def ready(self) -> None:
        """Let the flows register themselves with the engine, and the registrations below bring what they say of file and household."""
        from . import flows  # noqa: PLC0415 -- flows need the models of all rooms

        for module in iter_modules(flows.__path__, flows.__name__ + "."):
            import_module(module.name)
        self._follow_registrations()

    def _follow_registrations(self) -> None:
        """ARC-03: what is approved is carried into the records, in the approval's transaction."""
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models

        from .effects.records import carry, take_out  # noqa: PLC0415 -- needs the models

        for way in WAYS:
            FLOWS[way].followed_by(IN_EFFECT, carry)
            for state in ENDED:
                if state in FLOWS[way].states:
                    FLOWS[way].followed_by(state, take_out)
