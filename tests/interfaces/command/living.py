"""Which processes are alive, read from /proc; a zombie is not."""

import time
from pathlib import Path


def _state_and_parent(number):
    try:
        state, parent = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state in "ZX" else (state, int(parent))


def is_there(number):
    return _state_and_parent(number) is not None


def descendants(number):
    """The living processes below this one, not counting itself."""
    children = {}
    for entry in Path("/proc").glob("[0-9]*"):
        if (found := _state_and_parent(entry.name)) is not None:
            children.setdefault(found[1], set()).add(int(entry.name))
    below, waiting = set(), [number]
    while waiting:
        next_ones = children.get(waiting.pop(), set())
        below |= next_ones
        waiting += next_ones
    return below


def left_of(numbers, seconds=10):
    """Which of these processes are still there after waiting for them to go."""
    deadline = time.monotonic() + seconds
    while (left := {number for number in numbers if is_there(number)}) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left
