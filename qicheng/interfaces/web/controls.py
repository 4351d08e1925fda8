"""What the `field` component has to know of a bound form field: attributes, value and faults of its control."""

from collections.abc import Iterable
from typing import Any

from django.forms import BaseForm
from django.forms.boundfield import BoundField

_TYPES = {
    "text": "text",
    "email": "email",
    "url": "url",
    "tel": "tel",
    "password": "password",
    "number": "text",
    "date": "date",
}
_MANY = ("radioselect", "checkboxselectmultiple")


def control_id(field: BoundField) -> str:
    """The id that an error leads to: the control itself, or the first of several choices."""
    return f"{field.auto_id}_0" if field.widget_type in _MANY else field.auto_id


def control(field: BoundField, **extra: object) -> dict[str, Any]:
    """Attributes of the field's control; `described` of the macro's hint and error goes in as `aria-describedby`.

    A number is a text control with a numeric keyboard: `type=number` changes by the wheel and hides what was typed wrong. A text
    area that Django sized (40 by 10) gets three rows; one with another number of rows keeps them.
    """
    widget = field.field.widget
    attributes: dict[str, Any] = {"id": field.auto_id, "name": field.html_name, **widget.attrs}
    kind = attributes.pop("type", None) or getattr(widget, "input_type", None) or field.widget_type
    if field.widget_type == "textarea":
        attributes.pop("cols", None)
        attributes["rows"] = "3" if str(attributes.get("rows")) == "10" else attributes.get("rows")
    attributes["class"] = " ".join(filter(None, ["in", str(attributes.get("class") or "")]))
    if field.widget_type == "number":
        whole = str(attributes.pop("step", "1")).isdigit()
        attributes = {key: value for key, value in attributes.items() if key not in ("min", "max")}
        attributes["inputmode"] = "numeric" if whole else "decimal"
    if field.widget_type not in ("select", "selectmultiple", "textarea"):
        attributes["type"] = _TYPES.get(str(kind), str(kind))
        attributes["value"] = "" if kind in ("password", "file") else _text(field, str(kind))
        if not attributes["value"]:
            del attributes["value"]
    if field.field.required and field.form.use_required_attribute and widget.use_required_attribute(field.initial):
        attributes["required"] = True
    if field.errors:
        attributes["aria-invalid"] = "true"
    attributes.update({key.replace("_", "-"): value for key, value in extra.items()})
    if field.field.disabled:
        attributes["disabled"] = True
    kept = {key: value for key, value in attributes.items() if value is not None and value is not False and value != ""}
    return {key: "" if value is True else value for key, value in kept.items()}


def optgroups(field: BoundField) -> list[tuple[str | None, list[dict[str, Any]]]]:
    """(heading or None, options) of a select; an option has `value`, `label` and `selected`."""
    widget: Any = field.field.widget
    return [
        (name, options) for name, options, _ in widget.optgroups(field.html_name, widget.format_value(field.value()))
    ]


def _text(field: BoundField, kind: str) -> str:
    value = field.value()
    if value is None:
        return ""
    if kind == "date" and hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    shown = field.field.widget.format_value(value)
    return "" if shown is None else str(shown)


def faults(forms: BaseForm | Iterable[BaseForm]) -> list[tuple[str, str]]:
    """(id of the control or '', sentence) for everything wrong in one form or several, in the order of the page."""
    found = []
    for form in [forms] if isinstance(forms, BaseForm) else forms:
        found += [("", str(error)) for error in form.non_field_errors()]
        for field in form:
            for error in field.errors:
                label = str(field.label)
                sentence = str(error) if label in str(error) else f"{label}：{error}"
                found.append(("" if field.is_hidden else control_id(field), sentence))
    return found
