"""Rows that belong to somebody are reached through their scope, and whoever goes around says why."""

from __future__ import annotations

import ast

from django.apps import apps

from qicheng.foundation.access.rows import Scoped
from tests.house.source import PACKAGE, modules, tree, where

OPEN_MANAGERS = {"all_rows", "_default_manager", "_base_manager"}
# The engine stands below every scope; the guard of who sees what is in `fetch` and `seen_by`.
ENGINE = {
    PACKAGE / "foundation/access/rows.py",
    PACKAGE / "foundation/flow/perform.py",
    PACKAGE / "foundation/flow/words.py",
}
# How often code may go around the scope. It says why each time; it is lowered when it can be, and raised with a thought.
MOST_UNSCOPED = 136
PERSONAL = {"name", "id_number", "phone", "mobile", "email", "address", "contact"}
# Models with a personal field that are not scoped, and why.
NOT_SCOPED = {
    "orgs.Province": "a public body",
    "orgs.School": "a public body",
    "orgs.College": "a unit of a public body",
    "orgs.Contact": "office contacts that the school publishes to its graduates",
    "orgs.Account": "read by the log-in and by accounts' own pages through seats",
    "orgs.LoginCode": "asked for by its own number in a signed ticket",
    "orgs.StatusLookup": "what a public register says of a unit",
    "flow.Record": "read through a case or a node that the reader may see",
    "registration.InvitationBatch": "scoped by its employer",
}


def test_no_page_query_or_listing_uses_an_open_manager():
    found = [
        where(path, node)
        for under in ("domain", "interfaces")
        for path in modules(under)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in OPEN_MANAGERS and path not in ENGINE
    ]
    assert found == []


def test_whoever_goes_around_the_scope_says_why_in_words():
    found, silent = [], []
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "unscoped":
                found.append(where(path, node))
                given = node.args[0] if node.args else None
                if not (
                    isinstance(given, ast.Constant) and isinstance(given.value, str) and len(given.value.split()) > 2
                ):
                    silent.append(where(path, node))
    assert silent == []
    assert len(found) <= MOST_UNSCOPED, f"{len(found)} times"


def test_every_model_with_a_personal_field_is_scoped_or_on_the_list_with_a_reason():
    loose = {
        model._meta.label
        for model in apps.get_models()
        if model.__module__.startswith("qicheng.")
        and not issubclass(model, Scoped)
        and PERSONAL & {field.name for field in model._meta.get_fields()}
    }
    assert loose - set(NOT_SCOPED) == set()


def test_locks_are_taken_by_the_engine_and_by_effects_alone():
    found = {
        str(path.relative_to(PACKAGE))
        for path in modules("domain")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr == "select_for_update"
    }
    assert {name for name in found if "/pages/" in name or "queries" in name or "guards" in name} == set()
