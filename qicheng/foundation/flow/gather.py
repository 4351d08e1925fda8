"""Proofs of a case: added, ordered and removed by whoever its state lets, counted by a guard, frozen by an effect (REG-09).

A flow declares `proofs` and `State.proofs_by`; the act that submits has `has_its_proofs` among its guards and
calls `freeze_proofs` in its effect. Pages, limits and locks follow from that.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from qicheng.foundation.kit.proofs import remake
from qicheng.foundation.papers import proofs

from .perform import NotFound, NotOpen, Refused, be, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from qicheng.foundation.access import Actor
    from qicheng.foundation.papers import ProofKind
    from qicheng.foundation.papers.models import Proof

    from .models import Case

CHANGED = "证明材料"
STANDING = "现在不能改动证明材料。"
GONE = "这份材料已经移除。"


@dataclass(frozen=True, slots=True)
class Gathered:
    """A kind of proof that a case takes, with what it has of it."""

    kind: ProofKind
    proofs: list[Proof]

    @property
    def lacks(self) -> int:
        """How many more are needed."""
        return max(0, self.kind.least - len(self.proofs))

    @property
    def room(self) -> int:
        """How many more it takes."""
        return max(0, self.kind.most - len(self.proofs))


def gathered(case: Case) -> list[Gathered]:
    """What the case asks for and has, kind by kind."""
    found = proofs.proofs_of(case.flow_name, str(case.public_id))
    return [Gathered(kind, [proof for proof in found if proof.kind == kind.key]) for kind in case.proofs_asked]


def why_not_now(case: Case, actor: Actor) -> str | None:
    """The reason why this actor cannot change the proofs of the case as it stands, or None."""
    if actor.role not in case.standing.proofs_by:
        return STANDING
    if not actor.may_write(case.flow.area):
        return "你的账号没有这项操作的权限。"
    return next((why for hold in case.flow.holds if (why := hold(case, actor))), None)


def add_proof(case: Case, kind: str, upload: bytes, actor: Actor) -> Proof:
    """The proof that an uploaded file becomes; sent twice it is one proof.

    Raises Unreadable or Busy (kit.proofs) where the file is not taken, Stopped where the case does not take it.
    """
    asked = _asked(case, kind)
    if why := why_not_now(case, actor):
        raise Refused(why)
    flow, of = case.flow_name, str(case.public_id)
    if before := proofs.known(upload, flow=flow, case=of, kind=kind):
        return before
    if len(proofs.proofs_of(flow, of, kind)) >= asked.most:
        raise Refused(_full(asked))
    made = remake(upload)
    with _held(case, actor) as locked:
        asked = _asked(locked, kind)
        if (
            proofs.known(upload, flow=flow, case=of, kind=kind) is None
            and len(proofs.proofs_of(flow, of, kind)) >= asked.most
        ):
            raise Refused(_full(asked))
        return proofs.keep_proof(
            made, upload, flow=flow, case=of, cohort=locked.cohort, school_id=getattr(locked, "school_id", None), kind=kind,
            role=actor.role, account_id=actor.account,
        )  # fmt: skip


def remove_proof(case: Case, public_id: UUID, actor: Actor) -> None:
    """Take a proof out; one that is out already stays out."""
    with _held(case, actor) as locked:
        for proof in _kept(locked):
            if proof.public_id == public_id:
                proofs.remove_proof(proof, actor.account)


def move_proof(case: Case, public_id: UUID, actor: Actor, by: int) -> None:
    """Move a proof among those of its kind, `by` -1 to the front or 1 to the back."""
    with _held(case, actor) as locked:
        found = next((proof for proof in _kept(locked) if proof.public_id == public_id), None)
        if found is None:
            raise Refused(GONE)
        row = [proof for proof in _kept(locked) if proof.kind == found.kind]
        at = row.index(found)
        row.insert(min(max(at + by, 0), len(row) - 1), row.pop(at))
        proofs.arrange(row)


def has_its_proofs(case: Case, actor: Actor) -> str | None:
    """REG-09: every kind of proof that the case asks for is there, as often as it is needed."""
    lacking = [one for one in gathered(case) if one.lacks]
    if not lacking:
        return None
    named = "、".join(
        one.kind.label if one.kind.least == 1 else f"{one.kind.label}（还差 {one.lacks} 份）" for one in lacking
    )
    return f"还缺证明材料：{named}。补齐以后再提交。"


def freeze_proofs(case: Case) -> dict[str, list[str]]:
    """Keep the proofs as they are submitted; what changed since the last time, for the record: {label: [before, after]}.

    To be called in the effect of an act, within its transaction.
    """
    flow, of = case.flow_name, str(case.public_id)
    before = proofs.last_set(flow, of)
    if before is None and not _kept(case):
        return {}
    now = proofs.freeze(flow, of)
    if before is not None and before.version == now.version:
        return {}
    labels = {kind.key: kind.label for kind in case.proofs_asked}
    return {CHANGED: ["" if one is None else _named(one.version, one.content, labels) for one in (before, now)]}


def _named(version: str, content: list[list[str]], labels: dict[str, str]) -> str:
    counts: dict[str, int] = {}
    for kind, *_ in content:
        counts[kind] = counts.get(kind, 0) + 1
    listed = "、".join(f"{labels.get(kind, kind)} {count} 份" for kind, count in counts.items())
    return f"{listed or '没有'}（版本 {version}）"


def _asked(case: Case, kind: str) -> ProofKind:
    for one in case.proofs_asked:
        if one.key == kind:
            return one
    raise NotOpen("这里不收这种证明材料。")


def _full(kind: ProofKind) -> str:
    return f"「{kind.label}」最多 {kind.most} 份，移除一份再添加。"


def _kept(case: Case) -> list[Proof]:
    return proofs.proofs_of(case.flow_name, str(case.public_id))


@contextmanager
def _held(case: Case, actor: Actor) -> Iterator[Case]:
    """The case, locked: whoever submits or reviews it waits, and what they did meanwhile is seen."""
    with transaction.atomic():
        be(actor)
        locked = fetch(type(case), case.public_id, actor, hold=True)
        if locked is None:
            raise NotFound("没有找到这条记录。")
        if why := why_not_now(locked, actor):
            raise Refused(why)
        yield locked
