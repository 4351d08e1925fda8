"""Keeps documents as files named by their content; the row of a document says 'made' only once its file is whole."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from qicheng.foundation.papers.models import Paper
from qicheng.foundation.papers.typeset import MissingGlyphs, typeset


class Origin(TypedDict, total=False):
    """Of what a paper is made; `flow`, `case` (public id), `cohort` and `school_id` are always given."""

    flow: str
    case: str
    cohort: int
    school_id: int
    number: str


class Damaged(Exception):
    """The file of a paper is gone or is no longer what was kept."""


def expect(kind: str, *, record: str, **origin: Unpack[Origin]) -> Paper:
    """The paper that a record owes, waiting to be made: written in the act's transaction, so that pages can say so."""
    Paper.objects.bulk_create([Paper(kind=kind, record=record, **origin)], ignore_conflicts=True)
    return Paper.objects.get(kind=kind, record=record)


def make(kind: str, template: Path, values: Mapping[str, Any], *, record: str, **origin: Unpack[Origin]) -> Paper:
    """The paper of a record, typeset and kept; held with its reason where a character cannot be printed (SIGN-06).

    Called again it makes nothing twice; a held one is tried again, for a font may have been installed since.
    """
    paper = Paper.objects.filter(kind=kind, record=record).first()
    if paper and paper.is_made:
        return paper
    try:
        content = typeset(template, values)
    except MissingGlyphs as gap:
        return hold(kind, str(gap), record=record, **origin)
    return keep(kind, content, record=record, **origin)


def keep(kind: str, content: bytes, *, record: str, **origin: Unpack[Origin]) -> Paper:
    """The paper of a record with this content; the first one kept stays, whoever comes second is given it."""
    digest = hashlib.sha256(content).hexdigest()
    path = Path("papers", digest[:2], digest[2:4], digest)
    write_whole(Path(settings.QICHENG_FILES) / path, content)
    return _settle(
        kind,
        record,
        origin,
        {
            "state": Paper.State.MADE,
            "reason": "",
            "sha256": digest,
            "size": len(content),
            "path": path.as_posix(),
            "made_at": timezone.now(),
        },
    )


def hold(kind: str, reason: str, *, record: str, **origin: Unpack[Origin]) -> Paper:
    """The paper of a record, held back with a reason that staff and graduate may read; one that is made stays made."""
    return _settle(kind, record, origin, {"state": Paper.State.HELD, "reason": reason})


def read(paper: Paper) -> bytes:
    """The content of a paper that is made, exactly as it was kept; `Damaged` where it is not."""
    try:
        content = (Path(settings.QICHENG_FILES) / paper.path).read_bytes()
    except OSError as fault:
        raise Damaged(f"paper {paper.public_id}: {fault.strerror}") from fault
    if hashlib.sha256(content).hexdigest() != paper.sha256:
        raise Damaged(f"paper {paper.public_id}: not what was kept")
    return content


def _settle(kind: str, record: str, origin: Origin, outcome: dict[str, Any]) -> Paper:
    with transaction.atomic():
        Paper.objects.bulk_create([Paper(kind=kind, record=record, **origin, **outcome)], ignore_conflicts=True)
        paper = Paper.objects.select_for_update().get(kind=kind, record=record)
        if not paper.is_made:
            for name, value in {**origin, **outcome}.items():
                setattr(paper, name, value)
            paper.save()
    return paper


def write_whole(target: Path, content: bytes) -> None:
    """Whole or not at all, also when the power goes: aside, to the disk, then into place."""
    for folder in reversed([target.parent, *target.parent.parents]):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            _sync(folder.parent)
    descriptor, aside = tempfile.mkstemp(dir=target.parent, prefix=".")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).replace(target)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    _sync(target.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
