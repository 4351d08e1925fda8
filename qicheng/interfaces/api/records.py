"""Employment records out: the one line of each graduate that is reported upward (SYN-01, SYN-02)."""

from typing import Any

from ninja import Query, Router, Schema
from pydantic import Field

from qicheng.domain.orgs.models import KeyScope
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.roster.queries import destination_words
from qicheng.interfaces.api.door import needs
from qicheng.interfaces.api.shapes import EmploymentRecords

MOST, USUAL = 1_000, 200
# Columns that go out as they are kept: codes of the national tables, and texts.
KEPT = (
    "destination", "employer_name", "credit_code", "nature", "industry", "area", "job_category", "number", "source", "version", "signed_on",
    "changed_at",
)  # fmt: skip


class Of(Schema):
    cohort: int = Field(ge=2000, le=2100, description="届别")
    after: int = Field(0, ge=0, le=2**63 - 1, description="上一页给出的 after")
    size: int = Field(USUAL, ge=1, le=MOST, description="一页最多几行")


def router() -> Router:
    """The records of a cohort."""
    made = Router(tags=["就业方案"])
    made.add_api_operation(
        "/records/", ["GET"], records, response=EmploymentRecords, url_name="records", operation_id="records", summary="就业方案：每个毕业生一行",
    )  # fmt: skip
    return made


@needs(KeyScope.RECORDS_READ)
def records(request: Any, asked: Query[Of]) -> Any:
    """审核通过的、学校上传的、接口报送的，都在这一行里；source 说它从哪来。还没有去向的人没有这一行。"""
    found = EmploymentRecord.objects.seen_by(request.asker.actor).filter(
        cohort=asked.cohort, pk__gt=asked.after, graduate__removed_at=None
    )
    rows = list(found.select_related("graduate").order_by("pk")[: asked.size])
    request.rows = len(rows)
    return {
        "rows": [
            {
                "graduate": {
                    "id": row.graduate.public_id, "exam_number": row.graduate.exam_number, "student_number": row.graduate.student_number,
                    "name": row.graduate.name,
                },
                "destination_label": destination_words(row), **{key: getattr(row, key) for key in KEPT},
            }
            for row in rows
        ],
        "after": str(rows[-1].pk) if len(rows) == asked.size else "",
    }  # fmt: skip
