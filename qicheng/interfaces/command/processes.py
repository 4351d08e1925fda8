"""Keeps the product's processes running: starts them, starts anew one that died, and stops them all together."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qicheng.interfaces.command.lifeline import line

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPING_SECONDS = 12
SETTLED_SECONDS = 10  # one that lived this long may die again without counting
ATTEMPTS = 5
LOOK_EVERY = 0.2


@dataclass(frozen=True)
class Program:
    """A process that is to run: what the operator calls it, and its command."""

    name: str
    command: Sequence[str]


@dataclass
class _Run:
    program: Program
    process: subprocess.Popen[bytes]
    since: float
    deaths: int = 0
    again_at: float | None = None


@dataclass
class Supervisor:
    """Runs programs side by side until it is told to stop, or until one of them will not stay up.

    If this process is killed, each of them is killed too: none could hang on while it winds up, with nobody there to
    lose patience. `watch` has to run in the main thread.
    """

    programs: Sequence[Program]
    environment: Mapping[str, str]
    say: Callable[[str], None] = print
    pause: float = 0.5  # seconds before the first new start; doubled with each one that follows at once
    tend: Callable[[], None] | None = None  # looked after at every turn, like the embedded server
    _runs: list[_Run] = field(default_factory=list)
    _told: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        for program in self.programs:
            self._runs.append(_Run(program, self._launch(program), time.monotonic()))

    def watch(self, *, until: Callable[[], bool] = lambda: False) -> int:
        """Keep everything running until `until`, a signal, or a program that died five times in a row.

        Returns 0, or 1 in the last case.
        """
        while not self._told.is_set() and not until():
            if self.tend is not None:
                self.tend()
            for run in self._runs:
                if not self._keep(run):
                    self.say(f"{run.program.name}连续 {ATTEMPTS} 次未能运行，停止。")
                    return 1
            self._told.wait(LOOK_EVERY)
        return 0

    def tell(self) -> None:
        """Let `watch` return: the answer to Ctrl-C, SIGTERM and a closed terminal."""
        self._told.set()

    @property
    def told(self) -> bool:
        return self._told.is_set()

    def stop(self) -> None:
        """End all programs, the last one first, together with whatever they started; return when all are gone."""
        runs, self._runs = self._runs[::-1], []
        for run in runs:
            with contextlib.suppress(ProcessLookupError):
                run.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOPPING_SECONDS
        for run in runs:
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.process.wait(max(0.0, deadline - time.monotonic()))
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()

    def _keep(self, run: _Run) -> bool:
        now = time.monotonic()
        if run.again_at is not None:
            if now >= run.again_at:
                run.process, run.since, run.again_at = self._launch(run.program), now, None
        elif (code := run.process.poll()) is not None:
            run.deaths = run.deaths + 1 if now - run.since < SETTLED_SECONDS else 1
            if run.deaths == ATTEMPTS:
                return False
            run.again_at = now + self.pause * 2 ** (run.deaths - 1)
            self.say(f"{run.program.name}已退出（{code}），重新启动。")
        return True

    def _launch(self, program: Program) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            list(program.command),
            stdin=subprocess.DEVNULL,
            env=dict(self.environment),
            start_new_session=True,  # Ctrl-C comes to the supervisor alone, which stops everything in order
            preexec_fn=line(signal.SIGKILL),  # noqa: PLW1509 -- PR_SET_PDEATHSIG can be set nowhere else
        )


@contextlib.contextmanager
def endings(tell: Callable[[], None]) -> Iterator[None]:
    """Within this, Ctrl-C, SIGTERM and a closed terminal call `tell` instead of ending the process on the spot."""
    before = {number: signal.signal(number, lambda *_: tell()) for number in ENDINGS}
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def web(host: str, port: int, workers: int | None = None) -> Program:
    """The web server: one process per core unless told otherwise."""
    command = [sys.executable, "-m", "qicheng.interfaces.command.webserver", "--host", host, "--port", str(port)]
    return Program("网站", [*command, "--workers", str(workers or os.cpu_count() or 1)])


def worker() -> Program:
    """The process that does the jobs and keeps the timetable."""
    return Program("后台任务", [sys.executable, "-m", "qicheng", "worker"])


def gateway(port: int) -> Program:
    """The gateway of a trial, which shows SMS instead of sending them."""
    return Program("演示短信", [sys.executable, "-m", "qicheng.interfaces.command.gateway", str(port)])


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens at this address, not even one who would share it (SO_REUSEPORT)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(host: str, port: int, tries: int = 20) -> int | None:
    """The first free port from `port` on, or None if `tries` in a row are taken."""
    return next((each for each in range(port, min(port + tries, 65536)) if is_free(host, each)), None)
