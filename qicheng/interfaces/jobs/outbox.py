"""What is owed, in words, on its way: the outbox sends, the flows know what to say."""

from __future__ import annotations

from django.db import close_old_connections, connection

from qicheng.domain.orgs.effects.sessions import CODE_MINUTES, digits
from qicheng.domain.orgs.models import LoginCode
from qicheng.domain.orgs.queries import phone_of_code
from qicheng.foundation.flow.words import messages
from qicheng.foundation.notice.channels import has_sms, sms
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


def send_login_code(number: int) -> None:
    """Send a code that still stands; one that reaches nobody, or a deployment without a gateway, sends nothing."""
    phone = phone_of_code(number)
    if not phone or not has_sms():
        return
    code = LoginCode.objects.get(pk=number)
    text = f"【启程】验证码 {digits(code)}，{CODE_MINUTES} 分钟内有效。不要告诉任何人，老师和单位也不会向你要。"
    sms().send_code(f"qicheng-code-{number}", phone, digits(code), text)
