"""What every log line has and what none has: the number of the request that is being answered; the token of a link, never."""

import logging
import re
from contextvars import ContextVar
from typing import Any

number: ContextVar[str] = ContextVar("number", default="-")
# An employer's link opens by its address alone (OFF-03).
LINK = re.compile(r"/s/[^/\s?]+")


class Numbered(logging.Filter):
    """Gives every log line the number of the request that it belongs to, and takes the tokens of links out of it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.number = number.get()
        if isinstance(record.args, tuple):
            record.args = tuple(map(_untold, record.args))
        record.msg = _untold(record.msg)
        return True


def _untold(value: Any) -> Any:
    return LINK.sub("/s/…", value) if isinstance(value, str) else value
