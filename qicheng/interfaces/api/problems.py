"""What went wrong, for programs and for those who write them: problem documents (RFC 9457) that say what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest

MEDIA = "application/problem+json"
# kind → (status, title, what to do).
KINDS: dict[str, tuple[int, str, str]] = {
    "unreadable": (400, "请求看不懂", "检查请求体是不是 UTF-8 的 JSON，再发一次。"),
    "unknown-key": (401, "密钥不能用", "检查 Authorization 头是不是「Bearer 密钥」；密钥过期或撤销了，请学校管理员在「接口密钥」里更换。"),
    "not-allowed": (403, "密钥没有这项权限", "请学校管理员创建有这项权限的密钥。"),
    "not-found": (404, "没有找到", "检查地址和编号；不属于本单位的，和不存在的一样找不到。"),
    "wrong-method": (405, "这个地址不支持这种方法", "对照接口文档换一种方法。"),
    "conflict": (409, "现在不能这样做", "先重新读取最新内容，再决定要不要做。"),
    "counting": (409, "还在统计", "等 Retry-After 头写的秒数，原样再问一次；数完的一直留着。"),
    "too-large": (413, "请求太大", "分几次发送。"),
    "wrong-type": (415, "请求体的类型不对", "Content-Type 用 application/json；上传文件时用 application/octet-stream。"),
    "invalid": (422, "内容不符合要求", "按 errors 里的说明改好，再发一次。"),
    "refused": (422, "没有办成", "看 detail 里的原因，处理之后再发一次。"),
    "other-request": (422, "这个 Idempotency-Key 已经用在另一个请求上", "新的请求换一个新的 Idempotency-Key。"),
    "too-many": (429, "请求太频繁", "等 Retry-After 头写的秒数，再发一次。"),
    "failed": (500, "平台出错了", "稍后用同一个 Idempotency-Key 再发一次；还不行，把 request 里的编号告诉运维。"),
    "busy": (503, "平台正忙", "等 Retry-After 头写的秒数，用同一个 Idempotency-Key 再发一次。"),
}  # fmt: skip


class Problem(Exception):
    """An answer that is none: `errors` are (place, words) of what was wrong in the request."""

    def __init__(
        self, kind: str, detail: str = "", errors: Sequence[tuple[str, str]] = (), headers: Mapping[str, str] | None = None
    ) -> None:  # fmt: skip
        self.kind, self.detail, self.errors, self.headers = kind, detail, errors, headers or {}
        super().__init__(kind)


def told(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as it is sent."""
    status, title, do = KINDS[problem.kind]
    said: dict[str, Any] = {
        "type": f"/api/v1/docs/#problem-{problem.kind}", "title": title, "status": status, "detail": problem.detail or title, "do": do,
        "request": getattr(request, "number", ""),
    }  # fmt: skip
    if problem.errors:
        said["errors"] = [{"place": place, "words": words} for place, words in problem.errors]
    response = HttpResponse(json.dumps(said, ensure_ascii=False), status=status, content_type=MEDIA)
    for name, value in problem.headers.items():
        response[name] = value
    return response
