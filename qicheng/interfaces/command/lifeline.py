"""The line between a child process and its parent: when the parent is gone, however it went, Linux ends the child."""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1

# Loaded before any fork: a child between fork and exec had better not import or open anything.
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def hold(parent: int, ending: signal.Signals) -> None:
    """Let the kernel send `ending` to this process when the thread that made it ends.

    `parent` is the process id of the maker as the maker knew it: one that died before this call can send nothing any
    more, so then the process ends at once. A change of user clears the line, so change the user first (prctl(2)).
    """
    if _prctl(PR_SET_PDEATHSIG, int(ending), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def line(ending: signal.Signals) -> Callable[[], None]:
    """What `subprocess.Popen(preexec_fn=…)` runs in a child of this process; it comes after the change of user."""
    parent = os.getpid()

    def before_exec() -> None:
        hold(parent, ending)

    return before_exec
