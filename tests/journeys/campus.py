"""A school with a platform of its own in the country: its people, and a case of each of its parts, for whoever looks at every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.campus.effects import news
from qicheng.domain.campus.models import FileRegistration, NewsItem, NewsKind, Part
from qicheng.domain.orgs.models import AgreementForm, College, ReviewMode, School, Seat
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import SYSTEM, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import begin, perform
from tests.domain.campus import applying, asking, at_the_platform, changing, consenting, declaring, filing
from tests.domain.campus import filled_personal as own

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor
    from tests.world import World

# Of two parts that do the same the school has one.
PARTS = (Part.PLATFORM, Part.FILES, Part.CHANGES, Part.APPLICATIONS, Part.QUESTIONNAIRES, Part.NEWS)
DECLARED = (Part.FORMS, Part.ONE_CHANGE, Part.PLAN, Part.DEFERRAL)
# Who looks, and at which of the pages: the others are looked at elsewhere.
ONLY = {
    "graduate on a platform": ("/", "/campus/…", "/act/…"),
    "school with a platform": ("/campus/…", "/settings/platform/", "/settings/news/…", "/settings/forms/…", "/act/…"),
    "college with a platform": ("/campus/…", "/act/…"),
    "graduate who declares": ("/", "/campus/…", "/act/…"),
    "school with a plan": ("/campus/…", "/act/…"),
    "college with a plan": ("/campus/…", "/act/…"),
    "graduate who begins on a platform": ("/campus/destination/…",),
}


class Campus:
    """`school` has the parts; `graduate` has submitted what there is to submit, `newcomer` nothing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.school: School = world._school(
            world.province, "北原理工大学", ReviewMode.COLLEGE_THEN_SCHOOL, AgreementForm.THREE_PARTY
        )
        self.college = College.objects.create(school=self.school, name="物理学院")
        self.graduate = world.new_graduate("孟溪", self.college)
        self.newcomer = world.new_graduate("梁川", self.college, household_moved=True)
        self.seats: dict[Role, Seat] = {
            Role.GRADUATE: world.graduate_seat(self.graduate),
            Role.COLLEGE: world.new_seat(Role.COLLEGE, self.college.pk, "田野"),
            Role.SCHOOL: world.new_seat(Role.SCHOOL, self.school.pk, "夏安", administrator=True),
        }
        world.open_parts(*PARTS, school=self.school)
        self.file = self._file(self.graduate)
        self.changes = self._changes()
        self.items = self._news()
        self.declared = applying.Declared(world, self.actor(Role.SCHOOL), self.graduate)
        self.own = own.submitted(world, self.graduate)
        self.asked = [asking.published(world, self.actor(Role.SCHOOL), gate=gate) for gate in ("report", "")]
        asking.answered(world, self.asked[0], self.graduate)

    def people(self) -> dict[str, Seat]:
        """Whose eyes its pages are seen with, by the name of the walk."""
        return {
            "graduate on a platform": self.seats[Role.GRADUATE],
            "college with a platform": self.seats[Role.COLLEGE],
            "school with a platform": self.seats[Role.SCHOOL],
            "graduate who begins on a platform": self.world.graduate_seat(self.newcomer),
        }

    def actor(self, role: Role) -> Actor:
        seat = self.seats[role]
        return seat.actor(name=seat.account.name, unit=role.label)

    def cases(self, actor: Actor) -> list[Any]:
        """What an actor can act on, for the pages of acts."""
        found = (
            type(one).objects.seen_by(actor).filter(pk=one.pk).first()
            for one in (self.file, *self.declared.cases[:2], *self.changes)
        )
        return [one for one in found if one is not None]

    def _file(self, graduate: Graduate) -> FileRegistration:
        """户档信息登记, refused once and submitted again."""
        registered = at_the_platform.submitted(self.world, graduate=graduate)
        case = filing.submitted(self.world, registered)
        perform(case, "return", self.actor(Role.COLLEGE), reason="x_material", words="地址写到门牌号")
        perform(case, "submit", self.actor(Role.GRADUATE))
        return case

    def _changes(self) -> list[Any]:
        """A change of 孟溪 that is not yet submitted, and two of somebody else that the college has."""
        other = self.world.new_graduate("安澜", self.college)
        registered = at_the_platform.submitted(self.world, graduate=other)
        file = filing.submitted(self.world, registered)
        own = Registration.all_rows.get(graduate=self.graduate, live=True)
        for case in (own, registered, file):
            for role in (Role.COLLEGE, Role.SCHOOL):
                perform(case, "approve", self.actor(role))
        return [
            changing.to_another_unit(self.world, own, proven=False),
            changing.submitted(self.world, changing.of_the_unit(self.world, registered)),
            changing.submitted(self.world, changing.of_the_files(self.world, file)),
        ]

    def _news(self) -> list[NewsItem]:
        """One of each kind, the activity this month."""
        given: dict[str, Any] = {
            "kind": "activity", "title": "职业体验日", "text": "带学生证。\n\n报名见 https://job.example.edu.cn/a", "dated_on": timezone.localdate(),
            "is_pinned": True, "day": timezone.localdate(), "begins": "14:00", "last_day": None, "ends": "16:30", "place": "体育馆",
        }  # fmt: skip
        told = [
            news.publish(SYSTEM, self.school.pk, self.world.cohort, kind, title, "请大家互相转告。")
            for kind, title in ((NewsKind.NOTICE, "关于丢失就业推荐表的公示"), (NewsKind.NEWS, "春季双选会结束"))
        ]
        return [*told, news.write(self.actor(Role.SCHOOL), self.world.cohort, given)]

    def given(self, actor: Actor) -> dict[str, list[Mapping[str, Any]]]:
        """What to put into the addresses of its pages."""
        one_item = [{"public_id": self.items[-1].public_id}]
        answered = {"purpose": "questionnaire", "public_id": self.asked[0].public_id}
        return self.declared.given(actor) | {
            "campus:questionnaire": [{"public_id": one.public_id} for one in self.asked],
            **{f"campus:made_{page}": [answered] for page in ("results", "people", "remind", "workbook")},
            "campus:made_words": [{**answered, "key": "f5"}],
            "campus:personal_case": [{"public_id": self.own.public_id}],
            "campus:file_case": [{"public_id": self.file.public_id}],
            "campus:destination_amendment": [{"public_id": self.changes[0 if actor.role is Role.GRADUATE else 1].public_id}],
            "campus:file_amendment": [{"public_id": self.changes[2].public_id}],
            "campus:change_queue": [{"about": about} for about in ("destination", "files")],
            **{f"campus:{name}": [{"about": "destination"}] for name in ("next_change", "change_batch", "change_batch_done")},
            "campus:platform_new": [{"kind": at_the_platform.AGREEMENT}],
            "campus:news": [{"kind": kind} for kind in NewsKind.values],
            "campus:news_item": one_item, "campus:change_news": one_item, "campus:withdraw_news": one_item,
        }  # fmt: skip


class Planning:
    """A school whose graduates declare by 就业形式: one has an application not yet submitted, two wait for the college's consent."""

    def __init__(self, world: World) -> None:
        self.world = world
        # A province whose places are in the table of divisions, for its receiving offices.
        world.province.code = "320000"
        world.province.save()
        self.school: School = world._school(
            world.province, "南原大学", ReviewMode.COLLEGE_THEN_SCHOOL, AgreementForm.THREE_PARTY
        )
        self.college = College.objects.create(school=self.school, name="历史学院")
        self.graduate, asks, changes = (world.new_graduate(name, self.college) for name in ("顾北辰", "陆屿", "沈微"))
        self.seats: dict[Role, Seat] = {
            Role.GRADUATE: world.graduate_seat(self.graduate),
            Role.COLLEGE: world.new_seat(Role.COLLEGE, self.college.pk, "方禾"),
            Role.SCHOOL: world.new_seat(Role.SCHOOL, self.school.pk, "程砚", administrator=True),
        }
        world.open_parts(*DECLARED, school=self.school)
        self.declared = consenting.drafted(world, graduate=self.graduate)
        self.in_force = consenting.submitted(world, consenting.drafted(world, graduate=changes))
        for role in (Role.COLLEGE, Role.SCHOOL):
            seat = self.seats[role]
            perform(self.in_force, "approve", seat.actor(name=seat.account.name, unit=role.label))
        self.deferrals = [
            consenting.asked(world, self.declared, proven=False),
            consenting.waiting(world, consenting.drafted(world, graduate=asks)),
        ]
        self.change = consenting.change_waiting(world, self.in_force)
        seat = self.seats[Role.COLLEGE]
        self.plan = begin(
            FLOWS["plan"],
            seat.actor(name=seat.account.name, unit="学院"),
            cohort=world.cohort,
            tier=self.graduate.tier,
            explanation="正在联系",
        )
        self.supplements = [own.approved(world, self.graduate), own.supplemented(world, asks)]

    def people(self) -> dict[str, Seat]:
        """Whose eyes its pages are seen with, by the name of the walk."""
        return {
            "graduate who declares": self.seats[Role.GRADUATE],
            "college with a plan": self.seats[Role.COLLEGE],
            "school with a plan": self.seats[Role.SCHOOL],
        }

    def cases(self, actor: Actor) -> list[Any]:
        """What an actor can act on, for the pages of acts."""
        every = (self.declared, self.in_force, self.change, self.plan, *self.deferrals, *self.supplements)
        found = (type(one).objects.seen_by(actor).filter(pk=one.pk).first() for one in every)
        return [one for one in found if one is not None]

    def given(self, actor: Actor) -> dict[str, list[Mapping[str, Any]]]:
        """What to put into the addresses of its pages."""
        return {
            "campus:supplement_case": [{"public_id": one.public_id} for one in self.supplements],
            "campus:deferral": [{"public_id": one.public_id} for one in self.deferrals],
            "campus:one_change": [{"public_id": self.change.public_id}],
            "campus:case_papers": [{"public_id": one.public_id} for one in (self.declared, self.in_force)],
            "campus:print": [{"form": "destination_change", "public_id": self.change.public_id}],
            "campus:forms_new": [{"kind": declaring.kind("abroad.home")}],
            "campus:plan": [{"public_id": self.plan.public_id}],
            "campus:plan_workbook": [{"public_id": self.plan.public_id}],
            **{
                f"campus:{page}": [{"tier": self.graduate.tier}]
                for page in ("plan_people", "plan_people_workbook", "plan_remind", "plan_report")
            },
            "campus:office": [{"place": "320500"}],
        }
