"""The documents that go in and out, as the schema describes them; those of lists and forms are made of their declarations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

LONGEST_WORDS = 500


class Fault(Schema):
    """Something wrong in a request."""

    place: str = Field(description="在请求的哪里")
    words: str = Field(description="哪里不对、怎么改")


class ProblemDocument(Schema):
    """A problem document (RFC 9457), with what to do."""

    type: str
    title: str
    status: int
    detail: str = Field(description="这一次的原因")
    do: str = Field(description="接下来怎么办")
    request: str = Field(description="这次请求的编号，报给运维时用")
    errors: list[Fault] | None = None


class Me(Schema):
    """The key that asks, and what it may."""

    name: str
    prefix: str
    role: str
    unit: str
    code: str = Field(description="学校代码或省份代码；部级为空")
    scopes: list[str]
    a_minute: int
    expires_at: datetime
    is_former: bool = Field(description="用的是更换前的密钥，尽快换上新的")
    cohorts: list[int] = Field(description="平台上的届别，最新的在前")


class Health(Schema):
    status: str
    at: datetime


class Named(Schema):
    id: int
    code: str
    name: str


class NamedRows(Schema):
    rows: list[Named]


class Place(Schema):
    """What every page of a list ends with."""

    after: str = Field(description="下一页的 after；空就是没有了")


class Graduate(Schema):
    id: UUID
    exam_number: str
    student_number: str
    name: str


class Reason(Schema):
    code: str
    label: str


class OpenAct(Schema):
    name: str
    label: str
    is_open: bool
    why: str = Field(description="现在不能做的原因；能做时为空")
    consequence: str
    reasons: list[Reason] = Field(description="要选的原因；不用选时为空")
    form: dict[str, Any] = Field(description="form 的 JSON Schema；没有表单时为空对象")


class Line(Schema):
    label: str
    value: str


class CaseDocument(Schema):
    """A case as it stands."""

    id: UUID
    flow: str
    flow_label: str
    title: str
    state: str
    state_label: str
    turn: str = Field(description="等谁办：graduate、employer、college、school；空就是没有人要办")
    live: bool
    settled: bool = Field(description="已经办结或生效")
    version: int = Field(description="办理时作为 seen 带上")
    cohort: int
    begun_at: datetime
    waiting_since: datetime
    graduate: Graduate | None = None
    lines: list[Line] = Field(description="填写的内容，和页面上一样")
    acts: list[OpenAct]


class RecordDocument(Schema):
    """One act, for ever."""

    at: datetime
    act: str
    before: str
    after: str
    version: int
    role: str
    unit: str
    name: str
    reason: str
    words: str
    sentence: str


class RecordRows(Schema):
    rows: list[RecordDocument]


class ActBody(Schema):
    """What an act is done with."""

    model_config = ConfigDict(extra="forbid")

    seen: int = Field(ge=0, le=2**31 - 1, description="读到的 version；已经变了就不会办理")
    reason: str = Field("", max_length=40, description="原因的 code，要选原因时填")
    words: str = Field("", max_length=LONGEST_WORDS, description="写给对方看的说明")
    internal: str = Field("", max_length=LONGEST_WORDS, description="内部备注，只有审核的人看得到")
    form: dict[str, Any] = Field(default_factory=dict, description="这一步的表单；要哪些见 GET 这条记录时的 acts")


class Done(Schema):
    """What an act has come to."""

    id: UUID
    act: str
    state: str
    state_label: str
    version: int
    at: datetime


class UploadDocument(Schema):
    """A delivery on its way: read, previewed, written."""

    id: UUID
    cohort: int
    state: str = Field(description="waiting、reading、preview、refused、applying、applied、dropped")
    state_label: str
    reason: str
    done: int
    total: int
    counts: dict[str, int] = Field(
        description="new 新增、changed 有变化、unchanged 没有变化、refused 要修改的行、missing 名单里有而文件里没有"
    )
    filename: str
    made_at: datetime
    finished_at: datetime | None = None


class LineFault(Schema):
    place: str = Field(description="字段；空就是整行")
    label: str
    words: str


class FaultyLine(Schema):
    line: int = Field(description="第几行，表头是第 1 行")
    index: int = Field(description="在 lines 里的位置，从 0 数")
    exam_number: str
    faults: list[LineFault]


class FaultyLines(Place):
    rows: list[FaultyLine]


class Change(Schema):
    """One thing that happened to a case."""

    number: int = Field(description="这一步的编号，不会重复")
    at: datetime
    flow: str
    case: str
    act: str
    act_label: str
    before: str
    after: str
    after_label: str
    version: int
    role: str
    changed: list[str] = Field(description="变了哪些项，内容到这条记录里读")


class Changes(Place):
    rows: list[Change]
    is_complete: bool = Field(description="现在没有更多了；过一会儿用同一个 after 再来")


class Confirmed(Schema):
    """What was reported of a graduate, and what the graduate says of it now."""

    id: UUID
    version: int
    changed_at: datetime
    act: str = Field(description="最近一步：receive、change、report、confirm 等")
    state: str = Field(description="unreported 未上报、unconfirmed 未确认、disputed 确认有误、confirmed 确认无误")
    graduate: Graduate
    is_removed: bool = Field(description="已经不在名单上")
    wrong: list[str] = Field(description="本人说有误的部分：destination、archive、household")
    is_denied: bool = Field(description="本人说这不是我的去向")
    content: dict[str, dict[str, Any]] = Field(description="上报了什么，按部分分开；只有密钥能读的部分")
    reported_at: datetime | None = None
    confirmed_at: datetime | None = None


class Confirmations(Place):
    rows: list[Confirmed]
    is_complete: bool = Field(description="现在没有更多了；过一会儿用同一个 after 再来")


class CodeTable(Schema):
    name: str
    version: str
    count: int


class CodeTables(Schema):
    rows: list[CodeTable]


class CodeRows(Schema):
    name: str
    version: str
    columns: list[str]
    rows: list[dict[str, str]]


class StateLine(Schema):
    names: list[str]
    numbers: list[int]
    is_sum: bool


class StateTable(Schema):
    """A table of states; the numbers of each line stand under the headings."""

    cohort: int
    label: str
    words: str = Field(description="读数时要知道的")
    headings: list[str]
    counted_at: datetime | None = Field(None, description="数是什么时候的；空就是现在")
    lines: list[StateLine]


class StateTables(Schema):
    """Several tables that were read at once."""

    tables: list[StateTable]


class RateGroup(Schema):
    key: str
    name: str
    counts: dict[str, int] = Field(description="measures 里各项的人数；没有的就是不能给")
    rate: str = Field(description="毕业去向落实率；不能给时为空")


class RateSheet(Schema):
    """Rates of a whole and its groups."""

    cohort: int
    by: str
    label: str
    is_exact: bool = Field(description="能看到人的密钥给全部；否则只给推不出不到五个人的数")
    counted_at: datetime | None = Field(description="数是什么时候的；空就是现在")
    measures: dict[str, str]
    whole: RateGroup
    groups: list[RateGroup]


class EmploymentRecordDocument(Schema):
    """The one line of a graduate that is reported upward; codes are those of the national tables."""

    graduate: Graduate
    destination: str
    destination_label: str
    employer_name: str
    credit_code: str
    nature: str
    industry: str
    area: str
    job_category: str
    number: str = Field(description="协议编号")
    source: str = Field(description="system 登记系统、upload 上传、interface 接口、platform 学校平台")
    version: int
    signed_on: date | None = None
    changed_at: datetime


class EmploymentRecords(Place):
    rows: list[EmploymentRecordDocument]
