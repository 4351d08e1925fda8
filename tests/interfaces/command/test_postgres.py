"""The embedded PostgreSQL: who may come in, what its roles may do, and that it ends with the process that began it."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from qicheng.interfaces.command import places
from qicheng.interfaces.command.postgres import Postgres, ServerError, is_alive
from tests.interfaces.command.living import descendants, left_of

HASTY = {"fsync": "off"}  # for data that nobody is going to miss

START = """
import sys, time
from pathlib import Path
from qicheng.interfaces.command.postgres import Postgres

server = Postgres(Path(sys.argv[1]), settings={"fsync": "off"})
server.start()
print(server.joined, flush=True)
time.sleep(60)
"""

START_AS_ANOTHER = """
import os, sys
from pathlib import Path
from qicheng.interfaces.command.postgres import Postgres

user = int(sys.argv[2])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
with Postgres(Path(sys.argv[1]), settings={"fsync": "off"}) as server:
    server.create_database()
    print(len(os.fsencode(server.socket_folder / ".s.PGSQL.5432")), oct(server.socket_folder.stat().st_mode & 0o777))
"""

CONNECT_AS_ANOTHER = """
import os, sys
import psycopg

os.setgroups([])
os.setuid(int(sys.argv[2]))
try:
    psycopg.connect(sys.argv[1]).close()
except psycopg.OperationalError as refused:
    print(refused)
"""


def python(script, *arguments, **more):
    return subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], text=True, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data that are made once; each test starts a server on them, in a tenth of a second."""
    place = tmp_path_factory.mktemp("postgres") / "server"
    with Postgres(place) as server:
        server.create_database()
    yield place
    Postgres(place).erase()


@pytest.fixture
def server(folder):
    with Postgres(folder) as running:
        yield running


def test_nothing_listens_on_the_network_and_the_socket_lies_in_a_closed_folder(server):
    with psycopg.connect(server.url(role=server.SUPERUSER)) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
    assert len(os.fsencode(server.socket_folder / places.SOCKET_NAME)) <= places.LONGEST_SOCKET_PATH


def test_writes_are_durable_and_text_is_utf8(server):
    with psycopg.connect(server.url()) as connection:
        settings = [
            connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("fsync", "synchronous_commit", "full_page_writes", "jit", "server_encoding")
        ]
    assert settings == ["on", "on", "on", "off", "UTF8"]


def test_the_owner_makes_tables(server):
    with psycopg.connect(server.url(role=server.OWNER)) as connection:
        connection.execute("CREATE TABLE made_by_owner (id int)")
        connection.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "SET ROLE qicheng_owner",
    ],
)
def test_the_runtime_role_makes_nothing(server, statement):
    with (
        psycopg.connect(server.url(), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take on another account")
def test_another_account_is_refused_even_if_it_reaches_the_socket(server):
    stranger = server.socket_folder.stat().st_uid
    with python(CONNECT_AS_ANOTHER, server.url(), stranger, stdout=subprocess.PIPE) as attempt:
        answer, _ = attempt.communicate(timeout=60)
    assert 'Peer authentication failed for user "qicheng_app"' in answer


def test_the_log_names_no_values(server):
    with psycopg.connect(server.url(role=server.OWNER), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS people (name text UNIQUE)")
        with pytest.raises(psycopg.errors.UniqueViolation, match="陈诚"):
            connection.execute("INSERT INTO people VALUES ('陈诚'), ('陈诚')")
    log = (places.home(server.folder) / "server.log").read_text()
    assert ("people_name_key" in log, "陈诚" in log) == (True, False)


def test_settings_given_win_over_ours(folder):
    with (
        Postgres(folder, settings={"work_mem": "9MB", "jit": "on"}) as server,
        psycopg.connect(server.url()) as connection,
    ):
        assert connection.execute("SELECT current_setting('work_mem'), current_setting('jit')").fetchone() == (
            "9MB",
            "on",
        )


def test_stopping_ends_all_its_processes(folder):
    before = descendants(os.getpid())
    server = Postgres(folder)
    server.start()
    new = descendants(os.getpid()) - before
    server.stop()
    assert left_of(new) == set()
    assert (server.running, len(new) > 3) == (False, True)


def test_a_second_start_joins_and_leaves_the_first_running(server, folder):
    with Postgres(folder) as second:
        assert (second.joined, server.joined, second.url()) == (True, False, server.url())
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_of_two_starts_at_once_on_a_new_folder_one_makes_the_server(tmp_path):
    both = [python(START, tmp_path / "new", stdout=subprocess.PIPE) for _ in range(2)]
    try:
        assert sorted(each.stdout.readline().strip() for each in both) == ["False", "True"]
    finally:
        numbers = set.union(*(descendants(each.pid) for each in both))
        for each in both:
            each.kill()
            each.communicate()
        assert left_of(numbers) == set()
        Postgres(tmp_path / "new").erase()


def test_a_killed_parent_leaves_nothing_running(folder):
    with python(START, folder, stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline() == "False\n"
        numbers = descendants(parent.pid)
        parent.kill()
    assert len(numbers) > 3
    assert left_of(numbers) == set()


def test_a_start_after_server_and_parent_were_killed_keeps_what_was_committed(folder):
    with python(START, folder, stdout=subprocess.PIPE) as parent:
        parent.stdout.readline()
        with (
            Postgres(folder) as joined,
            psycopg.connect(joined.url(role=Postgres.OWNER), autocommit=True) as connection,
        ):
            connection.execute("DROP TABLE IF EXISTS kept")
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
            number = int((places.home(folder) / "cluster" / "postmaster.pid").read_text().split()[0])
            os.kill(number, signal.SIGKILL)
        parent.kill()
    with Postgres(folder) as server, psycopg.connect(server.url(role=Postgres.OWNER)) as connection:
        assert (server.joined, connection.execute("SELECT number FROM kept").fetchone()) == (False, (7,))


def test_a_server_that_died_is_started_again(server):
    number = int((places.home(server.folder) / "cluster" / "postmaster.pid").read_text().split()[0])
    os.kill(number, signal.SIGKILL)
    assert left_of({number}) == set()
    assert server.running is False
    server.start()
    assert (server.running, server.joined) == (True, False)


def test_a_stale_file_that_names_a_living_stranger_does_not_stop_the_start(folder):
    cluster = places.home(folder) / "cluster"
    (cluster / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n0\n5432\n/nowhere\n\n0 0\nready\n")
    with Postgres(folder) as server:
        assert server.joined is False


def test_a_zombie_counts_as_gone(tmp_path):
    with subprocess.Popen(["true", str(tmp_path)]) as child:
        while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
        assert is_alive(child.pid, tmp_path) is False


def test_data_of_another_major_version_are_refused_with_the_way_out(folder):
    version = places.home(folder) / "cluster" / "PG_VERSION"
    was = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(ServerError, match=r"PostgreSQL 9.*pg_dump.*pg_restore"):
            Postgres(folder).start()
    finally:
        version.write_text(was)


def test_a_deleted_folder_begins_anew(tmp_path):
    with Postgres(tmp_path / "server", settings=HASTY) as server:
        server.create_database()
    shutil.rmtree(tmp_path / "server")
    try:
        with (
            Postgres(tmp_path / "server", settings=HASTY) as server,
            pytest.raises(psycopg.OperationalError, match="does not exist"),
        ):
            psycopg.connect(server.url())
    finally:
        Postgres(tmp_path / "server").erase()


def test_an_ordinary_account_runs_it_in_its_own_folder_however_long_the_path(tmp_path_factory, tmp_path):
    """Under a closed parent folder, whose permissions stay as they are."""
    nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    account = places.Account(nobody.pw_name, nobody.pw_uid, nobody.pw_gid)
    room = Path("/tmp") / f"qicheng-test-{os.getpid()}"  # pytest's own folders are closed to other accounts
    room.mkdir(mode=0o700)
    os.chown(room, account.uid, account.gid)
    environment = os.environ | {
        "QICHENG_PGBIN": str(places.usable(places.programs(), account).folder),
        "TMPDIR": "/tmp",
    }
    try:
        place = room / ("long" * 30)
        with python(START_AS_ANOTHER, place, account.uid, stdout=subprocess.PIPE, env=environment) as attempt:
            answer, _ = attempt.communicate(timeout=120)
        length, mode = answer.split()
        assert (int(length) <= places.LONGEST_SOCKET_PATH, mode) == (True, "0o700")
        assert (place / "cluster" / "PG_VERSION").stat().st_uid == account.uid
        assert stat.S_IMODE(room.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(room)


@pytest.mark.skipif(os.geteuid() != 0, reason="everybody else runs the programs that they can read")
def test_root_gives_the_server_a_copy_of_programs_that_lie_in_a_closed_folder(tmp_path, monkeypatch):
    chosen = places.programs()
    wheel = chosen.folder.parents[1]
    closed = tmp_path / "closed" / wheel.name  # pytest's folders have mode 0700
    for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(folder, closed.with_name(folder.name), symlinks=True)
    state = Path("/tmp") / f"qicheng-state-{os.getpid()}"
    monkeypatch.setattr(places, "STATE", state)
    owner = places.account()
    try:
        copied = places.usable(places.Programs(closed / "pginstall" / "bin", chosen.major), owner)
        assert copied.folder.is_relative_to(state)
        assert places.usable(places.Programs(closed / "pginstall" / "bin", chosen.major), owner) == copied
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(state)


def test_an_account_without_a_name_is_told_what_helps(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(ServerError, match="DATABASE_URL"):
        places.own_name()
