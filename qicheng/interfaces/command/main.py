"""The command `qicheng`: tries the product out, runs it, and looks after its database."""

import argparse
import contextlib
import importlib
import importlib.metadata
import importlib.util
import os
import platform
import secrets
import shutil
import signal
import subprocess
import sys
import time
import unicodedata
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from qicheng.interfaces.command import processes
from qicheng.interfaces.command.lifeline import line
from qicheng.interfaces.command.places import ServerError
from qicheng.interfaces.command.postgres import Postgres

SETTINGS = "qicheng.interfaces.web.settings"
DEMO_DATA = "qicheng.interfaces.command.demo"
SAFE_PATCH = (3, 11, 14)
ANSWER_SECONDS = 60


class Stopped(Exception):
    """The command cannot go on; the text tells the operator why and what helps."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit code."""
    given = _options().parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    if given.run in (demo, serve):
        _warn_of_old_python()
    try:
        code: int = given.run(given)
    except (Stopped, ServerError) as reason:
        print(reason, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="qicheng", description="启程：高校毕业生去向登记")
    commands = parser.add_subparsers(title="命令", required=True, metavar="命令")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    trial = command("demo", demo, "在本机试用：内置数据库、演示数据、网站和后台任务")
    trial.add_argument("--folder", type=Path, default=Path("var/demo"), help="演示数据所在目录（默认 var/demo）")
    trial.add_argument("--fresh", action="store_true", help="先清空上次的演示数据")
    production = command("serve", serve, "正式运行网站和后台任务（需要 DATABASE_URL 和 QICHENG_SECRET_KEY）")
    production.add_argument("--without-worker", action="store_true", help="只运行网站，后台任务另行启动")
    for each in (trial, production):
        each.add_argument("--host", default="127.0.0.1", help="监听地址（默认 127.0.0.1）")
        each.add_argument("--port", type=int, default=8000, help="端口（默认 8000）")
        each.add_argument("--workers", type=int, default=None, help="网站进程数（默认与处理器核数相同）")
    command("worker", worker, "运行后台任务：生成文件、发送消息、到期处理")
    upgrade = command("migrate", migrate, "建立或升级数据库表，并授予运行账号权限")
    upgrade.add_argument("--quiet", action="store_true", help="不逐项显示")
    command("static", static, "收集样式、脚本和图标")
    command("flows", flows, "由流程声明生成 docs/flows")
    command("check", check, "检查设置、数据库连接和未执行的升级")
    counting = command("recount", recount, "把统计计数与名单逐一核对，有出入就改正")
    counting.add_argument("cohort", nargs="*", type=int, help="届别，例如 2026（默认所有还在办理的届）")
    command("version", version, "显示版本")
    return parser


def demo(given: argparse.Namespace) -> int:
    """Everything on this machine: server, tables, a small country, web and worker; until Ctrl-C."""
    folder = given.folder.absolute()
    began = time.monotonic()
    with contextlib.ExitStack() as stack, _ending_as_interrupt():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        server = _demo_server(folder, given, stack)
        environment = _demo_environment(folder, server)
        os.environ.update(environment)
        owner = {"DATABASE_OWNER_URL": server.url(role=Postgres.OWNER)} if server else {}
        _step("建立数据库表", ["migrate", "--quiet"], environment | owner)
        _step("收集样式和脚本", ["static"], environment)
        _fill(owner.get("DATABASE_OWNER_URL") or os.environ.get("DATABASE_OWNER_URL", ""))
        port = _port(given, may_move=True)
        address = f"http://{'localhost' if given.host in ('127.0.0.1', '::1') else given.host}:{port}"
        environment["QICHENG_ADDRESS"] = address
        programs = [processes.web(given.host, port, given.workers), processes.worker()]
        messages = processes.free_port("127.0.0.1", port + 1)
        if messages and not os.environ.get("QICHENG_SMS_URL"):
            environment |= {"QICHENG_SMS_URL": f"http://127.0.0.1:{messages}/", "QICHENG_SMS_KEY": "trial"}
            environment |= _trial_of_wechat(f"http://127.0.0.1:{messages}")
            programs.append(processes.gateway(messages))

        def ready() -> None:
            _print_logins()
            if "QICHENG_SMS_URL" in environment:
                print(f"演示短信（第一次登录的验证码）：{environment['QICHENG_SMS_URL']}")
            if "QICHENG_WECHAT_STAND_IN" in environment:
                print(f"演示微信（绑定以后收消息、直接登录）：{environment['QICHENG_WECHAT_URL']}/wechat")
            print(f"启程已就绪（{time.monotonic() - began:.0f} 秒）：{address}  按 Ctrl-C 停止。", flush=True)

        return _supervise(programs, environment, f"http://{_reachable(given.host)}:{port}/", ready, server)


def _trial_of_wechat(address: str) -> dict[str, str]:
    """The settings under which the gateway of a trial plays WeChat; none where a real account is set."""
    if os.environ.get("QICHENG_WECHAT_APP"):
        return {}
    return {
        "QICHENG_WECHAT_APP": "demo", "QICHENG_WECHAT_SECRET": "demo", "QICHENG_WECHAT_TOKEN": "demo", "QICHENG_WECHAT_TEMPLATE": "demo",
        "QICHENG_WECHAT_URL": address, "QICHENG_WECHAT_OPEN": address, "QICHENG_WECHAT_STAND_IN": "1",
    }  # fmt: skip


def serve(given: argparse.Namespace) -> int:
    """The web server and the worker on a database that is there already; until SIGTERM or Ctrl-C."""
    for name in ("DATABASE_URL", "QICHENG_SECRET_KEY"):
        if not os.environ.get(name):
            raise Stopped(f"正式运行需要环境变量 {name}。")
    port = _port(given, may_move=False)
    _step("收集样式和脚本", ["static"], {})
    programs = [processes.web(given.host, port, given.workers)]
    if not given.without_worker:
        programs.append(processes.worker())

    def ready() -> None:
        print(f"启程正在运行：{given.host}:{port}", flush=True)

    return _supervise(programs, {}, f"http://{_reachable(given.host)}:{port}/", ready)


def worker(_given: argparse.Namespace) -> int:
    """Jobs and timetable in this process, until SIGTERM or Ctrl-C."""
    _open_django()
    importlib.import_module("qicheng.interfaces.jobs.worker").run()
    return 0


def migrate(given: argparse.Namespace) -> int:
    """Bring the tables up to date as the database's owner, then give the runtime role its rights."""
    runtime = os.environ.get("DATABASE_URL", "")
    owner = os.environ.get("DATABASE_OWNER_URL") or runtime
    if not owner:
        raise Stopped("升级数据库需要环境变量 DATABASE_OWNER_URL 或 DATABASE_URL。")
    os.environ["DATABASE_URL"] = owner
    _open_django()
    from django.core.management import call_command  # noqa: PLC0415 -- Django is open only now
    from django.db import connection  # noqa: PLC0415 -- Django is open only now

    call_command("migrate", interactive=False, verbosity=0 if given.quiet else 1)
    role = _role(runtime)
    if role == _role(owner):
        print("注意：运行账号就是数据库所有者，数据库无法替它把关；请用 DATABASE_OWNER_URL 指定另一个所有者。")
    elif role:
        importlib.import_module("qicheng.foundation.flow.guard").grant(connection, role)
    connection.close()
    return 0


def static(_given: argparse.Namespace) -> int:
    """Collect what the web server gives out as files."""
    _open_django()
    from django.core.management import call_command  # noqa: PLC0415 -- Django is open only now

    call_command("collectstatic", interactive=False, verbosity=0)
    return 0


def flows(_given: argparse.Namespace) -> int:
    """Write the document of each declared flow; one that is no longer declared loses its document."""
    _open_django()
    wanted = importlib.import_module("qicheng.interfaces.command.documents").flow_documents()
    folder = Path("docs/flows")
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in {path.name for path in folder.glob("*.md")} - wanted.keys():
        (folder / left_over).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    print(f"docs/flows：{len(wanted)} 个流程。")
    return 0


def check(_given: argparse.Namespace) -> int:
    """Django's own checks, the connection to the database, and migrations that have not run; 1 if any fails."""
    _open_django()
    from django.core.management import call_command  # noqa: PLC0415 -- Django is open only now
    from django.core.management.base import SystemCheckError  # noqa: PLC0415 -- Django is open only now
    from django.db import DatabaseError, connection  # noqa: PLC0415 -- Django is open only now
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 -- Django is open only now

    try:
        call_command("check", deploy=os.environ.get("QICHENG_TLS") == "1")
    except SystemCheckError as problem:
        raise Stopped(str(problem)) from None
    try:
        executor = MigrationExecutor(connection)
    except DatabaseError as problem:
        raise Stopped(f"无法连接数据库：{type(problem).__name__}。请检查 DATABASE_URL。") from None
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    connection.close()
    if waiting:
        raise Stopped(f"有 {len(waiting)} 项数据库升级未执行。请运行：qicheng migrate")
    print("设置和数据库正常。")
    return 0


def recount(given: argparse.Namespace) -> int:
    """Compare the counters of cohorts with the rows and mend them; 1 if any differed."""
    _open_django()
    counters = importlib.import_module("qicheng.domain.figures.effects.counters")
    cohorts = given.cohort or importlib.import_module("qicheng.domain.orgs.queries").open_cohorts()
    differed = 0
    for cohort, found in counters.recount_all(cohorts).items():
        differed += found.differences
        result = f"有 {found.differences} 处出入，已改正" if found.differences else "没有出入"
        print(f"{cohort} 届：核对了 {found.graduates} 人，{result}。")
    return 1 if differed else 0


def version(_given: argparse.Namespace) -> int:
    """The versions that a report of a problem should name."""
    print(
        f"启程 {importlib.metadata.version('qicheng')}，Python {platform.python_version()}，"
        f"Django {importlib.metadata.version('django')}"
    )
    return 0


def _demo_server(folder: Path, given: argparse.Namespace, stack: contextlib.ExitStack) -> Postgres | None:
    """The embedded server of the demo, started and with its database; None where DATABASE_URL names another."""
    if os.environ.get("DATABASE_URL"):
        if given.fresh:
            raise Stopped("DATABASE_URL 指定的数据库不会被清空，请去掉 --fresh。")
        print("使用 DATABASE_URL 指定的数据库。")
        return None
    server = Postgres(folder)
    if given.fresh:
        server.erase()
        for name in ("files", "static"):
            shutil.rmtree(folder / name, ignore_errors=True)
    print("启动内置 PostgreSQL…", flush=True)
    server.start()
    stack.callback(server.stop)
    if server.joined:
        raise Stopped(f"目录 {folder} 的演示已在运行。请先停止它，或用 --folder 指定另一个目录。")
    server.create_database()
    return server


def _demo_environment(folder: Path, server: Postgres | None) -> dict[str, str]:
    """The settings of a demo, with keys of its own; what the operator has set already stays as it is."""
    from qicheng.interfaces.command.authority import make_seal, make_statement_key  # noqa: PLC0415 -- the demo's alone, and slow

    wanted = {
        "QICHENG_SECRET_KEY": secret_key(folder / "secret.key"),
        "QICHENG_FILES": str(folder / "files"),
        "QICHENG_STATIC": str(folder / "static"),
        "QICHENG_SEAL": str(make_seal(folder / "seal", "启程演示平台")),
        "QICHENG_STATEMENT_KEYS": str(make_statement_key(folder / "statements")),
    }
    environment = {name: os.environ.get(name) or value for name, value in wanted.items()}
    return environment | ({"DATABASE_URL": server.url()} if server else {})


def secret_key(path: Path) -> str:
    with (
        contextlib.suppress(FileExistsError),
        os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file,
    ):
        file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _step(label: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a subcommand in a process of its own: Django knows one database role per process."""
    print(f"{label}…", flush=True)
    with subprocess.Popen(
        [sys.executable, "-m", "qicheng", *command],
        env=os.environ | environment,
        start_new_session=True,
        preexec_fn=line(signal.SIGTERM),  # noqa: PLW1509 -- PR_SET_PDEATHSIG can be set nowhere else
    ) as process:
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code != 0:
        raise Stopped(f"{label}失败（{code}）。")


def _fill(owner: str) -> None:
    """Put the small country into the database; quick where it is there already."""
    if importlib.util.find_spec(DEMO_DATA) is None:
        return
    _open_django()
    country = importlib.import_module(DEMO_DATA)
    try:
        country.fill(lambda text: print(text, flush=True), owner)
    except country.Unfinished as why:
        raise Stopped(str(why)) from None
    from django.db import connections  # noqa: PLC0415 -- Django is open only now

    connections.close_all()


def _print_logins() -> None:
    """The accounts to try, in whatever columns `demo.logins()` gives."""
    if importlib.util.find_spec(DEMO_DATA) is not None:
        print("\n".join(table(importlib.import_module(DEMO_DATA).logins())))


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with the columns of all rows below each other, on a terminal where a Chinese character takes two."""
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(c + " " * (w - width(c)) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _supervise(
    programs: Sequence[processes.Program],
    environment: dict[str, str],
    address: str,
    ready: Callable[[], None],
    server: Postgres | None = None,
) -> int:
    def tend() -> None:
        if server is not None and not server.running:
            print("内置 PostgreSQL 已退出，重新启动。", flush=True)
            server.start()

    # The owner's address is for migrations alone: what runs all day does not get it.
    surroundings = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"} | environment
    supervisor = processes.Supervisor(programs, surroundings, tend=tend)
    with processes.endings(supervisor.tell):
        supervisor.start()
        try:
            deadline = time.monotonic() + ANSWER_SECONDS
            code = supervisor.watch(until=lambda: _answers(address) or time.monotonic() > deadline)
            if code == 0 and not supervisor.told:
                if time.monotonic() > deadline:
                    raise Stopped(f"网站在 {ANSWER_SECONDS} 秒内没有响应。")
                ready()
                code = supervisor.watch()
            if supervisor.told:
                print("正在停止…", flush=True)
        finally:
            supervisor.stop()
    return code


def _answers(address: str) -> bool:
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5).close()
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code < 500
    except OSError:
        return False
    return True


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)  # noqa: S104 -- compared, not bound


def _port(given: argparse.Namespace, *, may_move: bool) -> int:
    wanted: int = given.port
    port = processes.free_port(given.host, wanted, tries=20 if may_move else 1)
    if port is None:
        raise Stopped(f"地址 {given.host} 的端口 {wanted} 已被占用或不可用。请用 --port 指定另一个端口。")
    if port != wanted:
        print(f"端口 {wanted} 已被占用，改用 {port}。")
    return port


@contextlib.contextmanager
def _ending_as_interrupt() -> Iterator[None]:
    """SIGTERM and a closed terminal end what is under way as Ctrl-C does: in good order."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with processes.endings(interrupt):
        yield


def _role(url: str) -> str:
    return str(conninfo_to_dict(url).get("user") or "") if url else ""


def _open_django() -> None:
    import django  # noqa: PLC0415 -- `qicheng version` and the supervisor do without Django

    django.setup()


def _warn_of_old_python() -> None:
    """Debian mends its 3.11 without a new number; anybody else's below 3.11.14 has known holes."""
    if SAFE_PATCH[:2] == sys.version_info[:2] and sys.version_info[:3] < SAFE_PATCH and sys.base_prefix != "/usr":
        print(
            f"注意：Python {platform.python_version()} 有已知安全问题，请升级到 3.11.14 或更新版本。", file=sys.stderr
        )
