"""The supervisor: what dies is started anew, and nothing outlives it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from qicheng.interfaces.command import processes
from qicheng.interfaces.command.processes import Program, Supervisor
from tests.interfaces.command.living import descendants, left_of

APPLICATION = """
import os

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""

SUPERVISE = """
import os, sys
from qicheng.interfaces.command.processes import Program, Supervisor, endings

command = [sys.executable, "-m", "qicheng.interfaces.command.webserver", "--application", "tiny:application"]
supervisor = Supervisor([Program("web", [*command, "--port", sys.argv[1], "--workers", "2"])], os.environ, pause=0.05)
with endings(supervisor.tell):
    supervisor.start()
    try:
        supervisor.watch()
    finally:
        supervisor.stop()
print("stopped", flush=True)
"""


def answer(port, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                return int(page.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def grown(number, least, seconds=60):
    """The living processes below this one, as soon as there are so many."""
    deadline = time.monotonic() + seconds
    while len(found := descendants(number)) < least and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


@pytest.fixture
def site(tmp_path):
    """A supervisor in a process of its own, with a web server of two workers that answers; and its port."""
    (tmp_path / "tiny.py").write_text(APPLICATION)
    port = processes.free_port("127.0.0.1", 18000 + os.getpid() % 2000)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[3]}"}
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(port)], env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        answer(port)
        grown(running.pid, 3)
        yield running, port
        running.kill()


def test_ctrl_c_stops_everything_in_good_order(site):
    running, _ = site
    below = descendants(running.pid)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=40)
    assert (output, running.returncode, left_of(below)) == ("stopped\n", 0, set())
    assert len(below) >= 3


def test_a_killed_supervisor_leaves_no_web_server(site):
    running, _ = site
    below = descendants(running.pid)
    running.kill()
    assert left_of(below) == set()
    assert len(below) >= 3


def test_a_killed_web_server_takes_its_workers_along_and_is_started_anew(site):
    running, port = site
    below = descendants(running.pid)
    master = next(number for number in below if descendants(number))
    os.kill(master, signal.SIGKILL)
    assert left_of(below) == set()
    assert answer(port) not in below


def test_a_program_that_dies_is_started_anew_until_it_died_five_times(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "LOOK_EVERY", 0.01)
    lines = []
    command = ["sh", "-c", f"echo again >> {tmp_path}/starts; exit 3"]
    supervisor = Supervisor([Program("网站", command)], os.environ, say=lines.append, pause=0.001)
    supervisor.start()
    code = supervisor.watch()
    supervisor.stop()
    assert (code, (tmp_path / "starts").read_text()) == (1, "again\n" * 5)
    assert lines == ["网站已退出（3），重新启动。"] * 4 + ["网站连续 5 次未能运行，停止。"]


def test_stopping_ends_what_a_program_started_and_what_will_not_listen(monkeypatch):
    monkeypatch.setattr(processes, "STOPPING_SECONDS", 0.2)
    stubborn = Program("后台任务", ["sh", "-c", "trap '' TERM; sleep 60 & while :; do sleep 1; done"])
    before = descendants(os.getpid())
    supervisor = Supervisor([stubborn], os.environ)
    supervisor.start()
    # The shell and the two that it waits for; by then it does not listen any more.
    new = grown(os.getpid(), len(before) + 3) - before
    supervisor.stop()
    assert left_of(new) == set()
    assert len(new) >= 3


def test_the_embedded_server_is_looked_after_at_every_turn():
    turns = []
    supervisor = Supervisor([], os.environ, tend=lambda: turns.append(len(turns)))
    assert supervisor.watch(until=lambda: len(turns) == 2) == 0
    assert turns == [0, 1]


def test_a_port_that_somebody_shares_is_not_free():
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert processes.is_free("127.0.0.1", port) is False
        assert processes.free_port("127.0.0.1", port, tries=1) is None
        assert processes.free_port("127.0.0.1", port) != port
