"""Proofs are kept whole or not at all, once, in order, and never change; what nobody owns is swept away."""

from __future__ import annotations

import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from qicheng.foundation.kit.proofs import Part, Remade
from qicheng.foundation.papers import proofs
from qicheng.foundation.papers.models import Proof, ProofSet
from qicheng.foundation.papers.store import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.rule("REG-09")

CASE = "8c1f0e0a-52b4-4d59-9a5e-0d5a5b1f2a11"
BELONGING: proofs.Belonging = {
    "flow": "offline_signing", "case": CASE, "cohort": 2026, "school_id": 7, "kind": "contract", "role": "graduate", "account_id": 3,
}  # fmt: skip
AT_ONCE = {"older_than": timedelta(0)}


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Path:
    settings.QICHENG_FILES = tmp_path / "files"
    return settings.QICHENG_FILES


def remade(words: bytes = b"one", pages: int = 0) -> Remade:
    parts = [Part("small", "image/jpeg", 360, 270, b"small " + words)]
    parts += [Part(str(n), "image/jpeg", 1414, 2000, b"page %d " % n + words) for n in range(1, pages + 1)]
    media = "application/pdf" if pages else "image/jpeg"
    return Remade(Part("whole", media, 2000, 1500, b"whole " + words), tuple(parts), "00ff00ff00ff00ff")


def keep(words: bytes = b"one", pages: int = 0, **other: Any) -> Proof:
    belonging: Any = {**BELONGING, **other}
    return proofs.keep_proof(remade(words, pages), b"as it came " + words, **belonging)


def kept_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.django_db
def test_a_proof_and_its_pages_are_given_back_as_they_were_kept(files: Path) -> None:
    proof = keep(pages=2)

    proof.refresh_from_db()
    assert (proof.media, proof.width, proof.height, proof.size, proof.source_size, proof.place, proof.role) == (
        "application/pdf", 2000, 1500, 9, 14, 1, "graduate",
    )  # fmt: skip
    assert proof.pages == ["1", "2"]
    assert [proofs.read_proof(proof, part) for part in ("whole", "small", "2")] == [
        (b"whole one", "application/pdf"), (b"small one", "image/jpeg"), (b"page 2 one", "image/jpeg"),
    ]  # fmt: skip
    with pytest.raises(KeyError):
        proofs.read_proof(proof, "3")


@pytest.mark.django_db
def test_only_the_owner_of_the_process_can_read_the_files(files: Path) -> None:
    keep(pages=1)

    assert {stat.S_IMODE(path.stat().st_mode) for path in files.rglob("*") if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.rglob("*") if path.is_dir()} == {0o700}


@pytest.mark.django_db
def test_the_same_file_sent_again_is_the_proof_that_is_there(files: Path) -> None:
    first = keep()
    before = kept_files(files)
    again = keep()

    assert (again, kept_files(files)) == (first, before)
    assert proofs.known(b"as it came one", flow="offline_signing", case=CASE, kind="contract") == first
    assert proofs.known(b"as it came two", flow="offline_signing", case=CASE, kind="contract") is None


@pytest.mark.django_db
def test_each_case_and_each_kind_has_its_own_proofs_in_order(files: Path) -> None:
    one, two, three = keep(b"one"), keep(b"two"), keep(b"three")
    letter = keep(b"one", kind="letter")
    keep(b"one", case="other")

    assert proofs.proofs_of("offline_signing", CASE) == [one, two, three, letter]
    proofs.arrange([three, one, two])
    assert proofs.proofs_of("offline_signing", CASE, "contract") == [three, one, two]


@pytest.mark.django_db
@pytest.mark.parametrize("harm", [lambda file: file.write_bytes(b"whole oops"), Path.unlink], ids=["changed", "gone"])
def test_a_file_that_was_harmed_is_not_handed_out(files: Path, harm: Callable[[Path], Any]) -> None:
    proof = keep()
    harm(files / proof.path)

    with pytest.raises(Damaged, match=str(proof.public_id)):
        proofs.read_proof(proof)
    assert proofs.read_proof(proof, "small") == (b"small one", "image/jpeg")


@pytest.mark.django_db
def test_a_disk_that_fails_leaves_no_row_and_no_file(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (files / "proofs").mkdir(parents=True)
    written: list[int] = []
    sync = os.fsync

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) > 3:
            raise OSError(28, os.strerror(28))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep(pages=5)
    assert (Proof.objects.count(), kept_files(files)) == (0, [])


@pytest.mark.django_db
def test_a_row_that_is_refused_leaves_no_file(files: Path) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        keep(kind="k" * 50)
    assert kept_files(files) == []


@pytest.mark.usefixtures("committed")
def test_the_same_file_twice_at_once_becomes_one_proof_and_one_set_of_files(files: Path) -> None:
    def work(_: int) -> int:
        try:
            return keep(pages=2).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        outcomes = set(workers.map(work, range(12)))

    assert (Proof.objects.count(), len(outcomes), len(kept_files(files))) == (1, 1, 4)


@pytest.mark.django_db
def test_what_is_submitted_is_kept_as_a_set_and_stays_readable_after_it_is_removed(files: Path) -> None:
    one, two = keep(b"one"), keep(b"two")
    first = proofs.freeze("offline_signing", CASE)
    same = proofs.freeze("offline_signing", CASE)
    proofs.remove_proof(one, account=3)
    keep(b"three")
    second = proofs.freeze("offline_signing", CASE)

    assert (same, proofs.last_set("offline_signing", CASE)) == (first, second)
    assert first.version != second.version
    assert proofs.proofs_in(first) == [one, two]
    assert [row[0] for row in second.content] == ["contract", "contract"]
    proofs.sweep_orphans(older_than=timedelta(0), let_go_after=timedelta(0))
    one.refresh_from_db()
    assert proofs.read_proof(one) == (b"whole one", "image/jpeg")


@pytest.mark.django_db
def test_another_order_is_another_set(files: Path) -> None:
    one, two = keep(b"one"), keep(b"two")
    first = proofs.freeze("offline_signing", CASE)
    proofs.arrange([two, one])

    assert proofs.freeze("offline_signing", CASE).version != first.version


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64}, {"path": "proofs/aa/b"}, {"kind": "letter"}, {"case": "other"}, {"source_sha256": "0" * 64}, {"parts": {}},
        {"phash": "0" * 16}, {"media": "image/png"}, {"account_id": 9}, {"frozen_at": None}, {"frozen_at": "2020-01-01T00:00Z"}, {"path": ""},
    ],
    ids=str,
)  # fmt: skip
def test_the_database_lets_nobody_change_a_proof_that_was_submitted(files: Path, change: dict[str, Any]) -> None:
    proof = keep()
    proofs.freeze("offline_signing", CASE)

    with pytest.raises(DatabaseError), transaction.atomic():
        Proof.objects.filter(pk=proof.pk).update(**change)


@pytest.mark.django_db
def test_the_database_brings_nothing_back_and_deletes_nothing(files: Path) -> None:
    proof = keep()
    kept = proofs.freeze("offline_signing", CASE)
    proofs.remove_proof(proof, account=3)

    for attempt in (
        lambda: Proof.objects.filter(pk=proof.pk).update(removed_at=None),
        lambda: Proof.objects.filter(pk=proof.pk).update(place=5),
        lambda: Proof.objects.filter(pk=proof.pk).delete(),
        lambda: ProofSet.objects.filter(pk=kept.pk).update(content=[]),
        lambda: ProofSet.objects.filter(pk=kept.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


@pytest.mark.django_db
@pytest.mark.parametrize("row", [{"path": ""}, {"media": "text/html"}, {"size": 0}, {"width": 0}], ids=str)
def test_the_database_refuses_a_row_without_a_file_or_of_another_kind(row: dict[str, Any]) -> None:
    whole: dict[str, Any] = {
        "media": "image/png", "sha256": "0" * 64, "phash": "0" * 16, "width": 9, "height": 9, "size": 9, "path": "proofs/aa/b", "place": 1,
        "source_sha256": "0" * 64, "source_size": 9, **BELONGING,
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Proof.objects.create(**whole | row)


@pytest.mark.django_db
def test_files_that_no_row_has_are_swept_once_they_are_old_enough(files: Path) -> None:
    proof = keep(pages=1)
    folder = files / "proofs" / "ab"
    folder.mkdir(exist_ok=True)
    strays = [
        folder / name
        for name in ("ab" * 16, "ab" * 16 + "-small", ".half-written", "notes.txt", f"{proof.public_id.hex}-99")
    ]
    for stray in strays:
        stray.write_bytes(b"stray")

    assert (proofs.sweep_orphans().files, len(kept_files(files))) == (0, 8)
    long_ago = time.time() - 7200
    for path in files.rglob("*"):
        os.utime(path, (long_ago, long_ago))
    assert proofs.sweep_orphans().files == 5
    assert proofs.read_proof(proof, "1") == (b"page 1 one", "image/jpeg")
    assert len(kept_files(files)) == 3


@pytest.mark.django_db
def test_rows_whose_files_lack_are_named(files: Path) -> None:
    whole, harmed = keep(b"one"), keep(b"two")
    (files / f"{harmed.path}-small").unlink()

    assert proofs.sweep_orphans().lacking == [str(harmed.public_id)]
    assert proofs.read_proof(whole) == (b"whole one", "image/jpeg")


@pytest.mark.django_db
def test_what_was_removed_and_never_submitted_is_let_go_after_a_month(files: Path) -> None:
    proof = keep()
    proofs.remove_proof(proof, account=3)

    assert (proofs.sweep_orphans().files, len(kept_files(files))) == (0, 2)
    assert proofs.sweep_orphans(let_go_after=timedelta(0)).files == 2
    proof.refresh_from_db()
    assert (proof.path, proof.removed_by, kept_files(files)) == ("", 3, [])
    with pytest.raises(Damaged):
        proofs.read_proof(proof)
    assert keep() != proof
