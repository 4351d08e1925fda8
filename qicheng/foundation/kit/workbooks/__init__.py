"""Tables that people bring and take away: read as rows of text, written, offered as templates, marked where wrong."""

from qicheng.foundation.kit.workbooks.exporting import Mark, export
from qicheng.foundation.kit.workbooks.reading import LIMITS, Limits, Unreadable, kind_of, rows
from qicheng.foundation.kit.workbooks.writing import Column, Sheet, tables, template, with_errors, write

__all__ = [
    "LIMITS", "Column", "Limits", "Mark", "Sheet", "Unreadable", "export", "kind_of", "rows", "tables", "template", "with_errors", "write",
]  # fmt: skip
