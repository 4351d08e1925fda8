"""What 更改毕业去向 does: with both consents the destination is opened for its one change (PKU-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import OneChange
from qicheng.domain.campus.queries import one_change as queries
from qicheng.foundation.flow.perform import carry_on

from . import consents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor

# What is said above the form that is open again.
ONCE = "改好以后提交，提交就是最后的，不能再自己修改。新的去向审核通过以前，按原来的去向办理。"


def one_change(actor: Actor, *, registration: UUID | str, **typed: Any) -> OneChange:
    """The unsaved application of whoever acts about an own destination. Raises NotFound for somebody else's."""
    made = consents.drafted(actor, registration, queries.intended, typed)
    assert isinstance(made, OneChange)
    return made


def submit(case: OneChange, actor: Actor) -> Mapping[str, Any]:
    """Freeze what is in force, beside what is asked for."""
    case.before = queries.in_words(case.registration)
    return consents.submit(case, actor)


def open_it(case: OneChange, actor: Actor) -> None:
    """The career centre consents, too: the form is open for the graduate; what is in force stays so until the new one is approved."""
    carry_on(case.registration, "open_up", actor, words=ONCE)
    consents.end(case, actor)


def lapse(registration: Registration, actor: Actor) -> None:
    """The destination is over: what would have changed it waits on nobody any more."""
    rows = OneChange.objects.unscoped("a destination takes the application to change it with it")
    for case in rows.filter(registration=registration.pk).exclude(state__in=(*queries.CLOSED, queries.GRANTED)):
        carry_on(case, "lapse", actor)
