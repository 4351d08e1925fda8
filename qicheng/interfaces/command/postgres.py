"""A PostgreSQL server of the product's own, for trying, testing and small schools: no port, no password, no leftovers.

It listens on a socket in a folder of its own alone, knows who comes in by the operating system's account (`peer`),
and ends with the process that started it, even if that is killed. Production gives `DATABASE_URL` instead.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from qicheng.interfaces.command import places
from qicheng.interfaces.command.lifeline import line
from qicheng.interfaces.command.places import ServerError

PORT = 5432  # names the socket's file; nothing listens on the network
PATIENCE = 30.0  # seconds for another start, a stop under way or recovery after a crash
MEGABYTE = 1024 * 1024

ACCESS = """# Whoever runs the product comes in, by the account that the kernel vouches for; nobody else.
local all all peer map=qicheng
"""
PASSING = ("pre-existing shared memory block", 'lock file "', "could not create lock file")


class Postgres:
    """A PostgreSQL server of the product's own, that lives and dies with its parent process."""

    SUPERUSER = "postgres"
    OWNER = "qicheng_owner"
    APP = "qicheng_app"

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        """`folder` keeps the data from one start to the next; `settings` are PostgreSQL's own, over ours."""
        self.folder = Path(folder).absolute()
        self.settings = dict(settings or {})
        self._home = self.folder
        self._sockets: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._starter = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the server that this object started, or found running, is still there."""
        if self._process is not None:
            return self._process.poll() is None
        return self._sockets is not None and self._server_there() is not None

    @property
    def joined(self) -> bool:
        """Whether the server had been started by another process, which is then the one that ends it."""
        return self._process is None and self._sockets is not None

    @property
    def socket_folder(self) -> Path:
        if self._sockets is None:
            raise ServerError("内置 PostgreSQL 尚未启动。")
        return self._sockets

    def url(self, database: str = "qicheng", role: str = APP) -> str:
        """The address of a database for psycopg and for DATABASE_URL: postgresql://role@/name?host=/folder&port=5432."""
        return f"postgresql://{quote(role)}@/{quote(database)}?host={quote(str(self.socket_folder))}&port={PORT}"

    def start(self) -> None:
        """Return when the server answers: make its data first if they are new, join it if it runs already.

        A new server must be started from the main thread, since it ends with the thread that started it (prctl(2)).
        Raises `ServerError`, among others for data of another major version.
        """
        if self.running:
            return
        owner = places.account()
        self._process = None
        self._home = places.home(self.folder)
        with self._alone():
            self._set_aside_orphans()
            self._sockets = self._wait_for_server_there()
            if self._sockets is None:
                self._start_own(owner)
            self._make_roles()

    def stop(self) -> None:
        """End the server in good order if this object started it; one that was joined keeps running."""
        process, self._process = self._process, None
        sockets, self._sockets = self._sockets, None
        if process is None or self._starter != os.getpid():
            return
        for ending, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(ending)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
                break
        if sockets is not None:
            shutil.rmtree(sockets, ignore_errors=True)

    def erase(self) -> None:
        """Stop the server and remove its data for good. Raises `ServerError` if another process runs it."""
        self.stop()
        self._home = places.home(self.folder)
        with self._alone():
            if self._server_there() is not None:
                raise ServerError("另一个进程正在使用此数据目录，未删除。")
            shutil.rmtree(places.socket_folder(self._home, places.account()))
            if places.is_root():
                shutil.rmtree(self._home)
            else:
                for name in ("cluster", "cluster.new"):
                    shutil.rmtree(self._home / name, ignore_errors=True)

    def create_database(self, name: str = "qicheng") -> None:
        """Make a database that `qicheng_owner` owns and `qicheng_app` may enter, if it is not there yet.

        Nobody else may enter it, and only the owner makes tables or temporary tables in it.
        """
        names = {"database": sql.Identifier(name), "owner": sql.Identifier(self.OWNER), "app": sql.Identifier(self.APP)}
        with self._alone(), self._connection() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {database} OWNER {owner}").format(**names))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC").format(**names))
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {database} TO {app}").format(**names))

    @property
    def _cluster(self) -> Path:
        return self._home / "cluster"

    @property
    def _log(self) -> Path:
        return self._home / "server.log"

    def _connection(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url("postgres", self.SUPERUSER), autocommit=True, connect_timeout=5)

    def _make_roles(self) -> None:
        with self._connection() as connection:
            there = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role, rights in ((self.OWNER, "LOGIN CREATEDB"), (self.APP, "LOGIN")):
                if role not in there:
                    connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(role), sql.SQL(rights)))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock, so that of two starts one waits for the other to be through."""
        try:
            lock = (self._home / "start.lock").open("a")
        except OSError as problem:
            raise ServerError(f"无法写入目录 {self._home}：{problem.strerror}。") from problem
        with lock:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise ServerError(f"另一个进程正在启动同一数据目录，{PATIENCE:.0f} 秒内没有完成。") from None
                    time.sleep(0.05)
            yield

    def _server_there(self) -> tuple[Path, str] | None:
        """The server that runs on these data already: its socket's folder and its status; None if there is none."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
            number = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None
        if not is_alive(number, self._cluster):
            return None
        return (Path(lines[4]), lines[7].strip()) if len(lines) > 7 else (Path(), "starting")

    def _wait_for_server_there(self) -> Path | None:
        """The socket's folder of a server that is ready or getting ready; None once none is left."""
        deadline = time.monotonic() + PATIENCE
        while (other := self._server_there()) is not None:
            sockets, status = other
            if status == "ready":
                with contextlib.suppress(psycopg.OperationalError):
                    self._sockets = sockets
                    self._connection().close()
                    return sockets
            if time.monotonic() > deadline:
                raise ServerError(f"此数据目录上已有服务器，{PATIENCE:.0f} 秒内没有就绪，也没有结束。日志：{self._log}")
            time.sleep(0.05)
        return None

    def _start_own(self, owner: places.Account) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise ServerError("内置 PostgreSQL 必须由主线程启动：它随启动它的线程一同结束。")
        version = self._cluster / "PG_VERSION"
        major = int(version.read_text()) if version.exists() else None
        programs = places.usable(places.programs(major), owner)
        if major is None:
            self._make_cluster(programs, owner)
        sockets = places.socket_folder(self._home, owner)
        for left_behind in sockets.glob(f"{places.SOCKET_NAME}*"):
            left_behind.unlink()
        self._write_settings(sockets)
        deadline = time.monotonic() + PATIENCE
        while True:
            # A dead server's file may name a process that is a zombie or somebody else's: PostgreSQL would not start.
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)
            self._sockets, self._starter = sockets, os.getpid()
            self._process = self._launch(
                [
                    programs.path("postgres"),
                    "-D",
                    str(self._cluster),
                    "-c",
                    f"config_file={self._home}/postgresql.conf",
                ],
                owner,
            )
            if self._wait_until_ready(deadline):
                return
            self.stop()
            report = tail(self._log)
            if time.monotonic() > deadline or not any(words in report for words in PASSING):
                raise ServerError(f"内置 PostgreSQL 没有启动。日志 {self._log}：\n{report}")
            sockets = places.socket_folder(self._home, owner)
            time.sleep(0.2)

    def _wait_until_ready(self, deadline: float) -> bool:
        assert self._process is not None
        while self._process.poll() is None and time.monotonic() < deadline:
            if (found := self._server_there()) is not None and found[1] == "ready":
                return True
            time.sleep(0.01)
        return False

    def _set_aside_orphans(self) -> None:
        """Begin anew where root's folder was deleted while its data stayed under /var/lib: they are kept, renamed."""
        if not places.is_root():
            return
        signpost = self.folder / "postgresql.txt"
        if self._cluster.exists() and not signpost.exists() and self._server_there() is None:
            self._cluster.rename(self._home / f"cluster.{time.strftime('%Y%m%dT%H%M%S')}")
        self.folder.mkdir(parents=True, exist_ok=True)
        signpost.write_text(f"{self._cluster}\n")
        (self._home / "folder.txt").write_text(f"{self.folder}\n")

    def _make_cluster(self, programs: places.Programs, owner: places.Account) -> None:
        """Make the data under another name first: a start that is killed on the way leaves nothing half-made."""
        unfinished = self._home / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        places.give(unfinished, owner)
        options = ["--username", self.SUPERUSER, "--encoding=UTF8", "--auth=peer", "--data-checksums", "--locale=C"]
        if programs.major >= 17:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.settings.get("fsync") == "off":
            options.append("--no-sync")
        with self._launch([programs.path("initdb"), "-D", str(unfinished), *options], owner) as process:
            if process.wait() != 0:
                raise ServerError(f"无法建立数据目录 {unfinished}。日志 {self._log}：\n{tail(self._log)}")
        unfinished.rename(self._cluster)

    def _launch(self, command: list[str], owner: places.Account) -> subprocess.Popen[bytes]:
        with self._open_log() as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                umask=0o077,
                start_new_session=True,  # Ctrl-C goes to the product, which then stops its server in good order
                preexec_fn=line(signal.SIGINT),  # noqa: PLW1509 -- PR_SET_PDEATHSIG can be set nowhere else
                **owner.identity,
            )

    def _open_log(self) -> IO[bytes]:
        if self._log.exists() and self._log.stat().st_size > 4 * MEGABYTE:
            self._log.replace(self._log.with_suffix(".log.old"))
        return open(self._log, "ab", opener=lambda name, flags: os.open(name, flags, 0o600))

    def _write_settings(self, sockets: Path) -> None:
        """Write PostgreSQL's three files beside the data, anew at every start."""
        passing = "".join(f"qicheng {places.own_name()} {role}\n" for role in (self.SUPERUSER, self.OWNER, self.APP))
        settings = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(sockets),
            "unix_socket_permissions": "0700",
            "hba_file": str(self._home / "pg_hba.conf"),
            "ident_file": str(self._home / "pg_ident.conf"),
            "shared_buffers": f"{min(512, max(32, memory() // MEGABYTE // 16))}MB",
            "fsync": "on",
            "synchronous_commit": "on",
            "jit": "off",
            "timezone": "UTC",
            # A statement or a duplicate's key may hold personal data: the log says what went wrong, not with whom.
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
            "log_parameter_max_length": "0",
            "log_parameter_max_length_on_error": "0",
            "log_line_prefix": "%m [%p] ",
            **self.settings,
        }
        lines = "".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items())
        for name, text in (("pg_hba.conf", ACCESS), ("pg_ident.conf", passing), ("postgresql.conf", lines)):
            path = self._home / name
            path.write_text(text)
            path.chmod(0o644)


def is_alive(number: int, cluster: Path) -> bool:
    """Whether process `number` is a PostgreSQL server on these data: a zombie, or a number used again, is not."""
    process = Path("/proc") / str(number)
    try:
        state = process.joinpath("stat").read_text().rpartition(")")[2].split()[0]
        arguments = process.joinpath("cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return state not in "ZX" and os.fsencode(cluster) in arguments


def memory() -> int:
    """The memory of this machine, or of the container, in bytes."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        return min(whole, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return whole


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of the server's log, for a message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""
