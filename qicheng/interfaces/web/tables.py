"""代码表: every code table with its version, to look up and to take along as a workbook; public, like the standards they come from (SYN-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse

from qicheng.foundation import codes
from qicheng.foundation.access.pages import anyone
from qicheng.foundation.kit import workbooks
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from django.http import HttpRequest

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST, LONGEST = 200, 40
NAMES = {
    "admin_divisions": "行政区划", "admin_divisions_retired": "停用的行政区划", "agreement_fields": "就业协议书的栏目",
    "archive_transfer_types": "档案转递类型", "countries": "国家和地区", "declared_papers": "就业形式需要的材料", "destination_types": "毕业去向类别",
    "dissolution_rejections": "解约审核不通过的原因", "economic_types": "经济类型", "education_levels": "学历", "education_tiers": "学历层次",
    "employer_reasons": "单位退回的原因", "employment_forms": "就业形式", "ethnic_groups": "民族", "gender": "性别", "hardship_types": "困难生类别",
    "household_transfer_types": "户口迁移类型", "job_categories": "工作职位类别", "majors_bachelor": "本科专业目录", "majors_graduate": "研究生学科专业目录",
    "majors_vocational": "职业教育专业目录", "normal_student_types": "师范生类别", "political_status": "政治面貌", "printed_fields": "打印表的栏目",
    "provinces": "省份", "rate_formulas": "毕业去向落实率的公式", "rejection_reasons": "审核不通过和退回的原因", "roster_columns": "学生名单的列",
    "study_forms": "学习形式", "termination_reasons": "解约的原因", "training_modes": "培养方式", "unemployment_reasons": "待就业的原因", "unit_industry": "单位行业", "unit_nature": "单位性质",
    "universities_2022": "全国高等学校名单", "urban_rural": "城乡生源", "uscc_prefixes": "统一社会信用代码的登记管理部门", "warning_unit_types": "预警单位类型",
}  # fmt: skip


@anyone
def tables(request: HttpRequest) -> HttpResponse:
    """All tables, by their Chinese names."""
    found = sorted((NAMES.get(name, name), name, codes.table(name)) for name in codes.names())
    return render(request, "code_tables.html", {"tables": found})


@anyone
def table(request: HttpRequest, name: str) -> HttpResponse:
    """One table, or what of it has a text in it."""
    known = _known(name)
    asked = request.GET.get("q", "").strip()[:LONGEST]
    rows = [row for row in map(known.row, known) if any(asked in cell for cell in row.values())]
    context = {
        "name": name,
        "label": NAMES.get(name, name),
        "table": known,
        "rows": rows[:MOST],
        "number": len(rows),
        "asked": asked,
    }
    return render(request, "code_table.html", context)


@anyone
def workbook(request: HttpRequest, name: str) -> HttpResponse:
    """One table as a workbook, its codes as texts."""
    known = _known(name)
    content = workbooks.write(list(known.columns), ([*known.row(code).values()] for code in known))
    said = f'attachment; filename="{name}-{known.version}.xlsx"'
    return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": said, "ETag": f'"{known.version}"'})


def _known(name: str) -> codes.Table:
    if name not in codes.names():
        raise Http404
    return codes.table(name)
