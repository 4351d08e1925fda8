"""Posting the archive: the graduate asks one working day after 确认无误, the school sends the letters in batches (MAIL-01, MAIL-02)."""

from qicheng.domain.transfer.effects import mailing as effects
from qicheng.domain.transfer.guards import mailing as guards
from qicheng.domain.transfer.guards import records
from qicheng.domain.transfer.models import Mailing
from qicheng.domain.transfer.models.mailing import FROZEN_LETTER
from qicheng.domain.transfer.sheets.mailing import TRACKING
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, State

GRADUATE, SCHOOL = (Role.GRADUATE,), (Role.SCHOOL,)

DRAFT = State(
    "draft", "待确认并提交", Role.GRADUATE, live=True, mine="待你确认并提交", others="毕业生填写中", amendable=FROZEN_LETTER
)  # fmt: skip
PENDING = State("pending", "待处理", Role.SCHOOL, live=True, mine="待处理", others="待学校处理")
BATCHED = State("batched", "待处理，已编入批次", Role.SCHOOL, live=True, mine="待寄出", others="待学校寄出")
SENT = State("sent", "已寄出", live=True, tone="info")
SIGNED = State("signed", "已签收", live=True, settled=True, tone="ok", amendable=("signed_at",))
RETURNED = State(
    "returned", "退回", Role.GRADUATE, live=True, mine="退回，待你更正", others="退回，待毕业生更正", amendable=FROZEN_LETTER
)  # fmt: skip
CALLED_OFF = State("called_off", "已取消", settled=True)

MAY_ASK = (guards.is_open_by_now, guards.archive_can_go, guards.no_change_open)
MAY_GO = (guards.letter_is_as_submitted,)
# Whoever has the letter in hand writes why.
WORDS = "letter_words"

MAILING = Flow(
    "mailing", "档案邮寄申请", Area.ARCHIVE, Mailing,
    begin=Begin("apply", "申请邮寄", GRADUATE, effects.request, when=MAY_ASK, rule="MAIL-01"),
    start=DRAFT,
    holds=(records.module_is_open, records.cohort_is_open, records.on_the_roster, records.is_listed),
    acts=(
        *(
            Act("submit", "确认并提交", state, PENDING, GRADUATE, when=MAY_ASK, do=effects.submit, primary=True, rule="MAIL-01",
                consequence="提交以后，邮件按这些信息印地址、寄出。寄出之前可以撤回；登记的信息有变化，邮件会先停下来。")
            for state in (DRAFT, RETURNED)
        ),
        *(
            Act("call_off", "取消申请", state, CALLED_OFF, GRADUATE, do=effects.end, irreversible=True, rule="MAIL-01",
                consequence="取消以后档案不邮寄，需要时重新申请。")
            for state in (DRAFT, RETURNED)
        ),
        *(
            Act("withdraw", "撤回申请", state, DRAFT, GRADUATE, do=effects.leave_batch, rule="MAIL-01",
                consequence="撤回以后学校不会寄出，看过现在的信息再重新提交。")
            for state in (PENDING, BATCHED)
        ),
        Act("take", "编入批次", PENDING, BATCHED, SCHOOL, when=MAY_GO, do=effects.take, primary=True, rule="MAIL-02",
            consequence="编入最新一个还没有寄出邮件的批次，没有就新建一个。"),
        Act("take_out", "移出批次", BATCHED, PENDING, SCHOOL, do=effects.leave_batch, rule="MAIL-02",
            consequence="移出以后回到待处理。已经印好的标签和交接单里还有这一封，要重新印。"),
        Act("send", "登记单号并寄出", BATCHED, SENT, SCHOOL, when=MAY_GO, form=TRACKING, do=effects.send, tell=GRADUATE, primary=True,
            rule="MAIL-02", consequence="毕业生会看到单号，并收到消息。"),
        *(
            Act("send_back", "退回更正", state, RETURNED, SCHOOL, do=effects.leave_batch, tell=GRADUATE, reason=WORDS, rule="MAIL-02",
                consequence="信息有误、寄不出去的，退给毕业生更正。更正以后毕业生重新提交。")
            for state in (PENDING, BATCHED)
        ),
        Act("correct", "更正单号", SENT, SENT, SCHOOL, form=TRACKING, drafted=True, do=effects.correct, tell=GRADUATE, rule="MAIL-02",
            consequence="毕业生会收到消息，看到新的单号。"),
        Act("sign", "登记签收", SENT, SIGNED, SCHOOL, do=effects.sign, tell=GRADUATE, primary=True, rule="MAIL-02",
            consequence="毕业生会收到消息。登记错了，可以撤销签收。"),
        Act("come_back", "登记退件", SENT, RETURNED, SCHOOL, tell=GRADUATE, reason=WORDS, rule="MAIL-02",
            consequence="邮件被退回学校。写明退件的原因，毕业生更正以后重新提交。"),
        Act("unsign", "撤销签收", SIGNED, SENT, SCHOOL, do=effects.unsign, tell=GRADUATE, rule="MAIL-02",
            consequence="签收登记错了的，改回已寄出。"),
    ),
)  # fmt: skip
