"""Copies of a small country: a primary and the replica that follows it, made anew for what is tried and thrown away after it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from bench.country import SPEED
from bench.national.land import FILLING, National
from qicheng.interfaces.command import places
from qicheng.interfaces.command.places import ServerError
from qicheng.interfaces.command.postgres import PORT, Postgres, tail

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path("var/bench-replica").absolute()
# By this name the primary knows its replica.
REPLICA = "replica"
SETTINGS = SPEED | {
    "shared_buffers": "512MB", "max_wal_size": "4GB", "wal_level": "replica", "max_wal_senders": "4", "hot_standby": "on",
    # A replica that lost its primary asks for it again after so long.
    "wal_retrieve_retry_interval": "200ms",
}  # fmt: skip
PATIENCE = 60.0
PAUSE = 0.01


class Server(Postgres):
    """An embedded server that may be copied while it runs; with `of`, a copy of that one (it runs), which goes on following it if `follows`."""

    def __init__(self, folder: Path, of: Server | None = None, *, follows: bool = False) -> None:
        self.of, self.follows = of, follows
        super().__init__(folder, settings=SETTINGS | (self.line if follows else {}))

    @property
    def line(self) -> dict[str, str]:
        """The setting that leads to the server that this one is a copy of."""
        assert self.of is not None
        where = f"host={self.of.socket_folder} port={PORT} user={self.SUPERUSER} application_name={REPLICA}"
        return {"primary_conninfo": where}

    def change(self, **settings: str) -> None:
        """Run on with other settings, of those that need no new start; new connections have them when this returns."""
        self.settings |= settings
        self._write_settings(self.socket_folder)
        with self._connection() as connection:
            connection.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with self._connection() as connection:
                if all(
                    connection.execute("SELECT current_setting(%s)", [name]).fetchone() == (value,)
                    for name, value in settings.items()
                ):
                    return
            time.sleep(PAUSE)
        raise ServerError(f"settings {settings} were not taken")

    def kill(self) -> None:
        """End the server and all its processes at once, as where the power goes; its data stay."""
        process, self._process = self._process, None
        self._sockets = None
        assert process is not None
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for number in (process.pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        process.wait()

    def promote(self) -> None:
        """Follow nobody any more and take writes; returns when it does."""
        with self._connection() as connection:
            if connection.execute("SELECT pg_promote(true, %s)", [int(PATIENCE)]).fetchone() != (True,):
                raise ServerError(f"not promoted: {tail(self._log)}")

    def place(self, asked: str) -> int:
        """A place in the log, in bytes: `pg_current_wal_lsn()`, `pg_last_wal_replay_lsn()` …"""
        with self._connection() as connection:
            row = connection.execute(f"SELECT ({asked} - '0/0'::pg_lsn)::bigint").fetchone()  # type: ignore[call-overload]
        assert row is not None
        return int(row[0])

    def _write_settings(self, sockets: Path) -> None:
        super()._write_settings(sockets)
        for name, more in (
            ("pg_hba.conf", "local replication all peer map=qicheng\n"),
            # A copy is made, and the primary followed, by the account that runs the servers.
            ("pg_ident.conf", f"qicheng {places.account().name} {self.SUPERUSER}\n"),
        ):
            with (self._home / name).open("a") as file:
                file.write(more)

    def _make_cluster(self, programs: places.Programs, owner: places.Account) -> None:
        if self.of is None:
            super()._make_cluster(programs, owner)
            return
        unfinished = self._home / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        places.give(unfinished, owner)
        command = [programs.path("pg_basebackup"), "--wal-method=stream", "--checkpoint=fast", "-D", str(unfinished)]
        with self._launch([*command, "-d", self.line["primary_conninfo"]], owner) as process:
            if process.wait() != 0:
                raise ServerError(f"no copy of {self.of.folder}: {tail(self._log)}")
        if self.follows:
            signpost = unfinished / "standby.signal"
            signpost.touch()
            places.give(signpost, owner)
        unfinished.rename(self._cluster)


class Copy(National):
    """The same rows on another server."""

    server: Server

    def __init__(self, source: National, server: Server) -> None:
        super().__init__(server, source.graduates)
        self.source = source

    @property
    def environment(self) -> dict[str, str]:
        return self.source.environment | {"DATABASE_URL": self.url()}

    def warm(self) -> None:
        with psycopg.connect(self.url(Postgres.SUPERUSER), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_prewarm(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i') AND c.relpersistence = 'p'"
            )


class Either(Copy):
    """Whichever of two servers takes writes, as libpq finds it by `target_session_attrs`; web servers need not be told of a promotion."""

    def __init__(self, primary: Copy, replica: Copy) -> None:
        super().__init__(primary.source, primary.server)
        self.servers = primary.server, replica.server

    def url(self, role: str = Postgres.APP) -> str:
        hosts = ",".join(str(server.socket_folder) for server in self.servers)
        ports = ",".join(str(PORT) for _ in self.servers)
        return f"postgresql://{role}@/{self.database}?host={hosts}&port={ports}&target_session_attrs=read-write"


def settled(graduates: int) -> National:
    """The small country that everything here is copied from; it is never written to once it is filled."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = Server(FOLDER)
    land = National(server, graduates)
    if not land.is_kept:
        durable, server.settings = server.settings, server.settings | FILLING
        server.start()
        land.settle()
        server.stop()
        subprocess.run(["sync", "-f", str(places.home(FOLDER))], check=True)
        server.settings = durable
    server.start()
    land.settle()
    with psycopg.connect(land.url(Postgres.SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
    land.in_django("static")
    return land


@contextmanager
def pair(source: National) -> Iterator[tuple[Copy, Copy]]:
    """A primary and its replica, which has caught up; both are gone afterwards."""
    assert isinstance(source.server, Server)
    with ExitStack() as after:
        primary = _anew(after, Server(FOLDER / "primary", source.server))
        replica = _anew(after, Server(FOLDER / "replica", primary, follows=True))
        ones = Copy(source, primary), Copy(source, replica)
        caught_up(*ones)
        for one in ones:
            one.warm()
        yield ones


def _anew(after: ExitStack, server: Server) -> Server:
    server.erase()
    after.callback(_forget, server)
    server.start()
    return server


def _forget(server: Server) -> None:
    server.erase()
    shutil.rmtree(server.folder, ignore_errors=True)


def caught_up(primary: Copy, replica: Copy) -> float:
    """Seconds until the replica has done all that the primary had written."""
    began = time.monotonic()
    written = primary.server.place("pg_current_wal_lsn()")
    while replica.server.place("pg_last_wal_replay_lsn()") < written:
        if time.monotonic() - began > PATIENCE:
            raise RuntimeError("the replica does not catch up")
        time.sleep(PAUSE)
    return time.monotonic() - began


def wait_for(primary: Copy, state: str) -> None:
    """Return once the primary counts its replica as that: async, sync, or nothing where it is not there."""
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(primary.server.url("postgres", Postgres.SUPERUSER), autocommit=True) as connection:
        while time.monotonic() < deadline:
            row = connection.execute(
                "SELECT sync_state FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'",
                [REPLICA],
            ).fetchone()
            if (row[0] if row else "") == state:
                return
            time.sleep(PAUSE)
    raise RuntimeError(f"the replica is not {state or 'away'}")
