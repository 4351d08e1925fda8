"""Keeps what people bring to a case: a row only with its whole files, in order, frozen with each submission, never changed.

Whoever calls has the case locked and has asked whether it may be changed: `flow.gather` does both.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now

from qicheng.foundation.papers.models import Proof, ProofSet
from qicheng.foundation.papers.store import Damaged, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qicheng.foundation.kit.proofs import Part, Remade

FOLDER = "proofs"
WHOLE = "whole"
# A file without a row may still be on its way; a removed proof may have been removed by mistake.
ON_ITS_WAY = timedelta(hours=1)
LET_GO_AFTER = timedelta(days=30)
AT_ONCE = 500


class Belonging(TypedDict):
    """Whose a proof is: the case, what it proves, who brought it."""

    flow: str
    case: str
    cohort: int
    school_id: int | None
    kind: str
    role: str
    account_id: int | None


@dataclass(slots=True)
class Swept:
    """What a sweep found: how many files it let go, and which proofs lack one that they should have."""

    files: int = 0
    lacking: list[str] = field(default_factory=list)


def known(upload: bytes, *, flow: str, case: str, kind: str) -> Proof | None:
    """The proof that this very file became before, if it still counts."""
    return Proof.objects.filter(
        flow=flow, case=case, kind=kind, source_sha256=_digest(upload), removed_at__isnull=True
    ).first()


def keep_proof(made: Remade, upload: bytes, **belonging: Unpack[Belonging]) -> Proof:
    """The proof that an uploaded file became, put last; the same file again is the proof that is already there.

    Files are whole on the disk before the row is written; where no row comes, they go.
    """
    whole = made.whole
    public_id = uuid.uuid4()
    path = Path(FOLDER, public_id.hex[:2], public_id.hex)
    of_case = Proof.objects.filter(flow=belonging["flow"], case=belonging["case"], kind=belonging["kind"])
    proof = Proof(
        public_id=public_id, media=whole.media, sha256=_digest(whole.content), size=len(whole.content), width=whole.width,
        height=whole.height, phash=made.phash, parts={part.name: _described(part) for part in made.parts},
        path=path.as_posix(), source_sha256=_digest(upload), source_size=len(upload),
        place=(of_case.aggregate(last=Max("place"))["last"] or 0) + 1, **belonging,
    )  # fmt: skip
    is_kept = False
    try:
        for part in (whole, *made.parts):
            write_whole(_file(proof.path, part.name), part.content)
        with transaction.atomic():
            Proof.objects.bulk_create([proof], ignore_conflicts=True)
        kept = of_case.get(source_sha256=proof.source_sha256, removed_at__isnull=True)
        is_kept = kept.public_id == public_id
    finally:
        if not is_kept:
            _let_go(proof)
    return kept


def proofs_of(flow: str, case: str, kind: str = "") -> list[Proof]:
    """The proofs of a case that count, or those of one kind, in order."""
    found = Proof.objects.filter(flow=flow, case=case, removed_at__isnull=True).order_by("kind", "place", "id")
    return list(found.filter(kind=kind) if kind else found)


def read_proof(proof: Proof, part: str = WHOLE) -> tuple[bytes, str]:
    """(content, media type) of a proof or of one of its parts, exactly as it was kept; KeyError, or `Damaged` where it is not."""
    media, digest = (
        (proof.media, proof.sha256) if part == WHOLE else (proof.parts[part]["media"], proof.parts[part]["sha256"])
    )
    if not proof.path:
        raise Damaged(f"proof {proof.public_id}: let go")
    try:
        content = _file(proof.path, part).read_bytes()
    except OSError as fault:
        raise Damaged(f"proof {proof.public_id}: {fault.strerror}") from fault
    if _digest(content) != digest:
        raise Damaged(f"proof {proof.public_id}: not what was kept")
    return content, media


def remove_proof(proof: Proof, account: int | None) -> None:
    """Take a proof out of its case. The row stays; so does the file, if it was ever submitted."""
    Proof.objects.filter(pk=proof.pk, removed_at__isnull=True).update(removed_at=Now(), removed_by=account)


def arrange(proofs: Sequence[Proof]) -> None:
    """Put proofs of one kind into this order."""
    for place, proof in enumerate(proofs, 1):
        if proof.place != place:
            Proof.objects.filter(pk=proof.pk).update(place=place)


def freeze(flow: str, case: str) -> ProofSet:
    """The proofs of a case as they are now, kept for ever as one set; the same proofs in the same order are the same set."""
    found = proofs_of(flow, case)
    content = [[proof.kind, str(proof.public_id), proof.sha256] for proof in found]
    version = _digest(json.dumps(content).encode())[:16]
    Proof.objects.filter(pk__in=[proof.pk for proof in found], frozen_at__isnull=True).update(frozen_at=Now())
    kept, _ = ProofSet.objects.get_or_create(flow=flow, case=case, version=version, defaults={"content": content})
    return kept


def last_set(flow: str, case: str) -> ProofSet | None:
    """What was submitted last."""
    return ProofSet.objects.filter(flow=flow, case=case).order_by("-id").first()


def proofs_in(of: ProofSet) -> list[Proof]:
    """The proofs of a set, in its order, whether or not they still count."""
    found = {
        str(proof.public_id): proof for proof in Proof.objects.filter(public_id__in=[row[1] for row in of.content])
    }
    return [found[public_id] for _, public_id, _ in of.content]


def sweep_orphans(*, older_than: timedelta = ON_ITS_WAY, let_go_after: timedelta = LET_GO_AFTER) -> Swept:
    """Let go of files that no row has, and of proofs long removed and never submitted; name the rows whose files lack."""
    swept = Swept()
    gone = Proof.objects.filter(removed_at__lt=Now() - let_go_after, frozen_at__isnull=True).exclude(path="")
    for proof in gone.iterator(AT_ONCE):
        if Proof.objects.filter(pk=proof.pk, frozen_at__isnull=True).update(path=""):
            swept.files += _let_go(proof)
    before = time.time() - older_than.total_seconds()
    for files in _grouped(_old_files(before)):
        stems = {file.name.partition("-")[0] for file in files}
        ids = {uuid.UUID(stem) for stem in stems if _is_id(stem)}
        rows = Proof.objects.filter(public_id__in=ids).exclude(path="").values_list("public_id", "parts")
        owned = {public_id.hex for public_id, _ in rows} | {
            f"{public_id.hex}-{name}" for public_id, parts in rows for name in parts
        }
        for file in files:
            if file.name not in owned:
                file.unlink(missing_ok=True)
                swept.files += 1
    standing = Proof.objects.exclude(path="").only("public_id", "path", "parts")
    swept.lacking = [
        str(proof.public_id)
        for proof in standing.iterator(AT_ONCE)
        if not all(_file(proof.path, name).exists() for name in (WHOLE, *proof.parts))
    ]
    return swept


def _described(part: Part) -> dict[str, str | int]:
    return {
        "media": part.media, "sha256": _digest(part.content), "size": len(part.content), "width": part.width, "height": part.height,
    }  # fmt: skip


def _file(path: str, part: str) -> Path:
    return Path(settings.QICHENG_FILES) / (path if part == WHOLE else f"{path}-{part}")


def _let_go(proof: Proof) -> int:
    files = [_file(proof.path, name) for name in (WHOLE, *proof.parts)]
    there = [file for file in files if file.exists()]
    for file in there:
        file.unlink(missing_ok=True)
    return len(there)


def _old_files(before: float) -> Iterator[Path]:
    for folder in sorted((Path(settings.QICHENG_FILES) / FOLDER).glob("*")):
        for file in folder.iterdir():
            if file.stat().st_mtime < before:
                yield file


def _grouped(files: Iterator[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    for file in files:
        group.append(file)
        if len(group) == AT_ONCE:
            yield group
            group = []
    yield group


def _is_id(stem: str) -> bool:
    return len(stem) == 32 and set(stem) <= set("0123456789abcdef")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
