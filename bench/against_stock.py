"""Budget 4: the reviewer's list against the same page in stock Django: ORM, Django's templates, gunicorn."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench import country, reviewer_list, website
from bench.against_litestar import first_row, same_page, template
from bench.figures import ROUNDS, Figure, against
from qicheng.interfaces.command.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.website import Website

NAMES = {
    "name": "row.graduate.name", "student_number": "row.graduate.student_number", "employer": "row.employer_name",
    "kind": "row.flow.label", "college": "row.college.name", "major": "row.graduate.major",
    "level": "row.shown_level", "id_number": "row.graduate.id_number|masked_id", "phone": "row.graduate.phone|masked_phone",
    "since": "row.waiting_since|minute", "waited": "row.waiting_since|waited",
}  # fmt: skip


def measure() -> list[Figure]:
    """Pages a second, both ways, in turns."""
    ours, beside = [], []
    with website.product() as product, peer() as stock:
        same_page(product, stock)
        reviewer_list.drive(product, 1)
        reviewer_list.drive(stock, 1)
        for _ in range(ROUNDS):
            beside.append(reviewer_list.drive(stock).rate)
            ours.append(reviewer_list.drive(product).rate)
    return [against(4, "reviewer's list, against stock Django", "/s", ours, beside, 5, at_least=True)]


@contextmanager
def peer() -> Iterator[Website]:
    """Stock Django under gunicorn with two workers."""
    source = template(reviewer_list.example().body, first_row())
    for name, expression in NAMES.items():
        source = source.replace(f"{{{{ row.{name} }}}}", f"{{{{ {expression} }}}}")
    source = source.replace("{{ token }}", "{{ csrf_token }}")
    given = {
        "DJANGO_SETTINGS_MODULE": "bench.peers.stock.settings", "BENCH_COHORT": str(country.YEAR),
        "BENCH_LATE": reviewer_list.example().statements[1].parameters["late"],  # type: ignore[call-overload]
    }  # fmt: skip
    owner = {"DATABASE_URL": country.here().server.url(country.DATABASE, Postgres.SUPERUSER)}
    subprocess.run(
        [sys.executable, "-m", "bench.peers.stock.sessions"], env=country.here().environment | given | owner, check=True
    )
    with tempfile.TemporaryDirectory(prefix="qicheng-bench-") as folder:
        (Path(folder) / "review.html").write_text(source, encoding="utf-8")
        port = website.free()
        command = [
            str(Path(sys.executable).with_name("gunicorn")), "--workers", str(website.WORKERS), "--bind", f"127.0.0.1:{port}",
            "--log-level", "error", "bench.peers.stock.wsgi:application",
        ]  # fmt: skip
        with website.running(command, port, BENCH_TEMPLATES=folder, **given) as site:
            yield site
