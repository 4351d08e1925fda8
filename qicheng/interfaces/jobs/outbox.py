"""What is owed, in words, on its way: the outbox sends, the flows know what to say."""

from __future__ import annotations

from django.db import close_old_connections, connection

from qicheng.foundation.flow.words import messages
from qicheng.foundation.notice.deliver import deliver
from qicheng.foundation.notice.models import Notice


def send_owed() -> int:
    """Send everything that is due; how many messages were taken in hand."""
    close_old_connections()
    try:
        return deliver(_words)
    finally:
        connection.close()


def _words(owed: Notice) -> tuple[str, str]:
    [(_, message)] = messages([owed])
    return message.subject, message.body
