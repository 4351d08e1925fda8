"""Which rows are whose: the scope of a model, and the door that opens only when told who asks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from . import Actor, Area, Level, Role, Tier

if TYPE_CHECKING:
    from django.db.models import QuerySet

EVERYTHING = "*"


class Unscoped(RuntimeError):
    """A query on rows that belong to somebody was made without saying who asks."""


class Scope:
    """For each role, how a row leads to its owner; a role left out sees nothing (ORG-01).

    `tier` leads to the column with the graduate's tier (ORG-07), `area` the permission without which staff see nothing (ORG-05).
    `unsent` are the values of `state` at which a row is still its author's own, and staff see nothing of it.
    """

    def __init__(self, *, tier: str = "", area: Area | None = None, unsent: tuple[str, ...] = (), **paths: str) -> None:
        self.paths = {Role(role): path for role, path in paths.items()}
        self.tier = tier
        self.area = area
        self.unsent = unsent

    def q(self, actor: Actor) -> Q | None:
        """The condition for `actor`, or None where it sees nothing."""
        if actor.role is Role.SYSTEM:
            return Q()
        path = self.paths.get(actor.role)
        if path is None or self._shut(actor):
            return None
        condition = Q() if path == EVERYTHING else Q(**{path: actor.node})
        if self._narrow(actor):
            condition &= Q(**{self.tier: actor.tier})
        if self.unsent and actor.role.is_staff:
            condition &= ~Q(state__in=self.unsent)
        return condition

    def sql(self, model: type[models.Model], actor: Actor, alias: str, *, taken_back: bool = False) -> str:
        """The same sentence as SQL with the parameters %(node)s and %(tier)s; 'false' where it sees nothing.

        `taken_back` asks about what staff would see, had its author not taken it back.
        """
        if actor.role is Role.SYSTEM:
            return "true"
        path = self.paths.get(actor.role)
        if path is None or self._shut(actor):
            return "false"
        terms = [] if path == EVERYTHING else [_reach(model, path, alias, "%(node)s")]
        if self._narrow(actor):
            terms.append(_reach(model, self.tier, alias, "%(tier)s"))
        if self.unsent and actor.role.is_staff and not taken_back:
            terms.append(f"{alias}.state NOT IN ({', '.join(map(repr, self.unsent))})")
        return " AND ".join(terms) or "true"

    def _shut(self, actor: Actor) -> bool:
        return self.area is not None and actor.role.is_staff and actor.levels.get(self.area, Level.NONE) == Level.NONE

    def _narrow(self, actor: Actor) -> bool:
        return bool(self.tier) and actor.role is Role.SCHOOL and actor.tier is not Tier.ALL


@cache
def _reach(model: type[models.Model], path: str, alias: str, value: str) -> str:
    """`alias.column = value`, or a chain of sub-selects where the path leads through other tables, up or down."""
    first, _, rest = path.partition("__")
    field: Any = model._meta.pk if first == "pk" else model._meta.get_field(first)
    if field.concrete and not rest:
        return f"{alias}.{field.column} = {value}"
    # A path goes up by the column of its foreign key, or down to the rows whose foreign key leads here.
    own, theirs = (
        (field.column, field.target_field.column) if field.concrete else (model._meta.pk.column, field.field.column)
    )
    inner = f"{alias}_{first}"
    return (
        f"{alias}.{own} IN (SELECT {inner}.{theirs} FROM {field.related_model._meta.db_table} {inner} "
        f"WHERE {_reach(field.related_model, rest or 'pk', inner, value)})"
    )


class Door(models.Manager):
    """The manager of rows that belong to somebody: it opens for an actor, or for a stated reason."""

    use_in_migrations = False

    def get_queryset(self) -> QuerySet:
        raise Unscoped(f"{self.model.__name__}.objects: say seen_by(actor), or unscoped('why')")

    def seen_by(self, actor: Actor) -> QuerySet:
        """The rows that `actor` may see; a foreign row is not found because it is not here."""
        condition = self.model.scope.q(actor)  # type: ignore[attr-defined]
        queryset = super().get_queryset()
        return queryset.none() if condition is None else queryset.filter(condition)

    def unscoped(self, why: str) -> QuerySet:
        """All rows, for jobs, imports and checks; `why` stands in the code for whoever reads it."""
        assert why
        return super().get_queryset()


class Scoped(models.Model):
    """A row that belongs to somebody."""

    scope: ClassVar[Scope]
    all_rows: ClassVar[models.Manager[Any]] = models.Manager()
    objects: ClassVar[Door] = Door()

    class Meta:
        abstract = True
        default_manager_name = "all_rows"
        base_manager_name = "all_rows"
