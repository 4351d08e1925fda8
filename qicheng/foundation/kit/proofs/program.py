"""The program that makes a file again apart from the process that asked: bounds itself, reads, makes, writes, ends.

Arguments: the folder of the package, the kind, the limits as JSON; the file on standard input. The answer: the length of a
header, the header as JSON (`refused`, or `phash` and `parts`), then the parts one after the other.
"""

import json
import os
import resource
import signal
import sys

from qicheng.foundation.kit.proofs.door import LENGTH, TOO_MUCH, Limits, Remade, Unreadable


def main() -> None:
    """Make standard input again and write what came of it to standard output."""
    kind, limits = sys.argv[2], Limits(**json.loads(sys.argv[3]))
    content = sys.stdin.buffer.read()
    bound(limits)
    try:
        answer = written(made(kind, content, limits))
    except Unreadable as why:
        answer = refused(str(why))
    except MemoryError:
        answer = refused("图像太大，请用手机的普通模式重拍，或分成几个文件上传")
    except Exception:  # noqa: BLE001 -- what decodes a hostile file may raise anything, and all of it means the same
        answer = refused(TOO_MUCH)
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    # Decoders that were interrupted may hang in their own tidying.
    os._exit(0)


def bound(limits: Limits) -> None:
    """Little memory, no files, and CPU time that ends by a signal also inside a decoder."""
    for what, amount in (
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (amount, amount))
    os.nice(5)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, limits.seconds)


def made(kind: str, content: bytes, limits: Limits) -> Remade:
    """The file made again by whoever knows its kind."""
    if kind == "pdf":
        from qicheng.foundation.kit.proofs import pdfs  # noqa: PLC0415 -- slow, and needed for PDFs alone

        return pdfs.remade(content, limits)
    from qicheng.foundation.kit.proofs import images  # noqa: PLC0415 -- slow, and what it imports is used by neither side else

    return images.remade(content, kind, limits)


def written(found: Remade) -> bytes:
    """The answer for a file that was made again."""
    parts = (found.whole, *found.parts)
    described = [
        {"name": p.name, "media": p.media, "width": p.width, "height": p.height, "size": len(p.content)} for p in parts
    ]
    header = json.dumps({"phash": found.phash, "parts": described}).encode()
    return b"".join((LENGTH.pack(len(header)), header, *(part.content for part in parts)))


def refused(why: str) -> bytes:
    """The answer for a file that is not taken."""
    header = json.dumps({"refused": why}).encode()
    return LENGTH.pack(len(header)) + header
