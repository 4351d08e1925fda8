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
        self._follow_openings()
        self._follow_records()
        self._follow_reports()
        self._tell_of_records()
        self._offer_lists()

    def _offer_lists(self) -> None:
        """EXP-01: which lists are taken away."""
        from qicheng.foundation.listing import exports  # noqa: PLC0415 -- needs the models

        from .listings import taken_away  # noqa: PLC0415 -- needs the models

        exports.offers("transfer", taken_away.lists)

    def _follow_reports(self) -> None:
        """VER-02: a report and its authorisation end together; what counts no more is on the list that is carried along."""
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models

        from .effects.verification import lapse, revoke, take_report_back  # noqa: PLC0415 -- needs the models

        for state in ("superseded", "withdrawn"):
            for issue in ("graduate_report", "archive_report", "household_report"):
                FLOWS[issue].followed_by(state, revoke)
            FLOWS["graduate_report"].followed_by(state, lapse)
        for state in ("ended", "expired"):
            FLOWS["authorisation"].followed_by(state, take_report_back)

    def _tell_of_records(self) -> None:
        """Where the words about a record that staff wrote are, and the page that they lead to (ARC-04)."""
        from qicheng.foundation.access import Area  # noqa: PLC0415 -- beside the next one
        from qicheng.foundation.flow.words import MUST, TOLD  # noqa: PLC0415 -- needs the settings

        from .effects.records import about  # noqa: PLC0415 -- needs the models

        for area in (Area.ARCHIVE, Area.HOUSEHOLD):
            TOLD[about(area)] = ("transfer", "transfer:files", f"area={area.value}")
            MUST.add(about(area))

    def _follow_records(self) -> None:
        """CON-01, CON-02, REP-01: whoever writes an employment record has it reported and asked about again; old reports are superseded."""
        from qicheng.domain.roster.effects import record_followed_by  # noqa: PLC0415 -- needs the models

        from .effects.confirmation import follow  # noqa: PLC0415 -- needs the models
        from .effects.reports import supersede  # noqa: PLC0415 -- needs the models

        record_followed_by(follow)
        record_followed_by(supersede)

    def _follow_openings(self) -> None:
        """ARC-03: where a module opens, what was approved before is carried in by a job."""
        from qicheng.domain.orgs.effects.settings import opening_followed_by  # noqa: PLC0415 -- needs the models

        from .effects.catching_up import owe  # noqa: PLC0415 -- needs the models

        opening_followed_by(owe)

    def _follow_registrations(self) -> None:
        """ARC-03: what is approved is carried into the records, in the approval's transaction."""
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models

        from .effects.records import carry, take_out  # noqa: PLC0415 -- needs the models

        for way in WAYS:
            FLOWS[way].followed_by(IN_EFFECT, carry)
            for state in ENDED:
                if state in FLOWS[way].states:
                    FLOWS[way].followed_by(state, take_out)
