"""What the ways in do: guesses counted, sessions opened and ended, passwords set, codes sent (ORG-09, ORG-10)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs.models import Account, Attempt, Binding, BindingScene, LoginCode, Session
from qicheng.foundation.access import statements
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.kit.numbers import fingerprint
from qicheng.foundation.later import later

if TYPE_CHECKING:
    from qicheng.domain.orgs.models import Seat

# ---- guesses, passwords, sessions

SESSION_HOURS = 12
TRIES = 5
FIRST_WAIT_MINUTES = 10
TRIES_OF_AN_ADDRESS = 200

# One statement counts a guess before it is looked at, so that forty at once are five (ORG-10). `since` is the last one that was
# let through; after every five the wait doubles, up to half a day, and a day without guesses forgets them.
_RESERVE = """
INSERT INTO orgs_attempt AS a (subject, number, since) VALUES (%(subject)s, 1, clock_timestamp())
ON CONFLICT (subject) DO UPDATE SET since = clock_timestamp(),
    number = CASE WHEN a.since < clock_timestamp() - interval '1 day' THEN 1 ELSE a.number + 1 END
WHERE a.number = 0 OR a.number %% %(tries)s <> 0 OR a.since + {wait} < clock_timestamp()
RETURNING number
"""
_WAIT = "least(interval '10 minutes' * power(2, a.number / %(tries)s - 1), interval '12 hours')"
_LEFT = "SELECT ceil(extract(epoch FROM a.since + {wait} - clock_timestamp()) / 60)::int FROM orgs_attempt a WHERE a.subject = %(subject)s"
_LEFT = _LEFT.format(wait=_WAIT)
_RESERVE = _RESERVE.format(wait=_WAIT)
_COUNT = """
INSERT INTO orgs_attempt AS a (subject, number, since) VALUES (%(subject)s, 1, clock_timestamp())
ON CONFLICT (subject) DO UPDATE SET
    number = CASE WHEN a.since < clock_timestamp() - interval '10 minutes' THEN 1 ELSE a.number + 1 END,
    since = CASE WHEN a.since < clock_timestamp() - interval '10 minutes' THEN clock_timestamp() ELSE a.since END
RETURNING number
"""


@dataclass(frozen=True, slots=True)
class CameBy:
    """By which school's own log-in a session was opened, if by one, and the digest of the ticket that ends it (CAM-06); or by which WeChat (ORG-11)."""

    sign_on: int | None = None
    ticket: str = ""
    binding: int | None = None


PASSWORD = CameBy()


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess that was reserved: whether it may be looked at, how many are left after it, how many minutes to wait else."""

    subject: str
    is_allowed: bool
    left: int = 0
    minutes: int = 0


def subject(kind: str, what: object) -> str:
    """What is kept of who or what is guessed at: a keyed hash."""
    return fingerprint(f"{kind}|{what}", settings.SECRET_KEY.encode())


def reserve(kind: str, what: object) -> Guess:
    """Count one guess at `what` and say whether it may be looked at: five, then ten minutes, then twice as long."""
    about = subject(kind, what)
    given = {"subject": about, "tries": TRIES}
    row = statements.plain(_RESERVE, given)
    if row is not None:
        left = -row[0] % TRIES
        minutes = min(FIRST_WAIT_MINUTES * 2 ** (row[0] // TRIES - 1), 12 * 60) if not left else 0
        return Guess(about, is_allowed=True, left=left, minutes=minutes)
    wait = statements.plain(_LEFT, given)
    return Guess(about, is_allowed=False, minutes=max(1, wait[0] if wait else 1))


def reserve_at(origin: str) -> bool:
    """Count one guess from a network address; false once there were too many in ten minutes. Many share one on a campus."""
    row = statements.plain(_COUNT, {"subject": subject("address", origin)})
    assert row is not None
    return row[0] <= TRIES_OF_AN_ADDRESS


def forgive(guess: Guess) -> None:
    """Forget the guesses at a subject whose secret was right."""
    statements.change("DELETE FROM orgs_attempt WHERE subject = %s", (guess.subject,))


def give_back(origin: str) -> None:
    """Take one guess off an address: it was right."""
    statements.change(
        "UPDATE orgs_attempt SET number = greatest(number - 1, 0) WHERE subject = %s", (subject("address", origin),)
    )


_dummy: list[str] = []


def is_password(account: Account | None, password: str) -> bool:
    """Whether it is the account's password; as much work where there is no account."""
    if account is not None and account.has_usable_password():
        return check_password(password, account.password)
    if not _dummy:
        _dummy.append(make_password(secrets.token_hex(16)))
    check_password(password, _dummy[0])
    return False


def open_session(
    account: Account, seat: Seat | None, *, cohort: int | None = None, origin: str = "", browser: str = "",
    came_by: CameBy = PASSWORD,
) -> str:  # fmt: skip
    """Open a session and return its token, which is nowhere kept. Without a seat it waits for one to be chosen.

    Raises Refused where the WeChat that it came by is bound no more.
    """
    token = secrets.token_urlsafe(32)
    expires = timezone.now() + timedelta(hours=SESSION_HOURS)
    with transaction.atomic():
        if came_by.binding and not _is_bound(came_by.binding):
            raise Refused("这个微信刚刚解除了绑定，用手机号和密码登录。")
        Session.objects.create(
            token_hash=token_hash(token), account=account, seat=seat, cohort=cohort, expires_at=expires, origin=origin[:45],
            browser=browser[:200], sign_on_id=came_by.sign_on, ticket=came_by.ticket, binding_id=came_by.binding,
        )  # fmt: skip
    return token


def _is_bound(binding: int) -> bool:
    """Whether a binding is in force; held so until the transaction ends, so that its end finds the session."""
    return Binding.objects.select_for_update(no_key=True).filter(pk=binding, ended_at=None).exists()


def how_it_came(hashed: bytes) -> CameBy:
    """How an open session was opened, for the one that goes on in another seat."""
    row = Session.objects.filter(token_hash=hashed).values_list("sign_on", "ticket", "binding").first()
    return CameBy(*row) if row else PASSWORD


def token_hash(token: str) -> bytes:
    """What is kept of a session's token."""
    return hashlib.sha256(token.encode()).digest()


def touch(hashed: bytes) -> None:
    """Note that a session is in use, once a minute at most."""
    statements.change(
        "UPDATE orgs_session SET seen_at = now() WHERE token_hash = %s AND seen_at < now() - interval '1 minute'",
        (hashed,),
    )


def look_at_cohort(hashed: bytes, cohort: int) -> None:
    """Let a session look at another cohort from now on (ROS-03)."""
    Session.objects.filter(token_hash=hashed).update(cohort=cohort)


def end_session(hashed: bytes, account: int) -> bool:
    """End one session of an account; false if it has none such."""
    return bool(Session.objects.filter(token_hash=hashed, account=account).delete()[0])


def end_sessions(account: int, *, but: bytes = b"") -> int:
    """End all sessions of an account, but one if given; how many."""
    return Session.objects.filter(account=account).exclude(token_hash=but).delete()[0]


def note_log_in(account: Account) -> None:
    """Keep when an account last came in."""
    Account.objects.filter(pk=account.pk).update(last_login=timezone.now())


def set_password(account: Account, password: str) -> None:
    """Give an account a password of its own choosing; every open session of it ends."""
    account.set_password(password)
    account.must_change_password = False
    account.save(update_fields=["password", "must_change_password"])
    end_sessions(account.pk)


# ---- codes by SMS: first log-in and forgotten passwords

CODE_MINUTES = 10
CODE_TRIES = 5


def make_code(
    purpose: str, about: str, *, account: Account | None = None, node: int | None = None, phone: str = ""
) -> LoginCode:
    """Make a code and let it be sent; one without a phone goes the same way and reaches nobody."""
    expires = timezone.now() + timedelta(minutes=CODE_MINUTES)
    with transaction.atomic():
        code = LoginCode.objects.create(
            purpose=purpose, subject=subject("code", about), account=account, node=node, phone=phone, expires_at=expires
        )
        later("notice.send_code", code=code.pk)
    return code


def digits(code: LoginCode) -> str:
    """The six digits of a code, made from its number under the secret key and kept nowhere."""
    return f"{int(subject('digits', f'{code.pk}|{code.subject}'), 16) % 10**6:06d}"


def use_code(number: int, typed: str) -> tuple[LoginCode | None, int]:
    """(the code, 0) if `typed` is right, which uses it up; else (None, how many tries are left). Counted before it is looked at."""
    tried = statements.plain(
        "UPDATE orgs_logincode SET attempts = attempts + 1 WHERE id = %(id)s AND used_at IS NULL AND attempts < %(tries)s "
        "AND expires_at > clock_timestamp() RETURNING attempts",
        {"id": number, "tries": CODE_TRIES},
    )
    if tried is None:
        return None, 0
    code = LoginCode.objects.select_related("account").get(pk=number)
    if not hmac.compare_digest(typed.encode(), digits(code).encode()) or not code.phone:
        return None, CODE_TRIES - tried[0]
    used = LoginCode.objects.filter(pk=number, used_at=None).update(used_at=timezone.now())
    return (code, 0) if used else (None, 0)


# ---- attempts that are not guesses at a secret ----


def spend(subject: str, limit: int, window: int, number: int = 1) -> bool:
    """Count `number` attempts on `subject` and say whether they are within `limit` in `window` seconds; if not, none is counted.

    One statement: whoever comes at the same moment is counted too. The subject is kept as a keyed hash.
    """
    row = statements.plain(
        """INSERT INTO orgs_attempt AS a (subject, number, since)
        SELECT %(subject)s, %(number)s, clock_timestamp() WHERE %(number)s <= %(limit)s
        ON CONFLICT (subject) DO UPDATE SET
            number = CASE WHEN a.since < clock_timestamp() - make_interval(secs => %(window)s) THEN 0 ELSE a.number END
                + excluded.number,
            since = CASE WHEN a.since < clock_timestamp() - make_interval(secs => %(window)s) THEN clock_timestamp()
                ELSE a.since END
        WHERE CASE WHEN a.since < clock_timestamp() - make_interval(secs => %(window)s) THEN 0 ELSE a.number END
            + excluded.number <= %(limit)s
        RETURNING number""",
        {
            "subject": fingerprint(subject, settings.SECRET_KEY.encode()),
            "window": window,
            "number": number,
            "limit": limit,
        },
    )
    return row is not None


def refund(subject: str) -> None:
    """Take back one attempt that `spend` has counted: it was none."""
    statements.change(
        "UPDATE orgs_attempt SET number = greatest(number - 1, 0) WHERE subject = %s",
        (fingerprint(subject, settings.SECRET_KEY.encode()),),
    )


def forget_expired() -> None:
    """Delete sessions, counters and codes whose time is over; none of them is a record of anything."""
    now = timezone.now()
    Session.objects.filter(expires_at__lt=now).delete()
    Attempt.objects.filter(since__lt=now - timedelta(days=2)).delete()
    LoginCode.objects.filter(expires_at__lt=now - timedelta(days=2)).delete()
    BindingScene.objects.filter(expires_at__lt=now - timedelta(days=2)).delete()
