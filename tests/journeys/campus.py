"""A school with a platform of its own in the country: its people, and a case of each of its parts, for whoever looks at every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.campus.effects import news
from qicheng.domain.campus.models import FileRegistration, NewsItem, NewsKind, Part
from qicheng.domain.orgs.models import AgreementForm, College, ReviewMode, School, Seat
from qicheng.foundation.access import SYSTEM, Role
from qicheng.foundation.flow.perform import perform
from tests.domain.campus import at_the_platform, filing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor
    from tests.world import World

# Of two parts that do the same the school has one.
PARTS = (Part.PLATFORM, Part.FILES, Part.CHANGES, Part.APPLICATIONS, Part.QUESTIONNAIRES, Part.NEWS)
# Who looks, and at which of the pages: the others are looked at elsewhere.
ONLY = {
    "graduate on a platform": ("/", "/campus/…", "/act/…"),
    "school with a platform": ("/campus/…", "/settings/platform/", "/settings/news/…", "/act/…"),
    "college with a platform": ("/campus/…", "/act/…"),
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
        self.items = self._news()

    def people(self) -> dict[str, Seat]:
        """Whose eyes its pages are seen with, by the name of the walk."""
        return dict(zip(ONLY, self.seats.values(), strict=True))

    def actor(self, role: Role) -> Actor:
        seat = self.seats[role]
        return seat.actor(name=seat.account.name, unit=role.label)

    def cases(self, actor: Actor) -> list[Any]:
        """What an actor can act on, for the pages of acts."""
        found = (type(one).objects.seen_by(actor).filter(pk=one.pk).first() for one in (self.file,))
        return [one for one in found if one is not None]

    def _file(self, graduate: Graduate) -> FileRegistration:
        """户档信息登记, refused once and submitted again."""
        registered = at_the_platform.submitted(self.world, graduate=graduate)
        case = filing.submitted(self.world, registered)
        perform(case, "return", self.actor(Role.COLLEGE), reason="x_material", words="地址写到门牌号")
        perform(case, "submit", self.actor(Role.GRADUATE))
        return case

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
        return {
            "campus:file_case": [{"public_id": self.file.public_id}],
            "campus:news": [{"kind": kind} for kind in NewsKind.values],
            "campus:news_item": one_item, "campus:change_news": one_item, "campus:withdraw_news": one_item,
        }  # fmt: skip
