"""The agreement as most Python projects print it: an HTML page through WeasyPrint, same words, font and QR code."""

import html
import json
from pathlib import Path
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from qicheng.foundation.kit.glyphs import font_files
from qicheng.foundation.papers.typeset import qr_code

TEMPLATES = Path(__file__).parents[2] / "qicheng/domain/registration/templates/registration"
CLAUSES = json.loads((TEMPLATES / "agreement_clauses.json").read_text(encoding="utf-8"))
FORMS = {"two_party": "两方", "three_party": "三方"}
NUMERALS = "一二三四五六七八九十"

FONTS = FontConfiguration()
STYLE = CSS(
    font_config=FONTS,
    string=f"""
@font-face {{ font-family: Agreement; src: url({next(f for f in font_files() if "Sans" in f.name).as_uri()}) }}
@page {{
  size: A4; margin: 19mm 18mm 17mm;
  @top-right {{ content: "协议编号：" string(number); font: 8pt Agreement; color: #595959 }}
  @bottom-center {{ content: "第 " counter(page) " 页　共 " counter(pages) " 页"; font: 8pt Agreement; color: #595959 }}
}}
body {{ font: 9pt/1.2 Agreement; color: #1a1a1a }}
h1 {{ font-size: 19pt; text-align: center; margin: 0 }}
h2 {{ font-size: 9.5pt; background: #ececec; border: .5pt solid #8c8c8c; padding: 1mm 2mm; margin: 2.2mm 0 0 }}
.number {{ string-set: number content() }}
.head {{ text-align: center }}
.code {{ float: right; width: 23mm; height: 23mm }}
table {{ width: 100%; border-collapse: collapse; table-layout: fixed }}
td {{ border: .5pt solid #8c8c8c; padding: 1.1mm 2mm; overflow-wrap: anywhere; vertical-align: top }}
td span, small {{ color: #595959 }}
td span {{ display: inline-block; width: 28mm }}
.mark {{ border: 1pt solid #a61b1b; color: #a61b1b; font-size: 12pt; text-align: center; padding: 1.6mm 4mm }}
""",
)


def agreement(values: dict[str, Any]) -> bytes:
    """The PDF of an agreement, from the same values that the product's own template takes."""
    return HTML(string=page(values)).write_pdf(stylesheets=[STYLE], font_config=FONTS)


def page(values: dict[str, Any]) -> str:
    """The HTML that WeasyPrint is given."""
    form = FORMS[values["form"]]
    wording = CLAUSES[values["form"]]
    clauses = "".join(
        f"<p><b>第{numeral}条　{name}</b>　{text}</p>"
        for numeral, (name, text) in zip(NUMERALS, wording["clauses"], strict=False)
    )
    return f"""<!doctype html><html lang="zh-CN"><title>{values["title"]}（{form}）{values["number"]}</title><body>
<div class="code">{qr_code(values["qr"])}</div>
<h1>{values["title"]}</h1>
<p class="head">（{form}）</p>
<p class="head">协议编号：<b class="number">{values["number"]}</b>　　签约类型：{values["kind"]}</p>
<p>{wording["opening"]}</p>
{"".join(block(part) for part in values["blocks"])}
<h2>协议条款</h2>{clauses}
<h2>签章（电子签约记录）</h2><table><tr>{"".join(mark(one) for one in values["marks"])}</tr></table>
<small>文本生成时间：{values["made_at"][:19].replace("T", " ")}</small>
</body></html>"""


def block(part: dict[str, Any]) -> str:
    lines: list[list[str]] = [[]]
    for row in part["rows"]:
        wide = len(row["value"] or "") > 17
        cell = (
            f"<td{' colspan=2' if wide else ''}><span>{row['label']}</span>{html.escape(row['value'] or row['empty'])}"
        )
        if wide or len(lines[-1]) == 2:
            lines.append([])
        lines[-1].append(cell)
        if wide:
            lines.append([])
    return f"<h2>{part['title']}</h2><table>{''.join('<tr>' + ''.join(line) for line in lines if line)}</table>"


def mark(one: dict[str, Any]) -> str:
    rows = "".join(f"<br><small>{row['label']}：</small>{row['value']}" for row in one["rows"])
    return f"<td><b>{one['party']}</b><br>{html.escape(one['name'])}<div class=mark>{one['mark']}</div>{rows}</td>"
