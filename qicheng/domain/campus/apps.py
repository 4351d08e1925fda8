"""The app of the room."""

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig

# Where a destination registered on the school's platform has ended; a state that it does not have is left out.
ENDED = ("given_up", "discarded", "voided")


class CampusConfig(AppConfig):
    name = "qicheng.domain.campus"
    label = "campus"

    def ready(self) -> None:
        """Let the flows register themselves with the engine."""
        from . import flows  # noqa: PLC0415 -- flows need the models of all rooms

        for module in iter_modules(flows.__path__, flows.__name__ + "."):
            import_module(module.name)
        self._register_here()
        self._declare_forms()
        self._ask_first()
        self._ask_questionnaires()
        self._mend_letters()
        self._take_files_along()
        self._amend()
        self._follow_declared()
        self._offer_lists()

    def _offer_lists(self) -> None:
        """EXP-01: which lists are taken away."""
        from qicheng.foundation.listing import exports  # noqa: PLC0415 -- needs the models

        from .listings import taken_away  # noqa: PLC0415 -- needs the models

        exports.offers("campus", taken_away.lists)

    def _register_here(self) -> None:
        """CAM-01: a school with a platform of its own has its graduates register there, and nowhere else."""
        from qicheng.domain.registration import listings, queries  # noqa: PLC0415 -- needs the models
        from qicheng.domain.registration.pages.own import spoken  # noqa: PLC0415 -- needs the models
        from qicheng.domain.registration.sheets import destinations  # noqa: PLC0415 -- beside the next one
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models

        from .guards.platform import registers_here  # noqa: PLC0415 -- needs the models
        from .models import Part  # noqa: PLC0415 -- needs the app
        from .pages.platform import MANNER  # noqa: PLC0415 -- needs the models
        from .queries import platform, profile  # noqa: PLC0415 -- needs the models
        from .sheets.platform import FLOW, KINDS  # noqa: PLC0415 -- beside the others

        destinations.declare(*KINDS.values())
        spoken(FLOW, MANNER)
        queries.registered_elsewhere_at(platform.place_of)
        listings.shown_where(FLOW, profile.told_of(Part.PLATFORM))
        for way in ("destination", "supplementary", "offline_signing"):
            for act in dict.fromkeys((FLOWS[way].begin.name, "submit")):
                FLOWS[way].gated_by(act, registers_here)

    def _declare_forms(self) -> None:
        """PKU-02, PKU-04: the types by 就业形式, how their pages speak, and what file and household follow from an approved one."""
        from qicheng.domain.registration import listings, queries  # noqa: PLC0415 -- needs the models
        from qicheng.domain.registration.pages.own import spoken  # noqa: PLC0415 -- needs the models
        from qicheng.domain.registration.sheets import destinations  # noqa: PLC0415 -- beside the next one
        from qicheng.domain.transfer.effects.records import carry, take_out  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.flow.words import TOLD  # noqa: PLC0415 -- needs the settings

        from .effects.plan import REMINDER  # noqa: PLC0415 -- needs the models
        from .models import Part  # noqa: PLC0415 -- needs the app
        from .pages.forms import MANNER  # noqa: PLC0415 -- needs the models
        from .queries import forms, profile  # noqa: PLC0415 -- needs the models
        from .sheets.forms import FLOW, FORMS  # noqa: PLC0415 -- beside the others

        destinations.declare(*FORMS.values())
        spoken(FLOW, MANNER)
        queries.registered_elsewhere_at(forms.place_of)
        listings.shown_where(FLOW, profile.told_of(Part.FORMS))
        FLOWS[FLOW].followed_by("effective", carry)
        FLOWS[FLOW].followed_by("voided", take_out)
        TOLD[REMINDER] = ("campus", "campus:forms", "")

    def _take_files_along(self) -> None:
        """CAM-07: 户档信息登记 lapses with the destination that it followed; what it brought is carried in when a module opens later."""
        from qicheng.domain.transfer.effects.catching_up import declare_bringing  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models

        from .effects.files import end_with  # noqa: PLC0415 -- needs the models
        from .models import FileRegistration  # noqa: PLC0415 -- needs the app

        declare_bringing(FileRegistration)
        destination = FLOWS.get(FileRegistration.destination_flow)
        for state in ENDED:
            if destination is not None and state in destination.states:
                destination.followed_by(state, end_with)

    def _amend(self) -> None:
        """CAM-04: what would change a registration goes with it."""
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models

        from .effects import changes  # noqa: PLC0415 -- needs the models

        FLOWS["platform"].followed_by("voided", changes.lapse_with_destination)
        FLOWS["file_registration"].followed_by("lapsed", changes.lapse_with_file)

    def _follow_declared(self) -> None:
        """PKU-05, PKU-07: what is deferred or to be changed goes with the destination that it is about."""
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models

        from .effects import deferral, one_change  # noqa: PLC0415 -- needs the models
        from .guards.deferral import none_is_left_unsent  # noqa: PLC0415 -- needs the models

        declared = FLOWS["declared"]
        declared.gated_by("submit", none_is_left_unsent)
        for key in ("college_review", "school_review"):
            declared.followed_by(key, deferral.end_unfit_requests)
        declared.followed_by("effective", deferral.end_other)
        declared.followed_by("effective", deferral.keep_again)
        for key, state in declared.states.items():
            if state.settled and not state.live:
                declared.followed_by(key, deferral.end_unfit)
                declared.followed_by(key, one_change.lapse)

    def _ask_first(self) -> None:
        """CAM-03, PKU-01: what graduates say of themselves comes before whatever they register or accept."""
        from qicheng.domain.registration.models import Registration  # noqa: PLC0415 -- needs the app
        from qicheng.foundation.access import Role  # noqa: PLC0415 -- beside the next one
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models

        from .guards.personal import own_information_is_complete  # noqa: PLC0415 -- needs the models

        for flow in [one for one in FLOWS.values() if one.model is Registration]:
            own = [flow.begin.name] if Role.GRADUATE in flow.begin.by else []
            for act in (*own, "submit", "accept"):
                if flow.act_named(act) is not None:
                    flow.gated_by(act, own_information_is_complete)

    def _ask_questionnaires(self) -> None:
        """PKU-08: a questionnaire that the school has made the condition of a step is answered before it."""
        from qicheng.domain.registration.models import Registration  # noqa: PLC0415 -- needs the app
        from qicheng.domain.registration.pages.own import mended_at  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.flow.declare import FLOWS  # noqa: PLC0415 -- needs the models
        from qicheng.foundation.flow.words import TOLD  # noqa: PLC0415 -- needs the settings

        from .effects.questionnaires import REMINDER  # noqa: PLC0415 -- needs the models
        from .guards.questionnaires import questionnaires_are_answered  # noqa: PLC0415 -- needs the models

        before_destination = questionnaires_are_answered("destination")
        for flow in [one for one in FLOWS.values() if one.model is Registration]:
            for act in ("submit", "accept"):
                if flow.act_named(act) is not None:
                    flow.gated_by(act, before_destination)
        mended_at(before_destination, "去填写问卷", "campus:questionnaires")
        FLOWS["file_registration"].gated_by("submit", questionnaires_are_answered("files"))
        FLOWS["graduate_report"].gated_by("ask", questionnaires_are_answered("report"))
        TOLD[REMINDER] = ("campus", "campus:questionnaires", "")

    def _mend_letters(self) -> None:
        """MAIL-01, CAM-04: where the school has a change of its own, it mends the part of a letter."""
        from qicheng.domain.transfer.sheets.mailing import declare_changes  # noqa: PLC0415 -- needs the models

        from .sheets.mending import own_changes  # noqa: PLC0415 -- needs the models

        declare_changes(own_changes)
