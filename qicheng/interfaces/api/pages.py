"""The documentation of the API as a page, made of the same document that programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import JsonResponse

from qicheng.foundation.access.pages import anyone
from qicheng.foundation.listing.page import render
from qicheng.interfaces.api.description import ABOUT, document
from qicheng.interfaces.api.problems import KINDS, Problem, told

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

HOUR = 3_600
PLACES = {"path": "在地址里", "query": "在问号后面", "header": "请求头"}


@anyone
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    response = JsonResponse(document(), json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = f"public, max-age={HOUR}"
    return response


@anyone
def docs(request: HttpRequest) -> HttpResponse:
    """Every operation with what it takes and gives, under its heading."""
    found = document()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in found["paths"].items():
        for method, one in methods.items():
            groups.setdefault(one["tags"][0], []).append(_shown(found, path, method.upper(), one))
    context = {
        "about": ABOUT.replace("`", "").splitlines(),
        "groups": groups,
        "scopes": found["x-scopes"],
        "problems": KINDS,
    }
    return render(request, "api/docs.html", context)


def nowhere(request: HttpRequest) -> HttpResponse:
    """There is no such operation; a program is told so as a program."""
    return told(request, Problem("not-found", "没有这个地址。"))


def _shown(found: dict[str, Any], path: str, method: str, one: dict[str, Any]) -> dict[str, Any]:
    body = next(iter(one.get("requestBody", {}).get("content", {}).items()), None)
    good = next(((status, answer) for status, answer in one["responses"].items() if status.startswith("2")), None)
    content: dict[str, Any] = next(iter((good[1].get("content") or {}).values()), {}) if good else {}
    return {
        "path": path, "method": method, "name": one["operationId"], "summary": one["summary"], "about": one.get("description", "").replace("`", "").splitlines(),
        "parameters": [
            (f"{p['name']}　{PLACES[p['in']]}{'，必填' if p.get('required') else ''}", p.get("description") or p["schema"].get("description", ""))
            for p in one["parameters"]
        ],
        "body": _fields(found, body[1].get("schema", {})) if body else [], "type": body[0] if body else "",
        "status": good[0] if good else "", "answer": _fields(found, content.get("schema", {})),
        "problems": [(status, found["components"]["responses"][ref.rpartition("/")[2]]["description"])
                     for status, answer in one["responses"].items() if (ref := answer.get("$ref"))],
    }  # fmt: skip


def _fields(found: dict[str, Any], schema: dict[str, Any], before: str = "", depth: int = 0) -> list[tuple[str, str]]:
    """(name and type, what it is) of every property of a document, those of documents in it after it."""
    if ref := schema.get("$ref"):
        schema = found["components"]["schemas"][ref.rpartition("/")[2]]
    made = []
    for name, one in schema.get("properties", {}).items():
        inner = one.get("items") or next((each for each in one.get("anyOf", ()) if "$ref" in each), one)
        kind = "列表" if "items" in one else _kind(one)
        made.append((f"{before}{name}　{kind}", one.get("description", "")))
        if depth < 3 and ("$ref" in inner or inner.get("properties")):
            made += _fields(found, inner, f"{before}{name}{'[]' if 'items' in one else ''}.", depth + 1)
    return made


def _kind(one: dict[str, Any]) -> str:
    words = {
        "string": "文字",
        "integer": "整数",
        "boolean": "是或否",
        "number": "数",
        "object": "对象",
        "array": "列表",
    }
    kind = one.get("type") or next(
        (each["type"] for each in one.get("anyOf", ()) if each.get("type", "null") != "null"), "object"
    )
    return words.get(kind, kind)
