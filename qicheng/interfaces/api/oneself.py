"""Who asks, whether the platform is well, and the names of what lies below the key."""

from typing import Any

from django.db import connection
from django.utils import timezone
from ninja import Router

from qicheng.domain.orgs.models import College, School
from qicheng.domain.orgs.queries import cohort_years
from qicheng.foundation.access import Role
from qicheng.interfaces.api.door import Asker
from qicheng.interfaces.api.shapes import Health, Me, NamedRows


def router() -> Router:
    """Three small operations."""
    made = Router(tags=["密钥"])
    for path, view, name, words, response in (
        ("/me/", me, "me", "这个密钥是谁的、能做什么", Me),
        ("/units/", units, "units", "本校的院系，或者下面的学校", NamedRows),
        ("/health/", health, "health", "平台是否正常，不用密钥", Health),
    ):
        made.add_api_operation(path, ["GET"], view, response=response, url_name=name, operation_id=name, summary=words)
    return made


def me(request: Any) -> Any:
    """对接时先调它，看密钥通不通。"""
    asker: Asker = request.asker
    row = asker.key
    return {
        "name": row.name, "prefix": row.prefix, "role": row.role, "unit": row.unit, "code": row.code, "scopes": sorted(asker.scopes),
        "a_minute": row.a_minute, "expires_at": row.expires_at, "is_former": row.is_former, "cohorts": list(cohort_years()),
    }  # fmt: skip


def units(request: Any) -> Any:
    """id 用在清单的 college、school 参数里。"""
    actor = request.asker.actor
    if actor.role is Role.SCHOOL:
        rows = [
            (pk, "", name)
            for pk, name in College.objects.filter(school=actor.node).order_by("name").values_list("pk", "name")
        ]
    else:
        below = {"province": actor.node} if actor.role is Role.PROVINCE else {}
        rows = list(School.objects.filter(**below).order_by("code").values_list("pk", "code", "name"))
    request.rows = len(rows)
    return {"rows": [{"id": pk, "code": code, "name": name} for pk, code, name in rows]}


def health(request: Any) -> Any:
    """能答就是正常。"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"status": "ok", "at": timezone.now()}
