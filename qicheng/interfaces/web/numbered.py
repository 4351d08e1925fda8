"""The number of the request that is being answered: on the error page, in the answer's header, in every log line."""

import logging
from contextvars import ContextVar

number: ContextVar[str] = ContextVar("number", default="-")


class Numbered(logging.Filter):
    """Gives every log line the number of the request that it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.number = number.get()
        return True
