"""Rules against an act on a letter: None, or the reason in the user's words (MAIL-01, MAIL-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.transfer.models import ArchiveChange
from qicheng.domain.transfer.sheets.mailing import (
    STAYS,
    UNDECIDED,
    changed_since,
    lacking,
    letter_now,
    opening_words,
    opens_at,
)

if TYPE_CHECKING:
    from qicheng.domain.transfer.models import Mailing
    from qicheng.foundation.access import Actor


def is_open_by_now(case: Mailing, actor: Actor) -> str | None:
    """MAIL-01, INV-49: the graduate said that everything is right, and one working day has gone by since."""
    confirmation, settings = case.above("confirmation"), case.above("settings")
    if confirmation is None or confirmation.state != "confirmed" or settings is None:
        return "先在「登记确认」里确认登记信息无误。确认无误一个工作日以后，可以申请邮寄。"
    if settings.now < opens_at(confirmation.confirmed_at):
        return f"确认无误一个工作日以后可以申请邮寄，{opening_words(confirmation.confirmed_at)} 起开放。"
    return None


def archive_can_go(case: Mailing, actor: Actor) -> str | None:
    """A letter needs a destination, a type of transfer by which it is posted, and whatever it cannot arrive without."""
    said = letter_now(case)
    if not said["destination"]:
        return "你还没有上报的毕业去向。去向登记审核通过以后，再来申请邮寄。"
    if not said["kind"]:
        return "档案去向还没有登记。登记审核通过以后，再来申请邮寄。"
    if said["kind"] == UNDECIDED:
        return "档案转递类型是「暂不确定」。确定以后申请修改档案信息，再来申请邮寄。"
    if said["kind"] == STAYS:
        return "你升学到本校，档案留在学校，不用邮寄。"
    missing = lacking(said)
    return f"档案信息里还缺{'、'.join(missing)}。申请修改档案信息，补齐以后再来申请邮寄。" if missing else None


def no_change_open(case: Mailing, actor: Actor) -> str | None:
    """An application to change where the archive goes is decided before the archive goes anywhere."""
    rows = ArchiveChange.objects.unscoped("the graduate's own live application")
    if rows.filter(cohort=case.cohort, graduate=case.graduate_id, live=True).exists():
        return "你的档案信息修改申请还在审核。有了结果，再来申请邮寄。"
    return None


def letter_is_as_submitted(case: Mailing, actor: Actor) -> str | None:
    """What is sent is what the graduate submitted, of records that the graduate still says are right."""
    changed = changed_since(case.letter, letter_now(case))
    if changed:
        return f"提交以后，{'、'.join(changed)}有了变化。这封邮件先不寄：请毕业生撤回申请，按新的信息确认以后再提交。"
    confirmation = case.above("confirmation")
    if confirmation is None or confirmation.state != "confirmed":
        return "提交以后，登记的信息有了变化，毕业生还没有重新确认无误。这封邮件先不寄。"
    return None
