"""A PostgreSQL server and a migrated template for the whole run; every test database is a clone of it, seen by the runtime role."""

from __future__ import annotations

import fcntl
import functools
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import psycopg
import pytest

from qicheng.interfaces.command import places
from qicheng.interfaces.command.postgres import Postgres
from tests import term

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "template_of_tests"
# Nothing here outlives the run, and no database lives long enough to be worth looking after.
SERVER = {
    "fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off", "checkpoint_timeout": "1h",
    "max_wal_size": "1GB", "max_connections": "200", "shared_buffers": "256MB", "max_parallel_workers_per_gather": "0",
}  # fmt: skip


# Memory that looks like a disk, and as much of it as has to be free.
SHARED, ROOM = Path("/dev/shm"), 6 << 30


def pytest_configure(config: pytest.Config) -> None:
    """The first process starts the server and migrates the template before any worker asks for it."""
    os.environ.setdefault("QICHENG_SECRET_KEY", "only-for-tests-" + "0" * 40)
    os.environ["QICHENG_FILES"] = tempfile.mkdtemp(prefix="qicheng-files-")
    (Path(os.environ["QICHENG_FILES"]) / "static").mkdir()
    _settle()
    term.keep_open()
    hypothesis.settings.load_profile("whole suite")
    if hasattr(config, "workerinput"):
        os.environ["DATABASE_URL"] = config.workerinput["urls"]["app"]
        config.stash[URLS] = config.workerinput["urls"]
        return
    memory = in_memory()
    folder = Path(tempfile.mkdtemp(prefix="qicheng-tests-", dir=memory))
    if memory:
        # Where root's servers have their files (`places.home`).
        places.STATE = memory / "root"
        config.stash[MEMORY] = memory
    server = Postgres(folder, settings=SERVER)
    server.start()
    config.stash[SERVER_KEY] = server
    urls = {
        "app": server.url("WORKER", Postgres.APP),
        "owner": server.url("WORKER", Postgres.OWNER),
        "folder": str(folder),
    }
    config.stash[URLS] = urls
    server.create_database(TEMPLATE)
    os.environ["DATABASE_URL"] = urls["app"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    term.begin_in_one_day()


# Inputs are still new in every run; how long one of them takes says more of the machine than of the product.
hypothesis.settings.register_profile(
    "whole suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)


def in_memory() -> Path | None:
    """A folder in memory for the server of this run, where there is room: hundreds of databases are made and dropped. None elsewhere."""
    if not SHARED.is_dir() or not os.access(SHARED, os.W_OK) or shutil.disk_usage(SHARED).free < ROOM:
        return None
    for left in SHARED.glob("qicheng-tests-*"):
        # Of a run that was killed.
        if not Path(f"/proc/{left.name.rpartition('-')[2]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    place = SHARED / f"qicheng-tests-{os.getpid()}"
    place.mkdir(mode=0o755)
    return place


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share a run, browsers go first, and of these the walk over all pages: short tests fill up the end evenly."""
    if hasattr(config, "workerinput"):
        apart = [one.nodeid for one in items if one.get_closest_marker("xdist_group") and "@" not in one.nodeid]
        assert not apart, (
            "this pytest and this pytest-xdist do not keep groups together: what is made once is made again and again"
        )
        items.sort(key=lambda one: (one.get_closest_marker("journey") is None, "test_every_page" not in one.nodeid))


def pytest_make_parametrize_id(config: pytest.Config, val: object) -> str | None:
    """A file made while tests are collected has other bytes in every process: as a name they would keep a run from starting."""
    return "file" if isinstance(val, bytes) else None


def _settle() -> None:
    """Settings that were read before this file: files go to a folder of the run, keys are the same in all its processes."""
    from django.conf import settings

    settings.QICHENG_FILES = Path(os.environ["QICHENG_FILES"])
    settings.EMAIL_FILE_PATH = settings.QICHENG_FILES / "mail"
    settings.SECRET_KEY = settings.QICHENG_NUMBER_KEY = os.environ["QICHENG_SECRET_KEY"]


SERVER_KEY = pytest.StashKey[Postgres]()
MEMORY = pytest.StashKey[Path]()
URLS = pytest.StashKey[dict[str, str]]()


def pytest_configure_node(node: Any) -> None:
    """Workers find the server of the first process."""
    node.workerinput["urls"] = node.config.stash[URLS]


def pytest_unconfigure(config: pytest.Config) -> None:
    if server := config.stash.get(SERVER_KEY, None):
        server.erase()
        shutil.rmtree(config.stash[URLS]["folder"], ignore_errors=True)
        shutil.rmtree(config.stash.get(MEMORY, config.stash[URLS]["folder"]), ignore_errors=True)
    shutil.rmtree(os.environ["QICHENG_FILES"], ignore_errors=True)


class Databases:
    """Makes clones of the migrated template on the server of this run."""

    def __init__(self, urls: dict[str, str]) -> None:
        self.urls = urls
        self.number = 0
        # The database of the test that runs, where it has one of its own.
        self.name = ""

    def url(self, name: str, role: str = "app") -> str:
        return self.urls[role].replace("WORKER", name)

    def run(self, name: str, *statements: str) -> None:
        with psycopg.connect(self.url(name, "owner"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    def template(self) -> None:
        """Migrate the template once, whoever comes first."""
        done = Path(self.urls["folder"]) / "migrated"
        with (Path(self.urls["folder"]) / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                migrate(self.url(TEMPLATE, "owner"))
                done.touch()

    def clone(self, name: str, template: str = TEMPLATE) -> None:
        with (Path(self.urls["folder"]) / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.run(
                TEMPLATE_HOST,
                f"DROP DATABASE IF EXISTS {name} WITH (FORCE)",
                f"CREATE DATABASE {name} TEMPLATE {template} OWNER {Postgres.OWNER} STRATEGY FILE_COPY",
                f"REVOKE TEMPORARY, CREATE ON DATABASE {name} FROM PUBLIC",
                f"GRANT CONNECT ON DATABASE {name} TO {Postgres.APP}",
            )

    @contextmanager
    def own(self, template: str = TEMPLATE) -> Iterator[str]:
        """A clone with a name of its own, which Django's connections are on; dropped afterwards."""
        self.number += 1
        name = f"own_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{self.number}"
        self.clone(name, template)
        with pointed_at(self.url(name)):
            yield name
        # Waits for connections that are just being closed; the owner may not end those of the runtime role. One that hangs on
        # after that ends with the server of the run.
        with suppress(psycopg.errors.ObjectInUse):
            self.run(TEMPLATE_HOST, f"DROP DATABASE IF EXISTS {name}")


TEMPLATE_HOST = "postgres"


def migrate(owner_url: str) -> None:
    """Bring a database to the newest migration as its owner, and give the runtime role its rights."""
    from django.core.management import call_command
    from django.db import connection, connections

    from qicheng.foundation.flow.guard import grant

    with pointed_at(owner_url):
        call_command("migrate", verbosity=0)
        grant(connection, Postgres.APP)
        connections.close_all()


@contextmanager
def pointed_at(url: str) -> Iterator[None]:
    """Django's connections of all threads, on another database for a while."""
    from django.db import connection, connections

    from qicheng.interfaces.web.settings import _database

    before = dict(connection.settings_dict)
    connections.close_all()
    for alias in connections:
        connections[alias].settings_dict.update(
            {k: v for k, v in _database(url).items() if k in ("NAME", "USER", "HOST", "PORT")}
        )
        connections.settings[alias].update(connections[alias].settings_dict)
    try:
        yield
    finally:
        connections.close_all()
        for alias in connections:
            connections[alias].settings_dict.update(before)
            connections.settings[alias].update(before)


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, django_db_blocker: Any) -> Databases:
    made = Databases(request.config.stash[URLS])
    with django_db_blocker.unblock():
        made.template()
    return made


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Nothing to modify: every worker has a clone of its own."""


@pytest.fixture(scope="session")
def django_db_setup(databases: Databases, django_db_blocker: Any) -> Iterator[None]:
    """This worker's clone, reached as the runtime role: a right that is missing fails a test."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    databases.clone(name)
    with django_db_blocker.unblock(), pointed_at(databases.url(name)):
        yield


@pytest.fixture
def committed(databases: Databases, django_db_setup: None, django_db_blocker: Any) -> Iterator[Databases]:
    """A database of the test's own where commits are real: for races, workers and browsers. Dropped afterwards."""
    with django_db_blocker.unblock(), databases.own() as databases.name:
        yield databases


@pytest.fixture(autouse=True, scope="session")
def remade_once() -> None:
    """A process makes the same picture again once; how it is done has tests of its own (foundation/kit)."""
    from qicheng.foundation.flow import gather

    gather.remake = functools.lru_cache(gather.remake)


@pytest.fixture(autouse=True)
def plain_static(settings: Any) -> None:
    """Tests read static files where they lie."""
    settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.STATIC_ROOT = Path(os.environ["QICHENG_FILES"]) / "static"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Small tables that a process keeps for a few seconds belong to the test before."""
    from qicheng.domain.orgs.queries import forget_kept
    from qicheng.domain.registration import listings

    forget_kept()
    listings._kept.clear()


@pytest.fixture(scope="session")
def campus() -> Iterator[Any]:
    """A university's own log-in on loopback: a CAS server and an OpenID provider, started once."""
    from tests.sign_on import campus

    with campus() as running:
        yield running


@pytest.fixture
def world(db: None) -> Any:
    """A small country, new for each test."""
    from tests.world import World

    return World()


@pytest.fixture
def committed_world(committed: Databases) -> Any:
    """The same country where commits are real."""
    from tests.world import World

    return World()
