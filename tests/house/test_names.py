"""Names say what a thing is; the words that say nothing are not used. Imports in functions say why."""

from __future__ import annotations

import ast
import re

from tests.house.source import PACKAGE, modules, tree, where

# 经办人 is the field's handler, so that word is not on the list.
EMPTY = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "base",
    "manager",
    "service",
    "services",
    "data",
    "info",
}
# Names that a library asks for.
ASKED_FOR = {"BaseHTTPRequestHandler"}
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def said(name: str) -> set[str]:
    return {word.lower() for word in WORD.findall(name)}


def test_no_module_class_or_function_has_a_name_that_says_nothing():
    found = [str(p.relative_to(PACKAGE)) for p in modules() if p.stem in EMPTY]
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                words = said(node.name)
                if words & EMPTY or (
                    node.name.startswith(("process_", "do_")) and node.name not in ("do_GET", "do_POST")
                ):
                    found.append(f"{where(path, node)} {node.name}")
    assert found == []


def test_every_module_says_in_its_first_line_what_it_is():
    empty = [p for p in modules() if p.stat().st_size == 0]
    silent = [str(p.relative_to(PACKAGE)) for p in modules() if p not in empty and not ast.get_docstring(tree(p))]
    assert silent == []


def test_an_import_in_a_function_says_why():
    silent = []
    for path in modules():
        lines = path.read_text("utf-8").split("\n")
        for outer in ast.walk(tree(path)):
            if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef):
                silent += [
                    where(path, node)
                    for node in ast.walk(outer)
                    if isinstance(node, ast.Import | ast.ImportFrom)
                    and "PLC0415 -- " not in "".join(lines[node.lineno - 1 : (node.end_lineno or node.lineno)])
                ]
    assert sorted(set(silent)) == []


def test_rooms_have_the_files_of_a_room_and_no_others():
    kinds = {
        "__init__", "apps", "urls", "pages", "api", "listings", "flows", "imports", "effects", "queries", "guards", "sheets",
        "models", "migrations", "templates", "README",
    }  # fmt: skip
    rooms = [p for p in (PACKAGE / "domain").iterdir() if p.is_dir() and p.name != "__pycache__"]
    odd = {
        f"{room.name}/{p.name}"
        for room in rooms
        for p in room.iterdir()
        if p.stem not in kinds and p.name != "__pycache__"
    }
    assert odd == set()
    assert {room.name for room in rooms if not (room / "README.md").exists()} == set()
