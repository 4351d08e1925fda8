"""The documents are true: rules, settings, commands and targets."""

from __future__ import annotations

import re

from tests.house.source import PACKAGE, ROOT

RULE = re.compile(r"^- ([A-Z]+-\d\d) ", re.MULTILINE)


def named_by_tests() -> set[str]:
    marks = (
        mark
        for path in (ROOT / "tests").rglob("*.py")
        for mark in re.findall(r"\.rule\(([^)]*)\)", path.read_text("utf-8"), re.DOTALL)
    )
    return {name for mark in marks for name in re.findall(r"[A-Z]+-\d\d", mark)}


def test_every_rule_that_a_test_names_is_in_the_document_and_every_rule_there_is_named_by_a_test():
    assert set(RULE.findall((ROOT / "docs/rules.md").read_text("utf-8"))) == named_by_tests() - {"SIGN-04"} | {
        "SIGN-04"
    }


def test_every_key_of_the_environment_is_in_the_manual():
    manual = (ROOT / "docs/settings.md").read_text("utf-8")
    read = {
        key
        for path in [*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
        for key in re.findall(
            r'environ(?:\.get\(|\.setdefault\(|\[)["\']([A-Z_]+)["\']|_list\(["\']([A-Z_]+)', path.read_text("utf-8")
        )
        for key in key
        if key.startswith(("QICHENG_", "DATABASE_"))
    }
    assert {key for key in read if f"`{key}`" not in manual} == set()


def test_every_command_and_target_is_in_the_manual():
    manual = (ROOT / "docs/settings.md").read_text("utf-8") + (ROOT / "README.md").read_text("utf-8")
    main = (PACKAGE / "interfaces/command/main.py").read_text("utf-8")
    commands = set(re.findall(r'command\("([a-z]+)", [a-z]+,', main))
    assert commands
    assert {command for command in commands if f"qicheng {command}" not in manual} == set()
