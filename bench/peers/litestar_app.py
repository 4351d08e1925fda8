"""The same two requests in Litestar on asyncpg: the same statements, the same page, the checks that they cannot do without."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import asyncpg
import jinja2
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.config.compression import CompressionConfig
from litestar.exceptions import NotAuthorizedException, NotFoundException, PermissionDeniedException
from litestar.response import Redirect

from bench.peers import page

PLAN = json.loads(Path(os.environ["BENCH_PLAN"]).read_text(encoding="utf-8"))
PAGE = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(PLAN["template"])
LATE = datetime.fromisoformat(PLAN["late"])
SOURCE, _, _QUERY = os.environ["DATABASE_URL"].partition("?")
POOL = 4


def arguments(specification: list[Any], given: dict[str, Any]) -> list[Any]:
    """The arguments of a statement: values, and names of what the request knows."""
    return [
        given[one["name"]] if "name" in one else arguments(one["list"], given) if "list" in one else one["value"]
        for one in specification
    ]  # fmt: skip


async def connect(app: Litestar) -> None:
    parts = dict(pair.split("=", 1) for pair in _QUERY.split("&"))
    role, database = SOURCE.removeprefix("postgresql://").split("@/")
    app.state.pool = await asyncpg.create_pool(
        host=unquote(parts["host"]), port=int(parts["port"]), user=role, database=database, min_size=POOL, max_size=POOL,
    )  # fmt: skip


async def who(connection: Any, request: Request[Any, Any, Any], statement: list[Any]) -> dict[str, Any]:
    """The session's account and seat, in the names that the statements ask for."""
    token = request.cookies.get("session", "")
    given = {"hash": hashlib.sha256(token.encode()).digest()}
    row = await connection.fetchrow(statement[0], *arguments(statement[1], given))
    if row is None:
        raise NotAuthorizedException
    return given | {
        "node": row["node"],
        "account": row["account_id"],
        "account_text": str(row["account_id"]),
        "seat": row,
    }


@get("/review/", media_type=MediaType.HTML)
async def review(request: Request[Any, Any, Any]) -> Response[str]:
    asker, listed, counted = PLAN["list"]
    async with request.app.state.pool.acquire() as connection:
        given = await who(connection, request, asker)
        seat = given["seat"]
        if seat["role"] != "school" or not seat["employment"]:
            raise NotFoundException
        given["late"] = LATE
        rows = await connection.fetch(listed[0], *arguments(listed[1], given))
        counts = await connection.fetchrow(counted[0], *arguments(counted[1], given))
    now = datetime.now(UTC)
    shown = [
        {
            "public_id": row["public_id"], "name": row["name"], "student_number": row["student_number"], "employer": row["employer"],
            "kind": PLAN["kinds"][row["kind"]], "college": row["college"], "major": row["major"], "level": PLAN["levels"][row["level"]],
            "id_number": page.masked_id(row["id_number"]), "phone": page.masked_phone(row["phone"]),
            "since": page.minute(row["waiting_since"]), "waited": page.waited(row["waiting_since"], now), "late": row["waiting_since"] <= LATE,
        }
        for row in rows[:25]
    ]  # fmt: skip
    html = PAGE.render(
        rows=shown, choices=PLAN["choices"], token=request.cookies["csrf"], account=seat["name"], unit=seat["school"], total=counts[0],
        long=counts[4],
    )  # fmt: skip
    return Response(html, headers={"Cache-Control": "no-store"})


@post("/act/online_signing/{public_id:uuid}/approve/")
async def approve(request: Request[Any, Any, Any], public_id: UUID) -> Redirect:
    form = await request.form()
    if form["csrfmiddlewaretoken"] != request.cookies["csrf"]:
        raise PermissionDeniedException
    asker, found, be, settings, graduate, locked, step, record, notice = PLAN["approve"]
    async with request.app.state.pool.acquire() as connection:
        given = await who(connection, request, asker)
        if given["seat"]["role"] != "college" or given["seat"]["employment"] < 2:
            raise NotFoundException
        given |= {"public_id": public_id, "public_text": str(public_id), "key": form["key"]}
        case = await connection.fetchrow(found[0], *arguments(found[1], given))
        if case is None:
            raise NotFoundException
        given |= {"case": case["id"], "school": case["school_id"], "employer": case["employer_id"]}
        async with connection.transaction():
            await connection.fetchrow(be[0], *arguments(be[1], given))
            around = await connection.fetchrow(settings[0], *arguments(settings[1], given))
            person = await connection.fetchrow(graduate[0], *arguments(graduate[1], given))
            case = await connection.fetchrow(locked[0], *arguments(locked[1], given))
            if case["state"] != "college_review" or case["version"] != int(form["seen"]):
                raise PermissionDeniedException
            if not around["is_open"] or around["submitted_at"] is None or person["removed_at"] is not None:
                raise PermissionDeniedException
            if json.loads(case["student"])["revision"] != person["revision"]:
                raise PermissionDeniedException
            await connection.execute(step[0], *arguments(step[1], given))
            given["record"] = (await connection.fetchrow(record[0], *arguments(record[1], given)))["id"]
            await connection.execute(notice[0], *arguments(notice[1], given))
    answer = Redirect(f"/invites/{public_id}/", status_code=302)
    answer.set_cookie("said", "x" * 60, httponly=True, samesite="lax")
    return answer


app = Litestar(
    [review, approve], on_startup=[connect], compression_config=CompressionConfig(backend="gzip", gzip_compress_level=1, minimum_size=1_000),
    openapi_config=None, logging_config=None,
)  # fmt: skip
