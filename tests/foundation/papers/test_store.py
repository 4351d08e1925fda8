"""Papers are kept whole or not at all, once for each record, and given back exactly as they were kept."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from qicheng.foundation.papers import store
from qicheng.foundation.papers.models import Paper
from tests.foundation.papers.agreements import agreement

AGREEMENT = Path(__file__).parents[3] / "qicheng/domain/registration/templates/registration/agreement.typ"
ORIGIN = {
    "flow": "online_signing",
    "case": "8c1f0e0a-52b4-4d59-9a5e-0d5a5b1f2a11",
    "cohort": 2026,
    "school_id": 7,
    "number": "2026412345678901234",
}
UNPRINTABLE = "\uf8ff"


@pytest.fixture
def files(tmp_path: Path, settings) -> Path:
    settings.QICHENG_FILES = tmp_path / "files"
    return settings.QICHENG_FILES


def kept_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.django_db
def test_a_paper_is_given_back_as_it_was_kept(files: Path) -> None:
    paper = store.keep("agreement", b"%PDF one", record="1", **ORIGIN)

    paper.refresh_from_db()
    assert (paper.state, paper.size, paper.reason, paper.number) == ("made", 8, "", ORIGIN["number"])
    assert store.read(paper) == b"%PDF one"
    assert kept_files(files) == [files / paper.path]


@pytest.mark.django_db
def test_only_the_owner_of_the_process_can_read_the_files(files: Path) -> None:
    paper = store.keep("agreement", b"%PDF one", record="1", **ORIGIN)

    assert stat.S_IMODE((files / paper.path).stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in files.rglob("*") if folder.is_dir()} == {0o700}


@pytest.mark.django_db
def test_a_paper_once_made_stays_as_it_is(files: Path) -> None:
    first = store.keep("agreement", b"%PDF one", record="1", **ORIGIN)
    second = store.keep("agreement", b"%PDF two", record="1", **ORIGIN)
    held = store.hold("agreement", "字库里没有", record="1", **ORIGIN)

    assert second == first == held
    assert (held.state, store.read(second)) == ("made", b"%PDF one")


@pytest.mark.django_db
def test_each_record_and_each_kind_has_its_own_paper(files: Path) -> None:
    store.keep("agreement", b"%PDF one", record="1", **ORIGIN)
    store.keep("agreement", b"%PDF two", record="2", **ORIGIN)
    store.keep("letter", b"%PDF three", record="1", **ORIGIN)

    assert sorted((paper.kind, paper.record, store.read(paper)) for paper in Paper.objects.all()) == [
        ("agreement", "1", b"%PDF one"),
        ("agreement", "2", b"%PDF two"),
        ("letter", "1", b"%PDF three"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("harm", [lambda file: file.write_bytes(b"%PDF oops"), Path.unlink])
def test_a_file_that_was_harmed_is_not_handed_out(files: Path, harm) -> None:
    paper = store.keep("agreement", b"%PDF one", record="1", **ORIGIN)
    harm(files / paper.path)

    with pytest.raises(store.Damaged, match=str(paper.public_id)):
        store.read(paper)


@pytest.mark.django_db
def test_a_disk_that_fails_leaves_no_row_and_no_half_file(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    files.mkdir()
    (files / "papers").mkdir()

    with pytest.raises(OSError, match="No space"):
        store.keep("agreement", b"%PDF one", record="1", **ORIGIN)
    assert (Paper.objects.count(), kept_files(files)) == (0, [])


@pytest.mark.rule("SIGN-06")
@pytest.mark.django_db
def test_a_paper_that_cannot_be_printed_is_held_with_its_reason_and_made_once_it_can(files: Path) -> None:
    def values(name: str) -> dict:
        return agreement(name=name)

    waiting = store.expect("agreement", record="1", **ORIGIN)
    held = store.make("agreement", AGREEMENT, values("陈" + UNPRINTABLE), record="1", **ORIGIN)
    again = store.make("agreement", AGREEMENT, values("陈" + UNPRINTABLE), record="1", **ORIGIN)

    assert waiting == held == again
    assert (waiting.state, held.state) == ("waiting", "held")
    assert again.reason == f"“{UNPRINTABLE}”字库里没有，协议暂不能生成；请联系平台加装字体"
    assert kept_files(files) == []

    made = store.make("agreement", AGREEMENT, values("陈诚"), record="1", **ORIGIN)
    assert (made, made.state, made.reason) == (waiting, "made", "")
    assert store.read(made)[:5] == b"%PDF-"


@pytest.mark.django_db
def test_expecting_a_paper_twice_is_expecting_it_once(files: Path) -> None:
    first = store.expect("agreement", record="1", **ORIGIN)
    made = store.keep("agreement", b"%PDF one", record="1", **ORIGIN)
    second = store.expect("agreement", record="1", **ORIGIN)

    assert first == made == second
    assert second.state == "made"


@pytest.mark.usefixtures("committed")
def test_two_workers_that_make_the_same_paper_at_once_make_one(files: Path) -> None:
    def work(content: bytes) -> tuple[int, bytes]:
        try:
            paper = store.keep("agreement", content, record="1", **ORIGIN)
            return paper.pk, store.read(paper)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        outcomes = set(workers.map(work, [b"%PDF one", b"%PDF two", b"%PDF three", b"%PDF four"] * 3))

    assert Paper.objects.count() == 1
    assert len(outcomes) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "row",
    [
        {"state": "made"},
        {"state": "made", "sha256": "0" * 64, "size": 3, "path": "papers/x"},
        {"state": "held"},
        {"state": "waiting", "sha256": "0" * 64},
        {"state": "waiting", "reason": "字库里没有"},
        {"state": "lost"},
    ],
    ids=str,
)
def test_the_database_refuses_a_row_that_says_more_than_there_is(row: dict) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Paper.objects.create(kind="agreement", record="1", **ORIGIN, **row)
