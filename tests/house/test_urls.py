"""Every address names its audience; what anybody may open stands on a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLPattern, get_resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.urls import URLResolver

# `password` is also the page of a first password: it asks for a session by itself.
PUBLIC = {
    "password",     "login", "first", "forgotten", "code", "why", "seat", "leave", "provinces", "areas", "codes", "help", "a11y", "privacy",
    "sign_on", "sign_on_start", "sign_on_back", "sign_on_left",
    "wechat_start", "wechat_back", "wechat_callback",
    "link", "link_form", "link_proof", "link_part", "orgs:register", "orgs:registered",
    "transfer:verify", "transfer:scanned", "transfer:verify_help", "verify_offline", "verify_keys", "verify_list", "campus:result_check",
    # Of the API: what it is, and whether it is well. Its operations ask for a key.
    "code_tables", "code_table", "code_workbook", "api:openapi", "api:docs", "api:health",
}  # fmt: skip


def addresses(resolver: URLResolver | None = None, room: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{room}{entry.name}", entry
        else:
            yield from addresses(entry, f"{entry.namespace}:" if entry.namespace else room)


def test_every_address_names_its_audience():
    assert [name for name, entry in addresses() if not hasattr(entry.callback, "audience")] == []


def test_what_anybody_may_open_is_on_the_list():
    assert {name for name, entry in addresses() if entry.callback.audience is None} <= PUBLIC


def test_every_address_has_a_name_and_ends_with_a_slash_or_a_file():
    odd = [
        str(entry.pattern)
        for name, entry in addresses()
        if name.endswith("None")
        or not (
            str(entry.pattern).endswith(("/", ".pdf", ".xlsx", ".html", ".json", ".cbor")) or str(entry.pattern) == ""
        )
    ]
    assert odd == []
