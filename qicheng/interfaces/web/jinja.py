"""The environment in which every page is rendered: strict, escaped, with the components as the global `ui`."""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import jinja2
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.urls import reverse
from django.utils import timezone

from qicheng.foundation.kit import masks
from qicheng.interfaces.web import controls, words

SITE = {
    "name": "启程",
    "title": "毕业去向登记与网上签约",
    "sponsor": "",
    "icp": "",
    "police": "",
    "site_code": "",
    "help_line": "",
    "links": (),
}

# htmx, for the pages that load it: nothing is evaluated, no page is kept in the browser, a form with errors (422) is shown.
HTMX = (
    '{"includeIndicatorStyles":false,"allowEval":false,"historyCacheSize":0,"selfRequestsOnly":true,'
    '"refreshOnHistoryMiss":true,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},'
    '{"code":"422","swap":true},{"code":"[45]..","swap":false,"error":true}]}'
)


class Fresh:
    """The macros of `ui.jinja` as the file stands now, so that an edit shows without a restart."""

    def __init__(self, env: jinja2.Environment) -> None:
        self._env = env

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env.get_template("ui.jinja").module, name)


def _static() -> Callable[[str], str]:
    found: dict[str, str] = {}

    def static(path: str) -> str:
        """Address of a static file, with the hash of its content once the files are collected."""
        if path not in found:
            found[path] = staticfiles_storage.url(path)
        return found[path]

    return static


def _url(name: str, /, *args: object, **kwargs: object) -> str:
    """Address of a named page; `NoReverseMatch` if there is none."""
    return reverse(name, args=args or None, kwargs=kwargs or None) if args or kwargs else _fixed(name)


@cache
def _fixed(name: str) -> str:
    return reverse(name)


def environment(**options: Any) -> jinja2.Environment:
    """Make the environment for Django's Jinja2 backend; a name that a page does not know is an error.

    `options` are jinja2's own: `loader` and `auto_reload` come from the backend, anything said here wins over the house's choice.
    """
    house: dict[str, Any] = {
        "autoescape": True,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "extensions": ["jinja2.ext.i18n"],
    }
    env = jinja2.Environment(**{**house, **options, "undefined": jinja2.StrictUndefined})  # noqa: S701 -- autoescape is in `house`
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    env.filters.update(
        deadline=words.deadline,
        moment=words.moment,
        day=words.day,
        month=words.month,
        stamp=words.stamp,
        iso=words.iso,
        waited=words.waited,
        remaining=words.remaining,
        span=words.span,
        number=words.number,
        money=words.money,
        percent=words.percent,
        grouped=words.grouped,
        filesize=words.filesize,
        mask_id=masks.id_number,
        mask_phone=masks.phone,
        mask_email=masks.email,
        mask_name=masks.name,
        control=controls.control,
        control_id=controls.control_id,
        optgroups=controls.optgroups,
        faults=controls.faults,
    )
    env.globals.update(
        static=_static(),
        url=_url,
        now=timezone.now,
        site={**SITE, **getattr(settings, "QICHENG_SITE", {})},
        htmx_config=HTMX,
        # For macros that give the same for the same words; a text and its escaped self are two.
        kept=lru_cache(maxsize=1024, typed=True),
    )
    env.globals["ui"] = Fresh(env) if env.auto_reload else env.get_template("ui.jinja").module
    return env
