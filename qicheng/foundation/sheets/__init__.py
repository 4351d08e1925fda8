"""Fields declared once: from a sheet come the form, the page that shows it, the comparison and the workbook's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms

from qicheng.foundation import codes
from qicheng.foundation.codes import divisions
from qicheng.foundation.kit import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Check = Callable[[Mapping[str, Any]], Mapping[str, str]]

KINDS = frozenset(
    {"text", "long", "code", "lookup", "area", "date", "month", "phone", "mobile", "email", "whole", "choice", "several", "switch", "credit"}
)  # fmt: skip
WITH_TABLE = frozenset({"code", "lookup"})
BLANK: tuple[Any, ...] = (None, "", [])
EMPTY = "没有填写"
# A month is kept as 202606 and shown as 2026-06.
MONTH_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind` decides widget and check; `table` is the code table of kinds 'code' and 'lookup'; `limit` the longest text.

    `unit` stands behind the control (元/月); `group` is the heading that it stands under; `choices` belong to the kinds 'choice' (one of
    them) and 'several' (a list of them, as many as one likes).
    'code' is a select; 'lookup' is typed, by name or code, for tables too long for a select; `is_open` lets in what the table does
    not know, as it was written. `when` names another field before it and the values of that one for which this one is asked.
    """

    key: str
    label: str
    kind: str = "text"
    required: bool = True
    table: str = ""
    limit: int = 200
    hint: str = ""
    unit: str = ""
    group: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    low: int | None = None
    high: int | None = None
    autocomplete: str = "off"
    is_open: bool = False
    when: tuple[str, tuple[str, ...]] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS or (self.kind in WITH_TABLE) != bool(self.table):
            raise ValueError(f"field {self.key}: kind {self.kind}, table {self.table!r}")

    def shown(self, value: Any) -> str:
        """The value in the reader's words; '' where there is none."""
        if value in BLANK:
            return ""
        if self.kind == "code":
            return codes.table(self.table).label(str(value))
        if self.kind == "lookup":
            return codes.table(self.table).known_as(str(value))
        if self.kind == "area":
            return divisions.full_name(str(value))
        if self.kind == "choice":
            return dict(self.choices).get(str(value), str(value))
        if self.kind == "several":
            return "、".join(words for key, words in self.choices if key in value)
        if self.kind == "switch":
            return "是" if value else "否"
        if self.kind == "month" and len(str(value)) == MONTH_DIGITS:
            return f"{str(value)[:4]}-{str(value)[4:]}"
        return f"{value} {self.unit}" if self.unit else str(value)

    def is_asked(self, given: Mapping[str, Any]) -> bool:
        """Whether the field is asked beside these values of the others."""
        if self.when is None:
            return True
        said = given.get(self.when[0])
        return any(one in self.when[1] for one in said) if isinstance(said, list) else said in self.when[1]

    @property
    def missing(self) -> str:
        """What is said where a required field is empty."""
        return f"{self.label}还没有{'选择' if self.kind in ('code', 'choice', 'several', 'area') else '填写'}"

    def control(self, cohort: int | None) -> forms.Field:
        """Django's form field for it; one with `when` is required by the form, which knows the other values."""
        given: dict[str, Any] = {
            "label": self.label, "required": self.required and self.when is None, "help_text": self.hint
        }  # fmt: skip
        given["error_messages"] = {
            "required": self.missing,
            "invalid": f"{self.label}填写的内容看不懂，请对照提示重填",
        }
        attributes = {"autocomplete": self.autocomplete}
        match self.kind:
            case "code":
                given["error_messages"] |= {
                    "invalid_choice": f"{self.label}里没有这一项，请重新选择",
                }
                control: forms.Field = forms.ChoiceField(
                    choices=[("", "请选择"), *codes.table(self.table).choices(cohort)], **given
                )
            case "choice":
                given["error_messages"] |= {
                    "invalid_choice": f"{self.label}里没有这一项，请重新选择",
                }
                control = forms.ChoiceField(choices=self.choices, widget=forms.RadioSelect, **given)
            case "several":
                given["error_messages"] |= {
                    "invalid_choice": f"{self.label}里没有这一项，请重新选择", "invalid_list": f"{self.label}请重新选择",
                }  # fmt: skip
                control = forms.MultipleChoiceField(choices=self.choices, widget=forms.CheckboxSelectMultiple, **given)
            case "area":
                control = AreaField(**given)
            case "lookup":
                control = LookupField(self.table, is_open=self.is_open, max_length=self.limit, **given)
            case "credit":
                control = CreditCodeField(**given)
            case "date":
                control = forms.DateField(widget=forms.DateInput(attrs={"type": "date", **attributes}), **given)
            case "whole":
                given["error_messages"] |= {
                    "min_value": f"{self.label}最小是 {self.low}", "max_value": f"{self.label}最大是 {self.high}",
                    "invalid": f"{self.label}要填整数",
                }  # fmt: skip
                control = forms.IntegerField(min_value=self.low, max_value=self.high, **given)
            case "email":
                control = forms.EmailField(max_length=self.limit, **given)
            case "switch":
                given["required"] = False
                control = forms.BooleanField(**given)
            case "long":
                control = forms.CharField(
                    max_length=self.limit, widget=forms.Textarea(attrs={"rows": 4, "maxlength": self.limit}), **given
                )
            case "phone" | "mobile":
                control = forms.RegexField(
                    r"^1\d{10}$" if self.kind == "mobile" else r"^[0-9+()（） -]{7,20}$",
                    widget=forms.TextInput(attrs={"type": "tel", **attributes}), **given,
                )  # fmt: skip
                control.error_messages["invalid"] = (
                    "手机号是 11 位数字，请对照再填" if self.kind == "mobile" else "电话只能有数字和短横，请对照再填"
                )
            case _:
                control = forms.CharField(max_length=self.limit, widget=forms.TextInput(attrs=attributes), **given)
        if isinstance(control, forms.CharField):
            control.error_messages["max_length"] = f"{self.label}最多 {self.limit} 个字"
        control.unit = self.unit  # type: ignore[attr-defined]
        return control


class LookupField(forms.CharField):
    """An entry of a code table, typed by name or code; the code is kept, and shown again as its name.

    What the table does not know is refused with names that come near; where the field `is_open` it is kept as it was written.
    """

    def __init__(self, table: str, *, is_open: bool = False, **given: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"autocomplete": "off", "data-lookup": table}), **given)
        self.table, self.is_open = table, is_open

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        known = codes.table(self.table)
        found = known.find(text) if text else ""
        if found is not None or self.is_open:
            return text if found is None else found
        near = "、".join(known.known_as(code) for code in known.search(text, 4))
        raise forms.ValidationError(
            f"{self.label}没有找到这个名称。{f'要填的是不是：{near}' if near else '请填全称，或者填代码'}"
        )

    def prepare_value(self, value: Any) -> Any:
        return codes.table(self.table).known_as(str(value)) if value else value


class CreditCodeField(forms.CharField):
    """A unified social credit code with its check characters (GB 32100), kept in its one spelling."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return identity.credit_code(text).number if text else ""
        except identity.NotValid as fault:
            raise forms.ValidationError(str(fault)) from None


class AreaField(forms.CharField):
    """A division of GB/T 2260, six digits, at the finest level that the division has."""

    def clean(self, value: Any) -> str:
        code = super().clean(value)
        if code and not codes.table("admin_divisions").has(code):
            raise forms.ValidationError("没有这个地区，请从省开始重新选择")
        return code


@dataclass(frozen=True, slots=True)
class Sheet:
    """Fields of one form, with a `check` across them: it returns the error of each field that is wrong."""

    name: str
    fields: tuple[Field, ...]
    check: Check | None = None
    version: int = 1

    def __post_init__(self) -> None:
        """An error for a field declared twice, and for one that is asked by a field or a value that is not there before it."""
        before: dict[str, Field] = {}
        for field in self.fields:
            other, wanted = field.when or ("", ())
            offered = [value for value, _ in before[other].choices] if other in before else []
            if field.key in before or (other and not (wanted and set(wanted) <= set(offered))):
                raise ValueError(f"sheet {self.name}: field {field.key}, asked when {field.when}")
            before[field.key] = field

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, key: str) -> Field:
        return next(field for field in self.fields if field.key == key)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(field.key for field in self.fields)

    def form(self, cohort: int | None = None) -> type[forms.Form]:
        """A Django form with the codes that are valid for the cohort and the check across fields.

        A field that is not asked is empty, whatever was sent for it; one that is asked by another is required then.
        """
        check, depending = self.check, [field for field in self.fields if field.when]

        def clean(self: forms.Form) -> dict[str, Any]:
            cleaned = forms.Form.clean(self) or self.cleaned_data
            for field in depending:
                if not field.is_asked(cleaned):
                    self.errors.pop(field.key, None)
                    cleaned[field.key] = None
                elif field.required and cleaned.get(field.key) in BLANK and field.key not in self.errors:
                    self.add_error(field.key, field.missing)
            for key, words in (check(cleaned) if check else {}).items():
                if key not in self.errors:
                    self.add_error(key, words)
            return cleaned

        controls = {field.key: field.control(cohort) for field in self.fields}
        for field in depending:
            assert field.when is not None
            other, wanted = self[field.when[0]], field.when[1]
            chosen, rest = (
                [label for value, label in other.choices if (value in wanted) is is_wanted]
                for is_wanted in (True, False)
            )
            # A long list is told by the few that are not in it.
            is_long = 0 < 2 * len(rest) < len(chosen)
            words = f"不是「{'、'.join(rest)}」" if is_long else f"选「{'、'.join(chosen)}」"
            controls[field.key].asked_by = f"{other.key}={' '.join(wanted)}"  # type: ignore[attr-defined]
            controls[field.key].asked_when = (  # type: ignore[attr-defined]
                f"{other.label}{words}时{'填写' if field.required else '可以填写'}"
            )
        return type(f"{self.name}Form", (forms.Form,), {**controls, "clean": clean})

    def lines(self, given: Mapping[str, Any], keys: Sequence[str] = ()) -> list[tuple[str, str]]:
        """(label, value) of every field that is asked, as its reader sees it; '' where nothing was filled in."""
        asked = (field for field in self.fields if field.is_asked(given))
        return [(f.label, f.shown(given.get(f.key))) for f in asked if not keys or f.key in keys]

    def changes(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
        """Label → [before, after] of the fields that differ, in the reader's words."""
        return {
            f.label: [f.shown(before.get(f.key)) or EMPTY, f.shown(after.get(f.key)) or EMPTY]
            for f in self.fields
            if (before.get(f.key) or "") != (after.get(f.key) or "")
        }

    @property
    def columns(self) -> list[str]:
        """The headings of a workbook of these fields."""
        return [field.label for field in self.fields]

    def stored(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """What is kept in a JSON column: dates as ISO text, everything else as it is."""
        values = {field.key: cleaned.get(field.key) for field in self.fields}
        return {key: value.isoformat() if isinstance(value, date) else value for key, value in values.items()}
