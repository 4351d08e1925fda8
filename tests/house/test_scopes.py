"""The oracle of tenancy: who sees a row must be who stands above it, found by walking foreign keys that know nothing of scopes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.db import connections, models, transaction
from django.utils import timezone

from qicheng.domain.campus.models import Answer, NewsItem, Plan, PlanLine, Profile
from qicheng.domain.orgs.models import (
    College,
    Employer,
    Handler,
    KeyCall,
    Province,
    School,
    SigningSettings,
    TransferSettings,
)
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentUpload, Graduate, Upload
from qicheng.domain.transfer.effects import reports
from qicheng.domain.transfer.models import (
    HandoverBatch,
    HandoverLine,
    MailBatch,
    RecordUpload,
)
from qicheng.foundation.access import FULL, SYSTEM, Actor, Area, Level, Role, Tier, statements
from qicheng.foundation.access.rows import Scoped, Unscoped
from qicheng.foundation.flow.models import Case
from qicheng.foundation.flow.perform import be, perform
from tests.domain.campus import applying, asking, changing, consenting, filing
from tests.domain.transfer import post
from tests.interfaces.api import made
from tests.sealing import open_verification
from tests.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Databases

# One process looks at them all: the country with a row of every model is built once.
pytestmark = [pytest.mark.django_db, pytest.mark.rule("ORG-01"), pytest.mark.xdist_group("scopes")]

SCOPED = [model for model in apps.get_models() if issubclass(model, Scoped)]
NODES = {
    Role.GRADUATE: Graduate,
    Role.EMPLOYER: Employer,
    Role.COLLEGE: College,
    Role.SCHOOL: School,
    Role.PROVINCE: Province,
    Role.BEARER: Registration,
}
# Rows of a node above that whoever stands below may read: what a school has set.
SHOWN_BELOW = {
    SigningSettings: {Role.COLLEGE},
    TransferSettings: {Role.COLLEGE},
    Profile: {Role.COLLEGE},
    NewsItem: {Role.COLLEGE, Role.GRADUATE},
    Handler: {Role.COLLEGE, Role.GRADUATE},
}
# Rows that a role reads wherever they belong to.
SHOWN_TO_ALL = {Employer: {Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY}}
# Rows under a node that are none of its business: a graduate's own file is not the operator's view of its employer, and so on.
NOT_SHOWN: dict[str, set[Role]] = {
    "EmployerCase": {Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.GRADUATE},
    "Upload": {Role.COLLEGE, Role.GRADUATE, Role.EMPLOYER},
    "UploadFault": {Role.COLLEGE, Role.GRADUATE, Role.EMPLOYER},
    **{f"Employment{what}": {Role.COLLEGE, Role.GRADUATE, Role.EMPLOYER} for what in ("Upload", "UploadFault")},
    **{
        f"{area}{what}": {Role.GRADUATE, Role.EMPLOYER}
        for area in ("Archive", "Household")
        for what in ("Upload", "UploadFault")
    },
    **{
        f"{area}{what}": {Role.COLLEGE, Role.GRADUATE, Role.EMPLOYER}
        for area in ("Archive", "Household")
        for what in ("Handover", "HandoverLine")
    },
    # The school's own issues are never shown to the graduate; a batch is its maker's (REP-01).
    **{name: {Role.GRADUATE, Role.EMPLOYER} for name in ("ArchiveReport", "HouseholdReport")},
    "ReportBatch": {Role.GRADUATE, Role.EMPLOYER, Role.PROVINCE, Role.MINISTRY},
    **{name: {Role.COLLEGE, Role.GRADUATE, Role.EMPLOYER} for name in ("MailBatch", "MailPrint", "NumberUpload")},
    "InvitationBatch": {Role.COLLEGE, Role.GRADUATE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY},
    "SigningSettings": {Role.GRADUATE, Role.EMPLOYER},
    "TransferSettings": {Role.GRADUATE, Role.EMPLOYER},
    "Handler": {Role.EMPLOYER},
    "Employer": {Role.GRADUATE},
    "Dissolution": {Role.BEARER},
    "NewsItem": {Role.EMPLOYER, Role.PROVINCE, Role.MINISTRY, Role.BEARER},
    **{
        name: {Role.EMPLOYER, Role.BEARER}
        for name in ("Deferral", "OneChange", "DestinationAmendment", "FileAmendment")
    },
    "PlanLine": {Role.GRADUATE},
    "EmployerLink": {Role.EMPLOYER, Role.PROVINCE, Role.MINISTRY},
    **{
        name: {*Role} - {Role.SCHOOL, Role.SYSTEM} for name in ("MadeForm", "MadeVersion", "Webhook", "WebhookDelivery")
    },
    "Answer": {*Role} - {Role.GRADUATE, Role.SCHOOL, Role.SYSTEM},
}

# Whose permission a model's rows are read by, where it is not that of employment (ARC-07).
AREAS = {
    "ArchiveRecord": Area.ARCHIVE, "ArchiveChange": Area.ARCHIVE, "HouseholdRecord": Area.HOUSEHOLD, "HouseholdChange": Area.HOUSEHOLD,
    "GraduateReport": Area.ARCHIVE, "ArchiveReport": Area.ARCHIVE, "HouseholdReport": Area.HOUSEHOLD,
    "Authorisation": Area.ARCHIVE, "Verification": Area.ARCHIVE, "FileRegistration": Area.ARCHIVE, "FileAmendment": Area.ARCHIVE,
    **dict.fromkeys(("Mailing", "MailBatch", "MailPrint", "NumberUpload"), Area.ARCHIVE),
    **{f"Archive{what}": Area.ARCHIVE for what in ("Upload", "UploadFault", "Handover", "HandoverLine")},
    **{f"Household{what}": Area.HOUSEHOLD for what in ("Upload", "UploadFault", "Handover", "HandoverLine")},
}  # fmt: skip

# What has the tier of whoever made it, and not that of one graduate.
FILES = (Upload, EmploymentUpload, RecordUpload, HandoverBatch, MailBatch, Plan)


# What hangs on what: nobody writes while it is asked; of another database it says nothing.
ABOVE: dict[tuple[type[models.Model], Any], tuple[models.Model, ...]] = {}


def above(row: models.Model) -> tuple[models.Model, ...]:
    """The row and whatever it hangs on, found by walking foreign keys: knows nothing of `scope`."""
    known = (type(row), row.pk)
    if known not in ABOVE:
        ABOVE[known] = tuple(walked(row))
    return ABOVE[known]


def forget() -> None:
    """Rows are made, or those of another database are asked about, under numbers that others had."""
    ABOVE.clear()
    node_of.cache_clear()


def walked(row: models.Model, below: tuple[models.Model, ...] = ()) -> Iterator[models.Model]:
    yield row
    for field in row._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and (parent := getattr(row, field.name)) is not None:
            # Some point back at what hangs on them, as a form at its version of now.
            yield from walked(parent, (*below, row)) if parent not in below else ()


@cache
def node_of(role: Role, pk: int) -> models.Model | None:
    """What an actor of that role acts for."""
    node = NODES[role].objects.unscoped("a test") if issubclass(NODES[role], Scoped) else NODES[role].objects
    return node.filter(pk=pk).first()


def colleges_now(row: models.Model) -> set[int]:
    """A row that names a college itself belongs to that one (it follows the roster), else to those above it."""
    if isinstance(row, (Graduate, Case)) and hasattr(row, "college_id"):
        return {row.college_id}
    return {found.pk for found in above(row) if isinstance(found, College)}


def tier_of(row: models.Model) -> str | None:
    """The tier of the graduate, or of the file of graduates, that a row is about."""
    if isinstance(row, HandoverLine):
        return row.batch.tier  # type: ignore[attr-defined]
    return next((found.tier for found in above(row) if isinstance(found, (Graduate, *FILES))), None)


def belongs(row: models.Model, actor: Actor) -> bool:
    """Whether the oracle lets `actor` see `row`."""
    model, role = type(row), actor.role
    if role is Role.SYSTEM or role in SHOWN_TO_ALL.get(model, ()):
        return True
    if role in NOT_SHOWN.get(model.__name__, ()):
        return False
    if isinstance(row, Case) and role.is_staff and row.state in ("draft", "discarded"):
        return False
    # A draft is its author's, and what was answered to an anonymous questionnaire stays so (PKU-08).
    if isinstance(row, Answer) and role.is_staff and row.state != "submitted":
        return False
    has_person = any(isinstance(found, Graduate) for found in above(row))
    if (
        role.is_staff
        and actor.levels.get(AREAS.get(model.__name__, Area.EMPLOYMENT), Level.NONE) == Level.NONE
        and (has_person or model.scope.area)
    ):
        return False
    has_tier = has_person or any(isinstance(found, FILES) for found in above(row))
    if role is Role.SCHOOL and actor.tier is not Tier.ALL and has_tier and tier_of(row) != actor.tier:
        return False
    if role is Role.MINISTRY:
        return True
    if role is Role.COLLEGE and model not in SHOWN_BELOW:
        return actor.node in colleges_now(row)
    standing = node_of(role, actor.node)
    if standing in above(row):
        return True
    schools = {found.pk for found in above(standing) if isinstance(found, School)} if standing else set()
    return role in SHOWN_BELOW.get(model, ()) and row.school_id in schools  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def country(databases: Databases, django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """A country with rows of every scoped model, in a database of its own that nobody here writes to."""
    with django_db_blocker.unblock(), databases.own():
        world = World()
        with transaction.atomic():
            populate(world)
        connections.close_all()
        yield world
    forget()


def populate(world: World) -> None:
    """Rows of every scoped model, made by real acts wherever there is one."""
    forget()
    case = world.effective()
    perform(case, "amend", world.actor(Role.SCHOOL), job_category="10")
    world.dissolution(case)
    world.accepted(world.neighbour)
    late = world.new_graduate("周研", world.college, tier="postgraduate", level="11")
    second = world.accepted(late)
    perform(second, "approve", world.actor(Role.COLLEGE))
    perform(second, "approve", world.actor(Role.SCHOOL, tier=Tier.POSTGRADUATE))
    world.invitation(world.stranger, world.stranger_actor(Role.EMPLOYER))
    third = world.invitation(world.stranger)
    perform(third, "accept", world.of(world.stranger))
    perform(third, "approve", world.stranger_actor(Role.SCHOOL))
    world.dissolution(third)
    world.dissolution(second, by=Role.EMPLOYER)
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        world.change_approved(area)
        world.change_submitted(area, late)
        world.change_approved(area, world.stranger)
        world.change_submitted(area, world.neighbour)
    for graduate in (world.graduate, world.stranger):
        world.open_confirmation(graduate)
        perform(world.confirmation_of(graduate), "confirm", world.of(graduate))
    reported(world, late)
    posted(world)
    for college, tier in (
        (world.college, "undergraduate"),
        (world.stranger_college, "undergraduate"),
        (world.college, "postgraduate"),
    ):
        filing.submitted(world, filing.destination(world, world.new_graduate("白露", college, tier=tier)))
    amended(world)
    declared(world, late)
    questioned(world, late)
    consented(world)
    planned(world)
    for actor in (world.actor(Role.SCHOOL), world.stranger_actor(Role.SCHOOL)):
        key, _ = made(actor)
        KeyCall.all_rows.create(key=key, operation="GET me", status=200, milliseconds=1)
    for model in SCOPED:
        if not model.all_rows.exists():
            fill(model, world)
    forget()


def amended(world: World) -> None:
    """A change of a destination and one of file and household on both sides, and of the other tier, each waiting for its college."""
    for college, tier in (
        (world.college, "undergraduate"),
        (world.stranger_college, "undergraduate"),
        (world.college, "postgraduate"),
    ):
        own = filing.destination(world, world.new_graduate("安澜", college, tier=tier))
        file = filing.approved(world, own)
        world.open_parts(*changing.PARTS, school=college.school)
        own.refresh_from_db()
        for case in (changing.of_the_unit(world, own), changing.of_the_files(world, file)):
            changing.submitted(world, case)


def consented(world: World) -> None:
    """A deferral and a change on both sides, and of the other tier, each waiting for its college."""
    for college, tier in (
        (world.college, "undergraduate"),
        (world.stranger_college, "undergraduate"),
        (world.college, "postgraduate"),
    ):
        world.open_parts(*consenting.PARTS, school=college.school)
        asks, changes = (
            consenting.drafted(world, graduate=world.new_graduate(name, college, tier=tier))
            for name in ("陆屿", "沈微")
        )
        consenting.waiting(world, asks)
        consenting.change_waiting(world, consenting.approved(world, consenting.submitted(world, changes)))


def planned(world: World) -> None:
    """A plan with a line on both sides, and of the other tier."""
    for college, tier in (
        (world.college, "undergraduate"),
        (world.stranger_college, "undergraduate"),
        (world.college, "postgraduate"),
    ):
        graduate = world.new_graduate("许念", college, tier=tier)
        be(Actor(Role.COLLEGE, college.pk))
        plan = Plan.all_rows.create(
            flow_name="plan", state="reported", live=True, version=1, cohort=world.cohort, school=college.school, college=college, tier=tier,
        )  # fmt: skip
        PlanLine.all_rows.create(
            plan=plan,
            cohort=plan.cohort,
            round=1,
            place=1,
            graduate=graduate,
            name=graduate.name,
            major=graduate.major,
            level=graduate.level,
        )


def declared(world: World, late: Graduate) -> None:
    """An application of a kind that each school declared itself, and one of the other tier."""
    for school, actor, graduates in (
        (world.school, world.actor(Role.SCHOOL), (world.graduate, late)),
        (world.other_school, world.stranger_actor(Role.SCHOOL), (world.stranger,)),
    ):
        applying.open_applications(world, school)
        form = applying.published(world, actor)
        for graduate in graduates:
            applying.applied(world, form, graduate)


def questioned(world: World, late: Graduate) -> None:
    """On both sides a questionnaire with an answer and a draft, and an anonymous one; an answer of the other tier."""
    for school, actor, graduates in (
        (world.school, world.actor(Role.SCHOOL), (world.graduate, late)),
        (world.other_school, world.stranger_actor(Role.SCHOOL), (world.stranger,)),
    ):
        asking.open_questionnaires(world, school)
        form, nameless, begun = (asking.published(world, actor, is_anonymous=sealed) for sealed in (False, True, False))
        for graduate in graduates:
            asking.answered(world, form, graduate)
            asking.answered(world, nameless, graduate)
            asking.drafted(world, begun, graduate)


def posted(world: World) -> None:
    """A letter in a batch on both sides, and one of the other tier that waits."""
    for college in (world.college, world.stranger_college):
        post.batched(world, post.ready(world, world.new_graduate("沈知行", college)))
    post.asked(world, post.ready(world, world.new_graduate("周研二", world.college, tier="postgraduate", level="11")))


def reported(world: World, late: Graduate) -> None:
    """A report of each issue on both sides, and one of the other tier."""
    open_verification(world)
    for kind in ("archive", "household"):
        reports.issue(kind, world.graduate.pk, world.actor(Role.SCHOOL))
        reports.issue(kind, world.stranger.pk, world.stranger_actor(Role.SCHOOL))
    for graduate in (world.graduate, late, world.stranger):
        reports.issue("graduate", graduate.pk, world.of(graduate))


def fill(model: type[models.Model], world: World) -> None:
    """A row for each of two sides, of a model that no act of this walk makes."""
    sides = (
        {
            Province: world.province,
            School: world.school,
            College: world.college,
            Employer: world.employer,
            "account": world.seats[Role.SCHOOL].account,
        },
        {
            Province: world.other_province,
            School: world.other_school,
            College: world.stranger_college,
            Employer: world.other_employer,
            "account": world.stranger_seats[Role.SCHOOL].account,
        },
    )
    for text, side in zip("xy", sides, strict=True):
        given: dict[str, Any] = {}
        for field in model._meta.concrete_fields:
            if (
                field.primary_key
                or (field.has_default() and field.name != "cohort")
                or field.null
                or field.db_default is not models.NOT_PROVIDED
            ):
                continue
            if isinstance(field, models.ForeignKey):
                above_row = side.get(field.related_model)
                if above_row is None and issubclass(field.related_model, Scoped):
                    if not field.related_model.all_rows.exists():
                        fill(field.related_model, world)
                    hung = [
                        row
                        for row in field.related_model.all_rows.order_by("pk")
                        if side[School] in above(row) or side[Employer] in above(row)
                    ]
                    above_row = hung[0]
                given[field.name] = above_row if above_row is not None else side["account"]
            elif isinstance(field, models.DateTimeField):
                given[field.name] = timezone.now()
            elif isinstance(field, models.DateField):
                given[field.name] = timezone.localdate()
            elif isinstance(field, models.IntegerField):
                given[field.name] = world.cohort
            elif isinstance(field, models.CharField) and not field.blank:
                given[field.name] = (field.choices[0][0] if field.choices else text)[: field.max_length]
        if hasattr(model, "flow_name"):
            from qicheng.foundation.flow.declare import FLOWS

            flow = next(flow for flow in FLOWS.values() if flow.model is model)
            role, start = next(iter(flow.starts.items()))
            be(Actor(role, account=side["account"].pk))
            given |= {"flow_name": flow.name, "state": start.key, "live": start.live, "version": 1}
        model.all_rows.create(**given)  # type: ignore[attr-defined]


def askers(world: World) -> list[Actor]:
    """Every role on both sides, every tier, every level."""
    found = [SYSTEM]
    for role in (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY):
        own = world.actor(role)
        found += [own] if role is Role.MINISTRY else [own, world.stranger_actor(role), replace(own, node=0)]
        for level in (Level.NONE, Level.READ):
            found.append(
                replace(own, levels={Area.EMPLOYMENT: level, Area.ARCHIVE: Level.WRITE, Area.HOUSEHOLD: Level.WRITE})
            )
        found += [replace(own, levels=dict.fromkeys(Area, Level.WRITE) | {area: Level.NONE}) for area in Area]
        found += [replace(own, tier=tier) for tier in (Tier.UNDERGRADUATE, Tier.POSTGRADUATE)]
    found.append(world.of(world.neighbour))
    found.append(replace(world.actor(Role.COLLEGE), node=world.other_college.pk))
    found.append(replace(world.actor(Role.SCHOOL), node=world.school_starting.pk))
    found += [Actor(Role.BEARER, case.pk, levels=FULL) for case in Registration.all_rows.order_by("pk")]
    # The same number on another role: ids of tables are no common currency.
    found += [
        replace(world.actor(Role.EMPLOYER), node=world.school.pk),
        replace(world.actor(Role.GRADUATE), node=world.college.pk),
    ]
    return found


def by_sql(model: type[models.Model], actor: Actor) -> list[int]:
    where = model.scope.sql(model, actor, "t")  # type: ignore[attr-defined]
    found = statements.rows(
        f"SELECT t.{model._meta.pk.column} AS id FROM {model._meta.db_table} t WHERE {where}",
        {"node": actor.node, "tier": str(actor.tier)},
    )
    return sorted(row.id for row in found)


def disagreements(world: World, only: tuple[type[models.Model], ...] = ()) -> Iterator[str]:
    """Where scope, its SQL and the oracle do not see the same rows."""
    for model in only or SCOPED:
        existing = list(model.all_rows.all())  # type: ignore[attr-defined]
        for actor in askers(world):
            owned = sorted(row.pk for row in existing if belongs(row, actor))
            by_orm = sorted(model.objects.seen_by(actor).values_list("pk", flat=True))  # type: ignore[attr-defined]
            asked = f"{model.__name__} by {actor.role} {actor.node} {actor.tier} {dict(actor.levels)}"
            if by_orm != owned:
                yield f"{asked}: sees {by_orm}, owns {owned}"
            if by_sql(model, actor) != by_orm:
                yield f"{asked}: SQL sees {by_sql(model, actor)}, ORM {by_orm}"


@pytest.mark.rule("ORG-05", "ORG-07", "ARC-07")
@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_a_node_sees_what_hangs_below_it_and_nothing_else_by_orm_and_by_sql(model, country):
    assert model.all_rows.count() >= 2
    assert list(disagreements(country, (model,))) == []


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_a_scope_that_forgets_its_condition_is_noticed(model, country, monkeypatch):
    for role, path in model.scope.paths.items():
        monkeypatch.setitem(model.scope.paths, role, "*" if path != "*" else "pk")
        assert any(disagreements(country, (model,)))
        monkeypatch.setitem(model.scope.paths, role, path)


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__name__)
def test_rows_that_belong_to_somebody_are_not_read_without_saying_who_asks(model):
    for ask in (model.objects.all, model.objects.count, model.objects.first):
        with pytest.raises(Unscoped):
            ask()
